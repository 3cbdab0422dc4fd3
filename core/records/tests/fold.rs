//! The fold from events to state: what each verb does in its turn, and that arrival never matters.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod story;

use proptest::prelude::*;
use story::{PHONE, RELAY, Story, because, id, owner};
use xunge_protocol::{Confidence, Timestamp, WriterId};
use xunge_records::model::fold::{FoldContext, fold};
use xunge_records::{EventBody, EventId, FoldedEvent, Kind, Review, Verb};

#[test]
fn a_case_has_no_owner_before_it_is_registered_and_one_from_then_on() {
    assert_eq!(Story::default().case().owner, None);
    let state = Story::registered().case();
    assert_eq!(state.owner.as_deref(), Some("镇综治中心"));
    assert_eq!(
        (state.code.as_str(), state.hops, state.version),
        ("S10", 0, 1)
    );
    let twice = Story::registered().relay(Verb::Register, |e| {
        e.number = Some("other".into());
        e.owner = Some("other".into());
    });
    assert_eq!(twice.effects(Kind::Dispute), [true, false]);
    assert_eq!(twice.case().number.as_deref(), Some("999999-2026-0001"));
}

#[test]
fn what_two_copies_of_a_phone_say_again_happened_once() {
    let said = |writer, n, basis: &[EventId], first| {
        let mut body = EventBody::new(Verb::Mediate, Timestamp(5), Confidence::Unsure);
        body.note = Some("第一次".into());
        body.basis = basis.to_vec();
        body.first = first;
        (id(writer, n), body)
    };
    let first = id(PHONE, 9);
    let mut events = Story::registered().0;
    events.push(said(3, 1, &[events[0].0], Some(first)));
    events.push(said(2, 1, &[events[0].0], Some(first)));
    // Somebody saw only the one that does not stand for both.
    let mut agreed = EventBody::new(Verb::Agree, Timestamp(6), Confidence::Unsure);
    agreed.basis = vec![id(3, 1), first];
    events.push((id(7, 1), agreed));
    let context = FoldContext::default();
    let (folded, _) = fold(Kind::Dispute, &events, &context);
    let ids: Vec<_> = folded.iter().map(|e| e.id).collect();
    assert_eq!(ids, [events[0].0, id(2, 1), id(7, 1)]);
    assert_eq!(folded[2].body.basis, [id(2, 1)]);
    // Two copies used that id for different words: other copies of the second say them again.
    for writer in [5, 4] {
        let mut other = said(writer, 1, &[], Some(first));
        other.1.note = Some("别的".into());
        events.push(other);
    }
    let (folded, state) = fold(Kind::Dispute, &events, &context);
    let ids: Vec<_> = folded.iter().map(|e| e.id).collect();
    assert_eq!(ids, [events[0].0, id(2, 1), id(4, 1), id(7, 1)]);
    assert_eq!(state.code, "S50");
    events.reverse();
    assert_eq!(fold(Kind::Dispute, &events, &context), (folded, state));
    // The one that was said first stands for all.
    events.push(said(PHONE, 9, &[], None));
    let (folded, _) = fold(Kind::Dispute, &events, &context);
    assert!(folded.iter().any(|e| e.id == first));
    assert!(!folded.iter().any(|e| e.id == id(2, 1)));
}

#[test]
fn each_change_of_owner_counts_as_a_hop_and_needs_a_reason() {
    let story = Story::registered()
        .relay(Verb::Assign, owner("司法所"))
        .relay(Verb::Assign, owner("司法所"))
        .relay(Verb::Transfer, owner("法庭"))
        .relay(Verb::Escalate, |e| e.owner = Some("县".into()));
    assert_eq!(
        story.effects(Kind::Dispute),
        [true, true, true, true, false]
    );
    let state = story.case();
    assert_eq!((state.owner.as_deref(), state.hops), (Some("法庭"), 2));
    assert_eq!(
        (state.level.as_deref(), state.deadline),
        (Some("2"), Some(Timestamp(1000)))
    );
    let up = Story::registered().relay(Verb::Escalate, owner("县"));
    assert_eq!(up.case().code, "S30");
}

