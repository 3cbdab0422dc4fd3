//! The routes of phones: bodies in, signed bodies out, and problem documents for the rest.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use common::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;
use xunge_protocol::message::{MAX_BODY_BYTES, SYNC_PATH};
use xunge_server::http::{router, serve};

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

#[tokio::test]
async fn health_is_told_without_a_login() {
    let place = Place::inline();
    for path in ["/healthz", "/readyz"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(ask(&place, request).await.status(), StatusCode::OK);
    }
}

/// A relay of which one request is worked on at a time, behind a real socket.
async fn listening(silence: Duration) -> (Place, std::net::SocketAddr) {
    let mut place = Place::inline();
    let relay = Arc::get_mut(&mut place.relay).unwrap();
    relay.config.body_silence = silence;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = serve(place.relay.clone(), listener, std::future::pending());
    tokio::spawn(served);
    (place, address)
}

fn head(path: &str, length: usize) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n").into()
}

async fn answered(mut line: TcpStream) -> String {
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stands_still_is_ended_with_a_code_and_holds_up_nobody() {
    let (place, address) = listening(Duration::from_millis(300)).await;
    let mut phone = place.phone("王秀英", &[GRID]);
    // More of them than requests are worked on at a time.
    let mut stalled = Vec::new();
    for _ in 0..2 * place.relay.config.concurrency {
        let mut line = TcpStream::connect(address).await.unwrap();
        line.write_all(&head(SYNC_PATH, 500)).await.unwrap();
        line.write_all(&[1; 40]).await.unwrap();
        stalled.push(line);
    }
    let request = phone.request(Vec::new());
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(&head(SYNC_PATH, request.len()))
        .await
        .unwrap();
    line.write_all(&request).await.unwrap();
    let answer = answered(line).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for line in stalled {
        let answer = answered(line).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("\"code\":\"body_stalled\""), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_slowly_is_waited_for_however_long_it_takes_as_a_whole() {
    let silence = Duration::from_millis(400);
    let (place, address) = listening(silence).await;
    let mut phone = place.phone("王秀英", &[GRID]);
    phone.visit(GRID);
    let segments = phone.seal();
    let request = phone.request(segments);
    let mut line = TcpStream::connect(address).await.unwrap();
    line.write_all(&head(SYNC_PATH, request.len()))
        .await
        .unwrap();
    let began = Instant::now();
    for piece in request.chunks(request.len().div_ceil(12)) {
        tokio::time::sleep(silence / 8).await;
        line.write_all(piece).await.unwrap();
    }
    assert!(began.elapsed() > silence, "as a whole it took longer");
    let answer = answered(line).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
