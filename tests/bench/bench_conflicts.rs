//! Twenty phones change one field of one household while apart: how many of the values are kept, and shown to each.

use std::collections::BTreeSet;

use xunge_core::form::{Answer, Question};
use xunge_days::{Failure, Town, Walker};
use xunge_protocol::Timestamp;
use xunge_tests::{Outcome, fail};

use crate::measure::Numbers;
use crate::words::{Notes, Typed};

const PHONES: usize = 20;
const MORNING: Timestamp = Timestamp(1_778_110_200_000);
/// The field, which the form's question of the same name asks for.
const FIELD: &str = "note";

pub(crate) async fn run(numbers: &mut Numbers) -> Outcome {
    let town = Town::build(91, MORNING, PHONES).await?;
    let mut walkers = Vec::new();
    for n in 0..PHONES {
        let words = Box::new(Typed::new(Notes::Repeating, n as u64));
        walkers.push(Walker::enrol(&town, &format!("工{n}"), n as u64, words).await?);
    }
    let household = walkers[0].some_household();
    for (n, walker) in walkers.iter().enumerate() {
        say(walker, &household, &format!("第{n}个人这样说"))?;
    }
    // The second time round each has what all others said.
    for _ in 0..2 {
        for walker in &walkers {
            walker.sync().await?;
        }
    }
    let Ok(id) = household.parse() else {
        fail!("{household} is no record")
    };
    let record = town.record(id)?;
    let field = record.as_ref().and_then(|r| r.fields.0.get(FIELD));
    let kept = field.map_or(0, |f| {
        let others = f.others.iter().map(|o| &o.value);
        let all = std::iter::once(&f.value).chain(others);
        all.filter_map(|v| v.as_text())
            .collect::<BTreeSet<_>>()
            .len()
    });
    numbers.set("edit.conflicts_kept", kept as f64);
    let mut shown = usize::MAX;
    for walker in &walkers {
        let record = walker.phone.record(&household)?;
        let rows = record.fields.iter().filter(|row| row.path == FIELD);
        shown = shown.min(rows.map(|row| 1 + row.others.len()).sum());
    }
    numbers.set("edit.conflicts_shown", shown as f64);
    Ok(())
}

/// Amends the household so that its note says `note`.
fn say(walker: &Walker, household: &str, note: &str) -> Result<(), Failure> {
    let started = walker.phone.start("household", Some(household))?;
    let mut step = started.step;
    while let Some(question) = step.question {
        step = match answer(&question, note) {
            Some(answer) => walker.phone.answer(&started.interview, answer)?,
            None => walker.phone.skip(&started.interview)?,
        };
    }
    walker.phone.save(&started.interview)?;
    Ok(())
}

fn answer(question: &Question, note: &str) -> Option<Answer> {
    match (question.id.as_str(), question.kind.as_str()) {
        (FIELD, _) => Some(Answer::Text(note.into())),
        ("change", "choices") => Some(Answer::List(vec![FIELD.into()])),
        _ => None,
    }
}
