//! `/media/v1`: tus 1.0.0 for sending, GET with ranges for reading.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, options, post};
use futures_util::StreamExt as _;
use xunge_protocol::Hash32;
use xunge_protocol::media::{MEDIA_PATH, sign_whole};

use super::checksum::{self, Checksum};
use super::identity::{self, Asked};
use super::{MediaFailure, serve, tus, upload};
use crate::http::has_stalled;
use crate::relay::Relay;
use crate::store::{MediaOwner, StoreError, UploadRow};

/// Bytes that are made durable at once; what a cut loses is less.
const PART: usize = 64 << 10;
/// Largest body with a checksum: it is held back until all of it is there.
const MOST_CHECKED: u64 = 4 << 20;

type Answer = Result<Response, MediaFailure>;

/// Routes of media.
pub fn router() -> Router<Arc<Relay>> {
    let collection: MethodRouter<Arc<Relay>> = options(capabilities).post(create);
    let file = post(overridden)
        .options(capabilities)
        .head(offset)
        .patch(send)
        .delete(terminate)
        .get(read);
    Router::new()
        .route(MEDIA_PATH, collection.clone())
        .route(&format!("{MEDIA_PATH}/"), collection)
        .route(&format!("{MEDIA_PATH}/{{name}}"), file)
        .layer(from_fn(tus::versioned))
}

async fn capabilities(State(relay): State<Arc<Relay>>) -> Response {
    (
        StatusCode::NO_CONTENT,
        [
            (tus::VERSIONS, tus::VERSION.to_owned()),
            (tus::EXTENSION, tus::EXTENSIONS.to_owned()),
            (tus::MAX_SIZE, relay.config.max_media_bytes.to_string()),
            (tus::ALGORITHM, checksum::ALGORITHMS.to_owned()),
        ],
    )
        .into_response()
}

