//! Interviews by a form that the county changes meanwhile, on phones that are killed meanwhile: what was answered is kept,
//! and in the end stands in the record, under the version by which it was begun while the phone has that.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rand::RngExt as _;
use xunge_core::form::{
    Answer, Candidate, Context, FormLibrary, HouseholdQuery, Interview, Knowledge, Known, Step,
};
use xunge_core::locale::Locale;
use xunge_core::store::{Draft, Save};
use xunge_protocol::Timestamp;
use xunge_records::lists::CodeLists;
use xunge_records::{Kind, Open};

use crate::world::World;

/// The county's form in its `version`: one more question in every other version.
pub(crate) fn form(version: u32) -> String {
    let text = |en: &str| format!(r#"{{"zh-CN": "{en}？", "en": "{en}?"}}"#);
    let question = |name: &str, rest: &str| {
        let words = text(name);
        format!(
            r#"{{"name": "{name}", "text": {words}, "label": {words}, "picture": "visit", {rest}}}"#
        )
    };
    let choice = |name: &str, field: &str, list: &str, code: &str| {
        let shown = text(code);
        let choices = format!(
            r#"{{"list": "{list}", "show": [{{"code": "{code}", "text": {shown}, "picture": "visit"}}]}}"#
        );
        question(
            name,
            &format!(r#""kind": "choice", "field": "{field}", "choices": {choices}"#),
        )
    };
    let mut questions = vec![
        question("visited_on", r#""kind": "date", "field": "visited_on""#),
        choice("purpose", "purposes", "visit_purpose", "VP08"),
        choice("met", "met", "met_who", "MW01"),
    ];
    if version.is_multiple_of(2) {
        questions.push(question(
            "all_well",
            r#""kind": "yes_no", "field": "all_well""#,
        ));
    }
    questions.push(question("note", r#""kind": "text", "field": "note""#));
    format!(
        r#"{{"id": "visit", "version": {version}, "kind": "visit", "title": {}, "picture": "visit", "subject": "household", "questions": [{}]}}"#,
        text("visit"),
        questions.join(", ")
    )
}

/// An interview as the test knows it.
#[derive(Debug, Clone)]
pub(crate) struct UnderWay {
    draft: String,
    /// What the phone has kept of it.
    state: String,
    token: String,
}

/// A phone that knows households by their id alone.
struct Here;

impl Knowledge for Here {
    fn households(&self, _: HouseholdQuery<'_>, _: usize) -> Vec<Candidate> {
        Vec::new()
    }
    fn household(&self, _: &str) -> Option<Candidate> {
        None
    }
    fn members(&self, _: &str) -> Vec<Candidate> {
        Vec::new()
    }
    fn person(&self, _: &str) -> Option<Candidate> {
        None
    }
    fn record(&self, _: &str) -> Option<Known> {
        None
    }
    fn last_answer(&self, _: &str, _: &str) -> Option<Answer> {
        None
    }
}

fn lists() -> &'static CodeLists {
    static LISTS: OnceLock<CodeLists> = OnceLock::new();
    LISTS.get_or_init(|| CodeLists::embedded().unwrap())
}

fn with_context<T>(
    forms: &FormLibrary,
    interview: &mut Interview,
    f: impl FnOnce(&Context<'_>, &mut Interview) -> T,
) -> T {
    let form = forms.of(interview).unwrap();
    let context = Context {
        form: &form,
        lists: lists(),
        knowledge: &Here,
        locale: Locale::ZhCn,
        today: jiff::civil::date(2026, 11, 23),
    };
    f(&context, interview)
}

impl World {
    /// A worker goes on with the interview that is under way, or begins one; or the county changes the form.
    pub(crate) fn interview(&mut self, n: usize) {
        if self.random.random_bool(0.05) {
            self.form_version += 1;
            self.relay
                .publish("forms/visit.json", form(self.form_version));
            return;
        }
        let forms = self.phones[n].forms();
        let Some(under_way) = self.interviews.get(&n).cloned() else {
            return self.begin_interview(n, &forms);
        };
        let kept = self.phones[n].store().draft(&under_way.draft).unwrap();
        let Some(mut draft) = kept.filter(|draft| draft.state == under_way.state) else {
            self.violations.push(format!(
                "I1: phone {n} lost answers of the interview {}",
                under_way.draft
            ));
            return;
        };
        let mut interview: Interview = serde_json::from_str(&draft.state).unwrap();
        if forms.newest("visit").unwrap().version != interview.version {
            self.counts.count("form changed mid-interview");
        }
        let token = under_way.token.clone();
        let step = with_context(&forms, &mut interview, |context, interview| {
            let Step::Question(question) = interview.step(context) else {
                return None;
            };
            let answer = match question.kind.as_str() {
                "date" => Answer::from("2026-11-23"),
                "choice" => Answer::from(question.choices.unwrap()[0].code.as_str()),
                "yes_no" => Answer::Flag(true),
                _ => Answer::from(token.as_str()),
            };
            Some(interview.answer(context, answer).unwrap())
        });
        match step {
            Some(_) => {
                draft.state = serde_json::to_string(&interview).unwrap();
                self.phones[n].store().save_draft(&draft).unwrap();
                let state = draft.state;
                self.interviews.insert(n, UnderWay { state, ..under_way });
            }
            None => self.save_interview(n, &forms, interview, under_way),
        }
        self.check_phone(n);
    }

    fn begin_interview(&mut self, n: usize, forms: &FormLibrary) {
        let newest = forms.newest("visit").unwrap();
        // The one that is built in asks for a recording before it takes a word.
        if newest.version < 2 {
            return;
        }
        let household = self.household_of(self.phones[n].grid()).to_string();
        let interview = Interview::start(&newest, Some(household)).unwrap();
        let store = self.phones[n].store();
        let draft = store.new_draft_id().unwrap();
        let state = serde_json::to_string(&interview).unwrap();
        store
            .save_draft(&Draft {
                id: draft.clone(),
                kind: "visit".into(),
                title: String::new(),
                record: None,
                changed_at: Timestamp::default(),
                state: state.clone(),
            })
            .unwrap();
        let token = self.ledger.say();
        let under_way = UnderWay {
            draft,
            state,
            token,
        };
        self.interviews.insert(n, under_way);
    }

    fn save_interview(
        &mut self,
        n: usize,
        forms: &FormLibrary,
        mut interview: Interview,
        under_way: UnderWay,
    ) {
        let edit = with_context(forms, &mut interview, |context, interview| {
            interview.to_edit(context).unwrap()
        });
        let begun_by = interview.version;
        let is_here = self.phones[n].form_versions.contains(&begun_by);
        if is_here && edit.form.version != interview.version {
            self.violations.push(format!(
                "I1: phone {n} saved an interview by version {} that was begun by {}",
                edit.form.version, interview.version
            ));
        }
        let grid = self.phones[n].grid();
        let mut save = Save::new(
            Kind::Visit,
            Open {
                scope: grid,
                form: edit.form,
            },
        );
        save.set = edit.writes;
        save.draft = Some(under_way.draft.clone());
        let said: BTreeMap<_, _> = save.set.iter().cloned().collect();
        if said.get("note").and_then(|note| note.as_text()) != Some(&under_way.token) {
            self.violations
                .push(format!("I1: phone {n} left out an answer of an interview"));
        }
        // A worker who was moved away meanwhile cannot save here any more; the draft stays.
        if self.phones[n].save_where_possible(&save) {
            self.counts.count("interview");
            let worker = self.phones[n].worker;
            self.ledger.saved(under_way.token, worker, None);
        }
        self.interviews.remove(&n);
    }
}
