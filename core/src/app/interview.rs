//! Interviews: begun, answered, saved. Every answer is on disk when the call returns, so that any kill is survived.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use xunge_protocol::{Confidence, RecordId, ScopeId, Timestamp};
use xunge_records::model::field::FieldType;
use xunge_records::{EventBody, Kind, MediaRef, Open, Value};

use super::error::AppError;
use super::known::KnownHere;
use super::phone::Phone;
use super::records::record_id;
use super::session::Session;
use super::view::{Saved, Started, Step};
use super::words::{Words, field_at};
use crate::form::{
    Answer, AnswerError, Context, Edit, EventDraft, Form, FormLibrary, Interview, QuestionKind,
    Subject, media_type,
};
use crate::store::{Draft, RecordRow, Remembered, Save, StoreError, SyncState};

impl Phone {
    /// Begins an interview by the form `kind`, about `subject` where the form has one.
    ///
    /// Errors: `unknown_kind`, `subject_missing`, `wrong_subject`, `no_warning` for an acknowledgement when there is no
    /// warning to acknowledge.
    pub fn start(&self, kind: &str, subject: Option<&str>) -> Result<Started, AppError> {
        let _editing = self.edit_lock();
        let session = self.session()?;
        let forms = session.forms()?;
        let form = forms.newest(kind).ok_or_else(|| {
            let ids: Vec<String> = forms.iter().map(|form| form.id.clone()).collect();
            AppError::UnknownKind(kind.to_owned(), ids.join(", "))
        })?;
        let subject = match subject {
            Some(subject) => {
                check_subject(&session, &form, subject)?;
                Some(subject.to_owned())
            }
            None if form.kind == Kind::WarningAck => Some(pressing_warning(&session)?),
            None if form.subject == Some(Subject::Itself) => {
                return Err(AnswerError::SubjectMissing.into());
            }
            None => None,
        };
        let interview = Interview::start(&form, subject)?;
        let at_work = AtWork::new(self, session, form)?;
        let id = at_work.session.store.new_draft_id()?;
        at_work.keep(&id, &interview)?;
        Ok(at_work.started(id, &interview))
    }

    /// Answers the question that is open. A file is copied and encrypted before this returns.
    ///
    /// Errors: `unknown_interview`, `bad_file`, and those of [`AnswerError`].
    pub fn answer(&self, interview: &str, value: Answer) -> Result<Step, AppError> {
        self.change(interview, |at_work, interview| {
            let value = at_work.taken(interview, value)?;
            at_work.with_context(|context| interview.answer(context, value))?;
            Ok(())
        })
    }

    /// Leaves an optional question without an answer.
    ///
    /// Errors: `unknown_interview`, `not_optional`.
    pub fn skip(&self, interview: &str) -> Result<Step, AppError> {
        self.change(interview, |at_work, interview| {
            at_work.with_context(|context| interview.skip(context))?;
            Ok(())
        })
    }

    /// Goes back to the question before; at the first one it stays.
    pub fn back(&self, interview: &str) -> Result<Step, AppError> {
        self.change(interview, |at_work, interview| {
            at_work.with_context(|context| interview.back(context));
            Ok(())
        })
    }

    /// Makes a record of the answers, or changes the one that the interview is about, and ends the interview; all in one
    /// transaction, on disk when this returns.
    ///
    /// Errors: `unknown_interview`, `incomplete`, `no_scope`, `scope_not_writable`, the store's.
    pub fn save(&self, interview: &str) -> Result<Saved, AppError> {
        let _editing = self.edit_lock();
        let (at_work, state, _) = self.resume(interview)?;
        let edit = at_work.with_context(|context| state.to_edit(context))?;
        let save = at_work.to_save(&state, edit, interview)?;
        let saved = at_work.session.store.save(&save)?;
        Ok(Saved {
            record: Some(saved.record.to_string()),
            sync_state: Some(saved.sync_state.name().to_owned()),
        })
    }

    /// Throws the answers away. The record that they were to change stays as it was.
    ///
    /// Errors: `unknown_interview`.
    pub fn discard(&self, interview: &str) -> Result<Saved, AppError> {
        let _editing = self.edit_lock();
        let session = self.session()?;
        let draft = draft(&session, interview)?;
        session.store.discard_draft(interview)?;
        let row = match &draft.record {
            Some(record) => session.store.record(record)?,
            None => None,
        };
        Ok(Saved {
            record: row.as_ref().map(|row| row.record.to_string()),
            sync_state: row.map(|row| row.sync_state.name().to_owned()),
        })
    }

