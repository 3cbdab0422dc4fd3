//! The worker's records: the list, and one with everything that happened to it.

use std::fs::File;
use std::io::BufWriter;

use xunge_protocol::{Hash32, RecordId};
use xunge_records::model::field::{Field, FieldType};
use xunge_records::{Effect, FieldValue, FoldedEvent, Kind, MediaRef, Record, Value, Verb};

use super::error::AppError;
use super::phone::Phone;
use super::session::Session;
use super::view::{
    FieldView, NoteView, RecordFilter, RecordSummary, RecordView, StateView, TimelineEvent,
};
use super::words::{Words, iso_time};
use crate::store::{Draft, RecordQuery, RecordRow, Sharing, StoreError, SyncState};

impl Phone {
    /// Drafts, then records, the latest begun first. Without a kind, the worker's own; with one, all of it on this phone.
    ///
    /// Errors: `unknown_kind`, `unknown_sync_state`, `unknown_record` for an `after` that is not there.
    pub fn records(&self, filter: &RecordFilter) -> Result<Vec<RecordSummary>, AppError> {
        let session = self.session()?;
        let words = self.words(&session)?;
        let kind = filter.kind.as_deref().map(kind_named).transpose()?;
        let state = filter.sync_state.as_deref().map(state_named).transpose()?;
        let after = filter.after.as_deref().map(place).transpose()?;
        let limit = filter.limit.map_or(usize::MAX, |limit| limit as usize);

        let mut list = Vec::new();
        let drafts_wanted = state.is_none_or(|s| s == SyncState::Draft);
        if drafts_wanted && !matches!(after, Some(Place::Record(_))) {
            let drafts = session.store.drafts()?;
            let from = match &after {
                Some(Place::Draft(id)) => match drafts.iter().position(|d| d.id == *id) {
                    Some(at) => at + 1,
                    None => return Err(AppError::UnknownRecord(id.clone())),
                },
                _ => 0,
            };
            let drafts = drafts.iter().skip(from);
            let of_kind = drafts.filter(|d| kind.is_none_or(|k| k.name() == d.kind));
            list.extend(of_kind.take(limit).map(|d| draft_summary(&words, d)));
        }
        if list.len() < limit && state != Some(SyncState::Draft) {
            let after = match after {
                Some(Place::Record(id)) => {
                    if session.store.record(&id)?.is_none() {
                        return Err(AppError::UnknownRecord(id.to_string()));
                    }
                    Some(id)
                }
                _ => None,
            };
            let query = RecordQuery {
                kind,
                sync_state: state,
                own: kind.is_none(),
                subject: None,
                limit: u32::try_from(limit - list.len()).unwrap_or(0),
                after,
            };
            let rows = session.store.records(&query)?;
            list.extend(rows.iter().map(|row| summary(&words, row)));
        }
        Ok(list)
    }

    /// One record, or a draft by the id of its interview.
    ///
    /// Errors: `unknown_record`.
    pub fn record(&self, record: &str) -> Result<RecordView, AppError> {
        let session = self.session()?;
        let words = self.words(&session)?;
        let id = match place(record)? {
            Place::Record(id) => id,
            Place::Draft(id) => {
                let draft = session.store.draft(&id)?;
                let draft = draft.ok_or(AppError::UnknownRecord(id))?;
                return Ok(draft_view(&words, &draft));
            }
        };
        let unknown = || AppError::UnknownRecord(record.to_owned());
        let row = session.store.record(&id)?.ok_or_else(unknown)?;
        let record = session.store.load_record(&id)?.ok_or_else(unknown)?;
        let summary = summary(&words, &row);
        let (reason, remedy) = self.remedy(&session, &words, &row)?;
        let number = record.state.number.clone();
        Ok(RecordView {
            sync_text: words.text(&format!("sync_state.{}", row.sync_state.name()), &[]),
            number_text: row.kind.is_case().then(|| {
                number
                    .clone()
                    .unwrap_or_else(|| words.text("number.pending", &[]))
            }),
            number,
            form: record.form.as_ref().map(ToString::to_string),
            fields: [
                fields(&words, &record),
                sharing(&words, session.store.sharing(&id)?),
            ]
            .concat(),
            timeline: self.timeline(&session, &words, &record)?,
            state: StateView {
                text: words.code(row.kind.state_list(), &record.state.code),
                code: record.state.code.clone(),
            },
            notes: self.notes(&session, &words, &record)?,
            reason,
            remedy: remedy.as_ref().map(|(text, _)| text.clone()),
            remedy_speech: remedy.map(|(_, speech)| speech),
            record: summary.record,
            kind: summary.kind,
            sync_state: summary.sync_state,
            title: summary.title,
            when: summary.when,
            scope: summary.scope,
        })
    }

