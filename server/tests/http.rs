//! The routes of phones: bodies in, signed bodies out, and problem documents for the rest.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use common::*;
use tower::ServiceExt as _;
use xunge_protocol::Hash32;
use xunge_protocol::media::authorize;
use xunge_protocol::message::{MAX_BODY_BYTES, SYNC_PATH};
use xunge_server::http::router;

async fn ask(place: &Place, request: Request<Body>) -> Response<Body> {
    router(place.relay.clone()).oneshot(request).await.unwrap()
}

fn post(path: &str, body: Vec<u8>) -> Request<Body> {
    Request::post(path).body(body.into()).unwrap()
}

async fn body(response: Response<Body>) -> Vec<u8> {
    to_bytes(response.into_body(), 64 << 20)
        .await
        .unwrap()
        .to_vec()
}

async fn code(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let problem: serde_json::Value = serde_json::from_slice(&body(response).await).unwrap();
    assert_eq!(problem["status"], status.as_u16());
    (status, problem["code"].as_str().unwrap().into())
}

#[tokio::test]
async fn a_phone_syncs_over_http() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    phone.visit(GRID);
    let segments = phone.seal();
    let request = phone.request(segments);
    let response = ask(&place, post(SYNC_PATH, request.clone())).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key("x-request-id"));
    let answer = body(response).await;
    assert_eq!(phone.take(&request, &answer).receipts.len(), 1);
}

#[tokio::test]
async fn what_is_refused_whole_is_a_problem_with_a_stable_code() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let good = phone.request(Vec::new());
    let cases = [
        (good[..50].to_vec(), StatusCode::BAD_REQUEST, "malformed"),
        (
            [&good[..40], &[0; 200]].concat(),
            StatusCode::UNAUTHORIZED,
            "bad_signature",
        ),
        (
            [&good[..2], &[0; 300]].concat(),
            StatusCode::UNAUTHORIZED,
            "unknown_writer",
        ),
    ];
    for (bytes, status, name) in cases {
        let answer = code(ask(&place, post(SYNC_PATH, bytes)).await).await;
        assert_eq!(answer, (status, name.into()));
    }
    let large = ask(&place, post(SYNC_PATH, vec![1; MAX_BODY_BYTES + 1])).await;
    assert_eq!(
        code(large).await,
        (StatusCode::PAYLOAD_TOO_LARGE, "too_large".into())
    );
    let wrong_method = Request::get(SYNC_PATH).body(Body::empty()).unwrap();
    assert_eq!(
        ask(&place, wrong_method).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

fn media(phone: &Phone, method: &str, name: Hash32, signed: Hash32, file: &[u8]) -> Request<Body> {
    let path = format!("/media/v1/{name}");
    let header = authorize(&phone.key, phone.writer, method, &path, 1, &signed);
    Request::builder()
        .method(method)
        .uri(&path)
        .header(header::AUTHORIZATION, header)
        .body(Body::from(file.to_vec()))
        .unwrap()
}

#[tokio::test]
async fn a_voice_note_arrives_whole_and_comes_back_the_same() {
    let place = Place::inline();
    let phone = place.phone("王秀英", &[GRID]);
    let mut file = vec![42u8; 300_000];
    file[4..8].copy_from_slice(b"ftyp");
    let hash = Hash32::of(&file);
    let absent = ask(&place, media(&phone, "GET", hash, hash, b"")).await;
    assert_eq!(
        code(absent).await,
        (StatusCode::NOT_FOUND, "no_such_file".into())
    );
    for _ in 0..2 {
        let put = ask(&place, media(&phone, "PUT", hash, hash, &file)).await;
        assert_eq!(put.status(), StatusCode::NO_CONTENT);
    }
    let got = ask(&place, media(&phone, "GET", hash, hash, b"")).await;
    assert_eq!(got.headers()[header::CONTENT_TYPE], "audio/mp4");
    assert_eq!(body(got).await, file);
}

#[tokio::test]
async fn a_file_that_is_not_what_its_name_says_is_not_kept() {
    let place = Place::inline();
    let phone = place.phone("王秀英", &[GRID]);
    let hash = Hash32::of(b"voice");
    let wrong = ask(&place, media(&phone, "PUT", hash, hash, b"other")).await;
    assert_eq!(
        code(wrong).await,
        (StatusCode::UNPROCESSABLE_ENTITY, "wrong_hash".into())
    );
    let unsigned = ask(
        &place,
        media(&phone, "PUT", hash, Hash32::of(b"x"), b"voice"),
    )
    .await;
    assert_eq!(
        code(unsigned).await,
        (StatusCode::UNAUTHORIZED, "bad_signature".into())
    );
    let absent = ask(&place, media(&phone, "GET", hash, hash, b"")).await;
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_program_with_a_media_token_uses_the_same_routes_and_one_without_does_not() {
    use xunge_server::account::token::{TokenRole, fingerprint};
    use xunge_server::store::StoreError;
    let place = Place::inline();
    let now = place.relay.now();
    for (token, role) in [("m", TokenRole::Media), ("e", TokenRole::Export)] {
        let added = place
            .relay
            .store
            .write::<_, StoreError>(move |tx| tx.insert_token(fingerprint(token), role, now));
        added.unwrap();
    }
    let file = b"\x89PNG picture";
    let path = format!("/media/v1/{}", Hash32::of(file));
    for (token, status) in [
        ("x", StatusCode::UNAUTHORIZED),
        ("e", StatusCode::UNAUTHORIZED),
        ("m", StatusCode::NO_CONTENT),
    ] {
        let put = Request::put(&path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(file.to_vec()))
            .unwrap();
        assert_eq!(ask(&place, put).await.status(), status, "{token}");
    }
    let get = Request::get(&path)
        .header(header::AUTHORIZATION, "Bearer m")
        .body(Body::empty())
        .unwrap();
    let got = ask(&place, get).await;
    assert_eq!(got.headers()[header::CONTENT_TYPE], "image/png");
    assert_eq!(body(got).await, file);
}

#[tokio::test]
async fn health_is_told_without_a_login() {
    let place = Place::inline();
    for path in ["/healthz", "/readyz"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(ask(&place, request).await.status(), StatusCode::OK);
    }
}
