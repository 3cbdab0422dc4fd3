//! Photographs beside records: sent in pieces that are cut, damaged or refused because a day's share is used up; in the
//! end the town has each of them, byte for byte.

use rand::{Rng as _, RngExt as _};
use xunge_core::sync::{Answer, Exchange};
use xunge_protocol::Hash32;
use xunge_protocol::snapshot::SNAPSHOT_PATH;
use xunge_records::Value;

use crate::world::World;

/// Largest photograph, in bytes: two of them are more than a phone's share of a day.
const MOST: usize = 2_500;
/// Days after which everybody's files must be with the town.
const DAYS: usize = 14;
const DAY_MILLIS: i64 = 86_400_000;

/// Hash and size of a photograph.
pub(crate) type Photograph = (Hash32, u64);

impl World {
    /// Takes a photograph on a phone: the value of the field that names it, its hash and its size.
    pub(crate) fn photograph(&mut self, n: usize) -> (Value, Photograph) {
        let mut bytes = vec![0; self.random.random_range(100..MOST)];
        self.random.fill_bytes(&mut bytes);
        let media = self.phones[n]
            .store()
            .put_media("image/jpeg", &mut bytes.as_slice())
            .unwrap();
        self.counts.count("photograph");
        (Value::from(media.to_string()), (media.hash, media.bytes))
    }

    /// Counts what an exchange about files and parts of snapshots came to. I2: what the relay calls whole, it has.
    pub(crate) fn hear_of_files(&mut self, exchange: &Exchange, answer: &Answer) {
        if exchange.path.starts_with(SNAPSHOT_PATH) && answer.status < 300 {
            self.counts.count("part of a snapshot taken");
        }
        if answer.status == 413 {
            self.counts.count("media quota reached");
        }
        let Some(word) = &answer.whole else {
            return;
        };
        let files = self.ledger.files();
        if let Some(hash) = self.relay.vouched_for(&files, word)
            && !self.relay.has_file(&hash)
        {
            self.violations.push(format!(
                "I2: the relay calls the photograph {hash} whole, and has another one"
            ));
        }
    }

    /// At rest: days go by, so that everybody's share is enough, and the town has every file of every record that it is
    /// owed.
    pub(crate) fn send_files(&mut self) {
        for _ in 0..DAYS {
            let left =
                |p: &crate::phone::SimPhone| !p.store().media_to_upload().unwrap().is_empty();
            let revoked = |p: &crate::phone::SimPhone| self.revoked.contains_key(&p.worker);
            if !self.phones.iter().any(|p| left(p) && !revoked(p)) {
                break;
            }
            self.relay.advance(DAY_MILLIS + 1);
            self.deliver_everything();
        }
        let owed = self.ledger.files_owed();
        for (token, worker, (hash, _)) in owed {
            if !self.revoked.contains_key(&worker) && !self.relay.has_file(&hash) {
                self.violations.push(format!(
                    "I1: the photograph of {token} was taken, and the town lacks it"
                ));
            }
        }
    }
}
