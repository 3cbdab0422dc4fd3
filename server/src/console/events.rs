//! Server-sent events: tells an open page that something came in. Nothing on the page moves by itself, and nothing
//! depends on it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use xunge_records::Kind;

use super::context::look;
use super::error::ConsoleError;
use super::session::Visitor;
use crate::relay::Relay;
use crate::store::{RecordFilter, Show};

/// Kinds whose arrival is news.
const NEWS: [Kind; 4] = [Kind::Visit, Kind::Dispute, Kind::Request, Kind::WarningAck];
/// Many phones at once are one piece of news.
const PAUSE: Duration = Duration::from_secs(2);
/// A connection ends by itself after so long, and the browser opens another: so a user who was shut out, or a relay that
/// stops, is never held open for ever.
const LONGEST: Duration = Duration::from_secs(10 * 60);

async fn count(relay: &Arc<Relay>, visitor: &Visitor) -> Result<u64, ConsoleError> {
    look(relay.clone(), visitor.clone(), |context| {
        let filter = RecordFilter {
            kinds: NEWS.to_vec(),
            ..context.filter(&[], Show::All)
        };
        Ok(context.tx.count_records(&filter)?)
    })
    .await
}

/// The stream of one page: an event `came_in` with how many records came since the last one.
pub(super) async fn stream(
    State(relay): State<Arc<Relay>>,
    visitor: Visitor,
) -> Result<Response, ConsoleError> {
    let known = count(&relay, &visitor).await?;
    let changes = relay.watch();
    let end = tokio::time::Instant::now() + LONGEST;
    let state = (relay, visitor, changes, known);
    let events = futures_stream(state, end);
    Ok(Sse::new(events)
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(25)))
        .into_response())
}

type State4 = (Arc<Relay>, Visitor, tokio::sync::watch::Receiver<u64>, u64);

fn futures_stream(
    state: State4,
    end: tokio::time::Instant,
) -> impl futures_util::Stream<Item = Result<Event, Infallible>> {
    futures_util::stream::unfold(
        state,
        move |(relay, visitor, mut changes, known)| async move {
            loop {
                let changed = tokio::time::timeout_at(end, changes.changed()).await;
                if !matches!(changed, Ok(Ok(()))) {
                    return None;
                }
                tokio::time::sleep(PAUSE).await;
                let now = count(&relay, &visitor).await.ok()?;
                if now > known {
                    let event = Event::default()
                        .event("came_in")
                        .data((now - known).to_string());
                    return Some((Ok(event), (relay, visitor, changes, now)));
                }
            }
        },
    )
}
