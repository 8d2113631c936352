//! What a person does at the desk without script: a stop that two lift, a remark on a line, views of the queue by name; and that nobody is told
//! how long somebody else has worked.

use super::browser::Browser;
use crate::world::World;
use axum::http::Method;
use countersign_core::{event::PeopleMetrics, id::PersonId};
use serde_json::json;

const CHANGES: &str = r#"
name = "changes"
question = "May this be merged?"
answer = { kind = "choice", options = ["merge", "refuse"] }
[fields]
what = { type = "text", title = true }
change = { type = "patch" }
[routing]
default = "assist"
[decide]
roles = ["support"]
"#;

#[tokio::test]
async fn one_stops_and_two_resume_by_forms_alone() {
    let (world, ada) = World::with_tickets().await;
    let ben = world.person("Ben").await;
    let (mut first, mut second) = (Browser::of(&world, ada).await, Browser::of(&world, ben).await);
    first.get("/desk/stops").await;
    first.submit("/desk/stops", &[("playbook", ""), ("reason", "odd answers")]).await;
    let text = first.page.plain();
    assert!(text.contains("Stopped everywhere in this workspace") && text.contains("until somebody else confirms"), "{text}");
    first.submit("/resume", &[("reason", "looked at")]).await;
    assert!(first.page.plain().contains("You asked") && !first.page.has("action=\"/desk/stops/resume\""), "{}", first.page.plain());
    // Whoever posts it all the same is refused.
    let pairs = [first.page.form("/desk/stops").hidden, vec![("reason".to_owned(), "again".to_owned())]].concat();
    first.post("/desk/stops/resume", &pairs).await;
    assert_eq!(first.page.status, 403, "{}", first.page.plain());
    assert!(first.page.plain().contains("a second person has to"));
    second.get("/desk").await;
    assert!(second.page.plain().contains("Ada asks to resume it, and somebody else has to confirm that."), "{}", second.page.plain());
    second.get("/desk/stops").await;
    second.submit("/resume", &[("reason", "so did I")]).await;
    assert!(second.page.plain().contains("Nothing is stopped."), "{}", second.page.plain());
    second.get("/desk/notices").await;
    assert!(second.page.plain().contains("resumed by Ben, as Ada had asked"), "{}", second.page.plain());
}

#[tokio::test]
async fn a_line_is_remarked_on_without_script_and_a_wrong_one_refused_by_name() {
    let (world, ada) = World::with_tickets().await;
    world.publish(CHANGES).await;
    let change = "--- a/one.rs\n+++ b/one.rs\n@@ -3,2 +3,2 @@\n same\n-old\n+new\n";
    let case = json!({"playbook": "changes", "fields": {"what": "a change", "change": change}});
    let case = world.post("/v1/cases", &case).await.id("case");
    let mut browser = Browser::of(&world, ada).await;
    browser.get(&format!("/desk/cases/{case}")).await;
    browser.submit("/take", &[]).await;
    let page = browser.page.clone();
    for (line, why) in [("9", "change: the new text of one.rs has no line 9 in this diff"), ("x", "change: say which line")] {
        browser.page = page.clone();
        browser.submit("/comment", &[("line", line), ("side", "new"), ("text", "why?")]).await;
        assert!(browser.page.status == 422 && browser.page.plain().contains(why), "{}: {}", browser.page.status, browser.page.plain());
    }
    browser.page = page.clone();
    browser.submit("/comment", &[("line", "4"), ("side", "new"), ("text", "why <b>new</b>?")]).await;
    assert!(browser.page.has("class=\"remark\"") && browser.page.has("why &lt;b&gt;new&lt;/b&gt;?"), "{}", browser.page.text);
    assert!(browser.page.plain().contains("one.rs:4"), "{}", browser.page.plain());
    // The case is amended, and a page of before says nothing of the lines that are there now.
    let amended = json!({"fields": {"what": "a change", "change": change.replace("new", "newer")}});
    let amended = world.send_as(&world.admin, Method::PUT, &format!("/v1/cases/{case}/fields"), &amended).await;
    assert_eq!(amended.status, 200, "{}", amended.text);
    browser.page = page;
    browser.submit("/comment", &[("line", "4"), ("side", "new"), ("text", "late")]).await;
    assert_eq!(browser.page.status, 412, "{}", browser.page.plain());
    browser.get(&format!("/desk/cases/{case}")).await;
    assert!(browser.page.plain().contains("said of an earlier version"), "{}", browser.page.plain());
}

