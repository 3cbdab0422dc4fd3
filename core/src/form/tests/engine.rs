//! What an interview does with answers, kills, second thoughts and records that exist already.

use xunge_records::Verb;

use super::*;

fn codes(codes: &[&str]) -> Answer {
    Answer::List(codes.iter().map(|c| (*c).into()).collect())
}

#[test]
fn an_interview_goes_on_where_it_was_after_a_kill_at_any_question() {
    for name in ["visit", "dispute", "request"] {
        let desk = Desk::of(name);
        let mut interview = desk.start(None);
        while let Step::Question(question) = interview.step(&desk.context()) {
            let bytes = serde_json::to_vec(&interview).unwrap();
            let again: Interview = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(again, interview);
            assert_eq!(
                again.step(&desk.context()),
                Step::Question(question.clone())
            );
            interview = again;
            interview
                .answer(&desk.context(), generic(&question))
                .unwrap();
        }
    }
}

#[test]
fn back_shows_the_screen_before_with_its_answer_and_stays_at_the_first() {
    let desk = Desk::of("visit");
    let mut interview = desk.start(None);
    desk.answers(
        &mut interview,
        &[("household", WANG.into()), ("purpose", "VP06".into())],
    );
    interview.back(&desk.context());
    let question = desk.question(&interview);
    assert_eq!(question.id, "purpose");
    assert_eq!(question.value, Some("VP06".into()));
    interview.back(&desk.context());
    interview.back(&desk.context());
    assert_eq!(desk.question(&interview).id, "household");
    desk.answers(&mut interview, &[("household", LI.into())]);
    assert_eq!(desk.question(&interview).id, "met");
}

#[test]
fn answers_that_a_second_thought_made_irrelevant_are_not_saved() {
    let desk = Desk::of("visit");
    let mut interview = desk.start(Some(WANG));
    desk.answers(
        &mut interview,
        &[
            ("purpose", "VP08".into()),
            ("met", "MW01".into()),
            ("fine", false.into()),
            ("more", codes(&["hazard"])),
            ("hazards", codes(&["HZ01", "HZ04"])),
        ],
    );
    let edit = interview.to_edit(&desk.context()).unwrap();
    assert_eq!(edit.value("hazards/HZ04"), Some(&true.into()));
    assert_eq!(edit.value("all_well"), Some(&false.into()));
    for expected in ["hazards", "more", "fine", "met"] {
        interview.back(&desk.context());
        assert_eq!(desk.question(&interview).id, expected);
    }
    desk.answers(&mut interview, &[("met", "MW09".into())]);
    let edit = interview.to_edit(&desk.context()).unwrap();
    assert_eq!(edit.value("met"), Some(&"MW09".into()));
    assert_eq!(edit.value("hazards/HZ01"), None);
    assert_eq!(edit.value("all_well"), None);
}

#[test]
fn a_fact_that_is_known_is_not_asked_again() {
    let desk = Desk::of("visit");
    let interview = desk.start(Some(LI));
    assert_eq!(desk.question(&interview).id, "purpose");

    let desk = Desk::of("dispute");
    let mut interview = desk.start(None);
    while desk.question(&interview).id != "party_a_household" {
        let question = desk.question(&interview);
        interview
            .answer(&desk.context(), generic(&question))
            .unwrap();
    }
    desk.answers(&mut interview, &[("party_a_household", WANG.into())]);
    assert_eq!(desk.question(&interview).id, "party_a_willing");
}

