//! Cases that are answered together at the desk, without script: picked in the queue, looked at in a table, confirmed once, undone one by
//! one; and the same by the API.

use super::{
    browser::Browser,
    flow::{open, publish, ticket},
};
use crate::world::{TICKETS, World};
use axum::http::Method;
use serde_json::json;
use uuid::Uuid;

async fn together(cases: u32) -> (World, Uuid, Vec<Uuid>) {
    let world = World::new().await;
    world.publish(&TICKETS.replace("[decide]", "[decide]\nbulk = true\nsignatures = { default = 1, account = 2 }")).await;
    let ada = world.person("Ada").await;
    let mut all = Vec::new();
    for n in 0..cases {
        all.push(open(&world, &ticket(n)).await);
    }
    (world, ada, all)
}

fn picked(cases: &[Uuid]) -> Vec<(&'static str, String)> {
    cases.iter().map(|case| ("case", case.to_string())).collect()
}

async fn look(browser: &mut Browser<'_>, cases: &[Uuid], answer: &str) {
    browser.get("/desk?in=tickets").await;
    let picked = picked(cases);
    let mut typed: Vec<(&str, &str)> = picked.iter().map(|(name, id)| (*name, id.as_str())).collect();
    typed.push(("answer", answer));
    browser.submit("/desk/bulk", &typed).await;
    assert_eq!(browser.page.status, 200, "{}", browser.page.plain());
}

#[tokio::test]
async fn picked_cases_are_looked_at_confirmed_once_and_undone_one_by_one() {
    let (world, ada, cases) = together(4).await;
    let bo = world.person("Bo").await;
    let mut browser = Browser::of(&world, ada).await;
    browser.get("/desk").await;
    assert_eq!(browser.page.text.matches("data-pick").count(), 4);
    // Somebody else is on one of them.
    let mut other = Browser::of(&world, bo).await;
    other.get(&format!("/desk/cases/{}", cases[3])).await;
    other.submit("/take", &[]).await;

    look(&mut browser, &cases, "").await;
    let page = browser.page.plain();
    assert!(page.contains("triage-llm 91 %") && page.contains("Not answered here") && page.contains("Charged twice, number 3"), "{page}");
    assert!(!browser.page.has("The customer was charged twice"), "an explanation is not in the table, and so not in the record");
    assert_eq!(browser.page.text.matches("data-refused").count(), 1);
    // The tick is taken from the third: it is let go, and waits for anybody.
    let picked = picked(&cases[..2]);
    let typed: Vec<(&str, &str)> = picked.iter().map(|(name, id)| (*name, id.as_str())).collect();
    let answers = browser.page.form("/desk/bulk/decide").hidden;
    browser.submit("/desk/bulk/decide", &typed).await;
    assert!(browser.page.plain().contains("2 cases answered."), "{}", browser.page.plain());
    assert_eq!(browser.page.text.matches("/withdraw").count(), 2);
    // A second click on the same button decides nothing twice.
    let again: Vec<(String, String)> =
        answers.iter().cloned().chain(typed.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned()))).collect();
    browser.post("/desk/bulk/decide", &again).await;
    assert!(browser.page.plain().contains("2 cases answered."), "{}", browser.page.plain());
    let states = |cases: Vec<Uuid>| {
        let world = &world;
        async move {
            let mut all = Vec::new();
            for case in cases {
                let view = world.workspace.case_get(case.into(), None).await.unwrap();
                all.push((view.state, view.judgments.len()));
            }
            all
        }
    };
    let (decided, open) = (("decided".to_owned(), 1), ("open".to_owned(), 0));
    assert_eq!(states(cases.clone()).await, [decided.clone(), decided.clone(), open.clone(), open.clone()]);
    assert!(world.workspace.claims_of(ada.into()).await.unwrap().is_empty());

    browser.submit("/withdraw", &[]).await;
    assert_eq!(states(cases[..2].to_vec()).await.iter().filter(|state| **state == decided).count(), 1);
    let undecided = states(cases[..2].to_vec()).await.iter().position(|state| *state != decided).unwrap();
    browser.get(&format!("/desk/cases/{}/history", cases[1 - undecided])).await;
    let told = browser.page.plain();
    assert!(told.contains("in a table with others") && told.contains("answered together with others"), "{told}");

    // What takes two signatures, and a page without a tick.
    look(&mut browser, &cases[2..3], "account").await;
    assert!(browser.page.plain().contains("“account” takes 2 signatures"), "{}", browser.page.plain());
    look(&mut browser, &[], "").await;
    assert!(browser.page.plain().contains("No case is picked"));
    look(&mut browser, &cases[2..3], "bug").await;
    assert!(browser.page.plain().contains("otherwise than advised"));
    browser.submit("/desk/bulk/decide", &[]).await;
    assert_eq!(browser.page.path, "/desk?in=tickets", "without a tick all are let go");
    assert_eq!(states(cases[2..3].to_vec()).await, [open]);
}

