//! What a supervisor may do, and what nobody may: every command with actor, reason, scope, version and audit.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use common::*;
use xunge_protocol::{RecordId, ScopeId};
use xunge_records::{Edit, Kind, Review, Verb};
use xunge_server::account::{Actor, Role};
use xunge_server::command::*;
use xunge_server::store::{QuarantineState, StoreError};

fn actor(role: Role, scope: ScopeId) -> Actor {
    Actor {
        user: "u1".into(),
        name: "张主任".into(),
        role,
        scope,
    }
}

fn supervisor() -> Actor {
    actor(Role::Supervisor, TOWN)
}

fn order(record: RecordId, reason: &str, action: Action) -> Order {
    Order {
        record,
        version: None,
        reason: reason.into(),
        action,
    }
}

fn send_back(note: &str) -> Action {
    Action::Return(return_::Return {
        note: note.into(),
        audio: None,
    })
}

fn to(scope: ScopeId) -> NewOwner {
    NewOwner {
        scope: Some(scope),
        ..NewOwner::default()
    }
}

/// A registered dispute in [`GRID`], and the phone that reported it.
fn reported(place: &Place) -> (Phone, RecordId) {
    let mut phone = place.phone("王秀英", &[GRID]);
    let dispute = phone.dispute(GRID);
    phone.sync(place);
    (phone, dispute)
}

fn audited(place: &Place, subject: &str) -> Vec<String> {
    let rows = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.audit_about(subject))
        .unwrap();
    rows.into_iter().map(|row| row.event.action).collect()
}

#[test]
fn a_returned_dispute_reaches_its_author_with_the_note_and_is_approved_after_the_fix() {
    let place = Place::inline();
    let (mut phone, dispute) = reported(&place);
    let after = perform(
        &place.relay,
        &supervisor(),
        order(dispute, "", send_back("请补充地点")),
    )
    .unwrap();
    assert!(matches!(after.state.review, Review::Returned { .. }));
    phone.sync(&place);
    let seen = phone.documents[&dispute].1.read(dispute).unwrap();
    let event = seen
        .events
        .iter()
        .find(|e| e.body.verb() == Verb::Return)
        .unwrap();
    assert_eq!(event.body.note.as_deref(), Some("请补充地点"));
    assert_eq!(event.body.name.as_deref(), Some("张主任"));
    phone.event(dispute, Verb::Fix, |_| {});
    phone.sync(&place);
    let approve = Action::Approve(approve::Approve::default());
    let after = perform(&place.relay, &supervisor(), order(dispute, "", approve)).unwrap();
    assert!(matches!(after.state.review, Review::Approved { .. }));
    assert_eq!(audited(&place, &dispute.to_string()), ["return", "approve"]);
}

#[test]
fn a_record_of_another_town_is_not_found_and_nothing_is_audited() {
    let place = Place::inline();
    let (_, dispute) = reported(&place);
    let stranger = actor(Role::Supervisor, OTHER_TOWN);
    let refused = perform(&place.relay, &stranger, order(dispute, "x", send_back("x")));
    assert!(
        matches!(refused, Err(CommandError::NotFound)),
        "{refused:?}"
    );
    let unknown = RecordId([1; 13]);
    let refused = perform(
        &place.relay,
        &supervisor(),
        order(unknown, "x", send_back("x")),
    );
    assert!(matches!(refused, Err(CommandError::NotFound)));
    assert!(matches!(
        reveal(&place.relay, &stranger, dispute, "x"),
        Err(CommandError::NotFound)
    ));
    assert!(audited(&place, &dispute.to_string()).is_empty());
}

#[test]
fn a_viewer_reads_and_does_nothing_else() {
    let place = Place::inline();
    let (_, dispute) = reported(&place);
    let viewer = actor(Role::Viewer, TOWN);
    let refused = perform(&place.relay, &viewer, order(dispute, "x", send_back("x")));
    assert!(matches!(refused, Err(CommandError::Forbidden)));
    assert!(matches!(
        reveal(&place.relay, &viewer, dispute, "x"),
        Err(CommandError::Forbidden)
    ));
}

