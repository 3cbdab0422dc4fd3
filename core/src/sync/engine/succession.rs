//! The part of a sync in which this vault becomes a new incarnation, because its writer went on elsewhere: the relay names
//! what it holds of the old one, page by page, and the store goes on under a new writer.

use xunge_protocol::envelope;
use xunge_protocol::succession::{HeldSegment, SUCCEED_PATH, Succession};

use super::{Engine, Phase, Step};
use crate::store::Store;
use crate::sync::error::SyncError;
use crate::sync::transport::{Exchange, Method};

/// New incarnations in one sync after which something is wrong.
const MOST_SUCCESSIONS: u32 = 3;

/// Segments of the old writer, as far as the relay has named them.
#[derive(Debug)]
pub(super) struct Gathering {
    held: Vec<HeldSegment>,
    pub(super) cursor: u64,
}

impl Engine {
    /// The writer went on elsewhere: this vault becomes a new incarnation.
    pub(super) fn succeed(&mut self, store: &Store, now: u64) -> Result<Step, SyncError> {
        self.successions += 1;
        if self.successions > MOST_SUCCESSIONS {
            return Err(SyncError::NoProgress);
        }
        let cursor = store.begin_succession()?.receipt_cursor;
        self.ask_succession(store, now, cursor)
    }

    pub(super) fn ask_succession(
        &mut self,
        store: &Store,
        now: u64,
        cursor: u64,
    ) -> Result<Step, SyncError> {
        let old = store.begin_succession()?;
        self.succession.get_or_insert(Gathering {
            held: Vec::new(),
            cursor,
        });
        let position = store.sync_position()?;
        let request = envelope::seal_request(
            &old.identity.key,
            old.writer,
            SUCCEED_PATH,
            position.epoch,
            0,
            &old.request(cursor),
        )?;
        let exchange = Exchange {
            method: Method::Post,
            path: SUCCEED_PATH.into(),
            headers: Vec::new(),
            timeout: self.pace.timeout(request.len()),
            body: request.clone(),
        };
        self.phase = Phase::Succeeding {
            request,
            started_millis: now,
        };
        Ok(self.send(exchange))
    }

    pub(super) fn take_succession(
        &mut self,
        store: &Store,
        now: u64,
        mut response: Succession,
    ) -> Result<Step, SyncError> {
        let Some(mut gathering) = self.succession.take() else {
            return self.next(store, now);
        };
        gathering.held.append(&mut response.held);
        if let Some(cursor) = response.next.filter(|next| *next > gathering.cursor) {
            gathering.cursor = cursor;
            self.succession = Some(gathering);
            return self.ask_succession(store, now, cursor);
        }
        response.held = gathering.held;
        let done = store.complete_succession(&response)?;
        tracing::warn!(
            held = done.held,
            rewritten = done.rewritten,
            renamed = done.renamed,
            "two histories under one writer: this one goes on as a new incarnation"
        );
        // What was refused, was refused to the old one.
        self.set_aside.clear();
        self.ask(store, now)
    }
}
