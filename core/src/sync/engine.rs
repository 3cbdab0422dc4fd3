//! Decides what is sent next and what an answer means. No sockets, no clock of its own: `handle(event) -> step`.
//!
//! Records go first: rounds of push and pull until nothing waits and nothing is left to read. Then media, smallest
//! first. A chain that the relay refuses is set aside for this sync, so that it does not hold up the other scopes.

mod first_copy;
mod report;
mod succession;

use std::collections::BTreeSet;
use std::time::Duration;

use xunge_protocol::batch::Assume;
use xunge_protocol::envelope::{self, Opened};
use xunge_protocol::message::{MAX_WANTED, RefusedSegment, SYNC_PATH, SyncRequest, SyncResponse};
use xunge_protocol::packed::{PackedRequest, PackedResponse};
use xunge_protocol::refusal::SyncRefusal;
use xunge_protocol::succession::Succession;
use xunge_protocol::{RecordId, ScopeId};

pub use report::SyncReport;
use succession::Gathering;

use super::error::SyncError;
use super::media::{self, MediaStep, Moves};
use super::pace::Pace;
use super::snapshot;
use super::transport::{Answer, Exchange, Method, TransportFailure};
use crate::env::Env;
use crate::store::{Store, StoreError, WantedPart};

/// Rounds without any progress after which the relay is not asked again.
const MOST_IDLE_ROUNDS: u32 = 3;
/// Most segments in one request, below what the relay takes.
const MOST_SEGMENTS: usize = 32;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The sync begins.
    Begin,
    /// The last exchange was answered.
    Answered(Answer),
    /// The last exchange failed.
    Failed(TransportFailure),
    /// The wait is over.
    Woken,
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Send this, and come back with `Answered` or `Failed`.
    Send(Exchange),
    /// Come back with `Woken` after this long.
    Wait(Duration),
    /// Everything went both ways.
    Done,
}

#[derive(Debug)]
enum Phase {
    Records,
    Exchanging {
        request: Vec<u8>,
        sent: BTreeSet<RecordId>,
        started_millis: u64,
    },
    /// This vault asks to become a new incarnation.
    Succeeding {
        request: Vec<u8>,
        started_millis: u64,
    },
    /// First copies of scopes are on their way.
    Snapshots,
    Fetching {
        wanted: WantedPart,
        started_millis: u64,
    },
    Media,
    Moving {
        step: MediaStep,
        started_millis: u64,
    },
}

impl Phase {
    /// Bytes of the request that is under way.
    fn bytes_up(&self) -> usize {
        match self {
            Self::Exchanging { request, .. } | Self::Succeeding { request, .. } => request.len(),
            Self::Moving { step, .. } if step.is_upload() => step.bytes(),
            _ => 0,
        }
    }
}

/// One sync, from beginning to end.
#[derive(Debug)]
pub struct Engine {
    phase: Phase,
    pace: Pace,
    started_millis: u64,
    idle_rounds: u32,
    /// While this vault becomes a new incarnation: what the relay said so far that it holds of the old one.
    succession: Option<Gathering>,
    successions: u32,
    /// Scopes whose chain the relay refused in this sync.
    set_aside: Vec<(ScopeId, SyncRefusal)>,
    media: Moves,
    sent: BTreeSet<RecordId>,
    /// Records that were asked for whole in this sync.
    wanted: BTreeSet<RecordId>,
    /// The relay could not open what was packed: raw bytes to the end of this sync.
    send_plain: bool,
    /// What the relay packed could not be opened here: raw bytes to the end of this sync.
    ask_plain: bool,
    /// Something of a snapshot was fetched since the last answer.
    fetched: bool,
    snapshots_gone: u32,
    /// A snapshot was of no use: the log to the end of this sync.
    no_snapshots: bool,
    report: SyncReport,
}

impl Engine {
    /// A sync that begins at `now_millis` of [`Env::elapsed_millis`].
    pub fn new(now_millis: u64) -> Self {
        Self {
            phase: Phase::Records,
            pace: Pace::new(now_millis),
            started_millis: now_millis,
            idle_rounds: 0,
            succession: None,
            successions: 0,
            set_aside: Vec::new(),
            media: Moves::default(),
            sent: BTreeSet::new(),
            wanted: BTreeSet::new(),
            send_plain: false,
            ask_plain: false,
            fetched: false,
            snapshots_gone: 0,
            no_snapshots: false,
            report: SyncReport::default(),
        }
    }