#[test]
fn two_decisions_on_the_same_version_are_one_decision_and_one_conflict() {
    let place = Place::inline();
    let (_, dispute) = reported(&place);
    let version = held(&place, dispute).unwrap().state.version;
    let at = |action| Order {
        version: Some(version),
        ..order(dispute, "有安排", action)
    };
    let assign = || Action::Assign(assign::Assign { owner: to(VILLAGE) });
    perform(&place.relay, &supervisor(), at(assign())).unwrap();
    let second = perform(&place.relay, &supervisor(), at(assign()));
    assert!(matches!(second, Err(CommandError::Conflict)), "{second:?}");
    assert_eq!(audited(&place, &dispute.to_string()), ["assign"]);
}

#[test]
fn an_owner_is_named_with_reason_and_deadline_and_a_hop_is_counted() {
    let place = Place::inline();
    let (_, dispute) = reported(&place);
    let assign = |owner: NewOwner| Action::Assign(assign::Assign { owner });
    let without = perform(
        &place.relay,
        &supervisor(),
        order(dispute, " ", assign(to(GRID))),
    );
    assert!(matches!(
        without,
        Err(CommandError::BadInput {
            field: "reason",
            ..
        })
    ));
    let outside = perform(
        &place.relay,
        &supervisor(),
        order(dispute, "x", assign(to(OTHER_VILLAGE))),
    );
    assert!(matches!(
        outside,
        Err(CommandError::BadInput { field: "owner", .. })
    ));
    let late = NewOwner {
        deadline: Some("2026-11-01".into()),
        ..to(GRID)
    };
    let late = perform(
        &place.relay,
        &supervisor(),
        order(dispute, "x", assign(late)),
    );
    assert!(matches!(
        late,
        Err(CommandError::BadInput {
            field: "deadline",
            ..
        })
    ));
    let owner = NewOwner {
        deadline: Some("2026-12-01".into()),
        ..to(TOWN)
    };
    let after = perform(
        &place.relay,
        &supervisor(),
        order(dispute, "镇里办", assign(owner)),
    )
    .unwrap();
    assert_eq!(after.state.owner.as_deref(), Some("东镇"));
    assert_eq!(after.state.owner_scope, Some(TOWN));
    assert_eq!(
        (after.state.hops, after.state.level.as_deref()),
        (1, Some("2"))
    );
}

#[test]
fn escalation_goes_to_the_place_above_the_owner_and_ends_at_the_county() {
    let place = Place::inline();
    let (_, dispute) = reported(&place);
    let escalate = || Action::Escalate(escalate::Escalate::default());
    let up = |_| {
        perform(
            &place.relay,
            &supervisor(),
            order(dispute, "办不了", escalate()),
        )
    };
    // Registered with the village.
    assert_eq!(up(1).unwrap().state.owner_scope, Some(TOWN));
    assert_eq!(up(2).unwrap().state.owner_scope, Some(COUNTY));
    assert!(matches!(up(3), Err(CommandError::NotPossible(_))));
}

#[test]
fn a_case_goes_to_a_court_is_agreed_resolved_and_opened_again() {
    let place = Place::inline();
    let (_, dispute) = reported(&place);
    let act =
        |reason: &str, action| perform(&place.relay, &supervisor(), order(dispute, reason, action));
    let court = NewOwner {
        name: Some("县法院".into()),
        ..NewOwner::default()
    };
    let after = act(
        "当事人起诉",
        Action::Transfer(transfer::Transfer { owner: court }),
    )
    .unwrap();
    assert_eq!(
        (after.state.owner.as_deref(), after.state.owner_scope),
        (Some("县法院"), None)
    );
    let agree = agree::Agree {
        method: Some("K01".into()),
        note: "各让一步".into(),
        photo: None,
    };
    assert_eq!(act("", Action::Agree(agree)).unwrap().state.code, "S50");
    let resolve = resolve::Resolve {
        code: Some("RM03".into()),
        note: String::new(),
    };
    let after = act("", Action::Resolve(resolve.clone())).unwrap();
    assert!(after.state.closed);
    let twice = act("", Action::Resolve(resolve));
    assert!(
        matches!(twice, Err(CommandError::NotPossible(_))),
        "{twice:?}"
    );
    let without = act("", Action::Reopen(reopen::Reopen));
    assert!(matches!(
        without,
        Err(CommandError::BadInput {
            field: "reason",
            ..
        })
    ));
    assert!(
        !act("又吵起来", Action::Reopen(reopen::Reopen))
            .unwrap()
            .state
            .closed
    );
}

