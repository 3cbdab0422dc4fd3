//! A day's work of one worker, by a seed, and what phone and relay answered in it.

use std::collections::BTreeMap;

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use xunge_core::store::Save;
use xunge_protocol::RecordId;
use xunge_records::Kind;

use crate::town::Town;
use crate::world::{SAYING, World};

const STEPS: u64 = 40;

/// Something that was answered, and must be there from then on.
#[derive(Debug, Clone)]
pub(crate) enum Fact {
    /// The phone saved that a record says this.
    Saved { record: RecordId, token: String },
    /// The phone kept an interview as it is now; none: it is over.
    Kept {
        interview: String,
        state: Option<String>,
    },
    /// The relay answered while it held these records.
    Held(Vec<RecordId>),
}

/// What one answer promised, all of it in one transaction.
pub(crate) type Answer = Vec<Fact>;

/// What holds after some answers.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) saved: BTreeMap<RecordId, String>,
    pub(crate) interviews: BTreeMap<String, Option<String>>,
    pub(crate) held: Vec<RecordId>,
}

impl Known {
    pub(crate) fn after(answers: &[Answer]) -> Self {
        let mut known = Self::default();
        for fact in answers.iter().flatten() {
            match fact.clone() {
                Fact::Saved { record, token } => {
                    known.saved.insert(record, token);
                }
                Fact::Kept { interview, state } => {
                    known.interviews.insert(interview, state);
                }
                Fact::Held(records) => known.held = records,
            }
        }
        known
    }
}

/// Works; `mark` is told how many answers there were, after each.
pub(crate) fn work(world: &mut World, seed: u64, mark: impl Fn(u64)) -> Vec<Answer> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut answers: Vec<Answer> = Vec::new();
    let mut own: Vec<RecordId> = Vec::new();
    let mut said = 0;
    let mut say = || {
        said += 1;
        format!("#{said}")
    };
    let mut answer = |facts: Answer| {
        answers.push(facts);
        mark(answers.len() as u64);
    };
    for step in 0..STEPS {
        match random.random_range(0..20) {
            0..8 => {
                let interview = format!("i{step}");
                for n in 0..random.random_range(1..4) {
                    let state = format!("{{\"answers\":{n}}}");
                    world.phone.draft(&interview, &state).unwrap();
                    answer(vec![kept(&interview, Some(state))]);
                }
                let token = say();
                let mut save = world.visit(&token);
                save.draft = Some(interview.clone());
                let record = world.phone.store().save(&save).unwrap().record;
                own.push(record);
                answer(vec![kept(&interview, None), Fact::Saved { record, token }]);
            }
            8..11 if !own.is_empty() => {
                let record = *own.choose(&mut random).unwrap();
                let token = say();
                let save = Save::edit(record, Kind::Visit).set(SAYING, token.as_str());
                world.phone.store().save(&save).unwrap();
                answer(vec![Fact::Saved { record, token }]);
            }
            11..13 => {
                let interview = format!("i{step}");
                world.phone.draft(&interview, "{}").unwrap();
                answer(vec![kept(&interview, Some("{}".into()))]);
                if random.random_bool(0.5) {
                    world.phone.store().discard_draft(&interview).unwrap();
                    answer(vec![kept(&interview, None)]);
                }
            }
            13..15 => {
                world.relay.household(step).unwrap();
                if let Some(record) = own.choose(&mut random) {
                    world.relay.give_back(*record);
                }
            }
            15 => {
                // Closing in good order writes the log back and deletes it.
                world.phone.close();
                world.phone.open().unwrap();
            }
            16 => {
                world.relay.close();
                world.relay.open().unwrap();
            }
            _ => {
                let answered = |town: &Town| {
                    let held = town.says().unwrap().into_keys().collect();
                    answer(vec![Fact::Held(held)]);
                };
                world.sync_hearing(answered).unwrap();
            }
        }
    }
    answers
}

fn kept(interview: &str, state: Option<String>) -> Fact {
    Fact::Kept {
        interview: interview.to_owned(),
        state,
    }
}
