//! `/media/v1`: tus as its specification says it, for phones that sign and for programs with a token.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::sync::atomic::Ordering;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::*;
use futures_util::stream;
use sha1::Digest as _;
use tower::ServiceExt as _;
use xunge_protocol::Hash32;
use xunge_protocol::media::{authorize, verify_whole};
use xunge_server::account::token::{TokenRole, fingerprint};
use xunge_server::http::router;
use xunge_server::store::StoreError;

const TOKEN: &str = "Bearer m";

async fn ask(place: &Place, request: Request<Body>) -> Response<Body> {
    router(place.relay.clone()).oneshot(request).await.unwrap()
}

async fn body(response: Response<Body>) -> Vec<u8> {
    to_bytes(response.into_body(), 64 << 20)
        .await
        .unwrap()
        .to_vec()
}

async fn code(response: Response<Body>) -> (u16, String) {
    let status = response.status().as_u16();
    let problem: serde_json::Value = serde_json::from_slice(&body(response).await).unwrap();
    (status, problem["code"].as_str().unwrap().into())
}

/// A relay with two tokens of role `media` and one of role `export`.
fn place() -> Place {
    let place = Place::inline();
    let now = place.relay.now();
    let roles = [
        ("m", TokenRole::Media),
        ("n", TokenRole::Media),
        ("e", TokenRole::Export),
    ];
    for (token, role) in roles {
        place
            .relay
            .store
            .write::<_, StoreError>(move |tx| tx.insert_token(fingerprint(token), role, now))
            .unwrap();
    }
    place
}

fn request(method: &str, path: &str, credentials: &str, more: &[(&str, String)]) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("tus-resumable", "1.0.0")
        .header(header::AUTHORIZATION, credentials);
    for (name, value) in more {
        request = request.header(*name, value);
    }
    request.body(Body::empty()).unwrap()
}

fn with(mut request: Request<Body>, content: impl Into<Body>) -> Request<Body> {
    *request.body_mut() = content.into();
    request
}

fn content() -> (&'static str, String) {
    ("content-type", "application/offset+octet-stream".to_owned())
}

fn length(bytes: usize) -> (&'static str, String) {
    ("upload-length", bytes.to_string())
}

fn at(offset: usize) -> (&'static str, String) {
    ("upload-offset", offset.to_string())
}

fn hash_of(file: &[u8]) -> (&'static str, String) {
    let hash = STANDARD.encode(Hash32::of(file).to_string());
    ("upload-metadata", format!("filename dm9pY2U=,hash {hash}"))
}

fn number(headers: &HeaderMap, name: &str) -> usize {
    headers[name].to_str().unwrap().parse().unwrap()
}

/// Begins an upload of a program, and gives its address.
async fn begin(place: &Place, more: &[(&str, String)]) -> String {
    let answer = ask(place, request("POST", "/media/v1", TOKEN, more)).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    answer.headers()[header::LOCATION].to_str().unwrap().into()
}

fn recording(bytes: usize) -> Vec<u8> {
    let mut file: Vec<u8> = (0..bytes).map(|n| (n * n / 251) as u8).collect();
    file[4..8].copy_from_slice(b"ftyp");
    file
}

#[tokio::test]
async fn a_client_learns_what_the_relay_can_do_without_a_login() {
    let place = place();
    let options = Request::options("/media/v1").body(Body::empty()).unwrap();
    let answer = ask(&place, options).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let headers = answer.headers();
    assert_eq!(headers["tus-resumable"], "1.0.0");
    assert_eq!(headers["tus-version"], "1.0.0");
    assert_eq!(number(headers, "tus-max-size"), 20 << 20);
    assert_eq!(headers["tus-checksum-algorithm"], "sha1,sha256");
    let extensions = headers["tus-extension"].to_str().unwrap();
    for extension in ["creation", "expiration", "termination", "checksum"] {
        assert!(extensions.split(',').any(|e| e == extension));
    }
}

