//! Whose a case is: handed over with a word on why, found among what is for one person, and handed on from the page on which it is
//! answered. Beside it: who is mentioned finds the remark, and who is on a case right now is seen.

use countersign_app::{
    Options,
    input::{AssignInput, CommentInput, PersonChange},
};
use countersign_journeys::{Desk, Screen, cases};
use countersign_testkit::caller;

async fn handed(screen: Screen) {
    let Some(desk) = Desk::open(screen).await else { return };
    let page = &desk.browser;
    let ben = desk.kit.member("Ben Okri", &["support"]).await;
    let ada = desk.ada;
    let given = desk.take_in(cases::ticket("tickets", 0)).await;
    let got = desk.take_in(cases::ticket("tickets", 1)).await;

    // Ada gives one away, from its page.
    page.go(&format!("/desk/cases/{given}")).await;
    page.click("#assign summary").await;
    page.script(&format!("document.querySelector('#assign select').value = '{}'", ben.0)).await;
    page.click("#assign input[name=reason]").await;
    page.write("You know this customer.").await;
    page.whole("hand-over").await;
    page.click("#assign button").await;
    page.until("document.querySelector('[role=status].note')").await;
    let head = page.text(".case-head").await;
    assert!(head.contains("Assigned to Ben Okri"), "{head}");
    assert_eq!(page.count("[data-take]").await, 0, "it is Ben's");
    page.look("handed-over").await;
    page.go(&format!("/desk/cases/{given}/history")).await;
    let history = page.text("main").await;
    assert!(history.contains("handed it to Ben Okri") && history.contains("You know this customer."), "{history}");

    // Ben is on it, gives her another one, and asks for her attention.
    let w = &desk.kit.workspace;
    w.claim(ben, given).await.unwrap();
    let assign = AssignInput { person: ben.0, to: Some(ada.0), reason: Some("You wrote to them last.".into()) };
    w.case_assign(&caller(), got, assign, Options::default()).await.unwrap();
    let remark =
        CommentInput { person: ben.0, text: "@Ada Brandt, is this the same as last week?".into(), mentions: vec![ada.0], anchor: None };
    w.case_comment(&caller(), given, remark, Options::default()).await.unwrap();
    let with_address = PersonChange { roles: cases::ROLES.map(str::to_owned).into(), active: true, mail: Some("ada@example.org".into()) };
    w.person_change(&caller(), ada, with_address).await.unwrap();
    page.go("/desk").await;
    let line = page.text("a[href='/desk/for-you']").await;
    assert_eq!(line, "1 case is yours to answer, 1 remark mentions you");
    page.look("queue-for-you").await;
    page.click("a[href='/desk/for-you']").await;
    page.until("document.querySelector('ul.mentions .tag')").await;
    page.whole("for-you").await;
    page.click("form[action$='/seen'] button").await;
    page.until("document.querySelector('ul.mentions') && !document.querySelector('ul.mentions .tag')").await;
    page.click("form[action$='/letters'] button").await;
    page.until("document.querySelector('.letters')?.textContent.includes('You get no letters')").await;
    page.click("ul.mentions a").await;
    page.until("document.querySelector('main')?.textContent.includes('is this the same as last week')").await;
    page.go(&format!("/desk/cases/{given}")).await;
    let head = page.text(".case-head").await;
    assert!(head.contains("on it right now: Ben Okri"), "{head}");
    page.look("on-it").await;

    // What is hers she answers, or hands on from there.
    page.go("/desk/for-you").await;
    page.click("table.cases a.row").await;
    page.until("document.querySelector('[data-take]')").await;
    page.click("[data-take]").await;
    page.until("document.querySelector('#answer')").await;
    assert!(page.text(".case-head").await.contains("Yours to answer"));
    page.click("#assign summary").await;
    page.script(&format!("document.querySelector('#assign select').value = '{}'", ben.0)).await;
    page.look("answering-hand-over").await;
    page.click("#assign button").await;
    page.until("!document.querySelector('#answer')").await;
    assert_eq!(w.for_you(ben).await.unwrap().assigned.len(), 2);
    assert_eq!(page.complaints().await, Vec::<String>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_handed_over_and_a_remark_finds_its_reader() {
    handed(Screen::LAPTOP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_handed_over_on_a_phone() {
    handed(Screen::PHONE).await;
}
