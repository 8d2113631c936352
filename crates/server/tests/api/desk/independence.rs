//! Law 4 at the desk: until a person's first answer is durable, every page and every answer of the desk to them is the same, byte for
//! byte, whatever the AI proposed and whatever a colleague said.

use super::{
    browser::Browser,
    flow::{open, publish, ticket},
    guard::pages,
};
use crate::world::World;
use serde_json::{Value, json};

struct Said {
    probabilities: Value,
    words: &'static str,
    colleague: &'static str,
}

/// One world up to the first answers; all that a person read on the way.
async fn readings(said: Said) -> Vec<(String, String)> {
    let (world, ada) = World::with_tickets().await;
    let bo = world.person("Bo").await;
    publish(&world, "blind", "blind", "automate = { max_error = 0.02, certainty = 0.95, audit = 0.05 }").await;
    publish(&world, "unaided", "unaided", "").await;
    publish(&world, "panel", "panel", "panel = 2").await;
    let mut cases = Vec::new();
    for (n, playbook) in ["blind", "unaided", "panel", "blind"].into_iter().enumerate() {
        let mut case = ticket(u32::try_from(n).unwrap());
        case["playbook"] = json!(playbook);
        case["proposals"] = json!([{"proposer": "m1", "version": "1", "probabilities": said.probabilities, "explanation": said.words,
            "evidence": [{"field": "body", "start": 0, "end": 3, "quote": said.words}]}]);
        cases.push(open(&world, &case).await);
    }
    // A colleague answers on the panel's case, in their own desk.
    let mut colleague = Browser::of(&world, bo).await;
    colleague.get(&format!("/desk/cases/{}", cases[2])).await;
    colleague.submit("/take", &[]).await;
    colleague.judge(&[("answer", said.colleague), ("reason", said.words)]).await;
    let held = colleague.page.case();
    colleague.get(&format!("/desk/cases/{held}")).await;
    colleague.submit("/release", &[]).await;

    let mut all = Vec::new();
    let mut browser = Browser::of(&world, ada).await;
    let mut read = |browser: &Browser<'_>| {
        // The headers count as well.
        let headers: Vec<String> =
            browser.page.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        all.push((browser.page.path.clone(), format!("{}\n{}\n{}", browser.page.status, headers.join("\n"), browser.page.text)));
    };
    read(&browser);
    for case in &cases {
        for path in pages(case).into_iter().chain([format!("/desk/cases/{case}/proof"), format!("/desk?find={case}")]) {
            browser.get(&path).await;
            read(&browser);
        }
    }
    // Later words change nothing for somebody who has not answered.
    let second = json!({"proposer": "m2", "version": "1", "probabilities": said.probabilities, "explanation": said.words});
    assert_eq!(world.post(&format!("/v1/cases/{}/proposals", cases[0]), &second).await.status, 200);
    for _ in 0..4 {
        browser.next().await;
        read(&browser);
        let case = browser.page.case();
        let hidden = browser.page.form("/judge").hidden;
        let shown = hidden.iter().find(|(name, _)| name == "shown").unwrap().1.clone();
        for path in pages(case).into_iter().chain([format!("/desk/cases/{case}/pulse?shown={shown}")]) {
            browser.get(&path).await;
            read(&browser);
        }
        browser.post(&format!("/desk/cases/{case}/renew"), &hidden).await;
        read(&browser);
        browser.get(&format!("/desk/cases/{case}")).await;
        // An answer that is refused, an ask that comes too early, a remark: all answered alike.
        browser.judge(&[("reason", "nothing chosen")]).await;
        read(&browser);
        let token = browser.page.form("/judge").hidden;
        let ask: Vec<_> = token.iter().cloned().chain([("instruction".to_owned(), "tell me".to_owned())]).collect();
        browser.post(&format!("/desk/cases/{case}/ask"), &ask).await;
        read(&browser);
        browser.get(&format!("/desk/cases/{case}")).await;
        browser.submit("/skip", &[("reason", "somebody else")]).await;
        read(&browser);
        browser.get("/desk").await;
        if browser.page.has("/release\"") {
            browser.submit("/release", &[]).await;
        }
    }
    all
}

#[tokio::test]
async fn no_byte_of_the_desk_tells_what_the_ai_or_a_colleague_said() {
    let one = readings(Said {
        probabilities: json!({"billing": 0.98, "bug": 0.01, "account": 0.01}),
        words: "surely billing",
        colleague: "billing",
    })
    .await;
    let other = readings(Said {
        probabilities: json!({"billing": 0.02, "bug": 0.95, "account": 0.03}),
        words: "an ugly bug..!",
        colleague: "account",
    })
    .await;
    assert!(one.len() > 80, "{}", one.len());
    assert_eq!(one.len(), other.len());
    for ((path, one), (_, other)) in one.iter().zip(&other) {
        assert_eq!(one, other, "{path}");
        assert!(!one.contains("surely") && !one.contains(">m1<") && !other.contains("ugly"), "{path}");
    }
}
