//! What holds of every form that the app ships.

use std::collections::BTreeSet;

use xunge_protocol::{Timestamp, WriterId};
use xunge_records::model::validate::validate;
use xunge_records::{FieldValue, Fields};

use super::*;

const FORMS: [&str; 5] = ["visit", "dispute", "warning_ack", "request", "household"];

/// A record as the generic rule leaves it, put into the village under `id`.
fn put_saved(desk: &mut Desk, id: &str, edit: &Edit) {
    let mut known = Known {
        fields: edit.writes.iter().cloned().collect(),
        ..Known::default()
    };
    for media in &edit.media {
        let hash = "00".repeat(32);
        known
            .fields
            .insert(media.field.clone(), format!("{hash} audio/mp4 9").into());
    }
    desk.village.records.insert(id.into(), known);
}

fn subject(form: &str) -> Option<&'static str> {
    match form {
        "warning_ack" => Some(WARNING),
        "household" => Some(WANG),
        _ => None,
    }
}

fn finish(desk: &Desk, interview: &mut Interview) -> Edit {
    for _ in 0..60 {
        match interview.step(&desk.context()) {
            Step::Review(_) => return interview.to_edit(&desk.context()).unwrap(),
            Step::Question(question) => {
                let value = generic(&question);
                interview.answer(&desk.context(), value).unwrap();
            }
        }
    }
    panic!("no end: {interview:?}");
}

/// Every answer worth trying at a question, and skipping where that is allowed.
fn moves(question: &Question) -> Vec<Option<Answer>> {
    let mut moves: Vec<Option<Answer>> = match question.kind.as_str() {
        "choice" => question
            .choices
            .iter()
            .flatten()
            .map(|c| Some(c.code.as_str().into()))
            .collect(),
        "choices" => question
            .choices
            .iter()
            .flatten()
            .map(|c| Some(Answer::List(vec![c.code.clone()])))
            .collect(),
        "yes_no" => vec![Some(true.into()), Some(false.into())],
        _ => vec![Some(generic(question))],
    };
    if question.optional {
        moves.push(None);
    }
    moves
}

/// Which questions the conditions of a form look at: only their answers make a difference to the way.
fn decisive(form: &Form) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for question in &form.questions {
        for expr in [&question.relevant, &question.known].into_iter().flatten() {
            names.extend(expr.references().into_iter().map(|r| r.name.clone()));
        }
        names.extend(question.pick.iter().map(|(pick, _)| pick.clone()));
    }
    names
}

/// Walks every branch from `start` breadth first; answers every interview that came to its review.
fn walk(desk: &Desk, start: Interview) -> Vec<Interview> {
    let decisive = decisive(&desk.form);
    let (mut seen, mut judged) = (BTreeSet::new(), BTreeSet::new());
    let mut queue = std::collections::VecDeque::from([start]);
    let mut ends = Vec::new();
    while let Some(interview) = queue.pop_front() {
        let question = match interview.step(&desk.context()) {
            Step::Review(lines) => {
                assert!(interview.amends.is_some() || !lines.is_empty());
                for line in lines {
                    assert!(!line.text.is_empty() && !line.speech.is_empty());
                }
                ends.push(interview);
                continue;
            }
            Step::Question(question) => question,
        };
        // The language changes words, never the way: each screen is judged once in both.
        if judged.insert(question.id.clone()) {
            judge(&question);
            let english = Context {
                locale: Locale::En,
                ..desk.context()
            };
            match interview.step(&english) {
                Step::Question(question) => judge(&question),
                Step::Review(_) => panic!("another way in English"),
            }
        }
        let mut moves = moves(&question);
        if !decisive.contains(&question.id) {
            moves.truncate(1);
        }
        assert!(!moves.is_empty(), "no way on from {}", question.id);
        for answer in moves {
            let mut next = interview.clone();
            match answer {
                Some(answer) => next.answer(&desk.context(), answer).unwrap(),
                None => next.skip(&desk.context()).unwrap(),
            };
            if seen.insert(serde_json::to_string(&next).unwrap()) {
                queue.push_back(next);
            }
        }
        assert!(seen.len() < 40_000, "{} has too many ways", desk.form.id);
    }
    ends
}