#[test]
fn a_return_is_fixed_by_its_author_and_approved_by_the_town() {
    let story = Story::registered()
        .phone(Verb::Fix)
        .relay(Verb::Return, |_| {})
        .relay(Verb::Return, because);
    assert_eq!(story.effects(Kind::Dispute), [true, false, false, true]);
    assert!(matches!(story.case().review, Review::Returned { .. }));
    let story = story.phone(Verb::Fix);
    assert!(matches!(story.case().review, Review::Fixed { .. }));
    let story = story
        .relay(Verb::Approve, |_| {})
        .relay(Verb::Approve, |_| {});
    assert!(matches!(story.case().review, Review::Approved { .. }));
    assert_eq!(story.effects(Kind::Dispute).last(), Some(&false));
}

#[test]
fn a_dispute_goes_from_mediation_to_its_file() {
    let mut story = Story::registered();
    for (verb, code) in [
        (Verb::Mediate, "S20"),
        (Verb::Agree, "S50"),
        (Verb::Perform, "S50"),
        (Verb::Resolve, "S60"),
        (Verb::FollowUp, "S70"),
        (Verb::Approve, "S80"),
        (Verb::FollowUp, "S80"),
        (Verb::Reopen, "S90"),
        (Verb::Mediate, "S20"),
    ] {
        let writer = if verb.is_relay_only() { RELAY } else { PHONE };
        story = story.then(writer, verb, because);
        assert_eq!(story.case().code, code, "{verb:?}");
    }
    assert!(story.effects(Kind::Dispute).into_iter().all(|e| e));
    assert!(!story.case().closed);
}

#[test]
fn a_closed_case_takes_no_mediation_but_a_return() {
    let story = Story::registered()
        .relay(Verb::Resolve, |e| e.code = Some("S61".into()))
        .phone(Verb::Mediate)
        .relay(Verb::Assign, owner("县"))
        .relay(Verb::Return, because);
    assert_eq!(
        story.effects(Kind::Dispute),
        [true, true, false, false, true]
    );
    let state = story.case();
    assert_eq!((state.code.as_str(), state.closed), ("S61", true));
}

#[test]
fn a_party_that_declines_ends_the_case_and_an_owner_that_dissents_does_not() {
    let dissent = |e: &mut EventBody| {
        e.code = Some("S31".into());
        e.reason = Some("不属本单位".into());
    };
    let story = Story::registered().then(PHONE, Verb::Decline, dissent);
    assert_eq!(
        (story.case().code.as_str(), story.case().closed),
        ("S31", false)
    );
    let story = story
        .relay(Verb::Assign, owner("司法所"))
        .phone(Verb::Decline);
    assert_eq!(
        (story.case().code.as_str(), story.case().closed),
        ("S62", true)
    );
}

#[test]
fn a_case_that_a_phone_closed_before_it_heard_of_the_number_is_registered_all_the_same() {
    for verb in [Verb::Decline, Verb::Withdraw] {
        let story = Story::default().phone(verb).relay(Verb::Register, |e| {
            e.number = Some("D-2026-000001".into());
            e.owner = Some("柳村".into());
        });
        assert_eq!(story.effects(Kind::Dispute), [true, true]);
        let state = story.case();
        assert!(state.closed);
        assert_eq!(state.number.as_deref(), Some("D-2026-000001"));
    }
}

#[test]
fn only_the_opener_withdraws_and_only_an_open_case() {
    let other = Story::registered().then(2, Verb::Withdraw, |_| {});
    assert!(!other.case().closed);
    let own = Story::registered()
        .phone(Verb::Withdraw)
        .relay(Verb::Reopen, because);
    assert_eq!((own.case().code.as_str(), own.case().closed), ("S63", true));
    assert_eq!(own.effects(Kind::Dispute), [true, true, false]);
    let late = Story::registered()
        .relay(Verb::Resolve, |_| {})
        .phone(Verb::Withdraw);
    assert_eq!(late.case().code, "S60");
    assert_eq!(
        Story::default()
            .phone(Verb::Withdraw)
            .fold(Kind::Visit)
            .1
            .code,
        "R50"
    );
}