    /// What was done so far.
    pub fn report(&self) -> &SyncReport {
        &self.report
    }

    /// Takes what happened, changes the store, and says what to do next.
    pub fn handle(
        &mut self,
        store: &Store,
        env: &dyn Env,
        event: Event,
    ) -> Result<Step, SyncError> {
        let now = env.elapsed_millis();
        let step = match event {
            Event::Begin | Event::Woken => self.next(store, now),
            Event::Answered(answer) => self.answered(store, env, now, answer),
            // Waiting does not make another one's certificate the relay's.
            Event::Failed(failure @ TransportFailure::Untrusted(_)) => Err(failure.into()),
            Event::Failed(failure) => {
                if failure == TransportFailure::TimedOut {
                    self.pace.timed_out(now, self.phase.bytes_up());
                }
                self.failed(env, now, None, failure.into())
            }
        };
        self.report.ms = now.saturating_sub(self.started_millis);
        self.report.sent = self.sent.len() as u64;
        step
    }

    fn next(&mut self, store: &Store, now: u64) -> Result<Step, SyncError> {
        match self.phase {
            Phase::Records | Phase::Exchanging { .. } | Phase::Succeeding { .. } => {
                match &self.succession {
                    Some(gathering) => {
                        let cursor = gathering.cursor;
                        self.ask_succession(store, now, cursor)
                    }
                    None => self.ask(store, now),
                }
            }
            Phase::Snapshots | Phase::Fetching { .. } => self.fetch(store, now),
            Phase::Media | Phase::Moving { .. } => self.move_media(store, now),
        }
    }

    /// Builds the next request: whatever waits, within the budget.
    fn ask(&mut self, store: &Store, now: u64) -> Result<Step, SyncError> {
        let budget = self.pace.budget_bytes();
        store.seal_segments()?;
        let segments = store.unacknowledged(MOST_SEGMENTS, budget, &self.skipped())?;
        if xunge_planted::is_on(xunge_planted::Bug::OutboxClearedOnSend) {
            store.believe_sent()?;
        }
        let sent = segments
            .iter()
            .flat_map(|s| s.entries.iter().map(|e| e.record))
            .collect();
        let position = store.sync_position()?;
        let snapshots = match self.no_snapshots {
            true => None,
            false => snapshot::asked(store, &position)?,
        };
        let wanted = self.wanted(store)?;
        self.wanted.extend(&wanted);
        let (identity, me) = store.enrolled()?;
        let message = SyncRequest {
            cursors: position.cursors,
            receipt_cursor: position.receipt_cursor,
            segments,
            pull_budget_bytes: budget as u32,
            plain: self.ask_plain,
            snapshots,
            relay_key: identity.told_key(),
            former: Some(position.former).filter(|former| !former.is_empty()),
            wanted: (!wanted.is_empty()).then_some(wanted),
        };
        let pack = (!self.send_plain).then_some(Assume::ChangesAndHeaders);
        let message = PackedRequest::of(&message, me.writer, identity.relay, pack);
        let counter = store.next_request_counter()?;
        let request = envelope::seal_request(
            &identity.key,
            me.writer,
            SYNC_PATH,
            position.epoch,
            counter,
            &message,
        )?;
        let exchange = Exchange {
            method: Method::Post,
            path: SYNC_PATH.into(),
            headers: Vec::new(),
            timeout: self.pace.timeout(request.len()),
            body: request.clone(),
        };
        self.phase = Phase::Exchanging {
            request,
            sent,
            started_millis: now,
        };
        Ok(self.send(exchange))
    }

    /// What is to be asked for whole, and was not in this sync.
    fn wanted(&self, store: &Store) -> Result<Vec<RecordId>, StoreError> {
        store.wanted_records(MAX_WANTED, |record| self.wanted.contains(record))
    }

    fn skipped(&self) -> Vec<ScopeId> {
        self.set_aside.iter().map(|(scope, _)| *scope).collect()
    }

    fn send(&mut self, exchange: Exchange) -> Step {
        self.report.requests += 1;
        self.report.bytes_up += exchange.body.len() as u64;
        Step::Send(exchange)
    }

