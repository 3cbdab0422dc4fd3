//! Faults that a disk is told to have.

/// What SQLite asks of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Open a file, or make it.
    Open,
    /// Read from a file.
    Read,
    /// Write to a file.
    Write,
    /// Cut a file, or lengthen it.
    Resize,
    /// Make a file durable.
    Sync,
    /// Remove a file.
    Delete,
}

impl Call {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Open,
        Self::Read,
        Self::Write,
        Self::Resize,
        Self::Sync,
        Self::Delete,
    ];
    /// Those that change something.
    pub const CHANGES: &[Self] = &[Self::Write, Self::Resize, Self::Sync, Self::Delete];
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// An I/O error. A write may have happened in part; what a failed sync should have written may be lost for good, though
    /// a read still shows it, and no later sync brings it: so do Linux's page cache and its file systems.
    Io,
    /// No room: a write happens in part.
    Full,
    /// A sync does nothing and says that it has. Other calls are served as usual.
    Lie,
}

/// A fault: which calls, from which one on, and what happens to them.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// The calls that count.
    pub on: &'static [Call],
    /// How many of them are served first.
    pub skip: u64,
    /// Whether all later ones have it too; else only one.
    pub sticky: bool,
    /// What happens.
    pub effect: Effect,
}

impl Fault {
    /// The call after the next `skip` ones of these kinds has `effect`, once.
    pub fn once(on: &'static [Call], skip: u64, effect: Effect) -> Self {
        Self {
            on,
            skip,
            sticky: false,
            effect,
        }
    }

    /// All calls of these kinds after the next `skip` ones have `effect`.
    pub fn from_then_on(on: &'static [Call], skip: u64, effect: Effect) -> Self {
        Self {
            sticky: true,
            ..Self::once(on, skip, effect)
        }
    }
}

/// The faults of a disk, and how often they came.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    planned: Vec<Fault>,
    pub(crate) calls: u64,
    pub(crate) fired: u64,
}

impl Faults {
    pub(crate) fn plan(&mut self, fault: Fault) {
        self.planned.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.planned.clear();
    }

    /// What happens to this call.
    pub(crate) fn fate(&mut self, call: Call) -> Option<Effect> {
        self.calls += 1;
        let mut fate = None;
        self.planned.retain_mut(|fault| {
            if !fault.on.contains(&call) {
                return true;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return true;
            }
            fate.get_or_insert(fault.effect);
            fault.sticky
        });
        if fate == Some(Effect::Lie) && call != Call::Sync {
            return None;
        }
        self.fired += u64::from(fate.is_some());
        fate
    }
}
