//! The forms that the app ships, and the engine on forms of its own. A village of two households stands in for the store.

mod engine;
mod shipped;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use xunge_records::{CodeLists, Value};

use super::*;
use crate::locale::Locale;

pub(super) const TODAY: Date = date(2026, 11, 23);
pub(super) const WANG: &str = "01000000000000000000000001";
pub(super) const LI: &str = "01000000000000000000000002";
pub(super) const WANG_HERSELF: &str = "01000000000000000000000004";
pub(super) const WARNING: &str = "01000000000000000000000003";

/// Two households, a warning, and whatever records a test puts there.
#[derive(Default)]
pub(super) struct Village {
    pub(super) records: BTreeMap<String, Known>,
    pub(super) heard: BTreeSet<String>,
    pub(super) last: BTreeMap<(String, String), Answer>,
}

impl Village {
    pub(super) fn new() -> Self {
        let mut village = Self::default();
        village.put(
            WANG,
            &[("head_name", "王桂兰".into()), ("door", "12".into())],
        );
        village.put(LI, &[("head_name", "李大山".into()), ("door", "15".into())]);
        village.put(WARNING, &[("text", "不转钱。".into())]);
        village
    }

    pub(super) fn put(&mut self, id: &str, fields: &[(&str, Value)]) {
        let fields = fields.iter().map(|(p, v)| ((*p).to_owned(), v.clone()));
        self.records.insert(
            id.into(),
            Known {
                fields: fields.collect(),
                ..Known::default()
            },
        );
    }

    pub(super) fn send_back(&mut self, id: &str, note: &str) {
        let record = self.records.entry(id.into()).or_default();
        record.returned = true;
        record.note = Some(note.into());
    }
}

fn candidate(id: &str, text: &str) -> Candidate {
    Candidate {
        id: id.into(),
        text: text.into(),
        speech: text.into(),
        picture: String::new(),
    }
}

impl Knowledge for Village {
    fn households(&self, query: HouseholdQuery<'_>, limit: usize) -> Vec<Candidate> {
        [WANG, LI]
            .into_iter()
            .filter(|id| query != HouseholdQuery::Unheard(WARNING) || !self.heard.contains(*id))
            .filter_map(|id| self.household(id))
            .take(limit)
            .collect()
    }

    fn household(&self, id: &str) -> Option<Candidate> {
        let record = self.records.get(id)?;
        Some(candidate(id, record.fields.get("head_name")?.as_text()?))
    }

    fn members(&self, household: &str) -> Vec<Candidate> {
        match household {
            WANG => vec![candidate(WANG_HERSELF, "王桂兰")],
            _ => Vec::new(),
        }
    }

    fn person(&self, id: &str) -> Option<Candidate> {
        (id == WANG_HERSELF).then(|| candidate(id, "王桂兰"))
    }

    fn record(&self, id: &str) -> Option<Known> {
        self.records.get(id).cloned()
    }

    fn last_answer(&self, form: &str, question: &str) -> Option<Answer> {
        self.last.get(&(form.into(), question.into())).cloned()
    }

    fn file(&self, path: &str, _kind: FileKind) -> Result<(), FileFault> {
        match path {
            "voice.m4a" | "photo.jpg" => Ok(()),
            "notes.txt" => Err(FileFault::Type),
            _ => Err(FileFault::Missing),
        }
    }
}

/// Everything around an interview, and the interview.
pub(super) struct Desk {
    pub(super) village: Village,
    pub(super) lists: CodeLists,
    pub(super) form: std::sync::Arc<Form>,
    pub(super) locale: Locale,
}

impl Desk {
    pub(super) fn of(form: &str) -> Self {
        Self::with(FormLibrary::embedded().unwrap().newest(form).unwrap())
    }

    pub(super) fn with(form: std::sync::Arc<Form>) -> Self {
        Self {
            village: Village::new(),
            lists: CodeLists::embedded().unwrap(),
            form,
            locale: Locale::ZhCn,
        }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context {
            form: &self.form,
            lists: &self.lists,
            knowledge: &self.village,
            locale: self.locale,
            today: TODAY,
        }
    }

    pub(super) fn start(&self, subject: Option<&str>) -> Interview {
        Interview::start(&self.form, subject.map(Into::into)).unwrap()
    }

    /// The open question; fails on the review.
    pub(super) fn question(&self, interview: &Interview) -> Question {
        match interview.step(&self.context()) {
            Step::Question(question) => question,
            Step::Review(lines) => panic!("already at the review: {lines:?}"),
        }
    }

    /// Answers the questions named, in turn, and checks that each is the open one.
    pub(super) fn answers(&self, interview: &mut Interview, answers: &[(&str, Answer)]) {
        for (name, answer) in answers {
            assert_eq!(self.question(interview).id, *name);
            interview.answer(&self.context(), answer.clone()).unwrap();
        }
    }

    pub(super) fn at_review(&self, interview: &Interview) -> bool {
        matches!(interview.step(&self.context()), Step::Review(_))
    }
}

/// What the generic rule of the contract answers: the first choice, true, 1, today, a text, a file.
pub(super) fn generic(question: &Question) -> Answer {
    let first = || question.choices.as_ref().unwrap()[0].code.clone();
    match question.kind.as_str() {
        "choice" | "household" | "person" => Answer::Text(first()),
        "choices" => Answer::List(vec![first()]),
        "yes_no" | "confirm" => Answer::Flag(true),
        "number" => Answer::Number(1.0),
        "date" => Answer::Text(TODAY.to_string()),
        "text" => Answer::Text("一二三".into()),
        "voice" => Answer::Text("voice.m4a".into()),
        "photo" | "signature" => Answer::Text("photo.jpg".into()),
        other => panic!("no rule for {other}"),
    }
}
