//! What workers do: new records, changes of what several share, and going on with their own.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use xunge_core::store::{Save, SyncState};
use xunge_protocol::{Confidence, RecordId, ScopeId};
use xunge_records::{EventBody, Kind, Value, Verb};

use crate::ledger::FIELD_OF_A_NEWER_APP;
use crate::review::NO_CODE;
use crate::world::{START, World};

/// Which of five phones has an app of a newer version.
const NEWER_APP: usize = 4;

impl World {
    pub(crate) fn save(&mut self, n: usize) {
        let token = self.ledger.say();
        let file = self.random.random_bool(0.15).then(|| self.photograph(n));
        // A worker who was moved may still write where the phone does not know of it yet.
        for grid in self.phones[n].grids.clone().into_iter().rev() {
            let (kind, mut fields) = self.something_to_save(grid, &token);
            if let Some((value, _)) = &file {
                fields.push(("photo".into(), value.clone()));
            }
            let is_newer = n % 5 == NEWER_APP;
            if is_newer {
                let beside = Value::from(token.as_str());
                fields.push((FIELD_OF_A_NEWER_APP.into(), beside));
            }
            if self.phones[n].save_new(grid, kind, fields).is_some() {
                self.counts.count("save");
                if is_newer {
                    self.counts.count("unknown fields of a newer app");
                    self.ledger.newer(token.clone());
                }
                let worker = self.phones[n].worker;
                self.ledger.saved(token, worker, file.map(|(_, file)| file));
                break;
            }
        }
        self.check_phone(n);
    }

    /// A visit or a dispute that says `token`.
    pub(crate) fn something_to_save(
        &mut self,
        grid: ScopeId,
        token: &str,
    ) -> (Kind, Vec<(String, Value)>) {
        let text = |s: &str| Value::from(s);
        if self.random.random_bool(0.6) {
            let household = self.household_of(grid).to_string();
            let fields = vec![
                ("household".into(), Value::from(household)),
                ("visited_on".into(), text("2026-11-23")),
                ("purposes/VP08".into(), Value::from(true)),
                ("met".into(), text("MW01")),
                ("note".into(), text(token)),
            ];
            (Kind::Visit, fields)
        } else {
            // Now and then something that the town does not take.
            let scale = match self.random.random_bool(0.04) && self.backup.is_none() {
                true => Value::from(NO_CODE),
                false => text("01"),
            };
            let fields = vec![
                ("type".into(), text("07")),
                ("scale".into(), scale),
                ("source".into(), text("DS01")),
                ("place".into(), text(token)),
            ];
            (Kind::Dispute, fields)
        }
    }

    pub(crate) fn household_of(&mut self, grid: ScopeId) -> RecordId {
        let own: Vec<_> = self
            .households
            .iter()
            .filter(|(scope, _)| *scope == grid)
            .collect();
        own.choose(&mut self.random).unwrap().1
    }

    /// Several phones of a grid change the same field of the same few households.
    pub(crate) fn edit_household(&mut self, n: usize) {
        let household = self.household_of(self.phones[n].grid());
        if self.phones[n].store().record(&household).unwrap().is_none() {
            return;
        }
        self.counts.count("edit");
        // Never what stands there already: saving that changes nothing.
        let note = format!("备注{}", self.trace.len());
        self.phones[n].save(&Save::edit(household, Kind::Household).set("note", note));
        self.check_phone(n);
    }

    /// The worker continues a case of their own, and mends it if it was returned.
    pub(crate) fn add_to_own(&mut self, n: usize) {
        let phone = &self.phones[n];
        let own: Vec<_> = phone
            .wrote
            .iter()
            .filter_map(|id| {
                phone
                    .store()
                    .record(id)
                    .unwrap()
                    // What a supervisor refused begins anew, by an interview.
                    .filter(|r| r.kind == Kind::Dispute && !self.ledger.is_refused(&r.record))
            })
            .collect();
        let returned: Vec<_> = own
            .iter()
            .filter(|r| r.sync_state == SyncState::Returned)
            .collect();
        let Some(row) = returned
            .choose(&mut self.random)
            .copied()
            .or_else(|| own.choose(&mut self.random))
        else {
            return;
        };
        let verb = if row.sync_state == SyncState::Returned {
            Verb::Fix
        } else {
            Verb::Mediate
        };
        self.counts
            .count(if verb == Verb::Fix { "fix" } else { "mediate" });
        let mut save = Save::edit(row.record, Kind::Dispute);
        save.events
            .push(EventBody::new(verb, START, Confidence::Unsure));
        self.phones[n].save(&save);
        self.check_phone(n);
    }
}