async fn create(
    State(relay): State<Arc<Relay>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let credentials = identity::credentials(&headers)?;
    let claimed = tus::claimed_hash(&headers)?;
    let length = tus::number(&headers, tus::LENGTH).ok_or(MediaFailure::Header("upload-length"))?;
    let asked = claimed.map(|hash| asked("POST", uri.path(), hash));
    let mut upload = relay
        .work(move |relay| {
            let owner = identity::owner(relay, &credentials, asked.as_ref())?;
            upload::create(relay, owner, claimed, length)
        })
        .await?;
    // What was sent along goes to the beginning, so only a new upload can use it.
    if has_content(&headers) && upload.received == 0 && upload.hash.is_none() {
        upload = receive(relay.clone(), upload, &headers, body).await?;
    }
    let location = format!("{MEDIA_PATH}/{}", upload.name);
    let mut answer = state(&relay, StatusCode::CREATED, &upload);
    if let Ok(location) = location.parse() {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

async fn offset(
    State(relay): State<Arc<Relay>>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let (name, owner) = named(&relay, "HEAD", uri.path(), &name, &headers).await?;
    let upload = relay
        .work(move |relay| upload::find(relay, owner, name))
        .await?;
    let mut answer = state(&relay, StatusCode::OK, &upload);
    let values = answer.headers_mut();
    values.insert(tus::LENGTH, upload.length.into());
    values.insert(
        header::CACHE_CONTROL,
        axum::http::HeaderValue::from_static("no-store"),
    );
    Ok(answer)
}

async fn send(
    State(relay): State<Arc<Relay>>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let (name, owner) = named(&relay, "PATCH", uri.path(), &name, &headers).await?;
    if !has_content(&headers) {
        return Err(MediaFailure::ContentType);
    }
    let at = tus::number(&headers, tus::OFFSET).ok_or(MediaFailure::Header("upload-offset"))?;
    let upload = relay
        .work(move |relay| upload::find(relay, owner, name))
        .await?;
    if upload.received != at {
        return Err(MediaFailure::Offset);
    }
    let upload = receive(relay.clone(), upload, &headers, body).await?;
    Ok(state(&relay, StatusCode::NO_CONTENT, &upload))
}

async fn terminate(
    State(relay): State<Arc<Relay>>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let (name, owner) = named(&relay, "DELETE", uri.path(), &name, &headers).await?;
    relay
        .work(move |relay| upload::terminate(relay, owner, name))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// For clients whose network lets only GET and POST through.
async fn overridden(
    state: State<Arc<Relay>>,
    uri: OriginalUri,
    name: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    match tus::text(&headers, tus::OVERRIDE) {
        Some("PATCH") => send(state, uri, name, headers, body).await,
        Some("HEAD") => offset(state, uri, name, headers).await,
        Some("DELETE") => terminate(state, uri, name, headers).await,
        _ => Ok(StatusCode::METHOD_NOT_ALLOWED.into_response()),
    }
}

async fn read(
    State(relay): State<Arc<Relay>>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let (name, owner) = named(&relay, "GET", uri.path(), &name, &headers).await?;
    let hash = relay
        .work(move |relay| match upload::find(relay, owner, name)?.hash {
            Some(hash) => Ok(hash),
            None => Err(MediaFailure::NoSuchFile),
        })
        .await?;
    serve(relay, hash, &headers).await
}

/// The name in the address, and who asks.
async fn named(
    relay: &Arc<Relay>,
    method: &'static str,
    path: &str,
    name: &str,
    headers: &HeaderMap,
) -> Result<(Hash32, MediaOwner), MediaFailure> {
    let name: Hash32 = name.parse().map_err(|_| MediaFailure::NoSuchFile)?;
    let credentials = identity::credentials(headers)?;
    let asked = asked(method, path, name);
    let owner = relay
        .work(move |relay| identity::owner(relay, &credentials, Some(&asked)))
        .await?;
    Ok((name, owner))
}

fn asked(method: &'static str, path: &str, hash: Hash32) -> Asked {
    Asked {
        method,
        path: path.to_owned(),
        hash,
    }
}

fn has_content(headers: &HeaderMap) -> bool {
    tus::text(headers, header::CONTENT_TYPE).is_some_and(|t| t == tus::CONTENT_TYPE)
}

/// Status and offset of an upload; its expiry while it is under way, the relay's word for it once it is whole.
fn state(relay: &Relay, status: StatusCode, upload: &UploadRow) -> Response {
    let mut answer = (status, [(tus::OFFSET, upload.received.to_string())]).into_response();
    let (name, value) = match &upload.hash {
        None => (tus::EXPIRES, tus::date(upload.expires_at)),
        Some(hash) => (
            tus::WHOLE,
            sign_whole(&relay.county().relay_key, hash, upload.length),
        ),
    };
    if let Ok(value) = value.parse() {
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// Takes a body behind what is there. What came before a cut stays, unless a checksum covers the whole.
async fn receive(
    relay: Arc<Relay>,
    upload: UploadRow,
    headers: &HeaderMap,
    body: Body,
) -> Result<UploadRow, MediaFailure> {
    let checksum = tus::text(headers, tus::CHECKSUM)
        .map(Checksum::parse)
        .transpose()?;
    let most = match checksum {
        Some(_) => MOST_CHECKED.min(upload.length - upload.received),
        None => upload.length - upload.received,
    };
    let announced = tus::number(headers, header::CONTENT_LENGTH).unwrap_or_default();
    if announced > most {
        return Err(MediaFailure::TooLarge);
    }
    let stream = body.into_data_stream();
    // A task of its own: it goes on to keep what has come when the connection, and with it this future, is gone.
    tokio::spawn(take(relay, upload, checksum, most, stream))
        .await
        .unwrap_or_else(|_| Err(StoreError::Closed.into()))
}

async fn take(
    relay: Arc<Relay>,
    mut upload: UploadRow,
    checksum: Option<Checksum>,
    most: u64,
    mut stream: BodyDataStream,
) -> Result<UploadRow, MediaFailure> {
    let mut held: Vec<u8> = Vec::new();
    let mut taken = 0;
    let broken = loop {
        match stream.next().await {
            Some(Ok(bytes)) => {
                taken += bytes.len() as u64;
                if taken > most {
                    return Err(MediaFailure::TooLarge);
                }
                held.extend_from_slice(&bytes);
                if checksum.is_none() && held.len() >= PART {
                    upload = keep(&relay, upload, std::mem::take(&mut held)).await?;
                }
            }
            Some(Err(error)) if has_stalled(&error) => break Some(MediaFailure::Stalled),
            Some(Err(_)) => break Some(MediaFailure::Cut),
            None => break None,
        }
    };
    if let Some(checksum) = checksum {
        if let Some(broken) = broken {
            return Err(broken);
        }
        checksum.check(&held)?;
        // Parts stay small, so that putting them together needs little memory.
        while held.len() > PART {
            let rest = held.split_off(PART);
            upload = keep(&relay, upload, std::mem::replace(&mut held, rest)).await?;
        }
    }
    upload = keep(&relay, upload, held).await?;
    if let Some(broken) = broken {
        return Err(broken);
    }
    relay
        .work(move |relay| upload::finish_if_complete(relay, upload))
        .await
}

/// Makes some bytes durable at the end of the upload.
async fn keep(
    relay: &Arc<Relay>,
    mut upload: UploadRow,
    bytes: Vec<u8>,
) -> Result<UploadRow, MediaFailure> {
    if bytes.is_empty() {
        return Ok(upload);
    }
    relay
        .work(move |relay| {
            let at = upload.received;
            upload.received += bytes.len() as u64;
            upload::append(relay, upload.owner, upload.name, at, bytes)?;
            Ok(upload)
        })
        .await
}
