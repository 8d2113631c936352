//! Somebody is invited by a link, links an account at a real provider, signs in through it, and proves there that it is them, in a browser:
//! across sites, with the cookies and policies that a browser keeps to. In both lights, and on a phone.

use countersign_journeys::{Browser, Desk, Provider, Screen, leave_out};
use countersign_server::SignIn;

/// Signs in on the provider's own page, where any password will do.
async fn sign_in_there(page: &Browser) {
    page.until("document.querySelector('input[name=login]')").await;
    page.click("input[name=login]").await;
    page.write("ada").await;
    page.click("input[name=password]").await;
    page.write("x").await;
    page.click("button[type=submit]").await;
}

/// Lets the provider tell the desk who it is.
async fn agree_there(page: &Browser) {
    page.until("document.querySelector('form input[value=consent]')").await;
    page.click("button[type=submit]").await;
}

async fn somebody_signs_in(screen: Screen) {
    let mut provider = None;
    let desk = Desk::signing_in(screen, |base| match Provider::start(base) {
        Ok(started) => {
            let providers = vec![started.settings()];
            provider = Some(started);
            Some(SignIn { passwords: true, providers })
        }
        Err(missing) => {
            leave_out(&format!("nobody signs in through a provider: {missing}"));
            None
        }
    });
    let Some(mut desk) = desk.await else { return };
    desk.go_by_name();
    // Its tokens bear the time of this machine.
    desk.to_present();
    let page = &desk.browser;

    let link = desk.kit.workspace.desk_link(&countersign_testkit::caller(), desk.ada).await.unwrap();
    page.go(&format!("/desk/sign-in/{link}")).await;
    page.whole("invitation").await;
    page.click("button[name=with]").await;
    sign_in_there(page).await;
    agree_there(page).await;
    page.until("document.querySelector('tr[data-account]')").await;
    assert!(page.text("main").await.contains("The account is linked"));
    page.whole("sign-in-methods-account").await;

    page.click("form[action$=sign-out] button").await;
    page.until("document.querySelector('form[action=\"/desk/sign-in/provider/ours\"]')").await;
    page.whole("sign-in-ways").await;
    // The provider knows them still, and sends them back at once.
    page.click("form[action='/desk/sign-in/provider/ours'] button").await;
    page.until("document.querySelector('[data-next], .empty')").await;
    assert_eq!(page.path().await, "/desk");

    // That was no proof: what reaches far asks for one, in a tab of its own, and the page that waits goes on by itself.
    page.go("/desk/webhooks").await;
    page.click("input[name=url]").await;
    page.write("https://chat.example.org/hooks/7").await;
    page.click("main form button.primary").await;
    page.until("document.querySelector('form[data-waits]')").await;
    page.whole("confirm-at-provider").await;
    assert!(desk.kit.workspace.webhooks_list().await.unwrap().is_empty());
    page.click("form[data-leaves] button").await;
    page.to_opened_tab().await;
    sign_in_there(page).await;
    page.until("document.querySelector('[data-confirmed], input[value=consent]')").await;
    if page.count("input[value=consent]").await > 0 {
        agree_there(page).await;
        page.until("document.querySelector('[data-confirmed]')").await;
    }
    page.whole("confirmed-at-provider").await;
    page.to_tab(0).await;
    page.until("document.querySelector('[data-secret]')").await;
    assert_eq!(desk.kit.workspace.webhooks_list().await.unwrap().len(), 1);

    // Whoever turns back is not signed in, and is told so.
    page.click("form[action$=sign-out] button").await;
    page.until("document.querySelector('form[action=\"/desk/sign-in/provider/ours\"]')").await;
    page.go("/desk/sign-in/provider/ours/back?error=access_denied&state=nonsense").await;
    page.until("document.querySelector('form[action=\"/desk/sign-in/provider/ours\"]')").await;
    assert_eq!(page.complaints().await, Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_in_through_a_real_provider() {
    somebody_signs_in(Screen::LAPTOP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_a_phone() {
    somebody_signs_in(Screen::PHONE).await;
}