#[tokio::test]
async fn an_upload_that_is_cut_goes_on_where_the_relay_stands() {
    let place = place();
    let file = recording(300_000);
    let path = begin(&place, &[length(file.len()), hash_of(&file)]).await;
    let cut = Body::from_stream(stream::iter([
        Ok(file[..150_000].to_vec()),
        Err(std::io::Error::other("cut")),
    ]));
    let patch = request("PATCH", &path, TOKEN, &[content(), at(0)]);
    let answer = ask(&place, with(patch, cut)).await;
    assert_eq!(code(answer).await, (400, "cut_off".into()));
    let head = ask(&place, request("HEAD", &path, TOKEN, &[])).await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(number(head.headers(), "upload-offset"), 150_000);
    assert_eq!(number(head.headers(), "upload-length"), 300_000);
    assert_eq!(head.headers()["cache-control"], "no-store");
    assert!(head.headers().contains_key("upload-expires"));
    // Not yet whole: nobody can read it.
    let early = ask(&place, request("GET", &path, TOKEN, &[])).await;
    assert_eq!(early.status(), StatusCode::NOT_FOUND);
    for wrong in [0, 149_999, 150_001] {
        let patch = request("PATCH", &path, TOKEN, &[content(), at(wrong)]);
        let answer = ask(&place, with(patch, file[150_000..].to_vec())).await;
        assert_eq!(code(answer).await, (409, "wrong_offset".into()));
    }
    let patch = request("PATCH", &path, TOKEN, &[content(), at(150_000)]);
    let answer = ask(&place, with(patch, file[150_000..].to_vec())).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(number(answer.headers(), "upload-offset"), 300_000);
    for path in [path, format!("/media/v1/{}", Hash32::of(&file))] {
        let got = ask(&place, request("GET", &path, TOKEN, &[])).await;
        assert_eq!(got.headers()[header::CONTENT_TYPE], "audio/mp4");
        assert_eq!(body(got).await, file);
    }
}

#[tokio::test]
async fn nothing_of_a_file_is_readable_on_the_relays_disk() {
    let place = place();
    let mut file = recording(200_000);
    file[100_000..100_016].copy_from_slice(b"CANARY-CANARY-XX");
    let path = begin(&place, &[length(file.len())]).await;
    let patch = request("PATCH", &path, TOKEN, &[content(), at(0)]);
    ask(&place, with(patch, file.clone())).await;
    let mut folders = vec![place.dir.path().to_path_buf()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(12).any(|w| w == b"CANARY-CANAR"),
                "{}",
                path.display()
            );
        }
    }
    assert!(files >= 1);
}

#[tokio::test]
async fn a_player_gets_the_range_that_it_asks_for() {
    let place = place();
    let file = recording(200_000);
    let path = begin(&place, &[length(file.len())]).await;
    let patch = request("PATCH", &path, TOKEN, &[content(), at(0)]);
    ask(&place, with(patch, file.clone())).await;
    let range = |value: &str| request("GET", &path, TOKEN, &[("range", value.to_owned())]);
    let part = ask(&place, range("bytes=65530-65545")).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        part.headers()[header::CONTENT_RANGE],
        "bytes 65530-65545/200000"
    );
    assert_eq!(body(part).await, &file[65_530..=65_545]);
    let rest = ask(&place, range("bytes=199990-")).await;
    assert_eq!(body(rest).await, &file[199_990..]);
    let beyond = ask(&place, range("bytes=200000-")).await;
    assert_eq!(beyond.headers()[header::CONTENT_RANGE], "bytes */200000");
    assert_eq!(code(beyond).await, (416, "range".into()));
}