#[test]
fn what_is_answered_later_wins_over_what_is_worked_out_first() {
    let desk = Desk::of("dispute");
    let mut interview = desk.start(None);
    while let Step::Question(question) = interview.step(&desk.context()) {
        match question.id.as_str() {
            "party_a_household" => interview.skip(&desk.context()).unwrap(),
            "party_a_who" => interview.answer(&desk.context(), "written".into()).unwrap(),
            "party_b_who" => interview.answer(&desk.context(), "company".into()).unwrap(),
            "party_b_household" => interview.skip(&desk.context()).unwrap(),
            _ => interview
                .answer(&desk.context(), generic(&question))
                .unwrap(),
        };
    }
    let edit = interview.to_edit(&desk.context()).unwrap();
    assert_eq!(edit.value("party_a/name"), Some(&"一二三".into()));
    assert_eq!(edit.value("party_b/name"), Some(&"单位、公司、老板".into()));
    let Step::Review(lines) = interview.step(&desk.context()) else {
        panic!("not at the review");
    };
    let first: Vec<_> = lines
        .iter()
        .filter(|l| l.text.starts_with("一方："))
        .collect();
    assert_eq!(first.len(), 1, "{lines:?}");
}

#[test]
fn a_returned_dispute_says_why_and_is_mended_by_the_one_thing_that_was_missing() {
    let mut desk = Desk::of("dispute");
    desk.village.put(
        "d-1",
        &[
            ("type", "02".into()),
            ("scale", "01".into()),
            ("narrative", "争地界".into()),
            ("party_a/name", "甲".into()),
            ("party_a/willing", "willing".into()),
            ("party_b/name", "乙".into()),
            ("party_b/willing", "willing".into()),
            ("rights_told", true.into()),
            ("place", "路上".into()),
        ],
    );
    desk.village.send_back("d-1", "缺地点");
    let mut interview = Interview::amend(&desk.form, "d-1".into());
    let first = desk.question(&interview);
    assert_eq!(first.quote.unwrap().text, "缺地点");
    desk.answers(
        &mut interview,
        &[("todo", "facts".into()), ("change", codes(&["place_pick"]))],
    );
    assert_eq!(desk.question(&interview).value, Some("road".into()));
    desk.answers(
        &mut interview,
        &[
            ("place_pick", "written".into()),
            ("place", "村口桥头".into()),
        ],
    );
    assert!(desk.at_review(&interview));
    let edit = interview.to_edit(&desk.context()).unwrap();
    assert_eq!(edit.amends.as_deref(), Some("d-1"));
    assert_eq!(edit.value("place"), Some(&"村口桥头".into()));
    assert_eq!(
        edit.value("type"),
        None,
        "what was not touched is not written"
    );
    assert_eq!(edit.events.len(), 1);
    assert_eq!(edit.events[0].verb, Verb::Fix);
}

#[test]
fn a_mediation_is_an_event_with_the_recording_and_changes_no_field() {
    let mut desk = Desk::of("dispute");
    desk.village.put("d-1", &[("type", "02".into())]);
    let mut interview = Interview::amend(&desk.form, "d-1".into());
    desk.answers(
        &mut interview,
        &[
            ("todo", "mediate".into()),
            ("mediate_voice", "voice.m4a".into()),
        ],
    );
    let edit = interview.to_edit(&desk.context()).unwrap();
    assert!(edit.writes.is_empty() && edit.media.is_empty());
    assert_eq!(edit.events.len(), 1);
    assert_eq!(edit.events[0].verb, Verb::Mediate);
    assert_eq!(edit.events[0].audio.as_deref(), Some("voice.m4a"));
}

#[test]
fn a_party_that_declines_is_told_the_other_ways_and_the_record_says_who() {
    let mut desk = Desk::of("dispute");
    desk.village
        .put("d-1", &[("party_b/willing", "willing".into())]);
    let mut interview = Interview::amend(&desk.form, "d-1".into());
    desk.answers(
        &mut interview,
        &[
            ("todo", "decline".into()),
            ("decline_who", "b".into()),
            ("remedies", true.into()),
        ],
    );
    interview.skip(&desk.context()).unwrap();
    let edit = interview.to_edit(&desk.context()).unwrap();
    assert_eq!(edit.value("party_b/willing"), Some(&"declined".into()));
    assert_eq!(edit.events[0].verb, Verb::Decline);
    assert_eq!(edit.events[0].reason.as_deref(), Some("另一方不愿意调解"));
}

