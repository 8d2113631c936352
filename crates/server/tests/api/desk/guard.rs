//! What the desk does not let happen: strangers, forged forms, markup in values, bodies without end, and reading that changes
//! something.

use super::{
    browser::{Browser, encoded},
    flow::{open, publish, ticket},
};
use crate::world::World;
use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::json;

/// Every page that can be read, of a case and a decision.
pub fn pages(case: impl std::fmt::Display) -> Vec<String> {
    let mut pages: Vec<String> =
        ["", "/recent", "/work", "/playbooks", "/playbooks/tickets", "/playbooks/tickets/induction", "/ledger", "/pulse", "/stops"]
            .map(|page| format!("/desk{page}"))
            .into();
    pages.extend(["waiting", "mine", "snoozed", "held", "decided"].map(|view| format!("/desk?view={view}")));
    pages.extend(["route=blind", "route=panel&older=1h", "late=yes", "assigned=me&view=mine"].map(|narrowed| format!("/desk?{narrowed}")));
    pages.extend(["", "/history"].map(|page| format!("/desk/cases/{case}{page}")));
    pages
}

#[tokio::test]
async fn nobody_sees_or_does_anything_without_a_session() {
    let (world, _) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut stranger = Browser::new(&world);
    for path in pages(case) {
        stranger.get(&path).await;
        assert_eq!(stranger.page.status, 401, "{path}");
        assert_eq!(stranger.page.headers["content-type"], "text/html; charset=utf-8");
        assert!(stranger.page.plain().contains("You are signed out") && !stranger.page.has("Charged"), "{path}");
    }
    let posts =
        ["next", "sign-out", "stops", "stops/resume", "pause", "pause/after", "views"].map(|path| format!("/desk/{path}")).into_iter();
    let verbs = ["take", "show", "renew", "judge", "skip", "snooze", "escalate", "release", "ask", "comment", "reopen"];
    let decisions = ["withdraw", "correct", "appeal"].map(|verb| format!("/desk/decisions/{case}/{verb}"));
    for path in posts.chain(verbs.map(|verb| format!("/desk/cases/{case}/{verb}"))).chain(decisions) {
        stranger.post(&path, &[]).await;
        assert_eq!(stranger.page.status, 401, "{path}");
    }
    for wrong in ["", "x", &"A".repeat(43), &"é".repeat(30)] {
        stranger.cookie = Some(format!("countersign={wrong}"));
        assert_eq!(stranger.get("/desk").await.status, 401);
    }
    // An API key is no session, and a session no API key.
    let request = Request::builder().uri("/desk").header("authorization", format!("Bearer {}", world.admin)).body(Body::empty()).unwrap();
    assert_eq!(stranger.send(request).await.status, 401);
}

#[tokio::test]
async fn somebody_without_the_role_sees_no_queue_and_takes_no_case() {
    let (world, _) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let answer = world.post("/v1/people", &json!({"name": "Guest", "roles": ["visitor"]})).await;
    let mut guest = Browser::of(&world, answer.id("person")).await;
    assert!(guest.page.plain().contains("There is nothing here that you decide on") && !guest.page.has("Charged"));
    let token = guest.page.form("/sign-out").hidden;
    for verb in ["take", "show", "judge", "skip"] {
        let typed = token.iter().cloned().chain([("reason".to_owned(), "because".to_owned())]).collect::<Vec<_>>();
        guest.post(&format!("/desk/cases/{case}/{verb}"), &typed).await;
        assert_eq!(guest.page.status, 403, "{verb}: {}", guest.page.plain());
    }
    assert_eq!(world.workspace.case_get(case.into(), None).await.unwrap().judgments.len(), 0);
    for path in [format!("/desk/cases/{case}"), format!("/desk/cases/{case}/history"), "/desk?in=tickets".to_owned()] {
        guest.get(&path).await;
        assert!(matches!(guest.page.status.as_u16(), 403 | 404) && !guest.page.has("Charged"), "{path}");
    }
    // Whoever no longer takes part is out at once.
    let person =
        guest.world.workspace.people_list().await.unwrap().into_iter().find(|p| p.name.as_deref() == Some("Guest")).unwrap().person;
    let change = countersign_app::input::PersonChange { roles: vec!["support".into()], active: false, mail: None };
    world.workspace.person_change(&countersign_app::workspace::system("setup"), person.into(), change).await.unwrap();
    assert_eq!(guest.get("/desk").await.status, 401);
}