#[tokio::test]
async fn bytes_that_do_not_match_their_checksum_are_not_kept() {
    let place = place();
    let file = recording(100_000);
    let path = begin(&place, &[length(file.len())]).await;
    let sum = |bytes: &[u8]| format!("sha1 {}", STANDARD.encode(sha1::Sha1::digest(bytes)));
    let patch = |value: String| {
        let more = [content(), at(0), ("upload-checksum", value)];
        with(request("PATCH", &path, TOKEN, &more), file.clone())
    };
    let answer = ask(&place, patch(sum(b"other"))).await;
    assert_eq!(code(answer).await, (460, "checksum_mismatch".into()));
    let answer = ask(&place, patch("md4 AAAA".into())).await;
    assert_eq!(code(answer).await, (400, "checksum_algorithm".into()));
    let head = ask(&place, request("HEAD", &path, TOKEN, &[])).await;
    assert_eq!(number(head.headers(), "upload-offset"), 0);
    let answer = ask(&place, patch(sum(&file))).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_whole_file_that_is_not_what_its_hash_says_is_dropped() {
    let place = place();
    let path = begin(&place, &[length(5), hash_of(b"voice")]).await;
    let patch = request("PATCH", &path, TOKEN, &[content(), at(0)]);
    let answer = ask(&place, with(patch, "other")).await;
    assert_eq!(code(answer).await, (460, "wrong_hash".into()));
    let head = ask(&place, request("HEAD", &path, TOKEN, &[])).await;
    assert_eq!(head.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_breaks_the_protocol_is_refused_with_its_status() {
    let place = place();
    let path = begin(&place, &[length(10)]).await;
    let old = Request::post("/media/v1")
        .header(header::AUTHORIZATION, TOKEN)
        .header("tus-resumable", "0.2.2")
        .header("upload-length", "10")
        .body(Body::empty())
        .unwrap();
    let answer = ask(&place, old).await;
    assert_eq!(answer.headers()["tus-version"], "1.0.0");
    assert_eq!(code(answer).await, (412, "tus_version".into()));
    let post = |more: &[(&str, String)]| request("POST", "/media/v1", TOKEN, more);
    let text = ("content-type", "text/plain".to_owned());
    let patch = |more: &[(&str, String)]| with(request("PATCH", &path, TOKEN, more), "0123456789A");
    for (request, expected) in [
        (post(&[]), (400, "malformed")),
        (post(&[length((20 << 20) + 1)]), (413, "too_large")),
        (
            post(&[length(5), ("upload-metadata", "hash !".into())]),
            (400, "malformed"),
        ),
        (patch(&[text, at(0)]), (415, "content_type")),
        (patch(&[content()]), (400, "malformed")),
        (patch(&[content(), at(0)]), (413, "too_large")),
        (
            request("GET", "/media/v1/nonsense", TOKEN, &[]),
            (404, "no_such_file"),
        ),
        (
            request("POST", "/media/v1", "Bearer e", &[length(5)]),
            (401, "unknown_writer"),
        ),
        (
            request("POST", "/media/v1", "Bearer x", &[length(5)]),
            (401, "unknown_writer"),
        ),
    ] {
        let (status, name) = expected;
        assert_eq!(
            code(ask(&place, request).await).await,
            (status, name.into())
        );
    }
}

#[tokio::test]
async fn an_upload_belongs_to_its_sender_and_ends_when_it_says_so_or_after_a_week() {
    let place = place();
    let path = begin(&place, &[length(10)]).await;
    for method in ["HEAD", "DELETE"] {
        let foreign = ask(&place, request(method, &path, "Bearer n", &[])).await;
        assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    }
    let end = ask(&place, request("DELETE", &path, TOKEN, &[])).await;
    assert_eq!(end.status(), StatusCode::NO_CONTENT);
    let gone = ask(&place, request("HEAD", &path, TOKEN, &[])).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);

    let old = begin(&place, &[length(10)]).await;
    place.env.now.fetch_add(8 * DAY, Ordering::SeqCst);
    let gone = ask(&place, request("HEAD", &old, TOKEN, &[])).await;
    assert_eq!(gone.status(), StatusCode::GONE);
}

#[tokio::test]
async fn a_sender_has_a_share_of_each_day() {
    let place = Place::inline();
    let phone = place.phone("王秀英", &[GRID]);
    let day = usize::try_from(place.relay.config.media_bytes_per_day).unwrap();
    let each = place.relay.config.max_media_bytes;
    let mut taken = 0_usize;
    let last = loop {
        let hash = Hash32::of(&taken.to_be_bytes());
        let encoded = STANDARD.encode(hash.to_string());
        let metadata = ("upload-metadata", format!("hash {encoded}"));
        let signed = authorize(&phone.key, phone.writer, "POST", "/media/v1", 1, &hash);
        let post = request("POST", "/media/v1", &signed, &[length(each), metadata]);
        let answer = ask(&place, post).await;
        if answer.status() != StatusCode::CREATED {
            break answer;
        }
        taken += each;
    };
    assert_eq!(code(last).await, (413, "media_quota".into()));
    assert!(taken <= day && taken + each > day);
}

#[tokio::test]
async fn a_phones_upload_is_found_again_by_its_hash_and_ends_with_the_relays_word() {
    let place = Place::inline();
    let phone = place.phone("王秀英", &[GRID]);
    let other = place.phone("李明", &[GRID]);
    let file = recording(100_000);
    let hash = Hash32::of(&file);
    let named = format!("/media/v1/{hash}");
    let ask_as = async |who: &Phone, method, more: &[(&str, String)], bytes: &[u8]| {
        let path = if method == "POST" {
            "/media/v1"
        } else {
            &named
        };
        let signed = authorize(&who.key, who.writer, method, path, 1, &hash);
        ask(
            &place,
            with(request(method, path, &signed, more), bytes.to_vec()),
        )
        .await
    };
    let begun = [length(file.len()), hash_of(&file)];
    let absent = ask_as(&phone, "HEAD", &[], b"").await;
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);
    let first = ask_as(&phone, "POST", &begun, b"").await;
    assert_eq!(first.headers()[header::LOCATION], named.as_str());
    ask_as(&phone, "PATCH", &[content(), at(0)], &file[..60_000]).await;
    // The answer to the beginning was lost: the phone begins again, and loses nothing.
    let again = ask_as(&phone, "POST", &begun, b"").await;
    assert_eq!(number(again.headers(), "upload-offset"), 60_000);
    assert!(!again.headers().contains_key("xunge-whole"));
    // What one phone has sent of a file is nothing to another.
    let theirs = ask_as(&other, "POST", &begun, b"").await;
    assert_eq!(number(theirs.headers(), "upload-offset"), 0);
    let last = ask_as(&phone, "PATCH", &[content(), at(60_000)], &file[60_000..]).await;
    let word = last.headers()["xunge-whole"].to_str().unwrap();
    let relay = place.relay.county().relay_key.public();
    assert!(verify_whole(&relay, &hash, 100_000, word).is_ok());
    // Now that it is whole, it is whole for everybody.
    let theirs = ask_as(&other, "HEAD", &[], b"").await;
    assert_eq!(number(theirs.headers(), "upload-offset"), 100_000);
    assert!(theirs.headers().contains_key("xunge-whole"));
    let signed = authorize(
        &phone.key,
        phone.writer,
        "GET",
        &named,
        1,
        &Hash32::of(b"x"),
    );
    let forged = ask(&place, request("GET", &named, &signed, &[])).await;
    assert_eq!(code(forged).await, (401, "bad_signature".into()));
}

#[tokio::test]
async fn a_small_file_goes_with_its_beginning_and_the_same_file_is_kept_once() {
    let place = place();
    let file = recording(2_000);
    for _ in 0..2 {
        let post = request("POST", "/media/v1", TOKEN, &[length(file.len()), content()]);
        let answer = ask(&place, with(post, file.clone())).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(number(answer.headers(), "upload-offset"), file.len());
    }
    let mut files = 0;
    for folder in std::fs::read_dir(place.dir.path().join("media")).unwrap() {
        files += std::fs::read_dir(folder.unwrap().path()).unwrap().count();
    }
    assert_eq!(files, 1);
}
