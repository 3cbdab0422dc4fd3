//! Which role may do what. One table, asked by every command before anything else.

use crate::account::Role;

/// What a person may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// See records of the own scope, masked.
    Read,
    /// Uncover identity data of one record; audited.
    Reveal,
    /// Decide about a record: return, approve, assign, escalate, transfer, agree, resolve, reopen, settle.
    Decide,
    /// Send a fraud warning.
    Warn,
    /// Admit or reject a quarantined change.
    JudgeQuarantine,
    /// Workers of the own scope: grants, tickets, lost phones, unlock codes.
    Equip,
    /// Erase a record for good.
    Erase,
    /// Users, tokens, devices, organisation.
    Administer,
}

/// Whether `role` may do `act` within its own scope.
pub fn allows(role: Role, act: Act) -> bool {
    match act {
        Act::Read => true,
        Act::Reveal | Act::Decide | Act::Warn | Act::JudgeQuarantine | Act::Equip => {
            role != Role::Viewer
        }
        Act::Erase | Act::Administer => role == Role::Admin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_only_reads_and_a_supervisor_does_not_administer() {
        assert!(allows(Role::Viewer, Act::Read));
        for act in [
            Act::Reveal,
            Act::Decide,
            Act::Warn,
            Act::JudgeQuarantine,
            Act::Equip,
            Act::Erase,
            Act::Administer,
        ] {
            assert!(!allows(Role::Viewer, act), "{act:?}");
            assert!(allows(Role::Admin, act), "{act:?}");
        }
        assert!(!allows(Role::Supervisor, Act::Administer));
        assert!(allows(Role::Supervisor, Act::Decide));
    }
}
