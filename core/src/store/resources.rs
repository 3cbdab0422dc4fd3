//! Shared data of the county by name: what the log brought, else what is built in.

use rusqlite::{OptionalExtension as _, Transaction};
use xunge_protocol::system::Resource;
use xunge_records::MediaRef;
use xunge_records::lists::DialectPack;

use super::{Store, StoreError};

macro_rules! code_lists {
    ($($name:literal)*) => {
        &[$((
            concat!("codelists/", $name, ".csv"),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/codelists/", $name, ".csv")),
        )),*]
    };
}

/// Code lists as they were when this program was built: version 0.
const BUILT_IN: &[(&str, &str)] = code_lists!(
    "ack_method" "case_level" "case_nature" "dispute_source" "dispute_state" "dispute_type" "event_scale"
    "family_relation" "fraud_type" "fraud_warning_level" "fraud_warning_state" "hazard_type" "household_flag"
    "household_tier" "marital" "mediation_dossier" "met_who" "org_level" "party_category" "party_willing"
    "person_category" "points_reason" "record_state" "request_type" "resolution_method" "risk_colour"
    "service_need" "service_ten_small" "sex" "time_limit_preset" "visit_interval_preset" "visit_purpose"
);

impl Store {
    /// The resource `name`, for instance `codelists/sex.csv` or `forms/visit.json`: the county's newest, else the one
    /// built in (version 0; code lists only), else `None`.
    pub fn resource(&self, name: &str) -> Result<Option<Resource>, StoreError> {
        self.read(|tx| resource(tx, name))
    }

    /// All resources whose name begins with `prefix`, by name, each in its newest version.
    pub fn resources(&self, prefix: &str) -> Result<Vec<Resource>, StoreError> {
        self.read(|tx| {
            let mut names: Vec<String> = tx
                .prepare_cached("SELECT name FROM resource")?
                .query_map((), |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            names.extend(BUILT_IN.iter().map(|(name, _)| (*name).to_owned()));
            names.retain(|name| name.starts_with(prefix));
            names.sort();
            names.dedup();
            let mut all = Vec::with_capacity(names.len());
            for name in names {
                all.extend(resource(tx, &name)?);
            }
            Ok(all)
        })
    }
}

pub(super) fn resource(tx: &Transaction<'_>, name: &str) -> Result<Option<Resource>, StoreError> {
    let kept = tx
        .prepare_cached("SELECT version, content FROM resource WHERE name = ?1")?
        .query_row([name], |row| {
            Ok(Resource {
                name: name.to_owned(),
                version: row.get(0)?,
                content: row.get(1)?,
            })
        })
        .optional()?;
    Ok(kept.or_else(|| {
        let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Some(Resource {
            name: (*name).to_owned(),
            version: 0,
            content: text.as_bytes().to_vec(),
        })
    }))
}

/// Keeps a resource of the county log unless a newer version is here; whether it did.
pub(super) fn keep(tx: &Transaction<'_>, resource: &Resource) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "INSERT INTO resource VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET version = ?2, content = ?3 WHERE ?2 >= version",
        )?
        .execute((&resource.name, resource.version, &resource.content))?;
    Ok(changed > 0)
}

/// The files that come with a resource, all to be fetched: recordings of the county's dialect.
pub(super) fn recordings(resource: &Resource) -> Vec<(MediaRef, bool)> {
    if !DialectPack::is_named(&resource.name) {
        return Vec::new();
    }
    match DialectPack::parse(&resource.content) {
        Ok(pack) => pack
            .files()
            .into_iter()
            .map(|media| (media, true))
            .collect(),
        // It must not stop the log: the phone speaks as before.
        Err(error) => {
            tracing::warn!(%error, "the county's recordings cannot be read");
            Vec::new()
        }
    }
}