    fn answered(
        &mut self,
        store: &Store,
        env: &dyn Env,
        now: u64,
        answer: Answer,
    ) -> Result<Step, SyncError> {
        self.report.bytes_down += answer.body.len() as u64;
        if matches!(answer.status, 408 | 429 | 502 | 503 | 504) {
            return self.failed(env, now, answer.retry_after, SyncError::Busy);
        }
        if looks_like_a_page(&answer) {
            return self.failed(env, now, None, SyncError::CaptivePortal);
        }
        match std::mem::replace(&mut self.phase, Phase::Records) {
            Phase::Exchanging {
                request,
                sent,
                started_millis,
            } => {
                if answer.status != 200 {
                    return Err(unsigned_refusal(answer.status, &answer, false));
                }
                let (identity, _) = store.enrolled()?;
                let opened: Opened<PackedResponse> =
                    match envelope::open_response(&identity.keys, &request, &answer.body) {
                        Ok(opened) => opened,
                        // Flipped or cut on the way, or not the relay: ask again, believe nothing.
                        Err(error) => return self.failed(env, now, None, error.into()),
                    };
                self.pace.succeeded(
                    now,
                    request.len() + answer.body.len(),
                    now.saturating_sub(started_millis),
                );
                if let Some(keys) = &opened.learnt {
                    store.learn_relay_keys(keys)?;
                }
                if opened.relay != identity.relay {
                    store.hear_relay(opened.relay)?;
                }
                let packed = opened.message;
                self.send_plain |= packed.send_plain;
                match store.open_batch(packed)? {
                    Ok(response) => self.take(store, now, sent, &response),
                    // What was pushed is stored, and its receipts come with the next answer.
                    Err(_) => {
                        self.ask_plain = true;
                        self.go_on(store, now, true, false)
                    }
                }
            }
            Phase::Succeeding {
                request,
                started_millis,
            } => {
                if answer.status != 200 {
                    return Err(unsigned_refusal(answer.status, &answer, false));
                }
                let (identity, _) = store.enrolled()?;
                let opened: Result<Opened<Succession>, _> =
                    envelope::open_response(&identity.keys, &request, &answer.body);
                match opened {
                    Ok(opened) => {
                        if let Some(keys) = &opened.learnt {
                            store.learn_relay_keys(keys)?;
                        }
                        let bytes = request.len() + answer.body.len();
                        let millis = now.saturating_sub(started_millis);
                        self.pace.succeeded(now, bytes, millis);
                        self.take_succession(store, now, opened.message)
                    }
                    Err(error) => self.failed(env, now, None, error.into()),
                }
            }
            Phase::Moving {
                step,
                started_millis,
            } => {
                let bytes = step.bytes() + answer.body.len();
                let outcome = self.media.answered(store, &step, &answer)?;
                if outcome != media::Outcome::SetAside {
                    self.pace
                        .succeeded(now, bytes, now.saturating_sub(started_millis));
                }
                let sent = outcome == media::Outcome::Done && step.is_upload();
                self.report.media_sent += u64::from(sent);
                self.phase = Phase::Media;
                self.next(store, now)
            }
            Phase::Fetching {
                wanted,
                started_millis,
            } => {
                self.take_range(store, now, started_millis, &wanted, &answer)?;
                self.next(store, now)
            }
            Phase::Records | Phase::Snapshots | Phase::Media => self.next(store, now),
        }
    }

    /// Takes a response that the relay signed.
    fn take(
        &mut self,
        store: &Store,
        now: u64,
        sent: BTreeSet<RecordId>,
        response: &SyncResponse,
    ) -> Result<Step, SyncError> {
        if response.forked.is_some() {
            return self.succeed(store, now);
        }
        let before = store.sync_position()?;
        let applied = match store.apply_response(response) {
            // It answers for what another phone wrote under this writer.
            Err(StoreError::Forked) => return self.succeed(store, now),
            // Another lifetime of the relay's log: read again from the start, offer own segments again.
            Err(StoreError::EpochChanged) => {
                store.adopt_epoch(response.epoch)?;
                return self.go_on(store, now, true, false);
            }
            applied => applied?,
        };
        self.begin_snapshots(store, &response.snapshots)?;
        self.sent.extend(sent);
        self.report.received += applied.received;
        self.report.acknowledged += applied
            .after
            .acknowledged
            .saturating_sub(applied.before.acknowledged);
        self.report.refused += applied.after.refused.saturating_sub(applied.before.refused);
        let offered = self.set_aside_or_offer_again(store, &response.refused)?;
        let moved = offered || store.sync_position()? != before;
        let more = response.more_receipts || response.scopes.iter().any(|s| s.more);
        // Each is asked for once, so this ends.
        let wanted = !self.wanted(store)?.is_empty();
        let (more, moved) = (more || wanted, moved || wanted);
        self.go_on(store, now, more, moved)
    }

