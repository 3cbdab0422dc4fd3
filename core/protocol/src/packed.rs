//! Request and response as they cross the wire: the same fields as in [`crate::message`], with the segments as a
//! [`Batch`], which only a reader who holds what it builds on can open.

use minicbor::{Decode, Encode};

use crate::batch::{Assume, Batch, BatchError, Held, Parties};
use crate::ids::{EpochId, RecordId, ScopeId, WriterId};
use crate::message::{
    Cursor, ReceiptCursor, RefusedSegment, ScopeStatus, SyncRequest, SyncResponse,
};
use crate::receipt::SignedReceipt;
use crate::snapshot::SignedSnapshot;
use crate::succession::Fork;
use crate::time::Timestamp;

/// [`SyncRequest`] on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackedRequest {
    /// As in the request.
    #[n(0)]
    pub cursors: Vec<Cursor>,
    /// As in the request.
    #[n(1)]
    pub receipt_cursor: u64,
    /// The segments.
    #[n(2)]
    pub batch: Batch,
    /// As in the request.
    #[n(3)]
    pub pull_budget_bytes: u32,
    /// As in the request.
    #[n(4)]
    pub plain: bool,
    /// As in the request.
    #[n(5)]
    pub snapshots: Option<Vec<ScopeId>>,
    /// As in the request.
    #[n(8)]
    pub relay_key: Option<u32>,
    /// As in the request.
    #[n(9)]
    pub former: Option<Vec<ReceiptCursor>>,
    /// As in the request.
    #[n(10)]
    pub wanted: Option<Vec<RecordId>>,
}

impl PackedRequest {
    /// `request` as `phone` sends it to `relay`: packed, or as raw bytes if the relay asked for these.
    pub fn of(
        request: &SyncRequest,
        phone: WriterId,
        relay: WriterId,
        pack: Option<Assume>,
    ) -> Self {
        let parties = parties(phone, relay, request.cursors.iter().map(|c| c.scope));
        Self {
            cursors: request.cursors.clone(),
            receipt_cursor: request.receipt_cursor,
            batch: match pack {
                Some(assume) => Batch::pack(&request.segments, &parties, assume),
                None => Batch::plain(&request.segments),
            },
            pull_budget_bytes: request.pull_budget_bytes,
            plain: request.plain,
            snapshots: request.snapshots.clone(),
            relay_key: request.relay_key,
            former: request.former.clone(),
            wanted: request.wanted.clone(),
        }
    }

    /// The request, with its segments rebuilt from the batch; their signatures are not checked here.
    pub fn open(
        self,
        phone: WriterId,
        relay: WriterId,
        held: &dyn Held,
    ) -> Result<SyncRequest, BatchError> {
        let parties = parties(phone, relay, self.cursors.iter().map(|c| c.scope));
        Ok(SyncRequest {
            segments: self.batch.open(&parties, held)?,
            cursors: self.cursors,
            receipt_cursor: self.receipt_cursor,
            pull_budget_bytes: self.pull_budget_bytes,
            plain: self.plain,
            snapshots: self.snapshots,
            relay_key: self.relay_key,
            former: self.former,
            wanted: self.wanted,
        })
    }
}

/// [`SyncResponse`] on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackedResponse {
    /// As in the response.
    #[n(0)]
    pub epoch: EpochId,
    /// As in the response.
    #[n(1)]
    pub time: Timestamp,
    /// As in the response.
    #[n(2)]
    pub receipts: Vec<SignedReceipt>,
    /// As in the response.
    #[n(3)]
    pub more_receipts: bool,
    /// As in the response.
    #[n(4)]
    pub refused: Vec<RefusedSegment>,
    /// The segments.
    #[n(5)]
    pub batch: Batch,
    /// As in the response.
    #[n(6)]
    pub scopes: Vec<ScopeStatus>,
    /// As in the response.
    #[n(7)]
    pub send_plain: bool,
    /// As in the response.
    #[n(8)]
    pub forked: Option<Fork>,
    /// As in the response.
    #[n(9)]
    pub snapshots: Vec<SignedSnapshot>,
    /// As in the response.
    #[n(11)]
    pub keep_days: Option<u32>,
}

impl PackedResponse {
    /// `response` as `relay` sends it to `phone`: packed, or as raw bytes if the phone asked for these.
    pub fn of(
        response: SyncResponse,
        phone: WriterId,
        relay: WriterId,
        pack: Option<Assume>,
    ) -> Self {
        let parties = parties(phone, relay, response.scopes.iter().map(|s| s.scope));
        Self {
            epoch: response.epoch,
            time: response.time,
            receipts: response.receipts,
            more_receipts: response.more_receipts,
            refused: response.refused,
            batch: match pack {
                Some(assume) => Batch::pack_pulled(&response.segments, &parties, assume),
                None => Batch::plain_pulled(&response.segments),
            },
            scopes: response.scopes,
            send_plain: response.send_plain,
            forked: response.forked,
            snapshots: response.snapshots,
            keep_days: response.keep_days,
        }
    }

    /// The response, with its segments rebuilt from the batch; their signatures are not checked here.
    pub fn open(
        self,
        phone: WriterId,
        relay: WriterId,
        held: &dyn Held,
    ) -> Result<SyncResponse, BatchError> {
        let parties = parties(phone, relay, self.scopes.iter().map(|s| s.scope));
        Ok(SyncResponse {
            segments: self.batch.open_pulled(&parties, held)?,
            epoch: self.epoch,
            time: self.time,
            receipts: self.receipts,
            more_receipts: self.more_receipts,
            refused: self.refused,
            scopes: self.scopes,
            send_plain: self.send_plain,
            forked: self.forked,
            snapshots: self.snapshots,
            keep_days: self.keep_days,
        })
    }
}

fn parties(phone: WriterId, relay: WriterId, scopes: impl Iterator<Item = ScopeId>) -> Parties {
    Parties {
        writers: vec![phone, relay],
        scopes: scopes.collect(),
    }
}
