//! Search at both doors: what a program finds by words, and what a person finds above the queue.

use super::{
    desk::{
        browser::Browser,
        flow::{open, ticket},
    },
    world::World,
};
use serde_json::json;

#[tokio::test]
async fn words_find_cases_at_the_desk_and_by_the_api() {
    let (world, ada) = World::with_tickets().await;
    let mut cases = Vec::new();
    for n in 0..3 {
        cases.push(open(&world, &ticket(n)).await);
    }
    world.workspace.search_update().await.unwrap();
    let found = |answer: super::world::Answer| {
        let items = answer.json()["items"].as_array().unwrap_or_else(|| panic!("{}", answer.text)).clone();
        items.iter().map(|case| case["case"].as_str().unwrap().parse().unwrap()).collect::<Vec<uuid::Uuid>>()
    };
    let all = world.get("/v1/cases?q=TWICE%20euros&state=open&playbook=tickets").await;
    assert_eq!(found(all), [cases[2], cases[1], cases[0]], "the latest first");
    let first = world.get("/v1/cases?q=charged&limit=1").await;
    let next = first.json()["next"].as_str().unwrap().to_owned();
    assert_eq!(found(first), [cases[2]]);
    assert_eq!(found(world.get(&format!("/v1/cases?q=charged&cursor={next}")).await), [cases[1], cases[0]]);
    assert!(found(world.get("/v1/cases?q=charged&state=decided").await).is_empty());
    for (query, field) in
        [("q=%20", "/q"), ("q=a&external_id=T-1&playbook=tickets", "/q"), ("q=a&state=gone", "/state"), ("q=a&playbook=nope", "/playbook")]
    {
        let answer = world.get(&format!("/v1/cases?{query}")).await;
        assert_eq!(answer.json()["field"], json!(field), "{query}: {}", answer.text);
    }

    let mut browser = Browser::of(&world, ada).await;
    browser.get("/desk?find=number+1+charged").await;
    let page = browser.page.plain();
    assert!(page.contains("Cases with “number 1 charged”") && page.contains("Charged twice, number 1"), "{page}");
    assert!(!page.contains("number 2"), "{page}");
    browser.get("/desk?find=charged&in=tickets").await;
    assert_eq!(browser.page.text.matches("class=\"row\"").count(), 3);
    browser.get("/desk?find=moonlight").await;
    assert!(
        browser.page.plain().contains("No case that you may read has this id, or all of these words: moonlight"),
        "{}",
        browser.page.plain()
    );
    browser.get("/desk?find=T-1").await;
    assert_eq!(browser.page.path, format!("/desk/cases/{}", cases[1]), "the id that it has outside");
}
