//! Makes a [`Dictionary`] out of examples: what occurs in many of them, the most frequent first.

use std::collections::{BTreeMap, BTreeSet};

use automerge::Change;
use automerge::legacy::OpType;

use super::change;
use super::dictionary::{Dictionary, Shape, Skeleton, Sort};
use super::value::Class;
use crate::ids::Hash32;
use crate::segment::{PulledEntry, PulledSegment};

/// What occurs in fewer examples is not worth its place.
const LEAST_EXAMPLES: usize = 3;
/// Longest string that is known beforehand; longer ones are for the compressor's own dictionary.
const MOST_STRING: usize = 24;
/// Most shapes that are known beforehand.
const MOST_SHAPES: usize = 250;
/// Most strings that are known beforehand.
const MOST_STRINGS: usize = 600;

/// The first change of a kind's documents, from its bytes; none if they are no change.
pub fn skeleton(kind: u8, bytes: &[u8]) -> Option<Skeleton> {
    let change = Change::from_bytes(bytes.to_vec()).ok()?;
    Some(Skeleton {
        kind,
        actor: change.actor_id().to_bytes().to_vec(),
        hash: Hash32(change.hash().0),
        operations: change.len() as u64,
    })
}

/// How often something occurs, and in how many examples.
#[derive(Debug)]
struct Count<T>(BTreeMap<T, (usize, BTreeSet<usize>)>);

impl<T: Ord + Clone> Count<T> {
    fn add(&mut self, thing: T, example: usize) {
        let (n, examples) = self.0.entry(thing).or_default();
        *n += 1;
        examples.insert(example);
    }

    fn best(&self, most: usize) -> Vec<T> {
        let mut all: Vec<_> = self
            .0
            .iter()
            .filter(|(_, (_, examples))| examples.len() >= LEAST_EXAMPLES)
            .collect();
        all.sort_by_key(|(thing, (n, _))| (std::cmp::Reverse(*n), (*thing).clone()));
        let best = all.into_iter().take(most);
        best.map(|(thing, _)| thing.clone()).collect()
    }
}

/// Learns from `examples`, each the segments of one batch, the kinds of which have `skeletons`.
pub fn learn(skeletons: Vec<Skeleton>, examples: &[Vec<PulledSegment>]) -> Dictionary {
    let mut dictionary = Dictionary {
        skeletons,
        ..Dictionary::default()
    };
    let mut strings = Count(BTreeMap::<String, _>::new());
    let mut sorts = Count(BTreeMap::<Sort, _>::new());
    let mut shapes = Count(BTreeMap::<(u8, Vec<Sort>), _>::new());
    for (n, example) in examples.iter().enumerate() {
        for segment in example {
            for pulled in &segment.entries {
                let PulledEntry::Body { entry, .. } = pulled else {
                    continue;
                };
                let Some(plan) = change::plan(entry, &segment.header, &dictionary) else {
                    continue;
                };
                for (op, sort) in plan.operations() {
                    sorts.add(sort.clone(), n);
                    if let (OpType::Put(value), Some(Class::Text)) =
                        (&op.action, Class::from_number(sort.class))
                        && let Some(text) = value.as_str()
                        && text.len() <= MOST_STRING
                    {
                        strings.add(text.to_owned(), n);
                    }
                }
                shapes.add(plan.shape(), n);
            }
        }
    }
    dictionary.strings = strings.best(MOST_STRINGS);
    dictionary.sorts = sorts.best(usize::MAX);
    let place = |sort: &Sort| dictionary.sorts.iter().position(|s| s == sort);
    let known = shapes.best(MOST_SHAPES).into_iter();
    let known = known.filter_map(|(kind, sorts)| {
        let sorts = sorts.iter().map(|s| Some(place(s)? as u32));
        Some(Shape {
            kind,
            sorts: sorts.collect::<Option<_>>()?,
        })
    });
    let shapes = known.collect();
    dictionary.shapes = shapes;
    dictionary
}
