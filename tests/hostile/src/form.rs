//! A form of the county's own: what passes its proof cannot fail in an interview.

use jiff::civil::date;
use xunge_core::form::{
    Answer, Candidate, Context, Form, HouseholdQuery, Interview, Knowledge, Known, Question, Step,
};
use xunge_core::locale::Locale;
use xunge_records::CodeLists;

/// A phone that knows one household with one person, and finds every file.
struct OneHousehold;

fn candidate(id: &str) -> Candidate {
    Candidate {
        id: id.into(),
        text: "王桂兰".into(),
        ..Candidate::default()
    }
}

const HOUSEHOLD: &str = "01000000000000000000000001";
const PERSON: &str = "01000000000000000000000002";

impl Knowledge for OneHousehold {
    fn households(&self, _: HouseholdQuery<'_>, _: usize) -> Vec<Candidate> {
        vec![candidate(HOUSEHOLD)]
    }

    fn household(&self, id: &str) -> Option<Candidate> {
        (id == HOUSEHOLD).then(|| candidate(id))
    }

    fn members(&self, _: &str) -> Vec<Candidate> {
        vec![candidate(PERSON)]
    }

    fn person(&self, id: &str) -> Option<Candidate> {
        (id == PERSON).then(|| candidate(id))
    }

    fn record(&self, id: &str) -> Option<Known> {
        let fields = [("head_name".to_owned(), "王桂兰".into())];
        (id == HOUSEHOLD).then(|| Known {
            fields: fields.into(),
            returned: true,
            note: Some("请补照片".into()),
        })
    }

    fn last_answer(&self, _: &str, _: &str) -> Option<Answer> {
        None
    }

    fn file(
        &self,
        _: &str,
        _: xunge_core::form::FileKind,
    ) -> Result<(), xunge_core::form::FileFault> {
        Ok(())
    }
}

/// The input as a form.
pub(crate) fn form(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(form) = Form::parse(text) else {
        return;
    };
    let lists = CodeLists::embedded().expect("the shipped lists");
    for locale in Locale::ALL {
        let context = Context {
            form: &form,
            lists: &lists,
            knowledge: &OneHousehold,
            locale,
            today: date(2026, 11, 23),
        };
        let subject = form.needs_subject().then(|| HOUSEHOLD.to_owned());
        if let Ok(interview) = Interview::start(&form, subject) {
            walk(interview, &context);
        }
        walk(Interview::amend(&form, HOUSEHOLD.into()), &context);
        walk(Interview::again(&context, HOUSEHOLD.into()), &context);
    }
}

/// Answers whatever is asked, as long as something is asked that was not asked before.
fn walk(mut interview: Interview, context: &Context<'_>) {
    const MOST: usize = 300;
    for _ in 0..MOST {
        let Step::Question(question) = interview.step(context) else {
            break;
        };
        let before = interview.clone();
        let taken = answers(&question)
            .into_iter()
            .any(|answer| interview.answer(context, answer).is_ok());
        if !taken && interview.skip(context).is_err() {
            break;
        }
        if interview == before {
            break;
        }
    }
    let _ = interview.to_edit(context);
    interview.back(context);
    interview.step(context);
}

fn answers(question: &Question) -> Vec<Answer> {
    let choices = question.choices.iter().flatten();
    let codes: Vec<String> = choices.map(|c| c.code.clone()).collect();
    let mut all: Vec<Answer> = codes.iter().map(|c| c.as_str().into()).collect();
    all.push(Answer::List(codes));
    all.extend(question.value.clone());
    all.extend(["2026-11-23".into(), "/sdcard/1.jpg".into(), true.into()]);
    all.push(Answer::Number(3.0));
    all
}
