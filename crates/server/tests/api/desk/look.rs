//! The pages as they are written, for people to read: structure and words, without what differs from run to run.

use super::{
    browser::Browser,
    flow::{of, open, publish, ticket},
};
use crate::world::{SECOND, World};
use std::fmt::Write as _;
use uuid::Uuid;

/// A page with a tag a line, ids and secrets replaced.
fn readable(text: &str) -> String {
    let mut out = String::new();
    let mut ids: Vec<Uuid> = Vec::new();
    for piece in text.split_inclusive('>') {
        let piece = piece.trim();
        if piece.is_empty() || piece.starts_with("<path") {
            continue;
        }
        let mut line = String::new();
        for word in piece.split_inclusive(|c: char| "\"/ ?=&<>#+\n".contains(c)) {
            let (word, end) = word.split_at(word.len() - usize::from(word.ends_with(|c: char| "\"/ ?=&<>#+\n".contains(c))));
            match word.parse::<Uuid>() {
                Ok(id) if word.len() == 36 => {
                    let at = ids.iter().position(|known| *known == id).unwrap_or_else(|| {
                        ids.push(id);
                        ids.len() - 1
                    });
                    write!(line, "ID{}", at + 1).unwrap();
                }
                _ if word.len() >= 40 && !word.contains(' ') => line.push_str("OPAQUE"),
                _ if word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => line.push_str("VERSION"),
                _ => line.push_str(word),
            }
            line.push_str(end);
        }
        writeln!(out, "{line}").unwrap();
    }
    // What is the same on every page stands in the first snapshot only.
    let words = out.find("<script id=\"words\"").unwrap_or(out.len());
    out.truncate(words);
    out
}

fn main(text: &str) -> String {
    let main = text.split("<main").nth(1).and_then(|rest| rest.split("</main>").next()).unwrap();
    readable(&format!("<main{main}"))
}

#[tokio::test]
async fn the_pages_of_a_day() {
    let (world, ada) = World::with_tickets().await;
    let mut browser = Browser::new(&world);
    browser.get("/desk").await;
    insta::assert_snapshot!("signed out", readable(&browser.page.text));
    let link = world.workspace.desk_link(&countersign_app::workspace::system("setup"), countersign_core::id::PersonId(ada)).await.unwrap();
    browser.get(&format!("/desk/sign-in/{link}")).await;
    insta::assert_snapshot!("a link", main(&browser.page.text));

    let mut browser = Browser::of(&world, ada).await;
    insta::assert_snapshot!("an empty queue", readable(&browser.page.text));
    open(&world, &ticket(1)).await;
    world.pass(90 * 60 * SECOND);
    open(&world, &ticket(2)).await;
    browser.get("/desk").await;
    insta::assert_snapshot!("a queue", main(&browser.page.text));
    browser.submit("/desk/next", &[]).await;
    insta::assert_snapshot!("a case with advice", main(&browser.page.text));
    browser.judge(&[("answer", "bug"), ("reason", "the gateway")]).await;
    insta::assert_snapshot!("the next case", main(&browser.page.text));
    browser.get("/desk/playbooks").await;
    insta::assert_snapshot!("playbooks", main(&browser.page.text));
    browser.get("/desk/ledger").await;
    insta::assert_snapshot!("the ledger", main(&browser.page.text));
}

#[tokio::test]
async fn a_blind_case_and_its_history() {
    let (world, ada) = World::with_tickets().await;
    publish(&world, "blind", "blind", "").await;
    let case = of(&world, "blind", 1).await;
    let mut browser = Browser::of(&world, ada).await;
    browser.submit("/desk/next", &[]).await;
    insta::assert_snapshot!("a blind case", main(&browser.page.text));
    browser.judge(&[("answer", "bug")]).await;
    insta::assert_snapshot!("the reveal", main(&browser.page.text));
    browser.judge(&[("answer", "billing"), ("reason", "the AI saw the second payment")]).await;
    world.pass(61 * SECOND);
    browser.get(&format!("/desk/cases/{case}")).await;
    insta::assert_snapshot!("a decided case", main(&browser.page.text));
    browser.get(&format!("/desk/cases/{case}/history")).await;
    insta::assert_snapshot!("a history", main(&browser.page.text));
}
