//! The organisation as a page needs it: names of places with what lies above them, and what the user sees.

use std::collections::{BTreeMap, BTreeSet};

use xunge_protocol::system::OrgNode;
use xunge_protocol::{ScopeId, Timestamp};

use super::view::Choosable;
use crate::store::{Organisation, StoreResult};

/// Code of `org_level` for a town.
pub const TOWN: &str = "2";
/// For a village.
pub const VILLAGE: &str = "3";
/// For a grid.
pub const GRID: &str = "4";

/// All places at one moment, and those that one user sees.
pub struct Places {
    nodes: BTreeMap<ScopeId, OrgNode>,
    children: BTreeMap<ScopeId, Vec<ScopeId>>,
    root: ScopeId,
    seen: BTreeSet<ScopeId>,
}

impl Places {
    /// The places as they are at `at`, for a user of `root`.
    pub fn read(tx: &dyn Organisation, root: ScopeId, at: Timestamp) -> StoreResult<Self> {
        let mut places = Self {
            nodes: BTreeMap::new(),
            children: BTreeMap::new(),
            root,
            seen: BTreeSet::new(),
        };
        // By level and code: so children are in the order of their codes.
        for node in tx.org_nodes(at)? {
            if let Some(parent) = node.parent {
                places.children.entry(parent).or_default().push(node.scope);
            }
            places.nodes.insert(node.scope, node);
        }
        places.seen = places.below(root).into_iter().collect();
        Ok(places)
    }

    /// The user's own place.
    pub fn root(&self) -> ScopeId {
        self.root
    }

    /// A place.
    pub fn get(&self, scope: ScopeId) -> Option<&OrgNode> {
        self.nodes.get(&scope)
    }

    /// Whether the user sees a place.
    pub fn sees(&self, scope: ScopeId) -> bool {
        self.seen.contains(&scope)
    }

    /// All that the user sees.
    pub fn seen(&self) -> Vec<ScopeId> {
        self.seen.iter().copied().collect()
    }

    /// A place and all below it, the place first.
    pub fn below(&self, scope: ScopeId) -> Vec<ScopeId> {
        let mut found = vec![scope];
        let mut next = 0;
        while let Some(scope) = found.get(next).copied() {
            for child in self.children.get(&scope).into_iter().flatten() {
                // A circle would be an error of an import; it must not hang the relay.
                if !found.contains(child) {
                    found.push(*child);
                }
            }
            next += 1;
        }
        found
    }

    /// The places right below one.
    pub fn children(&self, scope: ScopeId) -> impl Iterator<Item = &OrgNode> {
        let children = self.children.get(&scope).into_iter().flatten();
        children.filter_map(|child| self.nodes.get(child))
    }

    /// Name of a place alone.
    pub fn name(&self, scope: ScopeId) -> String {
        self.nodes
            .get(&scope)
            .map_or_else(|| scope.to_string(), |node| node.name.clone())
    }

    /// Name with those above it that the user's own place does not say already.
    pub fn full_name(&self, scope: ScopeId) -> String {
        let mut names = Vec::new();
        let mut next = Some(scope);
        while let Some(node) = next.and_then(|scope| self.nodes.get(&scope)) {
            if node.scope == self.root && !names.is_empty() || names.len() > 8 {
                break;
            }
            names.push(node.name.as_str());
            next = node.parent.filter(|_| node.level.as_str() > TOWN);
        }
        // A grid's name mostly begins with its village's.
        let mut full = String::new();
        for name in names.iter().rev() {
            let rest = name.strip_prefix(full.as_str()).unwrap_or(name);
            full.push_str(rest);
        }
        full
    }

    /// From the user's own place down to `scope`.
    pub fn path(&self, scope: ScopeId) -> Vec<&OrgNode> {
        let mut path = Vec::new();
        let mut next = Some(scope);
        while let Some(node) = next.and_then(|scope| self.nodes.get(&scope)) {
            path.push(node);
            if node.scope == self.root || path.len() > 8 {
                break;
            }
            next = node.parent;
        }
        path.reverse();
        path
    }

    /// Places to choose from: the user's own, and below it down to `level`, indented.
    pub fn choices(&self, chosen: ScopeId, level: &str) -> Vec<Choosable> {
        let mut choices = Vec::new();
        self.choose(self.root, chosen, level, 0, &mut choices);
        choices
    }

    fn choose(
        &self,
        scope: ScopeId,
        chosen: ScopeId,
        level: &str,
        depth: usize,
        choices: &mut Vec<Choosable>,
    ) {
        let Some(node) = self.nodes.get(&scope) else {
            return;
        };
        if node.level.as_str() > level || depth > 8 {
            return;
        }
        choices.push(Choosable {
            value: scope.to_string(),
            label: format!("{}{}", "\u{3000}".repeat(depth), node.name),
            chosen: scope == chosen,
        });
        for child in self.children.get(&scope).into_iter().flatten() {
            self.choose(*child, chosen, level, depth + 1, choices);
        }
    }
}