    /// Another round if there is reason for one, else the media.
    fn go_on(
        &mut self,
        store: &Store,
        now: u64,
        more: bool,
        moved: bool,
    ) -> Result<Step, SyncError> {
        self.idle_rounds = if moved { 0 } else { self.idle_rounds + 1 };
        if more || store.has_waiting(&self.skipped())? {
            if self.idle_rounds > MOST_IDLE_ROUNDS {
                return Err(SyncError::NoProgress);
            }
            return self.ask(store, now);
        }
        self.phase = Phase::Snapshots;
        self.next(store, now)
    }

    /// Whether some segments will be offered again.
    fn set_aside_or_offer_again(
        &mut self,
        store: &Store,
        refused: &[RefusedSegment],
    ) -> Result<bool, SyncError> {
        let mut offered = false;
        for segment in refused {
            if self
                .set_aside
                .iter()
                .any(|(scope, _)| *scope == segment.scope)
            {
                continue;
            }
            // The relay lacks earlier segments of this chain, and they are here.
            let behind = segment.code == SyncRefusal::Gap && segment.expected < segment.index;
            if behind && store.offer_again(segment.scope, segment.expected)? {
                offered = true;
            } else {
                self.set_aside.push((segment.scope, segment.code));
            }
        }
        Ok(offered)
    }

    fn move_media(&mut self, store: &Store, now: u64) -> Result<Step, SyncError> {
        match self.media.next(store, now, self.pace.budget_bytes())? {
            Some((step, mut exchange)) => {
                exchange.timeout = self.pace.timeout(exchange.body.len());
                self.phase = Phase::Moving {
                    step,
                    started_millis: now,
                };
                Ok(self.send(exchange))
            }
            None => match self.set_aside.first() {
                Some((_, code)) => Err(SyncError::Chain(*code)),
                None => Ok(Step::Done),
            },
        }
    }

    fn failed(
        &mut self,
        env: &dyn Env,
        now: u64,
        retry_after: Option<Duration>,
        error: SyncError,
    ) -> Result<Step, SyncError> {
        self.phase = match std::mem::replace(&mut self.phase, Phase::Records) {
            Phase::Records | Phase::Exchanging { .. } | Phase::Succeeding { .. } => Phase::Records,
            Phase::Snapshots | Phase::Fetching { .. } => Phase::Snapshots,
            Phase::Media => Phase::Media,
            Phase::Moving { step, .. } => {
                self.media.cut(&step);
                Phase::Media
            }
        };
        self.report.repeated += 1;
        match self
            .pace
            .failed(now, retry_after, u64::from_be_bytes(env.random()))
        {
            Some(wait) => Ok(Step::Wait(wait)),
            None => Err(error),
        }
    }
}

/// Whether an answer is a web page or a redirection: something between the phone and the relay speaks.
pub(super) fn looks_like_a_page(answer: &Answer) -> bool {
    let html = answer
        .content_type
        .as_deref()
        .is_some_and(|t| t.starts_with("text/html"));
    html || (300..400).contains(&answer.status)
}

/// The error for a status that carries no signature. Nothing is concluded from it.
pub(super) fn unsigned_refusal(status: u16, answer: &Answer, enrolling: bool) -> SyncError {
    #[derive(serde::Deserialize)]
    struct Problem {
        code: String,
    }
    let code =
        serde_json::from_slice::<Problem>(&answer.body).map_or_else(|_| "none".into(), |p| p.code);
    if enrolling && (400..500).contains(&status) {
        SyncError::TicketRefused(code)
    } else {
        SyncError::Refused { status, code }
    }
}
