//! Records as lines of a list: what, where, whose turn, since when.

use xunge_records::Kind;

use super::context::Context;
use super::stored::Stored;
use super::view::{Row, Sign};
use crate::store::{HouseholdRow, RecipientRow, RecordRow, Show};

impl Context<'_> {
    /// A record in a list that shows it for a reason; for [`Show::All`] the record's own state is its reason.
    pub fn row(&self, row: &RecordRow, show: Show) -> Row {
        let record = Stored::of(row);
        let lang = self.words.lang;
        let (sign, why) = self.reason(row, show);
        Row {
            id: row.record.to_string(),
            href: format!("/records/{}", row.record),
            state: row.state.clone(),
            sign,
            why,
            title: self.short_title(&record),
            place: match record.text("place") {
                "" => self.places.full_name(row.scope),
                place => format!("{} {place}", self.places.full_name(row.scope)),
            },
            detail: self.detail(row, &record, show).join(" · "),
            whose: match (&row.owner, row.review.as_str()) {
                (_, "returned") => lang.fill("whose.author", &[("name", &self.writer(row.writer))]),
                (Some(owner), _) => owner.clone(),
                (None, _) => self.writer(row.writer),
            },
            since: self.words.when(row.received_at),
        }
    }

    fn reason(&self, row: &RecordRow, show: Show) -> (Sign, String) {
        let lang = self.words.lang;
        let why = |key: &str| lang.text(&format!("why.{key}"));
        let overdue =
            row.kind.is_case() && !row.closed && row.deadline.is_some_and(|d| d < self.now());
        match show {
            Show::Differing => (Sign::DIFFERING, why("differing")),
            Show::Fixed => (Sign::FIXED, why("fixed")),
            Show::WithoutEffect => (Sign::NO_EFFECT, why("without_effect")),
            Show::Proposed => (Sign::PROPOSED, why("proposed")),
            Show::Money => (Sign::MONEY, why("money")),
            Show::New => (Sign::NEW, why("new")),
            _ if overdue => {
                let late = row
                    .deadline
                    .map_or(0, |d| self.words.days_between(d, self.now()));
                let text = match late {
                    0 => why("overdue.today"),
                    n => lang.fill("why.overdue", &[("n", &n)]),
                };
                (Sign::OVERDUE, text)
            }
            _ => match row.review.as_str() {
                "returned" => (Sign::RETURNED, why("returned")),
                "fixed" => (Sign::FIXED, why("fixed")),
                _ if row.conflicts > 0 => (Sign::DIFFERING, why("differing")),
                _ if row.kind == Kind::WarningAck && row.state == "W50" => {
                    (Sign::MONEY, why("money"))
                }
                _ if row.closed || row.review == "approved" || !row.kind.is_case() => {
                    (Sign::DONE, self.words.state(row.kind, &row.state))
                }
                _ => (Sign::OPEN, self.words.state(row.kind, &row.state)),
            },
        }
    }

    fn detail(&self, row: &RecordRow, record: &Stored, show: Show) -> Vec<String> {
        let lang = self.words.lang;
        let mut detail = Vec::new();
        if row.kind.is_case() {
            detail.push(match &row.number {
                Some(number) => number.clone(),
                None => lang.text("number.none"),
            });
        }
        if show == Show::Differing {
            for (path, n) in record.differing() {
                let label = self.words.label(row.kind, &path);
                detail.push(lang.fill("detail.differing", &[("field", &label), ("n", &n)]));
            }
        }
        if row.review == "returned"
            && let Some(note) = record.last_event("return", "note")
        {
            detail.push(lang.fill("detail.note", &[("note", &note)]));
        }
        if let Some(deadline) = row.deadline.filter(|_| !row.closed) {
            let when = self.words.day_of(deadline);
            detail.push(lang.fill("detail.deadline", &[("when", &when)]));
        }
        if row.hops > 0 {
            detail.push(lang.fill("detail.hops", &[("n", &row.hops)]));
        }
        if row.kind == Kind::Visit {
            let purposes = record.members("purposes");
            let words = purposes.iter().map(|p| self.words.code("visit_purpose", p));
            detail.extend(words.take(3));
        }
        if row.kind == Kind::WarningAck {
            if let Some(loss) = record.number("loss_yuan") {
                detail.push(lang.fill("warning.loss", &[("n", &loss)]));
            }
            if record.is("called_110") {
                detail.push(lang.text("warning.called"));
            }
        }
        if row.kind.is_case() && record.value("voice").is_some() {
            detail.push(lang.text("detail.voice"));
        }
        if row.late {
            detail.push(lang.text("why.late"));
        }
        detail
    }

    /// A household in the list of households.
    pub fn household_row(&self, household: &HouseholdRow) -> Row {
        let row = &household.record;
        let record = Stored::of(row);
        let lang = self.words.lang;
        let (sign, why) = match (&household.last_visit, household.due) {
            (None, _) => (Sign::NOT_HOME, lang.text("household.never")),
            (Some(_), true) => (Sign::DUE, lang.text("household.due")),
            (Some(_), false) => (Sign::DONE, lang.text("household.ok")),
        };
        let last = household.last_visit.as_deref().map(|day| {
            let when = self.words.iso_day(day);
            lang.fill("household.last", &[("when", &when)])
        });
        let tier = match record.text("tier") {
            "" => String::new(),
            tier => self.words.code("household_tier", tier),
        };
        let every = lang.fill("household.every", &[("n", &household.interval_days)]);
        let mut detail = vec![tier, every];
        detail.retain(|part| !part.is_empty());
        Row {
            id: row.record.to_string(),
            href: format!("/records/{}", row.record),
            state: row.state.clone(),
            sign,
            why,
            title: self.short_title(&record),
            place: self.places.full_name(row.scope),
            detail: detail.join(" · "),
            whose: String::new(),
            since: last.unwrap_or_default(),
        }
    }

    /// A household in the list of a warning.
    pub fn recipient_row(&self, recipient: &RecipientRow) -> Row {
        let lang = self.words.lang;
        let state = recipient
            .ack
            .as_ref()
            .map_or("W10", |ack| ack.state.as_str());
        let sign = match state {
            "W50" => Sign::MONEY,
            "W41" => Sign::NOT_HOME,
            "W30" | "W40" | "W42" | "W60" => Sign::HEARD,
            _ => Sign::UNHEARD,
        };
        let why = match &recipient.ack {
            Some(ack) => self.words.state(Kind::WarningAck, &ack.state),
            None => lang.text("outcome.unheard"),
        };
        let ack = recipient.ack.as_ref();
        let detail = ack.map(|ack| self.detail(ack, &Stored::of(ack), Show::All));
        Row {
            id: recipient.household.to_string(),
            href: match ack {
                Some(ack) => format!("/records/{}", ack.record),
                None => format!("/records/{}", recipient.household),
            },
            state: state.to_owned(),
            sign,
            why,
            title: recipient.record.as_ref().map_or_else(
                || recipient.household.to_string(),
                |row| self.short_title(&Stored::of(row)),
            ),
            place: self.places.full_name(recipient.scope),
            detail: detail.unwrap_or_default().join(" · "),
            whose: ack.map(|ack| self.writer(ack.writer)).unwrap_or_default(),
            since: ack
                .map(|ack| self.words.when(ack.received_at))
                .unwrap_or_default(),
        }
    }
}
