//! Every other page, signed in and signed out, on a laptop and on a phone.

use countersign_journeys::{Desk, Screen, cases};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_accessible() {
    let Some(desk) = Desk::empty(Screen::LAPTOP).await else { return };
    let page = &desk.browser;
    page.go("/desk").await;
    page.look("signed-out").await;
    page.go("/desk/sign-in").await;
    page.look("sign-in").await;
    page.go("/desk/sign-in/0000000000000000000000").await;
    page.look("link-over").await;
    let link = desk.kit.workspace.desk_link(&countersign_testkit::caller(), desk.ada).await.unwrap();
    page.go(&format!("/desk/sign-in/{link}")).await;
    page.look("sign-in-as").await;
    desk.sign_in().await;
    page.look("queue-empty").await;
    page.go("/desk/nowhere").await;
    page.look("error").await;
    desk.take_in(cases::ticket("tickets", 0)).await;
    for (name, path) in [
        ("playbooks", "/desk/playbooks"),
        ("playbook", "/desk/playbooks/tickets"),
        ("learned", "/desk/playbooks/tickets/track-record"),
        ("ledger", "/desk/ledger"),
        ("pair", "/desk/pair"),
        ("recent-empty", "/desk/recent"),
    ] {
        page.go(path).await;
        page.whole(name).await;
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_wide_enough() {
    let Some(desk) = Desk::open(Screen::PHONE).await else { return };
    let mut opened = Vec::new();
    for case in [cases::ticket("tickets", 0), cases::change(), cases::letter(), cases::ticket("first-look", 1)] {
        opened.push(desk.take_in(case).await);
    }
    let page = &desk.browser;
    page.go("/desk").await;
    page.whole("queue").await;
    for (case, name) in opened.iter().zip(["case", "patch", "text", "blind"]) {
        page.go(&format!("/desk/cases/{case}")).await;
        page.click("[data-take]").await;
        page.until("document.querySelector('#answer')").await;
        page.whole(name).await;
    }
    // By touch: an option, and the button.
    page.go(&format!("/desk/cases/{}", opened[0])).await;
    page.click("#answer .option:nth-child(2)").await;
    page.read().await;
    page.click("[data-decide]").await;
    page.until(&format!("document.querySelector('article.case')?.dataset.case !== '{}'", opened[0])).await;
    page.go(&format!("/desk/cases/{}", opened[0])).await;
    page.whole("decided").await;
    for (name, path) in [
        ("history", format!("/desk/cases/{}/history", opened[0])),
        ("playbooks", "/desk/playbooks".into()),
        ("ledger", "/desk/ledger".into()),
        ("recent", "/desk/recent".into()),
    ] {
        page.go(&path).await;
        page.whole(name).await;
    }
    desk.close().await;
}
