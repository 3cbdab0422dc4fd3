//! Request and response as they cross the wire: the same fields as in [`crate::message`], with the segments as a
//! [`Batch`], so that all else is read even where its version is unknown.

use minicbor::{Decode, Encode};

use crate::batch::{Batch, BatchError};
use crate::ids::EpochId;
use crate::message::{Cursor, RefusedSegment, ScopeStatus, SyncRequest, SyncResponse};
use crate::receipt::SignedReceipt;
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
}

impl PackedRequest {
    /// `request` as a phone sends it.
    pub fn of(request: SyncRequest) -> Self {
        Self {
            cursors: request.cursors,
            receipt_cursor: request.receipt_cursor,
            batch: Batch::plain(&request.segments),
            pull_budget_bytes: request.pull_budget_bytes,
            plain: request.plain,
        }
    }

    /// The request. Where its segments do not open, it comes without them, with the reason.
    pub fn open(self) -> (SyncRequest, Option<BatchError>) {
        let (segments, error) = match self.batch.open() {
            Ok(segments) => (segments, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let request = SyncRequest {
            segments,
            cursors: self.cursors,
            receipt_cursor: self.receipt_cursor,
            pull_budget_bytes: self.pull_budget_bytes,
            plain: self.plain,
        };
        (request, error)
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
}

impl PackedResponse {
    /// `response` as a relay sends it.
    pub fn of(response: SyncResponse) -> Self {
        Self {
            epoch: response.epoch,
            time: response.time,
            receipts: response.receipts,
            more_receipts: response.more_receipts,
            refused: response.refused,
            batch: Batch::plain_pulled(&response.segments),
            scopes: response.scopes,
            send_plain: response.send_plain,
            forked: response.forked,
        }
    }

    /// The response, with the segments of its batch.
    pub fn open(self) -> Result<SyncResponse, BatchError> {
        Ok(SyncResponse {
            segments: self.batch.open_pulled()?,
            epoch: self.epoch,
            time: self.time,
            receipts: self.receipts,
            more_receipts: self.more_receipts,
            refused: self.refused,
            scopes: self.scopes,
            send_plain: self.send_plain,
            forked: self.forked,
        })
    }
}