#[test]
fn a_proposal_waits_until_a_decision_that_saw_it() {
    let propose = |e: &mut EventBody| e.proposed = Some(Verb::Escalate.number());
    let story = Story::default().then(PHONE, Verb::Propose, propose);
    assert_eq!(story.case().proposals, [id(PHONE, 1)]);
    let story = story.relay(Verb::Register, |e| {
        e.number = Some("1".into());
        e.owner = Some("镇".into());
    });
    assert_eq!(story.case().proposals.len(), 1);
    let mut blind = Story(story.0.clone()).relay(Verb::Assign, owner("村"));
    blind.0[2].1.basis.clear();
    assert_eq!(blind.case().proposals.len(), 1);
    let story = story.relay(Verb::Escalate, owner("县"));
    assert!(story.case().proposals.is_empty());
    let senseless = Story::default().phone(Verb::Propose);
    assert_eq!(senseless.effects(Kind::Dispute), [false]);
}

#[test]
fn a_warning_is_issued_delivered_and_closed() {
    let story = Story::default()
        .phone(Verb::Deliver)
        .relay(Verb::Issue, |_| {})
        .phone(Verb::Deliver);
    assert_eq!(story.effects(Kind::Warning), [false, true, true]);
    assert_eq!(story.fold(Kind::Warning).1.code, "W20");
    let story = story.relay(Verb::Resolve, |_| {});
    assert_eq!(story.fold(Kind::Warning).1.code, "W60");
    assert!(!story.effects(Kind::Dispute)[1]);
}

#[test]
fn an_acknowledgement_is_what_was_heard_last_or_else_its_outcome() {
    assert_eq!(Story::default().fold(Kind::WarningAck).1.code, "W41");
    let hear = |code: &'static str| move |e: &mut EventBody| e.code = Some(code.into());
    let story =
        Story::default()
            .then(PHONE, Verb::Hear, hear("W40"))
            .then(PHONE, Verb::Hear, hear("W60"));
    assert_eq!(story.fold(Kind::WarningAck).1.code, "W40");
    assert_eq!(story.effects(Kind::WarningAck), [true, false]);
}

#[test]
fn an_event_of_a_later_version_is_kept_without_effect() {
    let story = Story::registered().then(PHONE, Verb::Unknown(99), |_| {});
    assert_eq!(story.effects(Kind::Dispute), [true, false]);
}

#[test]
fn a_visit_shows_where_it_stands_between_worker_and_town() {
    let story = Story::default();
    assert_eq!(story.fold(Kind::Visit).1.code, "R10");
    let story = story.relay(Verb::Return, because);
    assert_eq!(story.fold(Kind::Visit).1.code, "R20");
    let story = story.phone(Verb::Fix);
    assert_eq!(story.fold(Kind::Visit).1.code, "R30");
    let story = story.relay(Verb::Approve, |_| {});
    assert_eq!(story.fold(Kind::Visit).1.code, "R40");
}

/// Any events whatever: bases may be unknown, or go in circles.
fn any_events() -> impl Strategy<Value = Vec<(EventId, EventBody)>> {
    let event = (
        0u8..24,
        0u8..4,
        0u32..6,
        proptest::collection::vec((0u8..4, 0u32..7), 0..3),
    );
    proptest::collection::vec(event, 0..16).prop_map(|list| {
        list.into_iter()
            .map(|(verb, writer, n, basis)| {
                let mut body =
                    EventBody::new(Verb::from_number(verb), Timestamp(0), Confidence::Unsure);
                body.basis = basis.into_iter().map(|(w, n)| id(w, n)).collect();
                body.reason = Some(format!("{n}"));
                body.owner = Some(format!("owner {n}"));
                body.number = Some(format!("number {n}"));
                body.proposed = Some(verb);
                (id(writer, n), body)
            })
            .collect()
    })
}