#[test]
fn a_household_edit_asks_what_changed_and_writes_only_that() {
    let mut desk = Desk::of("household");
    desk.village.put(
        WANG,
        &[
            ("door", "12".into()),
            ("head_name", "王桂兰".into()),
            ("flags/HF20", true.into()),
            ("phone", "000".into()),
        ],
    );
    let mut interview = desk.start(Some(WANG));
    desk.answers(&mut interview, &[("change", codes(&["phone", "flags"]))]);
    assert_eq!(desk.question(&interview).value, Some("000".into()));
    desk.answers(
        &mut interview,
        &[("phone", "111".into()), ("flags", codes(&["HF10"]))],
    );
    let edit = interview.to_edit(&desk.context()).unwrap();
    let mut writes = edit.writes.clone();
    writes.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        writes,
        [
            ("flags/HF10".to_owned(), true.into()),
            ("flags/HF20".to_owned(), false.into()),
            ("phone".to_owned(), "111".into()),
        ]
    );
    assert_eq!(edit.amends.as_deref(), Some(WANG));
}

#[test]
fn a_required_field_that_an_old_record_lacks_is_asked_though_nobody_picked_it() {
    let mut desk = Desk::of("household");
    desk.village.put("h-3", &[("head_name", "赵".into())]);
    let mut interview = desk.start(Some("h-3"));
    desk.answers(&mut interview, &[("change", codes(&["members"]))]);
    desk.answers(
        &mut interview,
        &[("members", Answer::Number(3.0)), ("door", "8".into())],
    );
    assert!(desk.at_review(&interview));
}

#[test]
fn a_warning_is_offered_to_those_who_have_not_heard_it_and_its_text_is_read_out() {
    let mut desk = Desk::of("warning_ack");
    desk.village.heard.insert(WANG.into());
    let mut interview = desk.start(Some(WARNING));
    let offered = desk.question(&interview).choices.unwrap();
    assert_eq!(offered.len(), 1);
    desk.answers(&mut interview, &[("household", LI.into())]);
    assert_eq!(desk.question(&interview).quote.unwrap().text, "不转钱。");
    desk.answers(&mut interview, &[("outcome", "W50".into())]);
    let call = desk.question(&interview);
    assert_eq!(
        (call.id.as_str(), call.dial.as_deref()),
        ("called_110", Some("110"))
    );
    assert_eq!(
        interview.answer(&desk.context(), false.into()),
        Err(AnswerError::MustConfirm)
    );
    desk.answers(
        &mut interview,
        &[
            ("called_110", true.into()),
            ("loss_yuan", Answer::Number(5000.0)),
        ],
    );
    let edit = interview.to_edit(&desk.context()).unwrap();
    assert_eq!(edit.value("warning"), Some(&WARNING.into()));
    assert_eq!(edit.value("loss_yuan"), Some(&Value::Float(5000.0)));
    assert_eq!(edit.events[0].verb, Verb::Hear);
    assert_eq!(edit.events[0].code.as_deref(), Some("W50"));
}

#[test]
fn a_form_that_needs_a_subject_says_so() {
    let desk = Desk::of("warning_ack");
    assert_eq!(
        Interview::start(&desk.form, None),
        Err(AnswerError::SubjectMissing)
    );
}