#[test]
fn a_supervisor_chooses_between_two_values_and_both_are_told() {
    let place = Place::inline();
    let (mut one, dispute) = reported(&place);
    let mut two = place.phone("李桂兰", &[GRID]);
    let settle = |value: &str| {
        let action = Action::Settle(settle::Settle {
            field: "place".into(),
            value: value.into(),
        });
        perform(
            &place.relay,
            &supervisor(),
            order(dispute, "核实过", action),
        )
    };
    assert!(matches!(settle("村口"), Err(CommandError::NotPossible(_))));
    two.documents
        .insert(dispute, one.documents[&dispute].clone());
    one.edit(dispute, Edit::default().set("place", "东头"));
    two.edit(dispute, Edit::default().set("place", "西头"));
    one.sync(&place);
    two.sync(&place);
    assert_eq!(held(&place, dispute).unwrap().fields.conflicts().count(), 1);
    assert!(matches!(
        settle("南头"),
        Err(CommandError::BadInput { field: "value", .. })
    ));
    let after = settle("西头").unwrap();
    assert_eq!(after.fields.conflicts().count(), 0);
    assert_eq!(after.fields.text("place"), Some("西头"));
    one.sync(&place);
    let told = one.documents[&dispute].1.read(dispute).unwrap();
    assert_eq!(told.fields.text("place"), Some("西头"));
    assert!(told.events.iter().any(|e| e.body.verb() == Verb::Settle));
}

#[test]
fn a_reveal_needs_a_reason_and_stands_in_the_audit_log() {
    let place = Place::inline();
    let (_, dispute) = reported(&place);
    let without = reveal(&place.relay, &supervisor(), dispute, "");
    assert!(matches!(
        without,
        Err(CommandError::BadInput {
            field: "reason",
            ..
        })
    ));
    let record = reveal(&place.relay, &supervisor(), dispute, "核对当事人").unwrap();
    assert_eq!(record.id, dispute);
    assert_eq!(audited(&place, &dispute.to_string()), ["reveal"]);
}

/// Households in some grids, written by the relay.
fn households(place: &Place, grids: &[ScopeId]) -> Vec<RecordId> {
    use xunge_server::authority::{self, AuthorityError, Draft};
    let grids = grids.to_vec();
    authority::command(&place.relay, move |authority, _| {
        let form = xunge_records::FormRef {
            id: "import".into(),
            version: 1,
        };
        let mut ids = Vec::new();
        for (n, grid) in grids.into_iter().enumerate() {
            let draft = Draft::default()
                .set("door", format!("{n}号"))
                .set("head_name", "王二");
            ids.push(
                authority
                    .open(grid, Kind::Household, form.clone(), draft)?
                    .id,
            );
        }
        Ok::<_, AuthorityError>(ids)
    })
    .unwrap()
}

fn warning() -> IssueWarning {
    IssueWarning {
        fraud_type: "F01".into(),
        level: "3".into(),
        text: "有人冒充客服退款,不要转账,立即拨打110".into(),
        expires_on: "2026-12-31".into(),
        reason: "县局通报".into(),
        ..IssueWarning::default()
    }
}

