//! What must be true of a phone and a relay after an accident.

use std::collections::BTreeMap;

use xunge_core::store::{RecordQuery, SyncState};
use xunge_protocol::RecordId;

use crate::day::{Answer, Known};
use crate::world::World;

/// What records say.
type Says = BTreeMap<RecordId, String>;

/// A database that opened, and could not be read.
type Unreadable = Box<dyn std::error::Error>;

/// What is wrong on what is there, when `answered` of `answers` were given before the accident. What was under way
/// then may be there or not, but whole.
pub(crate) fn check(world: &World, answers: &[Answer], answered: usize) -> Vec<String> {
    checked(world, answers, answered).unwrap_or_else(|error| vec![error.to_string()])
}

fn checked(world: &World, answers: &[Answer], answered: usize) -> Result<Vec<String>, Unreadable> {
    let known = Known::after(&answers[..answered]);
    let next = Known::after(&answers[..answers.len().min(answered + 1)]);
    let mut wrong = Vec::new();
    let phone = world.phone.says()?;
    for (record, token) in &known.saved {
        let there = phone.get(record);
        if there != Some(token) && there != next.saved.get(record) {
            wrong.push(format!("{record} was saved as {token}, and is {there:?}"));
        }
    }
    let progress = world.phone.store().progress()?;
    let counted = progress.saved as usize;
    if !(known.saved.len()..=next.saved.len()).contains(&counted)
        || progress.saved != progress.acknowledged + progress.waiting + progress.refused
        || counted != phone.len()
    {
        wrong.push(format!("{} saved records: {progress:?}", known.saved.len()));
    }
    for (interview, state) in &known.interviews {
        let draft = world.phone.store().draft(interview)?;
        let there = draft.map(|draft| draft.state);
        if there != *state && Some(&there) != next.interviews.get(interview) {
            wrong.push(format!("{interview} was {state:?}, and is {there:?}"));
        }
    }
    let town = world.relay.says()?;
    for record in &known.held {
        if !town.contains_key(record) {
            wrong.push(format!("the relay had {record}, and lacks it"));
        }
    }
    wrong.extend(claims(world, &phone, &town)?);
    Ok(wrong)
}

/// What the phone says of the town that is not so.
fn claims(world: &World, phone: &Says, town: &Says) -> Result<Vec<String>, Unreadable> {
    let query = RecordQuery {
        own: true,
        ..RecordQuery::default()
    };
    let rows = world.phone.store().records(&query)?;
    let received = rows
        .iter()
        .filter(|row| matches!(row.sync_state, SyncState::Received | SyncState::Returned));
    let wrong = received
        .filter(|row| town.get(&row.record) != phone.get(&row.record))
        .map(|row| {
            format!(
                "the phone calls {} received, and the relay lacks it",
                row.record
            )
        });
    Ok(wrong.collect())
}

/// What is wrong after one more record and a sync.
pub(crate) fn goes_on(world: &mut World) -> Vec<String> {
    going(world).unwrap_or_else(|error| vec![error.to_string()])
}

fn going(world: &mut World) -> Result<Vec<String>, Unreadable> {
    world.relay.open()?;
    if let Err(error) = world.phone.store().save(&world.visit("#later")) {
        return Ok(vec![format!("nothing can be saved any more: {error}")]);
    }
    for _ in 0..2 {
        if let Err(error) = world.sync() {
            return Ok(vec![format!("nothing can be sent any more: {error}")]);
        }
    }
    let (phone, town) = (world.phone.says()?, world.relay.says()?);
    let progress = world.phone.store().progress()?;
    let mut wrong = claims(world, &phone, &town)?;
    if progress.waiting + progress.refused > 0 {
        wrong.push(format!("not all has gone: {progress:?}"));
    }
    if phone != town {
        wrong.push(format!("the phone has {phone:?}, the town {town:?}"));
    }
    Ok(wrong)
}
