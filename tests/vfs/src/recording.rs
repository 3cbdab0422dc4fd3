//! What a disk did, to be gone through change by change, with an image of a power cut wherever one is wanted.

use crate::contents::Contents;
use crate::model::{Model, Op};

/// Everything that a disk did since [`crate::Disk::record`].
#[derive(Debug, Clone)]
pub struct Recording {
    pub(crate) base: Model,
    pub(crate) ops: Vec<Op>,
}

impl Recording {
    /// Changes in it: writes, syncs, new and deleted files.
    pub fn changes(&self) -> usize {
        self.ops.iter().filter(|op| op.is_change()).count()
    }

    /// Goes through it from the beginning.
    pub fn replay(&self) -> Replay<'_> {
        let mut replay = Replay {
            model: self.base.clone(),
            ops: &self.ops,
            next: 0,
            marked: None,
        };
        replay.take_marks();
        replay
    }
}

/// A recording up to some change.
#[derive(Debug, Clone)]
pub struct Replay<'a> {
    model: Model,
    ops: &'a [Op],
    next: usize,
    marked: Option<u64>,
}

impl Replay<'_> {
    /// Lets the next change happen. False if there was none left.
    pub fn step(&mut self) -> bool {
        let Some(op) = self.ops.get(self.next) else {
            return false;
        };
        self.model.apply(op);
        self.next += 1;
        self.take_marks();
        true
    }

    /// The last number that was marked before this point.
    pub fn marked(&self) -> Option<u64> {
        self.marked
    }

    /// What a power cut here might leave. Equal seeds give equal images.
    pub fn image(&self, seed: u64) -> Contents {
        self.model.image(seed)
    }

    /// What programs see here, which is also what a killed process leaves.
    pub fn contents(&self) -> Contents {
        self.model.contents()
    }

    fn take_marks(&mut self) {
        while let Some(Op::Mark { number }) = self.ops.get(self.next) {
            self.marked = Some(*number);
            self.next += 1;
        }
    }
}
