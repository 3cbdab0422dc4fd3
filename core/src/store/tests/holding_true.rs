//! What holds after any sequence of saves, syncs, verdicts and reopenings, for many seeds.

use super::super::{Progress, SyncState};
use super::*;
use rand::rngs::ChaCha12Rng;
use rand::{RngExt as _, SeedableRng as _};
use xunge_protocol::{Confidence, RefusalCode};
use xunge_records::Verb;

#[test]
fn every_record_is_in_one_state_the_sums_hold_and_projections_equal_a_replay() {
    for seed in 0..6 {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let mut phone = Phone::new();
        let mut store = phone.enrolled();
        let mut saved: Vec<RecordId> = Vec::new();
        for step in 0..40u32 {
            match rng.random_range(0..8) {
                0..=2 => saved.push(dispute(&store).record),
                3 | 4 => {
                    if let Some(record) = pick(&mut rng, &saved) {
                        amend(&store, &record, step);
                    }
                }
                5 => sync(&mut phone, &store, &mut rng),
                6 => {
                    if let Some(record) = pick(&mut rng, &saved)
                        && !refused(&store, &record)
                    {
                        send_back(&mut phone, &store, &record, step);
                    }
                }
                _ => {
                    drop(store);
                    store = phone.open();
                }
            }
            check(&store, &saved, seed, step);
        }
        // Everything is answered in the end.
        phone.relay.accept_all(&store);
        assert_eq!(store.progress().unwrap().waiting, 0, "seed {seed}");
    }
}

fn pick(rng: &mut ChaCha12Rng, saved: &[RecordId]) -> Option<RecordId> {
    (!saved.is_empty()).then(|| saved[rng.random_range(0..saved.len())])
}

fn refused(store: &Store, record: &RecordId) -> bool {
    !store.refusals(record).unwrap().is_empty()
}

fn amend(store: &Store, record: &RecordId, step: u32) {
    let mut save = Save::edit(*record, Kind::Dispute).set("place", format!("第{step}步"));
    // What was rejected whole is begun again.
    save.open = Some(open(Kind::Dispute));
    save.events = vec![EventBody::new(Verb::Fix, MORNING, Confidence::Unsure)];
    store.save(&save).unwrap();
}

fn sync(phone: &mut Phone, store: &Store, rng: &mut ChaCha12Rng) {
    store.seal_segments().unwrap();
    let segments = store.unacknowledged(64, usize::MAX, &[]).unwrap();
    let mut receipts = Vec::new();
    for segment in &segments {
        // Now and then an answer is lost.
        if rng.random_range(0..4) == 0 {
            continue;
        }
        let dice = rng.random_range(0..6);
        receipts.push(phone.relay.receipt(segment, 0, |_| match dice {
            0 => Verdict::Quarantined {
                code: RefusalCode::OutsideGrid,
                detail: None,
            },
            1 => Verdict::Rejected {
                reason: "不对".into(),
            },
            _ => accepted(),
        }));
    }
    let response = phone.relay.response(receipts, vec![]);
    store.apply_response(&response).unwrap();
}

fn send_back(phone: &mut Phone, store: &Store, record: &RecordId, step: u32) {
    let mut body = EventBody::new(Verb::Return, MORNING, Confidence::Relay);
    body.note = Some("再写".into());
    let entry = phone.relay.event(store, record, step + 1, body);
    phone.relay.push(store, vec![entry]);
}

fn check(store: &Store, saved: &[RecordId], seed: u64, step: u32) {
    let at = format!("seed {seed} step {step}");
    let progress = store.progress().unwrap();
    let sum = progress.acknowledged + progress.waiting + progress.refused;
    assert_eq!(
        (progress.saved, sum),
        (saved.len() as u64, saved.len() as u64),
        "{at}"
    );
    let rows = all(store);
    let count = |state| rows.iter().filter(|r| r.sync_state == state).count() as u64;
    let counted = Progress {
        saved: rows.len() as u64,
        acknowledged: count(SyncState::Received) + count(SyncState::Returned),
        waiting: count(SyncState::Waiting),
        drafts: 0,
        returned: count(SyncState::Returned),
        refused: count(SyncState::Refused),
    };
    assert_eq!(progress, counted, "{at}");
    store.write(crate::store::projection::rebuild).unwrap();
    assert_eq!(all(store), rows, "{at}");
}
