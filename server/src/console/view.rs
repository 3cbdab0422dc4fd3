//! The pieces that pages are made of, already in words: rows, signs, facts, steps of a timeline. No queries here.

/// A sign: picture and colour together, always beside a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// Name of the picture.
    pub picture: &'static str,
    /// Class of its colour.
    pub tone: &'static str,
}

impl Sign {
    const fn new(picture: &'static str, tone: &'static str) -> Self {
        Self { picture, tone }
    }

    /// Past its deadline.
    pub const OVERDUE: Self = Self::new("overdue", "red");
    /// Two people say different things.
    pub const DIFFERING: Self = Self::new("differing", "amber");
    /// Mended after a return.
    pub const FIXED: Self = Self::new("returned_fixed", "purple");
    /// Sent back, not yet mended.
    pub const RETURNED: Self = Self::new("returned", "purple");
    /// Not accepted.
    pub const REFUSED: Self = Self::new("refused", "red");
    /// Came too late in its turn.
    pub const NO_EFFECT: Self = Self::new("no_effect", "brown");
    /// Money was already sent.
    pub const MONEY: Self = Self::new("money", "red");
    /// A phone asks for a decision.
    pub const PROPOSED: Self = Self::new("hand", "blue");
    /// Nobody looked at it yet.
    pub const NEW: Self = Self::new("new", "green");
    /// In order.
    pub const DONE: Self = Self::new("received", "green");
    /// Under way.
    pub const OPEN: Self = Self::new("paper", "blue");
    /// A visit is due.
    pub const DUE: Self = Self::new("calendar", "amber");
    /// Heard, understood.
    pub const HEARD: Self = Self::new("heard", "green");
    /// Not heard yet.
    pub const UNHEARD: Self = Self::new("unheard", "brown");
    /// Nobody at home.
    pub const NOT_HOME: Self = Self::new("not_home", "brown");
}

/// One line of a list: what, where, whose turn, since when.
#[derive(Debug, Clone)]
pub struct Row {
    /// Id for `data-record`.
    pub id: String,
    /// Page of the thing.
    pub href: String,
    /// Code for `data-state`.
    pub state: String,
    /// Its sign.
    pub sign: Sign,
    /// Why it stands here, in a word or two.
    pub why: String,
    /// What it is.
    pub title: String,
    /// Where.
    pub place: String,
    /// More, on a second line; may be empty.
    pub detail: String,
    /// Whose turn it is.
    pub whose: String,
    /// Since when.
    pub since: String,
}

/// A number on top of a page that opens its rows.
#[derive(Debug, Clone)]
pub struct Tile {
    /// Stable name, for `data-count`.
    pub key: &'static str,
    /// What is counted.
    pub label: String,
    /// The number with its unit.
    pub value: String,
    /// What it is compared with; may be empty.
    pub detail: String,
    /// The rows.
    pub href: String,
    /// Whether somebody should look.
    pub alarm: bool,
}

/// One of the values that people gave to a field.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What the form sends: `PATH=JSON`.
    pub sends: String,
    /// The value in words.
    pub value: String,
    /// Who wrote it.
    pub who: String,
    /// When.
    pub when: String,
    /// How sure the time is.
    pub sure: String,
    /// Whether every device shows it for now.
    pub first: bool,
}

/// A field on which people differ.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Path of the field.
    pub path: String,
    /// Its label.
    pub label: String,
    /// The values, the shown one first.
    pub choices: Vec<Choice>,
}

/// A field in words.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Path of the field, for scripts.
    pub path: String,
    /// Label.
    pub label: String,
    /// Value in words.
    pub value: String,
    /// Page of the record that it names; empty if none.
    pub href: String,
    /// Whether it is masked now.
    pub masked: bool,
}

/// A recording or picture.
#[derive(Debug, Clone)]
pub struct Media {
    /// Label of the field.
    pub label: String,
    /// Address.
    pub href: String,
    /// Whether it is sound (else a picture).
    pub sound: bool,
    /// Whether the relay has it; the phone sends records first.
    pub here: bool,
    /// Size in words.
    pub size: String,
}

/// One step of a timeline.
#[derive(Debug, Clone)]
pub struct Step {
    /// Verb, for `data-event`.
    pub verb: String,
    /// The verb in words.
    pub what: String,
    /// Who did it.
    pub who: String,
    /// When.
    pub when: String,
    /// How sure that is; empty if it is.
    pub sure: String,
    /// Lines below: reason, note, owner, deadline.
    pub lines: Vec<String>,
    /// Recording that came with it.
    pub media: Vec<Media>,
    /// Whether it had an effect.
    pub effective: bool,
}

/// Something that may be done now.
#[derive(Debug, Clone)]
pub struct Action {
    /// Name of the event, for `data-action` and the address.
    pub verb: &'static str,
    /// `review`, `owner` or `end`: which fields it uses.
    pub group: &'static str,
    /// On the button.
    pub label: String,
    /// What follows from it.
    pub consequence: String,
    /// Whether it is the usual next step.
    pub main: bool,
}

/// An entry of a list to choose from.
#[derive(Debug, Clone)]
pub struct Choosable {
    /// What the form sends.
    pub value: String,
    /// In words.
    pub label: String,
    /// Whether it is chosen now.
    pub chosen: bool,
}

/// Where one is in a long list.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// First row, counted from one; zero if there is none.
    pub first: u64,
    /// Last row.
    pub last: u64,
    /// All rows.
    pub total: u64,
    /// Address of the page before; empty if none.
    pub back: String,
    /// Address of the page after; empty if none.
    pub next: String,
}

/// Rows on a page of a list.
pub const PAGE_ROWS: u64 = 50;

impl Pager {
    /// First and last row, as shown.
    pub fn rows(&self) -> String {
        format!("{}–{}", self.first, self.last)
    }

    /// The pager of page `page` (from 0) of `total` rows; `base` is the address without `page`.
    pub fn new(page: u64, total: u64, base: &str) -> Self {
        let first = page.saturating_mul(PAGE_ROWS);
        let join = if base.contains('?') { '&' } else { '?' };
        let link = |page: u64| format!("{base}{join}page={page}");
        Self {
            first: if first < total { first + 1 } else { 0 },
            last: first.saturating_add(PAGE_ROWS).min(total),
            total,
            back: if page > 0 {
                link(page - 1)
            } else {
                String::new()
            },
            next: if first.saturating_add(PAGE_ROWS) < total {
                link(page + 1)
            } else {
                String::new()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_names_its_rows_and_never_leads_past_the_end() {
        let middle = Pager::new(1, 120, "/households?grid=a");
        assert_eq!((middle.first, middle.last), (51, 100));
        assert_eq!(middle.back, "/households?grid=a&page=0");
        assert_eq!(middle.next, "/households?grid=a&page=2");
        let last = Pager::new(2, 120, "/x");
        assert_eq!((last.first, last.last), (101, 120));
        assert!(last.next.is_empty());
        assert_eq!(Pager::new(0, 0, "/x").first, 0);
    }
}
