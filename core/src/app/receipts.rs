//! Signed receipts, to show and to keep: the proof that the town has received a record.

use xunge_protocol::receipt::SignedReceipt;
use xunge_protocol::{Verdict, wire};

use super::error::AppError;
use super::phone::Phone;
use super::view::ReceiptView;
use super::words::iso_time;

impl Phone {
    /// The latest receipt of each segment, of all records or of those that hold something of `record`.
    pub fn receipts(&self, record: Option<&str>) -> Result<Vec<ReceiptView>, AppError> {
        let session = self.session()?;
        let record = record.map(super::records::record_id).transpose()?;
        if let Some(record) = &record
            && session.store.record(record)?.is_none()
        {
            return Err(AppError::UnknownRecord(record.to_string()));
        }
        let words = self.words(&session)?;
        let receipts = session.store.receipts(record.as_ref())?;
        let (identity, _) = session.store.enrolled()?;
        let signer = |signed: &SignedReceipt| {
            let mut keys = identity.keys.keys().iter().rev();
            keys.find(|known| signed.verify(&known.key).is_ok())
        };
        let views = receipts.iter().map(|signed| {
            let receipt = &signed.receipt;
            let accepted = receipt
                .verdicts
                .iter()
                .filter(|v| matches!(v, Verdict::Accepted { .. }))
                .count();
            let (time, count) = (words.time(receipt.received_at), accepted.to_string());
            let all = receipt.verdicts.len().to_string();
            let arguments = [
                ("time", time.as_str()),
                ("count", count.as_str()),
                ("all", all.as_str()),
            ];
            ReceiptView {
                sequence: receipt.sequence,
                scope: receipt.scope.to_string(),
                index: receipt.index,
                revision: receipt.revision,
                received_at: iso_time(receipt.received_at),
                accepted: accepted as u64,
                entries: receipt.verdicts.len() as u64,
                text: words.text("receipt", &arguments),
                speech: words.speech("receipt", &arguments),
                receipt: hex::encode(wire::encode(signed)),
                relay_key: signer(signed)
                    .map_or_else(String::new, |known| hex::encode(known.key.0)),
            }
        });
        Ok(views.collect())
    }
}
