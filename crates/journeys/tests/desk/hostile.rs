//! Script and markup in every text: it shows as text, and nothing of it runs.

use countersign_journeys::{Desk, Screen, cases};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_text_shows_as_text_and_runs_nothing() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let ticket = desk.take_in(cases::hostile_ticket()).await;
    let change = desk.take_in(cases::hostile_change()).await;
    let page = &desk.browser;
    let harmless = async |page: &countersign_journeys::Browser, name: &str| {
        assert!(page.text("main").await.contains("<script>window.__hacked=1</script><img src=x"), "{name}: it is shown as it was written");
        let foreign = page.count("main script, main img, main svg[onload], [onerror], [onload]").await;
        assert_eq!(foreign, 0, "{name}: elements that no page of ours has");
        assert_eq!(page.script("return typeof window.__hacked").await, "undefined", "{name}: something ran");
        page.look(&format!("hostile-{name}")).await;
    };
    page.go("/desk").await;
    harmless(page, "queue").await;
    for (name, case) in [("ticket", ticket), ("change", change)] {
        page.go(&format!("/desk/cases/{case}")).await;
        if page.count("[data-take]").await == 1 {
            harmless(page, &format!("{name}-open")).await;
            page.click("[data-take]").await;
        }
        page.until("document.querySelector('#answer')").await;
        harmless(page, name).await;
        page.press('i').await;
        page.until("document.activeElement.name === 'instruction'").await;
        page.write(cases::HOSTILE).await;
        page.control_enter().await;
        page.until("document.querySelector('.asks')").await;
        harmless(page, &format!("{name}-asked")).await;
        page.script("document.querySelector('#answer [name=reason]').focus()").await;
        page.write(cases::HOSTILE).await;
        page.script("document.activeElement.blur()").await;
        page.press('a').await;
        page.until(&format!("document.querySelector('article.case')?.dataset.case !== '{case}'")).await;
        page.go(&format!("/desk/cases/{case}")).await;
        harmless(page, &format!("{name}-decided")).await;
        page.go(&format!("/desk/cases/{case}/history")).await;
        harmless(page, &format!("{name}-history")).await;
    }
    desk.close().await;
}
