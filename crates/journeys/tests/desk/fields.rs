//! Every kind of field and of answer: a text that is edited, a patch that is read, a picture, a form, an action, a score.

use countersign_core::id::CaseId;
use countersign_journeys::{Desk, Screen, cases};
use countersign_testkit::caller;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_is_edited_and_the_difference_kept() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let case = desk.take_in(cases::letter()).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelector('#answer textarea[data-edit]')").await;
    page.look("text").await;
    page.press('e').await;
    page.until("document.activeElement.matches('textarea[data-edit]')").await;
    page.script("const area = document.activeElement; area.value = area.value.replace('on Friday', 'on Thursday'); area.setSelectionRange(area.value.length, area.value.length);").await;
    page.write("\nAda Brandt").await;
    page.look("text-edited").await;

    // What was typed outlives the page.
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelector('textarea[data-edit]')?.value.includes('Thursday')").await;
    page.press('e').await;
    page.read().await;
    page.control_enter().await;
    page.until("!document.querySelector('#answer')").await;
    let answer = desk.stands(case).await.judgments.remove(0).answer;
    assert!(answer.as_str().unwrap().contains("on Thursday") && answer.as_str().unwrap().ends_with("Ada Brandt"), "{answer}");
    page.go(&format!("/desk/cases/{case}")).await;
    page.until("document.querySelector('ins')").await;
    assert!(page.text("ins").await.contains("Thursday"));
    page.look("text-difference").await;
    page.shot("text-difference-whole", true).await;
    desk.close().await;
}

