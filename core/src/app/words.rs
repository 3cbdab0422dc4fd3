//! Records, codes and times in the words of the phone's locale.

use std::sync::Arc;

use jiff::tz::{Offset, TimeZone};
use xunge_protocol::{RecordId, ScopeId, Timestamp};
use xunge_records::model::field::{Field, FieldType};
use xunge_records::{CodeList, CodeLists, Kind, MediaRef, Value};

use super::error::AppError;
use super::phone::Phone;
use super::session::Session;
use crate::locale::{Catalog, Locale, Phrase};
use crate::store::Store;

/// Days and times are those of China, which has one zone and no daylight saving.
const CHINA: Offset = Offset::constant(8);

/// Puts things into words.
pub(super) struct Words {
    pub(super) locale: Locale,
    pub(super) lists: Arc<CodeLists>,
    store: Arc<Store>,
}

impl Phone {
    /// Words for the records of `session`.
    pub(super) fn words(&self, session: &Session) -> Result<Words, AppError> {
        Ok(Words {
            locale: self.locale(),
            lists: session.code_lists()?,
            store: session.store.clone(),
        })
    }
}

impl Words {
    /// The phrase of `key` with its placeholders filled.
    pub(super) fn phrase(&self, key: &str, values: &[(&str, &str)]) -> Phrase {
        Catalog::of(self.locale).phrase(key).with(values)
    }

    /// The text of `key`.
    pub(super) fn text(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.phrase(key, values).text
    }

    /// What is said aloud for `key`.
    pub(super) fn speech(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.phrase(key, values).speech
    }

    /// A code in words; the code itself where the list does not have it.
    pub(super) fn code(&self, list: &str, code: &str) -> String {
        let locale = list_locale(self.locale);
        let label = self.lists.label(list, code, locale);
        label.unwrap_or(code).to_owned()
    }

    /// Name of a kind of record.
    pub(super) fn kind(&self, kind: Kind) -> String {
        self.text(&format!("kind.{kind}"), &[])
    }

    /// Name of the field at `path`, whose parts are separated by slashes.
    pub(super) fn label(&self, kind: Kind, path: &str) -> String {
        self.text(&format!("field.{kind}.{}", path.replace('/', ".")), &[])
    }

    /// Minute of the day in China.
    pub(super) fn time(&self, at: Timestamp) -> String {
        let zoned = jiff::Timestamp::from_millisecond(at.0)
            .unwrap_or_default()
            .to_zoned(TimeZone::fixed(CHINA));
        let (month, day) = (zoned.month().to_string(), zoned.day().to_string());
        let clock = format!("{:02}:{:02}", zoned.hour(), zoned.minute());
        let values = [
            ("month", month.as_str()),
            ("day", day.as_str()),
            ("clock", clock.as_str()),
        ];
        self.text("time", &values)
    }

    /// A calendar date, given as ISO text; anything else as it is.
    pub(super) fn date(&self, iso: &str) -> String {
        match iso.parse::<jiff::civil::Date>() {
            Ok(date) => {
                let (month, day) = (date.month().to_string(), date.day().to_string());
                let values = [("month", month.as_str()), ("day", day.as_str())];
                self.text("date", &values)
            }
            Err(_) => iso.to_owned(),
        }
    }

    /// The value of a field; of a set, one of its members.
    pub(super) fn value(&self, ty: FieldType, value: &Value) -> String {
        match (ty, value) {
            (FieldType::Code(list) | FieldType::Codes(list), Value::Text(code)) => {
                self.code(list, code)
            }
            (FieldType::Record(_) | FieldType::Records(_), Value::Text(id)) => self.title_of(id),
            (FieldType::Scope, Value::Text(scope)) => scope
                .parse()
                .map_or_else(|_| scope.clone(), |s| self.place(s)),
            (FieldType::Media, Value::Text(media)) => self.text(media_key(media), &[]),
            (FieldType::Date, Value::Text(date)) => self.date(date),
            (_, Value::Text(text)) => text.clone(),
            (_, Value::Bool(true)) => self.text("value.yes", &[]),
            (_, Value::Bool(false)) => self.text("value.no", &[]),
            (_, Value::Int(n)) => n.to_string(),
            (_, Value::Float(x)) => x.to_string(),
        }
    }

