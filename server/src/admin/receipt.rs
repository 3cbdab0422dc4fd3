//! `xunge receipt verify`: whether a receipt that a phone shows was signed by this relay, and what it promises.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::{Hash32, PublicKey, ScopeId, Timestamp, Verdict, WriterId, wire};

use super::args::Place;
use super::failure::{Failure, Outcome};
use super::output::Output;
use crate::relay::Relay;

#[derive(Serialize)]
struct Report {
    receipts: Vec<Verified>,
}

#[derive(Serialize)]
struct Verified {
    writer: WriterId,
    scope: ScopeId,
    index: u64,
    header: Hash32,
    revision: u32,
    received_at: Timestamp,
    accepted: usize,
    quarantined: usize,
    rejected: usize,
    /// Whether this relay still holds the segment; none without a data folder.
    held: Option<bool>,
}

pub(super) fn verify(place: &Place, out: Output, file: &Path) -> Outcome {
    let bytes = std::fs::read(file).map_err(|error| Failure::file(file, &error))?;
    let input = Input::read(&bytes).ok_or_else(|| {
        Failure::new(format!(
            "{} holds no receipt: give what `receipts` of the phone answered, or a signed receipt in hex",
            file.display()
        ))
    })?;
    // A receipt may be checked by anyone who has the relay's key; with the relay's folder, against its log too.
    let relay = match &place.data {
        Some(_) => Some(place.open()?),
        None => None,
    };
    let mut receipts = Vec::with_capacity(input.receipts.len());
    for (bytes, named) in &input.receipts {
        let signed: SignedReceipt = wire::decode("receipt", bytes)
            .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        check(relay.as_deref(), named.or(input.key), &signed)
            .map_err(|why| Failure::new(format!("{}: {why}", file.display())))?;
        receipts.push(describe(relay.as_deref(), &signed)?);
    }
    out.print(&Report { receipts }, |report| {
        let lines = report.receipts.iter().map(|r| {
            format!(
                "Valid: segment {} of writer {} in {}: {} accepted, {} in quarantine, {} rejected.",
                r.index, r.writer, r.scope, r.accepted, r.quarantined, r.rejected
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

/// Whether the relay signed: with its key or with one that it had before, or, away from the relay, with the one that the
/// file names. What a revoked key signed counts if the relay's log holds the very same.
fn check(
    relay: Option<&Relay>,
    named: Option<PublicKey>,
    signed: &SignedReceipt,
) -> Result<(), Failure> {
    let foreign = || {
        Failure::new(
            "the receipt is not signed by this relay: it was changed, or another relay gave it",
        )
    };
    let Some(relay) = relay else {
        let key = named.ok_or_else(|| {
            Failure::Usage(
                "--data DIR is missing, and the file names no relay_key: give one of them".into(),
            )
        })?;
        return signed.verify(&key).map_err(|_| foreign());
    };
    let ring = relay.county().key_ring()?;
    let known = ring
        .keys()
        .iter()
        .find(|known| signed.verify(&known.key).is_ok())
        .ok_or_else(foreign)?;
    if known.revoked_at.is_none() {
        return Ok(());
    }
    let (writer, before) = (
        signed.receipt.writer,
        signed.receipt.sequence.saturating_sub(1),
    );
    let held = relay
        .store
        .read::<_, Failure>(|tx| Ok(tx.receipts_after(writer, before, 1)?))?;
    if held.first() == Some(signed) {
        return Ok(());
    }
    Err(Failure::new(
        "the receipt is signed with a key that was revoked, and the log does not hold it: whoever has that key may have made it",
    ))
}

fn describe(relay: Option<&Relay>, signed: &SignedReceipt) -> Result<Verified, Failure> {
    let receipt = &signed.receipt;
    let count =
        |wanted: fn(&Verdict) -> bool| receipt.verdicts.iter().filter(|v| wanted(v)).count();
    let held = match relay {
        Some(relay) => Some(relay.store.read::<_, Failure>(|tx| {
            let segment = tx.segment(receipt.scope, receipt.writer, receipt.index)?;
            Ok(segment.is_some_and(|s| s.header.hash() == receipt.header))
        })?),
        None => None,
    };
    Ok(Verified {
        writer: receipt.writer,
        scope: receipt.scope,
        index: receipt.index,
        header: receipt.header,
        revision: receipt.revision,
        received_at: receipt.received_at,
        accepted: count(|v| matches!(v, Verdict::Accepted { .. })),
        quarantined: count(|v| matches!(v, Verdict::Quarantined { .. })),
        rejected: count(|v| matches!(v, Verdict::Rejected { .. })),
        held,
    })
}

/// What a file holds: receipts, each perhaps with the key that it names, and a key for all.
#[derive(Default)]
struct Input {
    receipts: Vec<(Vec<u8>, Option<PublicKey>)>,
    key: Option<PublicKey>,
}

impl Input {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.trim();
        let mut input = Self::default();
        match serde_json::from_str::<Value>(text) {
            Ok(json @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => input.take(&json),
            _ => input
                .receipts
                .extend(hex::decode(text).ok().map(|bytes| (bytes, None))),
        }
        (!input.receipts.is_empty()).then_some(input)
    }

    /// Takes receipts wherever they stand: the phone's answer as a whole, a list, or one receipt.
    fn take(&mut self, json: &Value) {
        match json {
            Value::String(text) => {
                self.receipts
                    .extend(hex::decode(text).ok().map(|bytes| (bytes, None)));
            }
            Value::Array(items) => items.iter().for_each(|item| self.take(item)),
            Value::Object(object) => {
                let key = object
                    .get("relay_key")
                    .and_then(Value::as_str)
                    .and_then(public_key);
                if let Some(Value::String(text)) = object.get("receipt") {
                    self.receipts
                        .extend(hex::decode(text).ok().map(|bytes| (bytes, key)));
                    return;
                }
                self.key = self.key.or(key);
                for name in ["receipts", "result", "receipt"] {
                    if let Some(inner) = object.get(name) {
                        self.take(inner);
                    }
                }
            }
            _ => {}
        }
    }
}

fn public_key(text: &str) -> Option<PublicKey> {
    let mut key = [0u8; 32];
    hex::decode_to_slice(text, &mut key).ok()?;
    Some(PublicKey(key))
}