#[test]
fn a_warning_is_one_record_a_grid_that_lists_only_its_own_households() {
    let place = Place::inline();
    let ids = households(&place, &[GRID, GRID, GRID_BESIDE, GRID_FAR]);
    let mut to_town = warning();
    to_town.scopes = vec![TOWN];
    // Named once more by hand: still once.
    to_town.households = vec![ids[0]];
    let issued = issue_warning(&place.relay, &supervisor(), to_town).unwrap();
    assert_eq!((issued.warnings.len(), issued.households), (2, 3));
    for id in &issued.warnings {
        let record = held(&place, *id).unwrap();
        assert_eq!(record.state.code, "W10");
        assert_eq!(
            record.fields.text("campaign"),
            Some(issued.campaign.as_str())
        );
        let listed: Vec<_> = record.fields.members("households").collect();
        let own: Vec<String> = match record.scope {
            Some(GRID) => vec![ids[0].to_string(), ids[1].to_string()],
            Some(GRID_BESIDE) => vec![ids[2].to_string()],
            other => panic!("{other:?}"),
        };
        assert_eq!(listed, own);
    }
    assert_eq!(audited(&place, &issued.campaign), ["issue_warning"]);
}

#[test]
fn a_warning_without_hearers_outside_the_town_or_with_a_link_is_not_sent() {
    let place = Place::inline();
    let ids = households(&place, &[GRID, GRID_FAR]);
    let send = |change: &dyn Fn(&mut IssueWarning)| {
        let mut warning = warning();
        change(&mut warning);
        issue_warning(&place.relay, &supervisor(), warning)
    };
    let field = |result: Result<IssuedWarning, CommandError>| match result {
        Err(CommandError::BadInput { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(send(&|_| {})), "households");
    let to = |w: &mut IssueWarning| w.households = vec![ids[0]];
    assert_eq!(
        field(send(&|w| {
            to(w);
            w.text = "见 https://a.cn".into()
        })),
        "text"
    );
    assert_eq!(
        field(send(&|w| {
            to(w);
            w.advice = "致电13900000000".into()
        })),
        "advice"
    );
    assert_eq!(
        field(send(&|w| {
            to(w);
            w.text = " ".into()
        })),
        "text"
    );
    assert_eq!(
        field(send(&|w| {
            to(w);
            w.expires_on = "2026-11-01".into()
        })),
        "expires_on"
    );
    assert_eq!(
        field(send(&|w| {
            to(w);
            w.expires_on = "soon".into()
        })),
        "expires_on"
    );
    let far = send(&|w| w.households = vec![ids[1]]);
    assert!(matches!(far, Err(CommandError::NotFound)));
    let far = send(&|w| w.scopes = vec![OTHER_TOWN]);
    assert!(matches!(far, Err(CommandError::NotFound)));
}

#[test]
fn a_quarantined_change_is_admitted_or_rejected_with_a_reason_that_its_author_reads() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let outside = phone.visit(GRID_BESIDE);
    phone.sync(&place);
    let rows = place
        .relay
        .store
        .read::<_, StoreError>(|tx| tx.quarantine(Some(QuarantineState::Waiting), None, None, 10))
        .unwrap();
    let [row] = &rows[..] else {
        panic!("{rows:?}");
    };
    let stranger = actor(Role::Admin, OTHER_TOWN);
    assert!(matches!(
        admit(&place.relay, &stranger, row.id, "x"),
        Err(CommandError::NotFound)
    ));
    let without = reject(&place.relay, &supervisor(), row.id, "");
    assert!(matches!(
        without,
        Err(CommandError::BadInput {
            field: "reason",
            ..
        })
    ));
    assert_eq!(
        admit(&place.relay, &supervisor(), row.id, "确实去过").unwrap(),
        [row.id]
    );
    assert!(held(&place, outside).is_some());
    let again = reject(&place.relay, &supervisor(), row.id, "x");
    assert!(matches!(again, Err(CommandError::Conflict)));
    assert_eq!(audited(&place, &row.id.to_string()), ["admit"]);
}