    /// Continues a draft, or opens a record again: to mend what the town sent back, or to add what happened since. An
    /// amendment that is under way already goes on.
    ///
    /// Errors: `unknown_record`, `not_amendable`, `shared_record`.
    pub fn amend(&self, record: &str) -> Result<Started, AppError> {
        let _editing = self.edit_lock();
        let session = self.session()?;
        if session.store.draft(record)?.is_some() {
            let (at_work, state, draft) = self.resume(record)?;
            return Ok(at_work.started(draft.id, &state));
        }
        let id = record_id(record)?;
        let row = session.store.record(&id)?;
        let row = row.ok_or_else(|| AppError::UnknownRecord(record.to_owned()))?;
        let drafts = session.store.drafts()?;
        if let Some(draft) = drafts.into_iter().find(|d| d.record == Some(id)) {
            let (at_work, state, draft) = self.resume(&draft.id)?;
            return Ok(at_work.started(draft.id, &state));
        }
        if session.store.sharing(&id)?.is_some_and(|s| s.read_only) {
            return Err(StoreError::SharedRecord(id).into());
        }
        let form = session.forms()?.for_kind(row.kind);
        let form = form.ok_or(AppError::NotAmendable(row.kind.name()))?;
        let at_work = AtWork::new(self, session, form.clone())?;
        let interview = match row.sync_state {
            SyncState::Refused => at_work.again(&id),
            _ => Interview::amend(&form, record.to_owned()),
        };
        let draft = at_work.session.store.new_draft_id()?;
        at_work.keep(&draft, &interview)?;
        Ok(at_work.started(draft, &interview))
    }

    /// Keeps what the town rejected for good as drafts, so that their author can mend and save them again.
    pub(super) fn keep_rejected_as_drafts(&self, session: &Arc<Session>) -> Result<(), AppError> {
        let _editing = self.edit_lock();
        for id in session.store.newly_rejected()? {
            let begun = session.store.drafts()?.iter().any(|d| d.record == Some(id));
            let Some(row) = session.store.record(&id)?.filter(|_| !begun) else {
                continue;
            };
            let Some(form) = session.forms()?.for_kind(row.kind) else {
                continue;
            };
            let at_work = AtWork::new(self, session.clone(), form)?;
            let draft = session.store.new_draft_id()?;
            at_work.keep(&draft, &at_work.again(&id))?;
        }
        Ok(())
    }

    /// Loads an interview, changes it, and writes it back.
    fn change(
        &self,
        id: &str,
        change: impl FnOnce(&AtWork, &mut Interview) -> Result<(), AppError>,
    ) -> Result<Step, AppError> {
        let _editing = self.edit_lock();
        let (at_work, mut interview, _) = self.resume(id)?;
        change(&at_work, &mut interview)?;
        at_work.keep(id, &interview)?;
        Ok(at_work.step(&interview))
    }

    fn resume(&self, id: &str) -> Result<(AtWork, Interview, Draft), AppError> {
        let session = self.session()?;
        let draft = draft(&session, id)?;
        let interview: Interview = serde_json::from_str(&draft.state)
            .map_err(|e| AppError::Internal(format!("draft {id}: {e}")))?;
        let form = session.forms()?.of(&interview);
        let form = form.ok_or(AppError::NotAvailable("the form of this interview"))?;
        Ok((AtWork::new(self, session, form)?, interview, draft))
    }
}

/// An interview's surroundings: the worker's records, the form, the language.
struct AtWork {
    session: Arc<Session>,
    form: Arc<Form>,
    words: Words,
    today: jiff::civil::Date,
}

impl AtWork {
    fn new(phone: &Phone, session: Arc<Session>, form: Arc<Form>) -> Result<Self, AppError> {
        Ok(Self {
            words: phone.words(&session)?,
            today: session.store.now()?.day(),
            session,
            form,
        })
    }