#[tokio::test]
async fn a_form_that_is_not_from_our_own_page_does_nothing() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    let other = {
        let bo = world.person("Bo").await;
        Browser::of(&world, bo).await.page.form("/desk/next").hidden
    };
    let own = browser.page.form("/desk/next").hidden;
    type Attempt<'a> = (&'a [(String, String)], &'a [(&'static str, &'static str)]);
    let attempts: [Attempt<'_>; 7] = [
        (&[], &[]),
        (&other, &[]),
        (&own, &[("origin", "https://evil.example")]),
        (&own, &[("origin", "null")]),
        (&own, &[("sec-fetch-site", "cross-site")]),
        (&own, &[("sec-fetch-site", "same-site")]),
        (&own, &[("origin", "http://desk.test:8080")]),
    ];
    for (pairs, headers) in attempts {
        let mut request = browser.request(Method::POST, "/desk/next").header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let page = browser.send(request.body(Body::from(encoded(pairs))).unwrap()).await;
        assert_eq!(page.status, 403, "{headers:?}");
        assert!(page.plain().contains("was not sent from one of our own pages"), "{}", page.plain());
    }
    let request = browser.request(Method::POST, "/desk/next").header("content-type", "text/plain");
    assert_eq!(browser.send(request.body(Body::from(encoded(&own))).unwrap()).await.status, 415);
    assert!(world.workspace.claims_of(countersign_core::id::PersonId(ada)).await.unwrap().is_empty());
    assert_eq!(world.workspace.case_get(case.into(), None).await.unwrap().version, 3);
    browser.post("/desk/next", &own).await;
    assert_eq!(browser.page.case(), case);
}

#[tokio::test]
async fn reading_changes_nothing() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    let before =
        (world.workspace.info().await.unwrap().size, world.workspace.claims_of(countersign_core::id::PersonId(ada)).await.unwrap());
    for path in pages(case) {
        assert_eq!(browser.get(&path).await.status, 200, "{path}");
    }
    let after = (world.workspace.info().await.unwrap().size, world.workspace.claims_of(countersign_core::id::PersonId(ada)).await.unwrap());
    assert_eq!((before.0, before.1.len(), &before.1[0].until), (after.0, after.1.len(), &after.1[0].until));
    for path in ["/desk/next", "/desk/sign-out", &format!("/desk/cases/{case}/judge"), &format!("/desk/cases/{case}/take")] {
        assert_eq!(browser.get(path).await.status, 405, "{path}");
    }
}

/// Ways to leave the place where a value stands.
const HOSTILE: &str =
    "</textarea></script><script>alert(1)</script><img src=x onerror=alert(2)>\"' onfocus=alert(3) autofocus x=\"&lt;{{7*7}}\u{202e}\u{0}";