/// Every screen has words to show and to say, and a picture that is drawn.
fn judge(question: &Question) {
    let drawn = |picture: &str| {
        let path = format!(
            "{}/../fixtures/pictures/{picture}.svg",
            env!("CARGO_MANIFEST_DIR")
        );
        assert!(
            std::path::Path::new(&path).exists(),
            "{}: no picture {picture}",
            question.id
        );
    };
    assert!(!question.text.trim().is_empty() && !question.speech.trim().is_empty());
    assert!(!question.text.contains("${"), "{}", question.text);
    assert!(
        question.step >= 1 && question.step <= question.steps,
        "{}",
        question.id
    );
    drawn(&question.picture);
    for choice in question.choices.iter().flatten() {
        assert!(!choice.text.trim().is_empty() && !choice.speech.trim().is_empty());
        drawn(&choice.picture);
    }
    // Who does not read tells choices by their pictures. What may be changed in a record stands for questions, households
    // and people show themselves, and a code without a picture shows the question's.
    if matches!(question.kind.as_str(), "choice" | "choices") && question.id != "change" {
        let mut seen = BTreeSet::new();
        let choices = question.choices.iter().flatten();
        for choice in choices.filter(|c| c.picture != question.picture) {
            assert!(
                seen.insert(choice.picture.as_str()),
                "{}: two choices have the picture {}",
                question.id,
                choice.picture
            );
        }
    }
}

#[test]
fn every_branch_of_every_form_comes_to_a_review_that_can_be_saved() {
    for name in FORMS {
        let desk = Desk::of(name);
        let ends = walk(&desk, desk.start(subject(name)));
        assert!(!ends.is_empty());
        for end in ends {
            let edit = end.to_edit(&desk.context()).unwrap();
            if edit.amends.is_none() {
                let fields = fields(&edit);
                let problems = validate(edit.kind, &fields, &desk.lists);
                assert!(problems.is_empty(), "{name}: {problems:?} in {fields:?}");
            }
        }
    }
}

/// The fields of a new record as everybody will read them.
fn fields(edit: &Edit) -> Fields {
    let sound = format!("{} audio/mp4 9", "00".repeat(32));
    let media = edit
        .media
        .iter()
        .map(|m| (m.field.clone(), sound.clone().into()));
    let writes = edit.writes.iter().cloned().chain(media);
    let value = |value| FieldValue {
        value,
        writer: WriterId([1; 8]),
        at: Timestamp(0),
        others: Vec::new(),
    };
    Fields(writes.map(|(path, v)| (path, value(v))).collect())
}

#[test]
fn every_branch_of_changing_a_saved_record_comes_to_a_review_that_can_be_saved() {
    for name in FORMS {
        for returned in [false, true] {
            let mut desk = Desk::of(name);
            let edit = finish(&desk, &mut desk.start(subject(name)));
            put_saved(&mut desk, "r-1", &edit);
            if returned {
                desk.village.send_back("r-1", "缺地点");
            }
            let ends = walk(&desk, Interview::amend(&desk.form, "r-1".into()));
            assert!(!ends.is_empty());
            for end in ends {
                end.to_edit(&desk.context()).unwrap();
            }
        }
    }
}

#[test]
fn the_generic_rule_finishes_every_interview_with_every_required_field() {
    for name in FORMS {
        for skipping in [false, true] {
            let desk = Desk::of(name);
            let mut interview = desk.start(subject(name));
            while let Step::Question(question) = interview.step(&desk.context()) {
                if skipping && question.optional {
                    interview.skip(&desk.context()).unwrap();
                } else {
                    interview
                        .answer(&desk.context(), generic(&question))
                        .unwrap();
                }
            }
            let edit = interview.to_edit(&desk.context()).unwrap();
            if edit.amends.is_some() {
                continue;
            }
            for field in desk.form.kind.fields().iter().filter(|f| f.required) {
                let below = format!("{}/", field.name);
                let there = edit
                    .writes
                    .iter()
                    .map(|(path, _)| path)
                    .chain(edit.media.iter().map(|m| &m.field))
                    .any(|path| path == field.name || path.starts_with(&below));
                assert!(there, "{name} without {}", field.name);
            }
        }
    }
}

