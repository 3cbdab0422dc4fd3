//! The first change of every document: the skeleton of its kind, the same bytes on every device.
//!
//! The bytes are frozen data under `fixtures/golden/genesis/`. They are never sent: whoever opens a document begins with
//! them, so that two people who open the same record without seeing each other write into the same maps.

use automerge::{ActorId, ObjId};

use crate::model::kind::Kind;

/// Key of the map of fields.
pub const FIELDS: &str = "f";
/// Key of the map of events.
pub const EVENTS: &str = "e";
/// Key of the kind's name.
pub const KIND: &str = "k";
/// Key of the scope, set by the opening change.
pub const SCOPE: &str = "s";
/// Key of the form, set by the opening change.
pub const FORM: &str = "form";

/// Operation that made the map of fields.
pub(crate) const FIELDS_OP: u64 = 1;
/// Operation that made the map of events.
pub(crate) const EVENTS_OP: u64 = 2;

/// The actor of a kind's genesis: `g`, the kind's number, the version of the skeleton. Three bytes, so that it can never
/// be a writer's, which has nine.
pub fn actor(kind: Kind) -> ActorId {
    ActorId::from([b'g', kind.entry_kind().0, 1])
}

/// The kind whose genesis has `actor`.
pub(crate) fn kind_of(actor: &ActorId) -> Option<Kind> {
    Kind::ALL.into_iter().find(|k| &self::actor(*k) == actor)
}

/// The change, as an uncompressed chunk.
pub fn bytes(kind: Kind) -> &'static [u8] {
    macro_rules! golden {
        ($name:literal) => {
            include_bytes!(concat!(
                "../../../../fixtures/golden/genesis/",
                $name,
                ".change"
            ))
        };
    }
    match kind {
        Kind::Household => golden!("household"),
        Kind::Person => golden!("person"),
        Kind::Visit => golden!("visit"),
        Kind::Dispute => golden!("dispute"),
        Kind::Warning => golden!("warning"),
        Kind::WarningAck => golden!("warning_ack"),
        Kind::Request => golden!("request"),
    }
}

/// The map that operation `op` of the genesis made.
pub(crate) fn map(kind: Kind, op: u64) -> ObjId {
    ObjId::Id(op, actor(kind), 0)
}

#[cfg(test)]
mod tests {
    use automerge::transaction::{CommitOptions, Transactable};
    use automerge::{Automerge, ObjType, ROOT};

    use super::*;

    /// The skeleton, made anew.
    fn made(kind: Kind) -> Vec<u8> {
        let mut doc = Automerge::new().with_actor(actor(kind));
        let mut tx = doc.transaction();
        tx.put_object(ROOT, FIELDS, ObjType::Map).unwrap();
        tx.put_object(ROOT, EVENTS, ObjType::Map).unwrap();
        tx.put(ROOT, KIND, kind.name()).unwrap();
        tx.commit_with(CommitOptions::default().with_time(0));
        doc.get_last_local_change().unwrap().raw_bytes().to_vec()
    }

    #[test]
    fn the_frozen_genesis_of_each_kind_is_what_automerge_makes() {
        for kind in Kind::ALL {
            assert_eq!(bytes(kind), made(kind), "{kind}");
        }
    }

    #[test]
    fn a_genesis_actor_names_its_kind_and_no_writer() {
        for kind in Kind::ALL {
            assert_eq!(kind_of(&actor(kind)), Some(kind));
            assert_ne!(actor(kind).to_bytes().len(), 9);
        }
    }
}