#[tokio::test]
async fn markup_in_values_stays_text() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "blind", "blind", "").await;
    let bo = world.person("Bo <script>alert(4)</script>").await;
    let hostile = HOSTILE.replace('\u{0}', "");
    let mut case = ticket(1);
    case["playbook"] = json!("blind");
    case["external_id"] = json!(hostile);
    case["fields"] = json!({"subject": hostile, "body": hostile, "customer": hostile});
    case["proposals"][0]["proposer"] = json!("<b>proposer</b>");
    case["proposals"][0]["version"] = json!("<i>7</i>");
    case["proposals"][0]["explanation"] = json!(hostile);
    case["proposals"][0]["evidence"][0]["quote"] = json!(hostile);
    let case = open(&world, &case).await;
    let mut browser = Browser::of(&world, bo).await;
    let mut seen = vec![browser.page.clone()];
    browser.submit("/desk/next", &[]).await;
    seen.push(browser.page.clone());
    browser.judge(&[("answer", &hostile), ("reason", &hostile), ("confidence", &hostile), ("seconds", "NaN")]).await;
    seen.push(browser.page.clone());
    browser.judge(&[("answer", "bug"), ("reason", &hostile)]).await;
    browser.submit("/comment", &[("text", &hostile)]).await;
    seen.push(browser.page.clone());
    browser.submit("/ask", &[("instruction", &hostile)]).await;
    seen.push(browser.page.clone());
    browser.judge(&[("answer", "billing"), ("reason", &hostile)]).await;
    for path in pages(case)
        .iter()
        .chain([&format!("/desk?find={}", encoded(&[(hostile.clone(), hostile.clone())])), &"/desk?said=%3Cscript%3E".to_owned()])
    {
        browser.get(path).await;
        seen.push(browser.page.clone());
    }
    let mut other = Browser::of(&world, ada).await;
    other.get(&format!("/desk/cases/{case}")).await;
    seen.push(other.page.clone());
    for page in &seen {
        for markup in ["<script>alert", "<img", "<b>", "<i>7", " onfocus=alert(3) autofocus x=\"", "{{49}}"] {
            assert!(!page.has(markup), "{markup} in {}: {}", page.path, page.text);
        }
        assert!(page.text.matches("<script").all(|_| true));
        for script in page.text.split("<script").skip(1) {
            assert!(
                script.starts_with(" type=\"module\" src=\"/desk/assets/")
                    || script.starts_with(" id=\"words\" type=\"application/json\">"),
                "{script}"
            );
        }
    }
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_carry_their_rules() {
    let (world, ada) = World::with_tickets().await;
    let case = open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    for path in pages(case).iter().filter(|path| !path.ends_with("pulse")) {
        let page = browser.get(path).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'") && !policy.contains("unsafe"));
        assert_eq!(page.headers["cache-control"], "no-store");
        for inline in [" style=\"", " onclick=", " onload=", "javascript:", "http://", "https://"] {
            assert!(!page.has(inline), "{inline} in {path}");
        }
        assert!(page.text.len() < 150_000);
        let assets: Vec<String> =
            page.text.split("\"/desk/assets/").skip(1).map(|rest| format!("/desk/assets/{}", rest.split('"').next().unwrap())).collect();
        assert!(assets.len() >= 3);
        for asset in assets {
            let mut anybody = Browser::new(&world);
            let asset = anybody.get(&asset).await;
            assert_eq!(asset.status, 200);
            assert_eq!(asset.headers["cache-control"], "public, max-age=31536000, immutable");
        }
    }
    assert_eq!(browser.get("/desk/assets/0/none.css").await.status, 404);
    assert_eq!(browser.get("/desk/assets/0/desk.css").await.headers["cache-control"], "no-cache");
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_words() {
    let (world, ada) = World::with_tickets().await;
    open(&world, &ticket(1)).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    browser.judge(&[("answer", "bug"), ("reason", &"x".repeat(10 << 20))]).await;
    assert_eq!(browser.page.status, 413);
    assert!(browser.page.plain().contains("That is too much at once"));
    browser.next().await;
    browser.judge(&[("answer", "bug"), ("reason", &"x".repeat(100 << 10))]).await;
    assert!(browser.page.plain().contains("Not recorded yet:"), "{}", browser.page.plain());
    let many: Vec<(String, String)> = (0..20_000).map(|n| (n.to_string(), String::new())).collect();
    assert_eq!(browser.post("/desk/next", &many).await.status, 413);
    // What is as long as a case may be is shown, and the page stays bearable.
    let mut case = ticket(2);
    case["fields"]["body"] = json!("long ".repeat(180_000));
    let case = open(&world, &case).await;
    browser.get(&format!("/desk/cases/{case}")).await;
    assert_eq!(browser.page.status, 200);
}

#[tokio::test]
async fn what_is_not_there_is_a_page_too() {
    let (world, ada) = World::with_tickets().await;
    let mut browser = Browser::of(&world, ada).await;
    for (path, status) in [
        ("/desk/nothing", 404),
        ("/desk/cases/018f0000-0000-7000-8000-000000000000", 404),
        ("/desk/cases/018f0000-0000-7000-8000-000000000000/history", 404),
        ("/desk/cases/x", 400),
        ("/desk/playbooks/none", 404),
        ("/desk?cursor=forged", 422),
        ("/desk?unknown=1", 422),
        ("/desk?in=none", 404),
        ("/desk/files/xyz", 400),
        ("/desk/decisions/018f0000-0000-7000-8000-000000000000/bundle", 404),
    ] {
        let page = browser.get(path).await;
        assert_eq!((page.status.as_u16(), page.headers["content-type"].to_str().unwrap()), (status, "text/html; charset=utf-8"), "{path}");
        assert!(page.has("<h1>") && page.plain().contains("Request r"), "{path}: {}", page.plain());
    }
    assert_eq!(browser.get("/").await.path, "/desk");
}
