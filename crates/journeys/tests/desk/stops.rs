//! A stop by one key, and two people who lift it: who asks, who sees that somebody asked, who says no, who confirms. In both lights, and on
//! a phone.

use countersign_journeys::{Desk, Screen};
use countersign_testkit::playbook;

const ROUTING: &str = "automate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }";

async fn stopped_and_resumed(screen: Screen) {
    let Some(desk) = Desk::open(screen).await else { return };
    let kit = &desk.kit;
    kit.publish(&playbook("alerts", "assist", ROUTING)).await;
    let ben = kit.member("Ben Okafor", &["support"]).await;
    let page = &desk.browser;
    page.press('!').await;
    page.until("location.pathname === '/desk/stops' && document.activeElement?.matches('main button')").await;
    page.whole("stops-none").await;
    // One key more, and everything stops.
    page.enter().await;
    page.until("document.querySelector('[data-stop=workspace]')").await;
    assert_eq!(page.count("form[action$=resume]").await, 1);
    page.whole("stops-everywhere").await;
    page.click("form[action$=resume] input[name=reason]").await;
    page.write("The endpoint was down, and is back").await;
    page.click("form[action$=resume] button").await;
    page.until("document.querySelector('[data-stop] .standing')").await;
    assert!(page.text("[data-stop]").await.contains("Somebody else has to confirm it"));
    assert_eq!(page.count("form[action$=resume]").await, 0, "whoever asks does not confirm");
    page.whole("stops-asked").await;
    page.go("/desk").await;
    assert!(page.text("main").await.contains("Ada Brandt asks to resume it"));
    page.whole("stops-queue").await;

    // The other one looks, says no once, and then yes.
    desk.sign_in_as(ben).await;
    page.click(".note.warns strong a").await;
    page.until("location.pathname === '/desk/stops'").await;
    assert!(page.text("[data-stop] .standing").await.contains("Ada Brandt asks"));
    page.whole("stops-to-confirm").await;
    page.click("form.inline[action='/desk/stops'] button").await;
    page.until("!document.querySelector('[data-stop] .standing')").await;
    let ask = |text: &'static str| async move {
        page.click("form[action$=resume] input[name=reason]").await;
        page.write(text).await;
        page.click("form[action$=resume] button").await;
    };
    ask("Looked at it myself now").await;
    page.until("document.querySelector('[data-stop] .standing')").await;
    desk.sign_in().await;
    page.go("/desk/stops").await;
    ask("So did I").await;
    page.until("!document.querySelector('[data-stop]')").await;
    page.go("/desk/notices").await;
    assert!(page.text("main").await.contains("resumed by Ada Brandt, as Ben Okafor had asked"));
    page.whole("stops-notices").await;
    // A playbook's own stop is lifted on its page likewise.
    page.go("/desk/playbooks/alerts/track-record").await;
    page.click("form[action$=stop] button").await;
    page.until("document.querySelector('form[action$=resume]')").await;
    ask("It was a drill").await;
    page.until("document.querySelector('form[action$=stop]')").await;
    assert!(page.text(".automation").await.contains("You asked"));
    page.whole("stops-playbook").await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_stops_and_two_resume() {
    stopped_and_resumed(Screen::LAPTOP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_stops_and_two_resume_on_a_phone() {
    stopped_and_resumed(Screen::PHONE).await;
}