    /// Why a record is refused, and what to do where it is refused or returned (as text and speech).
    #[allow(clippy::type_complexity)]
    fn remedy(
        &self,
        session: &Session,
        words: &Words,
        row: &RecordRow,
    ) -> Result<(Option<String>, Option<(String, String)>), AppError> {
        Ok(match row.sync_state {
            SyncState::Returned => {
                let phrase = words.phrase("remedy.returned", &[]);
                (None, Some((phrase.text, phrase.speech)))
            }
            SyncState::Refused => {
                let Some(refusal) = session.store.refusals(&row.record)?.pop() else {
                    return Ok((None, None));
                };
                let phrase = words.phrase(&format!("refusal.{}", refusal.code), &[]);
                let detail = refusal.detail.unwrap_or_default();
                let reason = [phrase.text.as_str(), detail.as_str()].join(" ");
                let remedy = Some((phrase.remedy.clone(), phrase.remedy));
                (Some(reason.trim().to_owned()), remedy)
            }
            _ => (None, None),
        })
    }

    fn timeline(
        &self,
        session: &Session,
        words: &Words,
        record: &Record,
    ) -> Result<Vec<TimelineEvent>, AppError> {
        let mut timeline = Vec::with_capacity(record.events.len());
        for event in &record.events {
            let by = match &event.body.name {
                Some(name) => Some(name.clone()),
                None => session.store.writer_name(event.id.writer)?,
            };
            timeline.push(event_view(words, event, by));
        }
        Ok(timeline)
    }

    fn notes(
        &self,
        session: &Session,
        words: &Words,
        record: &Record,
    ) -> Result<Vec<NoteView>, AppError> {
        let from_town = record.events.iter().rev().filter(|e| {
            let says = e.body.note.is_some() || e.body.audio.is_some();
            e.body.verb().is_relay_only() && (says || e.body.verb() == Verb::Return)
        });
        let mut notes = Vec::new();
        for event in from_town {
            let said = event
                .body
                .note
                .clone()
                .or_else(|| event.body.reason.clone());
            let text = said.unwrap_or_else(|| words.text("note.spoken", &[]));
            let audio = match &event.body.audio {
                Some(media) => match media.parse::<MediaRef>() {
                    Ok(media) => self.played(session, &media)?,
                    Err(_) => None,
                },
                None => None,
            };
            notes.push(NoteView {
                event: event.body.verb().name().to_owned(),
                at: iso_time(event.body.at),
                speech: text.clone(),
                text,
                audio,
            });
        }
        Ok(notes)
    }

    /// Path of a recording, decrypted to be played until `lock`; none if it has not arrived.
    pub(super) fn played(
        &self,
        session: &Session,
        media: &MediaRef,
    ) -> Result<Option<String>, AppError> {
        if !session.store.has_media(&media.hash)? {
            return Ok(None);
        }
        let path = self
            .played_folder()?
            .join(file_name(&media.hash, &media.mime));
        if !path.exists() {
            let whole = path.with_extension("part");
            let mut file = BufWriter::new(File::create(&whole).map_err(StoreError::from)?);
            session.store.copy_media(&media.hash, &mut file)?;
            std::io::Write::flush(&mut file).map_err(StoreError::from)?;
            std::fs::rename(&whole, &path).map_err(StoreError::from)?;
        }
        Ok(Some(path.to_string_lossy().into_owned()))
    }
}

/// A record of the list, by the id that the caller gave.
enum Place {
    Draft(String),
    Record(RecordId),
}

/// Drafts are named by their interview, `i` and a number; records by 26 hex digits.
fn place(text: &str) -> Result<Place, AppError> {
    if text.starts_with('i') {
        return Ok(Place::Draft(text.to_owned()));
    }
    record_id(text).map(Place::Record)
}

/// The record id in `text`.
pub(super) fn record_id(text: &str) -> Result<RecordId, AppError> {
    text.parse()
        .map_err(|_| AppError::UnknownRecord(text.to_owned()))
}

/// The kind called `name`.
fn kind_named(name: &str) -> Result<Kind, AppError> {
    name.parse().map_err(|_| {
        let kinds = "household, person, visit, dispute, warning, warning_ack, request";
        AppError::UnknownKind(name.to_owned(), kinds.to_owned())
    })
}

fn state_named(name: &str) -> Result<SyncState, AppError> {
    name.parse()
        .map_err(|()| AppError::UnknownSyncState(name.to_owned()))
}

fn summary(words: &Words, row: &RecordRow) -> RecordSummary {
    RecordSummary {
        record: row.record.to_string(),
        kind: row.kind.name().to_owned(),
        sync_state: row.sync_state.name().to_owned(),
        title: words.title(row.kind, &row.title, row.door.as_deref()),
        when: iso_time(row.opened_at),
        scope: Some(row.scope.to_string()),
    }
}

fn draft_summary(words: &Words, draft: &Draft) -> RecordSummary {
    let title = match draft.kind.parse() {
        Ok(kind) => words.title(kind, &draft.title, None),
        Err(_) => draft.title.clone(),
    };
    RecordSummary {
        record: draft.id.clone(),
        kind: draft.kind.clone(),
        sync_state: SyncState::Draft.name().to_owned(),
        title,
        when: iso_time(draft.changed_at),
        scope: None,
    }
}