#[tokio::test]
async fn a_view_is_its_persons_and_its_address_is_anybodys() {
    let (world, ada) = World::with_tickets().await;
    let ben = world.person("Ben").await;
    let mut browser = Browser::of(&world, ada).await;
    browser.get("/desk?route=assist&older=1h").await;
    browser.submit("/desk/views", &[("name", "Old <ones>")]).await;
    assert_eq!(browser.page.path, "/desk?route=assist&older=1h");
    assert!(browser.page.has("Old &lt;ones&gt;"), "{}", browser.page.text);
    let id = world.workspace.views_of(PersonId(ada)).await.unwrap().remove(0).id;
    let mut other = Browser::of(&world, ben).await;
    other.get("/desk?route=assist&older=1h").await;
    assert!(!other.page.has("Old &lt;ones&gt;"));
    let mine = other.page.form("/desk/views").hidden;
    for path in [format!("/desk/views/{id}"), format!("/desk/views/{id}/delete")] {
        other.post(&path, &[mine.clone(), vec![("name".to_owned(), "x".to_owned())]].concat()).await;
        assert_eq!(other.page.status, 404, "{path}");
    }
    // What was searched for is nothing that a view keeps, and an unknown word is refused by its name.
    other.get("/desk?route=everywhere").await;
    assert_eq!(other.page.status, 422, "{}", other.page.plain());
    browser.get("/desk").await;
    browser.submit(&format!("/desk/views/{id}"), &[("name", "Older")]).await;
    assert!(browser.page.has(">Older</a>"), "{}", browser.page.text);
    browser.submit(&format!("/desk/views/{id}"), &[("name", " ")]).await;
    assert_eq!(browser.page.status, 422);
    assert_eq!(world.workspace.views_of(PersonId(ada)).await.unwrap().remove(0).name, "Older");
}

#[tokio::test]
async fn nobody_is_told_how_long_somebody_else_has_worked() {
    let (world, ada) = World::with_tickets().await;
    let ben = world.person("Ben").await;
    // Even where everything is measured by name.
    world.workspace.people_metrics_set(&countersign_app::workspace::system("operator"), PeopleMetrics::Named, "we agreed").await.unwrap();
    let mut own = Browser::of(&world, ada).await;
    own.get("/desk/work").await;
    assert!(own.page.has("id=\"time\"") && own.page.plain().contains("no way for anybody else to see it"), "{}", own.page.plain());
    let mut other = Browser::of(&world, ben).await;
    other.get(&format!("/desk/work?person={ada}")).await;
    assert!(other.page.status == 200 && !other.page.has("id=\"time\"") && !other.page.has("/desk/pause"), "{}", other.page.plain());
    // A form that names somebody else is about whoever sent it.
    other.get("/desk/work").await;
    let mine = other.page.form("/desk/pause/after").hidden;
    other
        .post("/desk/pause/after", &[mine, vec![("person".to_owned(), ada.to_string()), ("minutes".to_owned(), "45".to_owned())]].concat())
        .await;
    let after = async |person| world.workspace.pause_of(PersonId(person)).await.unwrap().after_minutes;
    assert_eq!((after(ben).await, after(ada).await), (45, 90));
    // And the API has no word for it.
    let document = countersign_server::openapi().to_json().unwrap();
    assert!(!document.contains("pause") && !document.contains("stretch"));
}