/// Remarks on lines: by hand, by keys, and what stands there afterwards.
async fn remarked(desk: &Desk, case: CaseId) {
    let page = &desk.browser;
    page.script("document.querySelector('[data-file] .viewed input').click(); document.querySelector('[data-file]').open = true; return 1")
        .await;
    // The number of an added line is clicked on, and the form is beneath it.
    page.script("document.querySelector('[data-number=\"1\"] tr.added td.n:nth-child(2)').click(); return 1").await;
    page.until("document.activeElement.matches('tr.about textarea')").await;
    page.write("Is this the only place that waits?").await;
    page.look("patch-remarking").await;
    page.click("tr.about button[type=submit]").await;
    page.until("document.querySelector('tr.remark')").await;
    assert!(page.text("tr.remark").await.contains("Ada Brandt") && page.text("tr.remark").await.contains("the only place"));
    // By keys: c, two lines further down, and the words.
    page.press('c').await;
    page.until("document.activeElement.matches('tr.about [name=line]')").await;
    page.script("const line = document.activeElement; line.stepUp(2); line.dispatchEvent(new Event('input', { bubbles: true })); return 1")
        .await;
    page.until(
        "document.querySelector('tr.about').previousElementSibling.cells[document.querySelector('[name=side]').value === 'old' ? 0 : 1].textContent === document.querySelector('[name=line]').value",
    )
    .await;
    page.script("document.querySelector('tr.about textarea').focus(); return 1").await;
    page.write("The eighth attempt waits for four minutes.").await;
    page.control_enter().await;
    page.until("document.querySelectorAll('.side .remarks li').length === 2").await;
    assert_eq!(page.count("tr.remark").await, 2);
    assert!(page.text(".remarks .place").await.starts_with("src/delivery.rs:"));
    page.whole("patch-remarks").await;
    page.resize(Screen::PHONE).await;
    page.whole("patch-remarks").await;
    page.resize(Screen::LAPTOP).await;
    let said = desk.stands(case).await.comments;
    assert!(said.iter().all(|one| one.anchor.as_ref().is_some_and(|anchor| anchor.file.as_deref() == Some("src/delivery.rs"))), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_is_reviewed_line_by_line() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let case = desk.take_in(cases::change()).await;
    let page = &desk.browser;
    page.go("/desk").await;
    page.press('n').await;
    page.until("document.querySelectorAll('[data-patch] [data-file]').length === 3").await;
    assert!(page.count("table.code tr.added").await > 10 && page.count("table.code em").await > 2);
    page.look("patch").await;
    page.shot("patch-whole", true).await;
    page.click("[data-file] .viewed input").await;
    page.until("!document.querySelector('[data-file]').open").await;
    page.look("patch-viewed").await;
    page.go(&page.path().await).await;
    page.until("document.querySelector('[data-file] .viewed input')?.checked && !document.querySelector('[data-file]').open").await;
    remarked(&desk, case).await;
    // The form: another verdict than the proposed one, and a finding of one's own.
    page.script("document.querySelector('[name=\"answer/verdict\"][value=reject]').click(); document.querySelector('[name=\"answer/risk\"]').focus(); document.activeElement.value = '';").await;
    page.write("4").await;
    page.look("patch-form").await;
    page.control_enter().await;
    page.until("!document.querySelector('#answer')").await;
    let answer = desk.stands(case).await.judgments.remove(0).answer;
    assert_eq!((answer["verdict"].as_str(), answer["risk"].as_i64()), (Some("reject"), Some(4)), "{answer}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_is_none_says_so_and_the_case_is_decided() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let page = &desk.browser;
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"window.__hacked=1\"><script>window.__hacked=1</script></svg>";
    for (name, media_type, bytes) in [("garbage", "image/png", &b"\x89PNG\r\n\x1a\nno picture at all"[..]), ("svg", "image/svg+xml", svg)] {
        let file = desk.kit.workspace.attachment_add(&caller(), media_type, bytes.to_vec()).await.unwrap().attachment;
        let mut study = cases::study(&file);
        study["external_id"] = format!("S-{name}").into();
        let case = desk.take_in(study).await;
        page.go("/desk?in=scans").await;
        page.press('n').await;
        page.until("document.querySelector('.image .broken')?.checkVisibility()").await;
        let handles = "return [...document.querySelectorAll('.image .stage, .image .tools')].some((one) => one.checkVisibility())";
        assert_eq!(page.script(handles).await, false, "there is nothing to zoom into");
        page.look(&format!("image-none-{name}")).await;
        assert_eq!(page.script("return typeof window.__hacked").await, "undefined");
        page.script("document.querySelector('[data-score]').focus()").await;
        page.write("2").await;
        page.read().await;
        page.enter().await;
        page.until("!document.querySelector('[data-score]')").await;
        assert_eq!(desk.stands(case).await.decision.unwrap().answer, "2");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_scores_actions_and_patches_are_answered() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let picture = desk.kit.workspace.attachment_add(&caller(), "image/png", cases::scan()).await.unwrap().attachment;
    let study = desk.take_in(cases::study(&picture)).await;
    let action = desk.take_in(cases::action()).await;
    let repair = desk.take_in(cases::repair()).await;
    let page = &desk.browser;
    page.go("/desk?in=scans").await;
    page.press('n').await;
    page.until("document.querySelector('[data-image] img')?.naturalWidth === 480").await;
    page.look("image").await;
    let fits = "const box = document.querySelector('.image .boxes').getBoundingClientRect(), img = document.querySelector('.image img').getBoundingClientRect(); return [box.left - img.left, box.top - img.top, box.width - img.width, box.height - img.height].every((by) => Math.abs(by) < 1);";
    assert_eq!(page.script(fits).await, true, "the boxes lie on the picture");
    page.click("[data-zoom=in]").await;
    page.click("[data-zoom=in]").await;
    page.look("image-zoomed").await;
    assert_eq!(page.script(fits).await, true, "the boxes stay on the picture");
    page.script("document.querySelector('[data-score]').focus()").await;
    page.write("7.5").await;
    page.enter().await;
    page.until("!document.querySelector('[data-score]')").await;
    assert_eq!(desk.stands(study).await.decision.unwrap().answer, "7.5");

    page.go("/desk?in=agent-action").await;
    page.press('n').await;
    page.until("document.querySelector('[name=\"answer/arguments/sum\"]')").await;
    page.look("action").await;
    page.script("document.querySelector('[name=\"answer/arguments/sum\"]').select()").await;
    page.write("29").await;
    page.control_enter().await;
    page.until("!document.querySelector('#answer')").await;
    assert_eq!(desk.stands(action).await.judgments[0].answer["arguments"]["sum"], "29");

    page.go("/desk?in=repairs").await;
    page.press('n').await;
    page.until("document.querySelector('#answer textarea')").await;
    page.look("patch-answer").await;
    page.press('a').await;
    page.until("!document.querySelector('#answer')").await;
    assert_eq!(desk.stands(repair).await.state, "decided");
    desk.close().await;
}

/// What speaks for the advice lies over the picture, where it was looked at, and goes away with its switch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_speaks_for_the_advice_lies_over_the_picture() {
    let Some(desk) = Desk::open(Screen::LAPTOP).await else { return };
    let picture = desk.kit.workspace.attachment_add(&caller(), "image/png", cases::scan()).await.unwrap().attachment;
    let mut study = cases::study(&picture);
    let cells: Vec<i64> =
        (0..12 * 8).map(|at| if (6..9).contains(&(at % 12)) && (3..6).contains(&(at / 12)) { 4 + at / 4 } else { -2 }).collect();
    study["proposals"][0]["evidence"] = serde_json::json!([{ "field": "scan", "heat": {
        "left": 0, "top": 0, "width": 10_000, "height": 10_000, "columns": 12, "rows": 8, "cells": cells } }]);
    let page = &desk.browser;
    desk.take_in(study).await;
    page.go("/desk?in=scans").await;
    page.press('n').await;
    page.until("document.querySelector('[data-image] img')?.naturalWidth === 480").await;
    assert_eq!(page.count(".image .heat rect").await, 9, "only what speaks for it");
    page.look("image-heat").await;
    let fits = "const layer = document.querySelector('.image .heat').getBoundingClientRect(), img = document.querySelector('.image img').getBoundingClientRect(); return [layer.left - img.left, layer.top - img.top, layer.width - img.width, layer.height - img.height].every((by) => Math.abs(by) < 1);";
    assert_eq!(page.script(fits).await, true, "it lies on the picture");
    page.click("[data-zoom=in]").await;
    assert_eq!(page.script(fits).await, true, "and stays on it");
    page.click("[data-heat]").await;
    page.until("!document.querySelector('.image .heat').checkVisibility()").await;
    page.look("image-heat-off").await;
    page.click("[data-heat]").await;
    page.resize(Screen::PHONE).await;
    assert_eq!(page.script(fits).await, true, "on a phone as well");
    page.look("image-heat-phone").await;
    desk.close().await;
}
