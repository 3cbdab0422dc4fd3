//! The export API, as a program of the county meets it.

use reqwest::StatusCode;
use xunge_tests::api::Api;

use crate::scene::Scene;

const KINDS: [&str; 7] = [
    "household",
    "person",
    "visit",
    "dispute",
    "warning",
    "warning_ack",
    "request",
];

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_told_and_the_problem_has_a_stable_code() {
    let scene = Scene::village().await;
    for token in ["", "nonsense"] {
        let api = Api::new(&scene.relay.url(), token).unwrap();
        for path in ["/api/v1/records", "/api/v1/quarantine"] {
            let (status, problem) = api.get(path).await.unwrap();
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
            assert!(
                problem["code"]
                    .as_str()
                    .is_some_and(|code| !code.is_empty()),
                "{problem}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_join_without_gap_or_overlap_whatever_their_size() {
    let scene = Scene::village().await;
    let all = scene.ids(Some("household")).await;
    let mut joined = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/records?kind=household&limit=70{cursor}");
        let (status, page) = scene.api.get(&path).await.unwrap();
        assert_eq!(status, StatusCode::OK);
        let records = page["records"].as_array().unwrap();
        if records.is_empty() {
            break;
        }
        joined.extend(
            records
                .iter()
                .map(|record| record["id"].as_str().unwrap().to_owned()),
        );
        cursor = format!("&since={}", page["next"].as_str().unwrap());
    }
    assert_eq!(joined, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_has_a_schema_and_every_record_is_valid_by_it() {
    let scene = Scene::village().await;
    for kind in KINDS {
        let schema = scene.api.schema(kind).await.unwrap();
        let validator =
            jsonschema::validator_for(&schema).unwrap_or_else(|e| panic!("{kind}: {e}"));
        for record in scene.api.records(Some(kind), None).await.unwrap().0 {
            if let Err(error) = validator.validate(&record["fields"]) {
                panic!("{kind} {}: {error}: {}", record["id"], record["fields"]);
            }
        }
    }
    let (status, description) = scene.api.get("/api/openapi.json").await.unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(description["paths"]["/api/v1/records"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_makes_no_sense_is_a_bad_request() {
    let scene = Scene::village().await;
    for path in [
        "/api/v1/records?kind=no_such",
        "/api/v1/records?limit=x",
        "/api/v1/records?since=%20%20!",
    ] {
        let (status, problem) = scene.api.get(path).await.unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {problem}");
        assert!(problem["code"].is_string(), "{path}: {problem}");
    }
    let (status, _) = scene.api.get("/api/v1/schemas/no_such").await.unwrap();
    assert_eq!(status, StatusCode::NOT_FOUND);
}