/// A history that can happen: the relay sees all that came so far, phones see some prefix.
fn history() -> impl Strategy<Value = Vec<(EventId, EventBody)>> {
    proptest::collection::vec((any::<bool>(), 0usize..20, 0usize..16, 1u8..4), 1..14).prop_map(
        |steps| {
            let relay: Vec<_> = Verb::ALL.iter().filter(|v| v.is_relay_only()).collect();
            let phone: Vec<_> = Verb::ALL.iter().filter(|v| !v.is_relay_only()).collect();
            let mut events: Vec<(EventId, EventBody)> = Vec::new();
            for (by_relay, verb, seen, writer) in steps {
                let verbs = if by_relay { &relay } else { &phone };
                let verb = *verbs[verb % verbs.len()];
                let seen = if by_relay {
                    events.len()
                } else {
                    seen.min(events.len())
                };
                let mut body = EventBody::new(verb, Timestamp(0), Confidence::Unsure);
                body.basis = events[..seen].iter().map(|(id, _)| *id).collect();
                because(&mut body);
                body.owner = Some(format!("owner {}", events.len()));
                body.number = Some("number".into());
                body.proposed = Some(Verb::Assign.number());
                let writer = if by_relay { RELAY } else { writer };
                events.push((id(writer, events.len() as u32), body));
            }
            events
        },
    )
}

proptest! {
    #[test]
    fn neither_order_nor_repetition_of_arrival_matters(
        events in any_events(), seed in any::<u64>(), kind in 0usize..7,
    ) {
        let kind = Kind::ALL[kind];
        let context = FoldContext { opener: Some(WriterId([1; 8])), outcome: None };
        let expected = fold(kind, &events, &context);
        let mut shuffled = events.clone();
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        shuffled.extend(events.iter().take(5).cloned());
        prop_assert_eq!(fold(kind, &shuffled, &context), expected);
    }

    #[test]
    fn every_event_is_there_once_and_after_what_its_author_had_seen(events in history()) {
        let (folded, _) = fold(Kind::Dispute, &events, &FoldContext::default());
        prop_assert_eq!(folded.len(), events.len());
        let place = |id: &EventId| folded.iter().position(|e| e.id == *id).unwrap();
        for (id, body) in &events {
            for before in &body.basis {
                prop_assert!(place(before) < place(id));
            }
        }
    }

    #[test]
    fn a_decision_keeps_its_effect_whatever_a_phone_sends_later(
        events in history(), late in 1u8..4, verb in 0usize..10, seen in 0usize..14,
    ) {
        let context = FoldContext { opener: Some(WriterId([1; 8])), outcome: None };
        let phone: Vec<_> = Verb::ALL.iter().filter(|v| !v.is_relay_only()).collect();
        let decisions = |events: &[(EventId, EventBody)]| -> Vec<FoldedEvent> {
            let (folded, _) = fold(Kind::Dispute, events, &context);
            folded.into_iter().filter(|e| e.body.verb().is_relay_only()).collect()
        };
        let before = decisions(&events);
        let mut body = EventBody::new(*phone[verb % phone.len()], Timestamp(0), Confidence::Unsure);
        body.basis = events.iter().take(seen).map(|(id, _)| *id).collect();
        let mut more = events.clone();
        more.push((id(late, 0xffff), body.clone()));
        more.push((EventId { writer: WriterId([0; 8]), n: 1 }, body));
        prop_assert_eq!(decisions(&more), before);
    }

    #[test]
    fn a_registered_case_always_has_exactly_one_owner(events in history()) {
        let (_, state) = fold(Kind::Request, &events, &FoldContext::default());
        prop_assert_eq!(state.number.is_some(), state.owner.is_some());
    }
}