    fn known(&self) -> KnownHere<'_> {
        KnownHere {
            session: &self.session,
            words: &self.words,
            refused: false,
        }
    }

    /// An amendment that begins with what was refused, as if its author had just said it.
    fn again(&self, record: &RecordId) -> Interview {
        let known = KnownHere {
            refused: true,
            ..self.known()
        };
        Interview::again(
            &Context {
                form: &self.form,
                lists: &self.words,
                knowledge: &known,
                locale: self.words.locale,
                today: self.today,
            },
            record.to_string(),
        )
    }

    fn with_context<T>(&self, f: impl FnOnce(&Context<'_>) -> T) -> T {
        let known = self.known();
        f(&Context {
            form: &self.form,
            lists: &self.words,
            knowledge: &known,
            locale: self.words.locale,
            today: self.today,
        })
    }

    fn step(&self, interview: &Interview) -> Step {
        self.with_context(|context| interview.step(context)).into()
    }

    fn started(&self, id: String, interview: &Interview) -> Started {
        Started {
            interview: id,
            step: self.step(interview),
        }
    }

    /// Writes the interview to disk.
    fn keep(&self, id: &str, interview: &Interview) -> Result<(), AppError> {
        let state = serde_json::to_string(interview)
            .map_err(|e| AppError::Internal(format!("draft {id}: {e}")))?;
        let record = interview.amends.as_deref().map(record_id).transpose()?;
        self.session.store.save_draft(&Draft {
            id: id.to_owned(),
            kind: self.form.kind.name().to_owned(),
            title: self.title(interview)?,
            record,
            changed_at: Timestamp::default(),
            state,
        })?;
        Ok(())
    }

    /// Name of the household that the interview is about, once it is known.
    fn title(&self, interview: &Interview) -> Result<String, AppError> {
        let answered = self.form.questions.iter().filter_map(|question| {
            let asks = question.kind == QuestionKind::Household;
            asks.then(|| interview.answers.get(&question.name)?.as_text())?
        });
        let about = answered
            .chain(interview.subject.as_deref())
            .chain(interview.amends.as_deref());
        for id in about.filter_map(|id| id.parse::<RecordId>().ok()) {
            if let Some(row) = self.session.store.record(&id)? {
                return Ok(row.title);
            }
        }
        Ok(String::new())
    }

    /// The answer as the interview takes it: a file taken into the store, a household's or person's id as the question
    /// means it.
    fn taken(&self, interview: &Interview, value: Answer) -> Result<Answer, AppError> {
        let Answer::Text(text) = &value else {
            return Ok(value);
        };
        let step = self.with_context(|context| interview.step(context));
        let crate::form::Step::Question(question) = step else {
            return Ok(value);
        };
        let meant = match QuestionKind::of(&question.kind) {
            kind if kind.is_file() => self.take_file(text)?,
            QuestionKind::Household => self.known().household_of(text),
            QuestionKind::Person => self.known().person_of(text),
            _ => None,
        };
        Ok(meant.map_or(value, Answer::Text))
    }

    /// A file as a media reference; `None` for what the interview itself will find fault with.
    fn take_file(&self, path: &str) -> Result<Option<String>, AppError> {
        let bad = |why: String| AppError::BadFile {
            path: path.to_owned(),
            why,
        };
        let Ok(mut file) = File::open(path) else {
            return Ok(None);
        };
        let mut head = Vec::with_capacity(16);
        let read = Read::by_ref(&mut file).take(16).read_to_end(&mut head);
        read.map_err(|e| bad(e.to_string()))?;
        let Some(mime) = media_type(&head) else {
            return Ok(None);
        };
        let mut whole = head.chain(file);
        let media = self.session.store.put_media(mime, &mut whole)?;
        Ok(Some(media.to_string()))
    }

    /// What the store is to save.
    fn to_save(&self, interview: &Interview, edit: Edit, draft: &str) -> Result<Save, AppError> {
        let amended = edit.amends.as_deref().map(record_id).transpose()?;
        let record = match amended {
            Some(record) => Some(record),
            None if edit.kind == Kind::WarningAck => Some(acknowledgement(&edit)?),
            None => None,
        };
        let scope = self.scope_of(record.as_ref(), interview, &edit)?;
        let mut save = Save::new(
            edit.kind,
            Open {
                scope,
                form: edit.form,
            },
        );
        save.record = record;
        save.set = edit.writes;
        for attachment in edit.media {
            let reference = self.take_file(&attachment.file)?;
            let reference = reference.ok_or(AppError::BadFile {
                path: attachment.file,
                why: "gone, or of another type".into(),
            })?;
            save.set.push((attachment.field, reference.into()));
        }
        save.events = edit.events.into_iter().map(event).collect();
        save.draft = Some(draft.to_owned());
        save.remember = self.to_remember(interview)?;
        Ok(save)
    }

    /// Where the record belongs: where it is already, else where what it is about is, else the worker's first grid.
    fn scope_of(
        &self,
        record: Option<&RecordId>,
        interview: &Interview,
        edit: &Edit,
    ) -> Result<ScopeId, AppError> {
        let store = &self.session.store;
        let about = interview.subject.as_deref().and_then(|s| s.parse().ok());
        let named = edit.writes.iter().filter_map(|(path, value)| {
            let field = field_at(edit.kind, path)?;
            match (field.ty, value) {
                (FieldType::Record(_), Value::Text(id)) => id.parse().ok(),
                _ => None,
            }
        });
        for id in record.copied().into_iter().chain(about).chain(named) {
            if let Some(row) = store.record(&id)? {
                return Ok(row.scope);
            }
        }
        let scopes = self.session.writable_scopes()?;
        scopes.first().copied().ok_or(AppError::NoScope)
    }

    /// The answers that the form wants to propose the next time.
    fn to_remember(&self, interview: &Interview) -> Result<Vec<Remembered>, AppError> {
        let asked = self.form.questions.iter().filter(|q| q.remember);
        let answered = asked.filter_map(|q| Some((q, interview.answers.get(&q.name)?)));
        let kept = answered.map(|(question, answer)| {
            Ok(Remembered {
                form: self.form.id.clone(),
                question: question.name.clone(),
                answer: serde_json::to_string(answer)
                    .map_err(|e| AppError::Internal(e.to_string()))?,
            })
        });
        kept.collect()
    }
}