#[test]
fn a_wrong_answer_is_refused_by_a_stable_code_and_the_interview_stays() {
    let desk = Desk::of("request");
    let mut interview = desk.start(None);
    let before = interview.clone();
    for (wrong, code) in [
        ("RQ00".into(), "not_a_choice"),
        (true.into(), "not_a_choice"),
        (Answer::Number(1.0), "not_a_choice"),
    ] {
        let error = interview.answer(&desk.context(), wrong).unwrap_err();
        assert_eq!(error.code(), code);
    }
    assert_eq!(
        interview.skip(&desk.context()),
        Err(AnswerError::NotOptional)
    );
    assert_eq!(interview, before);
    desk.answers(&mut interview, &[("type", "RQ01".into())]);
    let error = interview
        .answer(&desk.context(), "h-none".into())
        .unwrap_err();
    assert_eq!(error.code(), "unknown_household");
    desk.answers(&mut interview, &[("household", WANG.into())]);
    let error = interview.answer(&desk.context(), "yes".into()).unwrap_err();
    assert_eq!(error.code(), "not_yes_no");
    desk.answers(&mut interview, &[("urgent", true.into())]);
    for (wrong, code) in [("/none.m4a", "file_missing"), ("notes.txt", "file_type")] {
        let error = interview.answer(&desk.context(), wrong.into()).unwrap_err();
        assert_eq!(error.code(), code);
    }
    assert_eq!(
        interview.to_edit(&desk.context()).unwrap_err().code(),
        "incomplete"
    );
}

#[test]
fn a_day_that_has_passed_is_refused_with_the_forms_own_words() {
    let desk = Desk::of("visit");
    let mut interview = desk.start(Some(WANG));
    desk.answers(
        &mut interview,
        &[
            ("purpose", "VP08".into()),
            ("met", "MW01".into()),
            ("fine", false.into()),
            ("more", codes(&["follow_up"])),
        ],
    );
    assert_eq!(desk.question(&interview).value, Some("2026-11-30".into()));
    let error = interview
        .answer(&desk.context(), "2026-11-22".into())
        .unwrap_err();
    assert_eq!(error.code(), "constraint");
    assert!(error.phrase(Locale::ZhCn).text.contains("这天已经过去了"));
    let error = interview
        .answer(&desk.context(), "soon".into())
        .unwrap_err();
    assert_eq!(error.code(), "not_a_date");
    desk.answers(&mut interview, &[("follow_up_on", "2026-11-23".into())]);
    assert!(desk.at_review(&interview));
}

#[test]
fn the_last_purpose_is_proposed_for_the_next_visit() {
    let mut desk = Desk::of("visit");
    let key = ("visit".to_owned(), "purpose".to_owned());
    desk.village.last.insert(key, "VP06".into());
    let interview = desk.start(Some(WANG));
    assert_eq!(desk.question(&interview).value, Some("VP06".into()));
}

#[test]
fn a_question_has_the_shape_of_the_contract() {
    let desk = Desk::of("visit");
    let json = serde_json::to_value(desk.start(None).step(&desk.context())).unwrap();
    let question = &json["question"];
    assert_eq!(question["id"], "household");
    assert_eq!(question["kind"], "household");
    assert_eq!(question["optional"], false);
    assert_eq!(question["choices"][0]["code"], WANG);
    for key in ["text", "speech", "picture"] {
        assert!(question[key].is_string());
        assert!(question["choices"][0][key].is_string());
    }
}

#[test]
fn every_error_code_has_words_of_its_own() {
    let errors = [
        AnswerError::NotAChoice("x".into()),
        AnswerError::NotADate,
        AnswerError::NotANumber,
        AnswerError::NotWhole,
        AnswerError::NotText,
        AnswerError::NotYesNo,
        AnswerError::MustConfirm,
        AnswerError::TooLong(1),
        AnswerError::FileMissing,
        AnswerError::FileEmpty,
        AnswerError::FileType,
        AnswerError::UnknownHousehold("x".into()),
        AnswerError::UnknownPerson("x".into()),
        AnswerError::Constraint(crate::locale::Words::default()),
        AnswerError::NotOptional,
        AnswerError::NothingAsked,
        AnswerError::Incomplete("x".into()),
        AnswerError::AppTooOld,
        AnswerError::SubjectMissing,
    ];
    for error in errors {
        let key = format!("error.{}", error.code());
        assert!(
            crate::locale::Catalog::of(Locale::En).find(&key).is_some(),
            "{key}"
        );
    }
}