#[tokio::test]
async fn a_playbook_that_says_nothing_offers_nothing() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "blind", "blind", "").await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    assert!(!browser.page.has("data-pick") && !browser.page.has("/desk/bulk"));
    let mut form = browser.page.form("/desk/next").hidden;
    form.push(("case".into(), case.to_string()));
    browser.post("/desk/bulk", &form).await;
    assert!(browser.page.plain().contains("lets no cases be answered together"), "{}", browser.page.plain());
    assert!(world.workspace.claims_of(ada.into()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_program_answers_together_what_its_person_may() {
    let (world, ada, cases) = together(3).await;
    let key = world.key(&["judge"], Some(ada)).await;
    let bo = world.person("Bo").await;
    let send = |path: &'static str, body: serde_json::Value| {
        let (world, key) = (&world, &key);
        async move { world.send_as(key, Method::POST, path, &body).await }
    };
    assert_eq!(send("/v1/bulk", json!({"person": bo, "cases": cases})).await.slug(), "forbidden");
    for bad in [json!({"person": ada, "cases": []}), json!({"person": ada, "cases": vec![Uuid::nil(); 51]})] {
        assert_eq!(send("/v1/bulk", bad).await.slug(), "invalid");
    }
    let missing = Uuid::from_u128(9);
    let shown = send("/v1/bulk", json!({"person": ada, "cases": [cases[0], missing, cases[1]], "answer": "bug"})).await.json();
    assert_eq!((shown["playbook"].as_str(), shown["lines"][1]["refused"]["problem"].as_str()), (Some("tickets"), Some("not-found")));
    assert_eq!(shown["lines"][0]["shown"]["proposals"][0]["answer"], "billing");
    assert_eq!(shown["lines"][0]["shown"]["proposals"][0]["explanation"], json!(null));
    let answer =
        |line: usize| json!({"case": shown["lines"][line]["case"], "token": shown["lines"][line]["shown"]["token"], "answer": "bug"});
    let mut forged = answer(2);
    forged["token"] = json!("x");
    let done = send("/v1/bulk/judgments", json!({"person": ada, "judgments": [answer(0), forged, answer(2)]})).await.json();
    assert_eq!(done["lines"][1]["refused"]["problem"], "shown-token-invalid");
    assert!(done["lines"][0]["receipt"]["decision"].is_string() && done["lines"][2]["receipt"]["decision"].is_string(), "{done}");
    let again = send("/v1/bulk/judgments", json!({"person": ada, "judgments": [answer(0)]})).await.json();
    assert_eq!(again["lines"][0]["receipt"], done["lines"][0]["receipt"]);
    let view = world.get(&format!("/v1/cases/{}", cases[0])).await.json();
    assert_eq!((view["judgments"][0]["bulk"].as_bool(), view["judgments"][0]["advice"].as_str()), (Some(true), Some("yes")));
}