fn draft_view(words: &Words, draft: &Draft) -> RecordView {
    let summary = draft_summary(words, draft);
    RecordView {
        sync_text: words.text("sync_state.draft", &[]),
        number: None,
        number_text: None,
        form: None,
        fields: Vec::new(),
        timeline: Vec::new(),
        state: StateView {
            code: String::new(),
            text: words.text("sync_state.draft", &[]),
        },
        notes: Vec::new(),
        reason: None,
        remedy: None,
        remedy_speech: None,
        record: summary.record,
        kind: summary.kind,
        sync_state: summary.sync_state,
        title: summary.title,
        when: summary.when,
        scope: summary.scope,
    }
}

/// The record's fields in reading order. The members of a set are one row.
fn fields(words: &Words, record: &Record) -> Vec<FieldView> {
    let mut rows = Vec::new();
    collect(words, record, record.kind.fields(), "", &mut rows);
    rows
}

fn collect(
    words: &Words,
    record: &Record,
    fields: &'static [Field],
    prefix: &str,
    rows: &mut Vec<FieldView>,
) {
    for field in fields {
        let path = format!("{prefix}{}", field.name);
        match field.ty {
            FieldType::Group(inner) => collect(words, record, inner, &format!("{path}/"), rows),
            FieldType::Codes(_) | FieldType::Records(_) => {
                let members: Vec<Value> = record.fields.members(&path).map(Value::from).collect();
                let begins = format!("{path}/");
                let mut others = Vec::new();
                for (member, held) in &record.fields.0 {
                    if let Some(member) = member.strip_prefix(&begins)
                        && !held.others.is_empty()
                    {
                        others.push(words.value(field.ty, &Value::from(member)));
                    }
                }
                if !members.is_empty() || !others.is_empty() {
                    rows.push(row(words, record.kind, path, field.ty, &members, others));
                }
            }
            ty => {
                if let Some(FieldValue { value, others, .. }) = record.fields.0.get(&path) {
                    let others = others.iter().map(|o| words.value(ty, &o.value)).collect();
                    rows.push(row(
                        words,
                        record.kind,
                        path,
                        ty,
                        std::slice::from_ref(value),
                        others,
                    ));
                }
            }
        }
    }
}

fn row(
    words: &Words,
    kind: Kind,
    path: String,
    ty: FieldType,
    values: &[Value],
    others: Vec<String>,
) -> FieldView {
    let label = words.label(kind, &path);
    let parts: Vec<String> = values.iter().map(|v| words.value(ty, v)).collect();
    let text = parts.join(&words.text("list.separator", &[]));
    let values = values.iter().map(|v| match v {
        Value::Text(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
    });
    FieldView {
        values: values.collect(),
        speech: words.speech(
            "field",
            &[("label", label.as_str()), ("value", text.as_str())],
        ),
        path,
        label,
        text,
        others,
    }
}

/// Of a person whom two grids know: which of them acts, and whether this phone may change anything.
fn sharing(words: &Words, sharing: Option<Sharing>) -> Vec<FieldView> {
    let Some(sharing) = sharing else {
        return Vec::new();
    };
    let mut rows = vec![("share.acts", words.place(sharing.acts), sharing.acts)];
    if sharing.read_only {
        let text = words.text("share.read_only", &[]);
        rows.push(("share.rights", text, sharing.home));
    }
    rows.into_iter()
        .map(|(key, text, scope)| {
            let label = words.text(key, &[]);
            FieldView {
                path: key.replace('.', "/"),
                values: vec![scope.to_string()],
                speech: words.speech(
                    "field",
                    &[("label", label.as_str()), ("value", text.as_str())],
                ),
                label,
                text,
                others: Vec::new(),
            }
        })
        .collect()
}

fn event_view(words: &Words, event: &FoldedEvent, by: Option<String>) -> TimelineEvent {
    let verb = words.text(&format!("verb.{}", event.body.verb().name()), &[]);
    let who = by.clone().unwrap_or_else(|| words.text("by.unknown", &[]));
    let said = event.body.note.as_deref().or(event.body.reason.as_deref());
    let when = words.time(event.body.at);
    let values = [
        ("time", when.as_str()),
        ("by", who.as_str()),
        ("verb", verb.as_str()),
        ("said", said.unwrap_or_default()),
    ];
    let key = match (said, event.effect) {
        (_, Effect::WithoutEffect) => "timeline.without_effect",
        (Some(_), _) => "timeline.said",
        (None, _) => "timeline.done",
    };
    let phrase = words.phrase(key, &values);
    TimelineEvent {
        event: event.body.verb().name().to_owned(),
        at: iso_time(event.body.at),
        by,
        effective: event.effect == Effect::Effective,
        text: phrase.text,
        speech: phrase.speech,
    }
}

/// A name that a player of the shell recognises by its ending.
fn file_name(hash: &Hash32, mime: &str) -> String {
    let ending = match mime {
        "audio/mp4" => "m4a",
        "audio/wav" => "wav",
        "audio/webm" => "webm",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        _ => "bin",
    };
    format!("{hash}.{ending}")
}
