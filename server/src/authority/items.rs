//! System items: who may write where, what the organisation is called, and the data that phones share.

use xunge_protocol::system::{Grant, OrgNode, Resource, SignedCertificate, item_id};
use xunge_protocol::{Entry, EntryKind, Hash32, RecordId, ScopeId, WriterId, wire};

use super::{Authority, AuthorityError};
use crate::journal::Fact;

impl Authority<'_> {
    /// Writes a system item into a scope's log.
    pub fn write_system_item(
        &mut self,
        scope: ScopeId,
        record: RecordId,
        kind: EntryKind,
        body: Vec<u8>,
    ) -> Result<(), AuthorityError> {
        let hash = Hash32::of(&body);
        self.queue(scope, Entry { record, kind, body }, hash)
    }

    /// Grants a worker a scope from `grant.from`, in place of an earlier grant; or closes one, with `grant.until`.
    ///
    /// Before the grant, its scope's log gets the names of the places above it and the worker's certificates.
    pub fn grant(&mut self, grant: &Grant) -> Result<(), AuthorityError> {
        self.tx().put_grant(grant)?;
        self.note(Fact::granted(grant));
        self.write_places(grant.scope, grant.scope)?;
        for writer in self.tx().writers(Some(&grant.worker))? {
            self.certify_in(grant.scope, &writer.certificate)?;
        }
        let mut key = grant.scope.0.to_vec();
        key.extend_from_slice(grant.worker.as_bytes());
        self.write_system_item(
            grant.scope,
            item_id("grant", &key),
            EntryKind::GRANT,
            wire::encode(grant),
        )
    }

    /// Makes sure that a writer's certificate stands in a scope's log.
    pub(super) fn certify_in(
        &mut self,
        scope: ScopeId,
        certificate: &SignedCertificate,
    ) -> Result<(), AuthorityError> {
        let record = certificate.certificate.entry_id();
        self.write_if_new(
            scope,
            record,
            EntryKind::CERTIFICATE,
            wire::encode(certificate),
        )
    }

    /// Makes sure that the certificate of a known writer stands in a scope's log.
    pub(super) fn certify_writer_in(
        &mut self,
        scope: ScopeId,
        writer: WriterId,
    ) -> Result<(), AuthorityError> {
        match self.tx().writer(writer)? {
            Some(row) => self.certify_in(scope, &row.certificate),
            None => Ok(()),
        }
    }

    /// Sets a place's attributes from `node.from` on, and tells every scope below it that has workers.
    pub fn org_node(&mut self, node: &OrgNode) -> Result<(), AuthorityError> {
        self.tx().put_org_node(node)?;
        if node.parent.is_none() {
            self.write_places(node.scope, node.scope)?;
        }
        let subtree = self.tx().org_subtree(node.scope, self.now())?;
        let below: Vec<ScopeId> = subtree.iter().map(|below| below.scope).collect();
        for scope in &below {
            if !self.tx().grants_in(*scope)?.is_empty() {
                self.write_places(*scope, *scope)?;
            }
        }
        self.tell_places_to_guests(&below)
    }

    /// Writes the attributes of `place` and of the places above it into the log of `scope`, where they changed.
    pub(super) fn write_places(
        &mut self,
        place: ScopeId,
        scope: ScopeId,
    ) -> Result<(), AuthorityError> {
        let mut path = self.tx().org_path(place, self.now())?;
        path.reverse();
        for node in path {
            self.write_if_new(
                scope,
                item_id("org_node", &node.scope.0),
                EntryKind::ORG_NODE,
                wire::encode(&node),
            )?;
        }
        Ok(())
    }

    /// Publishes shared data in the county's log, as its next version. Nothing happens if the last version is equal.
    ///
    /// `name` is path-like (`codelists/visit_purpose.csv`). `content` must hold only what a phone may have.
    pub fn resource(&mut self, name: &str, content: Vec<u8>) -> Result<(), AuthorityError> {
        let scope = self.relay.county_scope();
        let record = item_id("resource", name.as_bytes());
        let last = match self.latest(scope, record)? {
            Some(body) => Some(
                wire::decode::<Resource>("resource", &body)
                    .map_err(crate::store::StoreError::from)?,
            ),
            None => None,
        };
        let version = match last {
            Some(last) if last.content == content => return Ok(()),
            Some(last) => last.version + 1,
            None => 1,
        };
        let resource = Resource {
            name: name.into(),
            version,
            content,
        };
        self.write_system_item(scope, record, EntryKind::RESOURCE, wire::encode(&resource))
    }

    pub(super) fn write_if_new(
        &mut self,
        scope: ScopeId,
        record: RecordId,
        kind: EntryKind,
        body: Vec<u8>,
    ) -> Result<(), AuthorityError> {
        if self.latest(scope, record)?.as_ref() == Some(&body) {
            return Ok(());
        }
        self.write_system_item(scope, record, kind, body)
    }

    /// The last body of a system item in a scope, this transaction's included.
    fn latest(&self, scope: ScopeId, record: RecordId) -> Result<Option<Vec<u8>>, AuthorityError> {
        let mut waiting = self.outgoing.get(&scope).into_iter().flatten().rev();
        if let Some((entry, _)) = waiting.find(|(e, _)| e.record == record) {
            return Ok(Some(entry.body.clone()));
        }
        Ok(self.tx().changes(scope, record)?.pop())
    }
}