fn draft(session: &Session, id: &str) -> Result<Draft, AppError> {
    let draft = session.store.draft(id)?;
    draft.ok_or_else(|| AppError::UnknownInterview(id.to_owned()))
}

/// The subject must be a record on this phone, of the kind that the form is about.
fn check_subject(session: &Session, form: &Form, subject: &str) -> Result<(), AppError> {
    let wanted = match &form.subject {
        Some(Subject::Itself) => form.kind.name(),
        Some(Subject::Field(path)) => match field_at(form.kind, path).map(|field| field.ty) {
            Some(FieldType::Record(kind)) => kind,
            _ => return Ok(()),
        },
        None => {
            return Err(AppError::WrongSubject(
                subject.to_owned(),
                "subject of this form",
            ));
        }
    };
    let row: Option<RecordRow> = match subject.parse() {
        Ok(id) => session.store.record(&id)?,
        Err(_) => None,
    };
    match row {
        Some(row) if row.kind.name() == wanted => Ok(()),
        _ => Err(AppError::WrongSubject(subject.to_owned(), wanted)),
    }
}

/// The warning with households that have not heard it, the latest first; else the latest.
fn pressing_warning(session: &Session) -> Result<String, AppError> {
    let open = session.store.open_warnings()?;
    let unheard = open.iter().find(|w| w.unheard > 0).or(open.first());
    let warning = unheard.ok_or(AppError::NoWarning)?;
    Ok(warning.warning.record.to_string())
}

/// Id of the acknowledgement: the same for whoever of the grid passes the warning on.
fn acknowledgement(edit: &Edit) -> Result<RecordId, AppError> {
    let id = |path| match edit.value(path) {
        Some(Value::Text(id)) => record_id(id),
        _ => Err(AppError::Internal(format!("the form sets no {path}"))),
    };
    Ok(RecordId::acknowledgement(
        &id("warning")?,
        &id("household")?,
    ))
}

/// The event without id, time and basis, which the store gives.
fn event(draft: EventDraft) -> EventBody {
    let media = |file: Option<String>| file.filter(|f| f.parse::<MediaRef>().is_ok());
    let mut body = EventBody::new(draft.verb, Timestamp::default(), Confidence::Unsure);
    body.reason = draft.reason;
    body.note = draft.note;
    body.code = draft.code;
    body.content = draft.content;
    body.audio = media(draft.audio);
    body.photo = media(draft.photo);
    body.proposed = draft.proposed.map(|verb| verb.number());
    body
}

impl Session {
    /// The forms: those built in, and the county's newer ones.
    pub(super) fn forms(&self) -> Result<Arc<FormLibrary>, AppError> {
        let mut kept = self.forms.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(forms) = kept.as_ref() {
            return Ok(forms.clone());
        }
        let mut forms = FormLibrary::embedded().map_err(|e| AppError::Internal(e.to_string()))?;
        for resource in self.store.resources("forms/")? {
            // A form that the county got wrong must not stop the work: the one before it stays.
            if let Err(error) = forms.add_resource(&resource.name, &resource.content) {
                tracing::warn!(%error, "a form of the county is not used");
            }
        }
        let forms = Arc::new(forms);
        *kept = Some(forms.clone());
        Ok(forms)
    }
}
