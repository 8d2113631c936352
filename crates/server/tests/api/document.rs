//! The description of the API, held against the pages that people read.

use countersign_server::openapi;
use serde_json::Value;

pub fn operations() -> Vec<(String, String, Value)> {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    operations
}

#[test]
fn the_document() {
    insta::assert_snapshot!(openapi().to_pretty_json().unwrap());
}

#[test]
fn every_operation_is_described_with_its_problems() {
    let operations = operations();
    assert!(operations.len() > 50, "{}", operations.len());
    let mut names = std::collections::BTreeSet::new();
    for (method, path, operation) in operations {
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{method} {path} has no summary");
        assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}: its name is taken");
        let keyless = operation["security"].as_array().unwrap().iter().any(|way| way.as_object().unwrap().is_empty());
        let responses = operation["responses"].as_object().unwrap();
        assert!(keyless || (responses.contains_key("401") && responses.contains_key("403")), "{method} {path}");
        if operation.get("requestBody").is_some() {
            for status in ["400", "413", "415", "422"] {
                assert!(responses.contains_key(status), "{method} {path} does not say {status}");
            }
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}: {}", parameter["name"]);
        }
    }
}

#[test]
fn the_page_of_the_api_has_every_operation_with_an_example() {
    let page = include_str!("../../../../docs/api.md");
    for (method, path, _) in operations() {
        assert!(page.contains(&format!("`{method} {path}`")), "docs/api.md lacks `{method} {path}`");
    }
    assert!(page.matches("```sh").count() > 15);
}

#[tokio::test]
async fn the_document_is_served() {
    let world = super::world::World::new().await;
    let served = world.get("/v1/openapi.json").await;
    assert_eq!(served.json(), serde_json::to_value(openapi()).unwrap());
    assert_eq!(served.json()["openapi"], "3.1.0");
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(Into::into));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = serde_json::to_value(openapi()).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