    /// What a record is called in lists: its own title, or its household's, or its kind.
    pub(super) fn title(&self, kind: Kind, title: &str, door: Option<&str>) -> String {
        let name = [title, door.unwrap_or_default()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        match kind {
            _ if name.is_empty() => self.kind(kind),
            Kind::Household | Kind::Person | Kind::Warning => name,
            _ => {
                let kind = self.kind(kind);
                let values = [("kind", kind.as_str()), ("name", name.as_str())];
                self.text("title", &values)
            }
        }
    }

    /// Name of a place; a dash where this phone does not know it.
    pub(super) fn place(&self, scope: ScopeId) -> String {
        let node = self.store.org_node(scope).ok().flatten();
        node.map_or_else(|| "—".into(), |node| node.name)
    }

    /// Title of the record with this id; a dash where it is not on this phone.
    fn title_of(&self, id: &str) -> String {
        let row = id
            .parse::<RecordId>()
            .ok()
            .and_then(|id| self.store.record(&id).ok().flatten());
        match row {
            Some(row) => self.title(row.kind, &row.title, row.door.as_deref()),
            None => "—".into(),
        }
    }
}

impl Session {
    /// Code lists with the rows that may be on a phone: the county's newest, else those built in.
    pub(super) fn code_lists(&self) -> Result<Arc<CodeLists>, AppError> {
        let mut kept = self.lists.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(lists) = kept.as_ref() {
            return Ok(lists.clone());
        }
        let mut lists =
            CodeLists::embedded().map_err(|e| AppError::Internal(format!("code list: {e}")))?;
        for resource in self.store.resources("codelists/")? {
            let name = resource.name.trim_start_matches("codelists/");
            let name = name.trim_end_matches(".csv");
            // A list that the county got wrong must not stop the work: the one before it stays.
            match CodeList::parse(name, resource.version, &resource.content) {
                Ok(list) => drop(lists.replace(list)),
                Err(error) => tracing::warn!(%error, "a code list of the county is not used"),
            }
        }
        let lists = Arc::new(lists.for_phone());
        *kept = Some(lists.clone());
        Ok(lists)
    }

    /// Reads code lists and forms anew at the next use: the log may have brought others.
    pub(super) fn forget_resources(&self) {
        *self.lists.lock().unwrap_or_else(|e| e.into_inner()) = None;
        *self.forms.lock().unwrap_or_else(|e| e.into_inner()) = None;
        *self.dialect.lock().unwrap_or_else(|e| e.into_inner()) = None;
    }
}

/// The field of `kind` at `path`. For a member of a set, the set.
pub(super) fn field_at(kind: Kind, path: &str) -> Option<&'static Field> {
    let mut fields = kind.fields();
    for part in path.split('/') {
        let field = fields.iter().find(|f| f.name == part)?;
        match field.ty {
            FieldType::Group(inner) => fields = inner,
            _ => return Some(field),
        }
    }
    None
}

/// A time as ISO 8601 in UTC, to the millisecond.
pub(super) fn iso_time(at: Timestamp) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    format!("{time:.3}")
}

fn media_key(media: &str) -> &'static str {
    let audio = media
        .parse::<MediaRef>()
        .is_ok_and(|media| media.mime.starts_with("audio/"));
    if audio {
        "value.recording"
    } else {
        "value.picture"
    }
}

fn list_locale(locale: Locale) -> xunge_records::Locale {
    match locale {
        Locale::ZhCn => xunge_records::Locale::ZhCn,
        Locale::En => xunge_records::Locale::En,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_iso_in_utc() {
        assert_eq!(
            iso_time(Timestamp(1_764_000_000_000)),
            "2025-11-24T16:00:00.000Z"
        );
    }

    #[test]
    fn a_path_finds_its_field_through_groups_and_sets() {
        let name = |kind, path| field_at(kind, path).map(|f| f.name);
        assert_eq!(name(Kind::Dispute, "party_a/name"), Some("name"));
        assert_eq!(name(Kind::Visit, "purposes/VP01"), Some("purposes"));
        assert_eq!(name(Kind::Visit, "nothing"), None);
    }
}