#[test]
fn a_visit_where_nothing_is_wrong_takes_six_taps_from_the_home_screen() {
    let desk = Desk::of("visit");
    let mut interview = desk.start(None);
    let mut taps = 1; // the tile on the home screen
    while let Step::Question(question) = interview.step(&desk.context()) {
        // A single choice, a household and a yes go on by themselves: one tap each.
        assert!(["household", "choice", "yes_no"].contains(&question.kind.as_str()));
        interview
            .answer(&desk.context(), generic(&question))
            .unwrap();
        taps += 1;
    }
    taps += 1; // save
    assert!(taps <= 6, "{taps} taps");
    let edit = interview.to_edit(&desk.context()).unwrap();
    assert_eq!(edit.value("all_well"), Some(&true.into()));
    assert_eq!(edit.value("visited_on"), Some(&"2026-11-23".into()));
}

#[test]
fn a_dispute_has_type_scale_place_two_parties_narrative_source_and_willingness() {
    let desk = Desk::of("dispute");
    for end in walk(&desk, desk.start(None)) {
        let edit = end.to_edit(&desk.context()).unwrap();
        for path in [
            "type",
            "scale",
            "place",
            "source",
            "rights_told",
            "party_a/name",
            "party_a/willing",
            "party_b/name",
            "party_b/willing",
        ] {
            assert!(edit.value(path).is_some(), "{path} is missing in {end:?}");
        }
        let spoken = edit.media.iter().any(|m| m.field == "voice");
        assert!(spoken || edit.value("narrative").is_some());
    }
}

#[test]
fn nothing_typed_is_required_to_report_what_happened() {
    for name in FORMS {
        let desk = Desk::of(name);
        let mut interview = desk.start(subject(name));
        for _ in 0..60 {
            let Step::Question(question) = interview.step(&desk.context()) else {
                break;
            };
            // A household's own data are words by nature; nobody needs them to report.
            assert!(
                name == "household" || question.kind != "text",
                "{name}: {}",
                question.id
            );
            interview
                .answer(&desk.context(), generic(&question))
                .unwrap();
        }
    }
}

#[test]
fn speech_is_short_and_every_form_speaks_both_languages_with_other_words() {
    for name in FORMS {
        for question in &Desk::of(name).form.questions {
            assert_ne!(
                question.text.zh_cn, question.text.en,
                "{name} {}",
                question.name
            );
            for sentence in question.speech.zh_cn.split(['。', '？', '，', '：']) {
                assert!(
                    sentence.chars().count() <= 18,
                    "too long to follow: {sentence}"
                );
            }
        }
    }
}

#[test]
fn a_code_that_the_county_adds_to_a_list_can_be_chosen_and_has_a_picture() {
    let mut desk = Desk::of("visit");
    let csv = "code,zh,en,audience,source\nVP08,关爱探访,welfare visit,phone,x\nVP77,送煤(冬天),bring coal,phone,x\nVP66,内部,internal,relay,x\n";
    let list = xunge_records::CodeList::parse("visit_purpose", 9, csv.as_bytes()).unwrap();
    desk.lists.replace(list);
    let mut interview = desk.start(Some(WANG));
    let offered = desk.question(&interview).choices.unwrap();
    let codes: Vec<_> = offered.iter().map(|c| c.code.as_str()).collect();
    assert_eq!(codes, ["VP08", "VP77"]);
    assert_eq!(offered[1].text, "送煤(冬天)");
    assert_eq!(offered[1].speech, "送煤");
    assert_eq!(offered[1].picture, "visit");
    interview.answer(&desk.context(), "VP77".into()).unwrap();
}

#[test]
fn the_other_party_is_another_household_unless_somebody_says_otherwise() {
    let desk = Desk::of("dispute");
    let edit = finish(&desk, &mut desk.start(None));
    let party = |path| edit.value(path).cloned();
    assert!(party("party_a/household").is_some());
    assert_ne!(party("party_a/household"), party("party_b/household"));
}

#[test]
fn a_review_ends_each_spoken_line_with_one_full_stop() {
    for name in FORMS {
        let mut desk = Desk::of(name);
        desk.village
            .put(WANG, &[("head_name", "王桂兰家。".into())]);
        let mut interview = desk.start(subject(name));
        finish(&desk, &mut interview);
        let Step::Review(lines) = interview.step(&desk.context()) else {
            panic!("not at its end");
        };
        for line in lines {
            assert!(!line.speech.contains("。。"), "{}", line.speech);
        }
    }
}
