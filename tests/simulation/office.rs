//! What the town does at its own desk, through the commands of the real relay: organises, enrols, decides, erases, revokes.

use xunge_protocol::enrolment::Ticket;
use xunge_protocol::system::{Grant, OrgNode};
use xunge_protocol::{RecordId, ScopeId, WriterId};
use xunge_records::{FormRef, Kind, Verb};
use xunge_server::authority::{self, Draft, NewTicket};
use xunge_server::store::EntryId;

use crate::relay::{Refused, SimRelay};

impl SimRelay {
    /// The county with `grids` grids.
    pub(crate) fn organise(&self, grids: usize) -> Vec<ScopeId> {
        let county = self.county;
        authority::command(self.relay(), move |a, _| {
            let now = a.now();
            let node = |scope, parent, level: &str, n: usize| OrgNode {
                scope,
                parent,
                level: level.into(),
                code: format!("999999{n:09}"),
                name: format!("网格{n}"),
                from: now,
                help_phone: None,
            };
            a.org_node(&node(county, None, "1", 0))?;
            let mut scopes = Vec::new();
            for n in 1..=grids {
                let scope = ScopeId([n as u8; 8]);
                a.org_node(&node(scope, Some(county), "4", n))?;
                scopes.push(scope);
            }
            Ok::<_, Refused>(scopes)
        })
        .unwrap()
    }

    /// A household of `grid`, written by the relay.
    pub(crate) fn household(&self, grid: ScopeId, n: usize) -> RecordId {
        authority::command(self.relay(), move |a, _| {
            let draft = Draft::default()
                .set("door", format!("{n}号"))
                .set("head_name", format!("户主{n}"));
            let form = FormRef {
                id: "import".into(),
                version: 1,
            };
            Ok::<_, Refused>(a.open(grid, Kind::Household, form, draft)?.id)
        })
        .unwrap()
    }

    /// A ticket for a new worker with a grant for `grid`.
    pub(crate) fn ticket(&self, grid: ScopeId, name: String) -> Ticket {
        authority::command(self.relay(), move |a, _| {
            let worker = a.add_worker(&name)?;
            let from = a.now();
            a.grant(&Grant {
                worker: worker.id.clone(),
                scope: grid,
                from,
                until: None,
                drain_days: 30,
            })?;
            let url = "http://relay.invalid".into();
            Ok::<_, Refused>(a.ticket(&NewTicket {
                worker: worker.id,
                url,
                lifetime_ms: 3_600_000,
                pins: Vec::new(),
            })?)
        })
        .unwrap()
    }

    /// A ticket for a worker who is known: their device forgot who it was.
    pub(crate) fn ticket_for(&self, worker: String) -> Ticket {
        authority::command(self.relay(), move |a, _| {
            Ok::<_, Refused>(a.ticket(&NewTicket {
                worker,
                url: "http://relay.invalid".into(),
                lifetime_ms: 3_600_000,
                pins: Vec::new(),
            })?)
        })
        .unwrap()
    }

    /// The county publishes shared data.
    pub(crate) fn publish(&self, name: &'static str, content: String) {
        authority::command(self.relay(), move |a, _| {
            a.resource(name, content.into_bytes())?;
            Ok::<_, Refused>(())
        })
        .unwrap();
    }

    /// A supervisor does `verb` to a case, if that is possible in its turn.
    pub(crate) fn supervise(
        &self,
        record: RecordId,
        verb: Verb,
        who: (&'static str, &'static str),
    ) -> bool {
        authority::command(self.relay(), move |a, _| {
            let mut body = a.event(verb, Some(who));
            body.reason = Some("请补充".into());
            body.note = Some("缺地点，请说一句".into());
            a.write(record, None, Draft::default().event(body))?;
            Ok::<_, Refused>(())
        })
        .is_ok()
    }

    /// A supervisor erases a record. Repeating it changes nothing.
    pub(crate) fn erase(&self, record: RecordId) {
        authority::command(self.relay(), move |a, _| {
            a.erase(record)?;
            Ok::<_, Refused>(())
        })
        .unwrap();
    }

    /// A supervisor lets an entry in after all. False if it cannot be admitted now.
    pub(crate) fn admit(&self, id: EntryId) -> bool {
        authority::command(self.relay(), move |a, _| {
            a.admit(id, "周主任", "核对过")?;
            Ok::<_, Refused>(())
        })
        .is_ok()
    }

    /// A supervisor rejects an entry for good: how many fell, or none if it is not to be decided.
    pub(crate) fn reject(&self, id: EntryId) -> Option<usize> {
        let rejected = authority::command(self.relay(), move |a, _| {
            Ok::<_, Refused>(a.reject(id, "周主任", "写错了")?.len())
        });
        rejected.ok()
    }

    /// A supervisor revokes a phone, with all that it was.
    pub(crate) fn revoke(&self, writer: WriterId) {
        authority::command(self.relay(), move |a, _| {
            let row = a.tx().writer(writer)?.ok_or("no such writer")?;
            a.revoke(&row)?;
            Ok::<_, Refused>(())
        })
        .unwrap();
    }

    /// A worker goes from one grid to another.
    pub(crate) fn move_worker(&self, worker: String, from: ScopeId, to: ScopeId) {
        authority::command(self.relay(), move |a, _| {
            let now = a.now();
            let held = a.tx().grant(&worker, from)?.ok_or("no grant")?;
            a.grant(&Grant {
                until: Some(now),
                ..held
            })?;
            a.grant(&Grant {
                worker,
                scope: to,
                from: now,
                until: None,
                drain_days: 30,
            })?;
            Ok::<_, Refused>(())
        })
        .unwrap();
    }
}
