//! Addresses of lists: what a query string asks for as a filter, and the address of a filter's rows.

use xunge_protocol::Timestamp;
use xunge_records::Kind;
use xunge_records::lists::calendar;

use super::context::Context;
use super::error::{ConsoleError, form_encode};
use super::view::PAGE_ROWS;
use crate::store::{RecordFilter, Show, Window};

/// Parameters of an address.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The parameters as they came.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of a parameter, trimmed, if it holds anything.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name)?;
        Some(found.1.trim()).filter(|value| !value.is_empty())
    }

    /// All values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.0.iter().filter(move |(key, _)| key == name);
        found.map(|(_, value)| value.trim())
    }

    /// The page, from 0.
    pub fn page(&self) -> u64 {
        let page = self.get("page").and_then(|p| p.parse().ok());
        page.unwrap_or(0u64).min(1_000_000)
    }

    /// Rows of the page.
    pub fn window(&self) -> Window {
        Window {
            skip: self.page() * PAGE_ROWS,
            take: PAGE_ROWS,
        }
    }

    /// The address of `path` with these parameters but the page.
    pub fn base(&self, path: &str) -> String {
        let pairs: Vec<String> = self
            .0
            .iter()
            .filter(|(key, value)| key != "page" && !value.is_empty())
            .map(|(key, value)| form_encode(key, value))
            .collect();
        if pairs.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", pairs.join("&"))
        }
    }

    /// The month of a parameter, or the present one: `2026-11` with its first moment and the next month's.
    pub fn month(&self, name: &str, now: Timestamp) -> (String, (Timestamp, Timestamp)) {
        let asked = self.get(name).and_then(month);
        let today = calendar::date_of(now);
        let (year, month) = asked.unwrap_or((today.year(), today.month()));
        let span = calendar::month_bounds(year, month).unwrap_or((now, now));
        (format!("{year:04}-{month:02}"), span)
    }

    /// The filter of a list of `kinds`.
    pub fn filter(
        &self,
        context: &Context<'_>,
        kinds: &[Kind],
    ) -> Result<RecordFilter, ConsoleError> {
        let now = context.now();
        let mut filter = context.filter(kinds, Show::All);
        if let Some(scope) = self.get("scope") {
            let scope = context.chosen_scope(Some(scope))?;
            filter.scopes = context.places.below(scope);
        }
        if let Some(show) = self.get("show") {
            filter.show = Show::from_name(show).ok_or(ConsoleError::NotFound)?;
        }
        if let Some((path, code)) = self.get("code").and_then(|c| c.split_once(':')) {
            filter.code = Some((path.to_owned(), code.to_owned()));
        }
        filter.states = self.get("state").into_iter().map(str::to_owned).collect();
        if self.get("received").is_some() {
            filter.received = Some(self.month("received", now).1);
        }
        if self.get("resolved").is_some() {
            filter.resolved = Some(self.month("resolved", now).1);
        }
        if self.get("day") == Some("today") {
            let start = calendar::start_of(calendar::date_of(now));
            filter.received = Some((start, Timestamp(i64::MAX)));
        }
        if let Some(id) = self.get("household") {
            filter.household = Some(id.parse().map_err(|_| ConsoleError::NotFound)?);
        }
        filter.text = self.get("q").map(str::to_owned);
        Ok(filter)
    }
}

/// `2026-11` as year and month.
fn month(text: &str) -> Option<(i16, i8)> {
    let (year, month) = text.split_once('-')?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    calendar::month_bounds(year, month).map(|_| (year, month))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Query {
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Query::new(pairs.iter().map(pair).collect())
    }

    #[test]
    fn the_address_of_another_page_keeps_the_search_and_encodes_it() {
        let q = query(&[("q", "河湾 &"), ("page", "3"), ("show", "")]);
        assert_eq!(q.base("/disputes"), "/disputes?q=%E6%B2%B3%E6%B9%BE%20%26");
        assert_eq!(q.window().skip, 150);
    }

    #[test]
    fn a_month_that_does_not_exist_is_the_present_one() {
        let now = Timestamp(1_795_422_600_000);
        for bad in ["", "2026", "2026-13", "x-y"] {
            assert_eq!(query(&[("month", bad)]).month("month", now).0, "2026-11");
        }
        assert_eq!(
            query(&[("month", "2025-02")]).month("month", now).0,
            "2025-02"
        );
    }
}
