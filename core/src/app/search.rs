//! Finding a household by name, pinyin initials or door number.

use super::error::AppError;
use super::phone::Phone;
use super::view::SearchHit;

/// How many are shown if the caller does not say.
const USUAL_LIMIT: u32 = 20;

impl Phone {
    /// Households that match every word of `text`, the best first, then people whom another grid shares. An empty text
    /// gives the likeliest households.
    pub fn search(&self, text: &str, limit: Option<u32>) -> Result<Vec<SearchHit>, AppError> {
        let session = self.session()?;
        let words = self.words(&session)?;
        let limit = limit.unwrap_or(USUAL_LIMIT) as usize;
        let hits = session.store.search(text, limit)?;
        let views = hits.into_iter().map(|hit| {
            let title = hit.household.head_name;
            let member = hit.member.unwrap_or_default();
            let values = [
                ("title", title.as_str()),
                ("door", hit.household.door.as_str()),
                ("member", member.as_str()),
            ];
            let key = if member.is_empty() {
                "search.household"
            } else {
                "search.member"
            };
            let phrase = words.phrase(key, &values);
            SearchHit {
                id: hit.household.record.to_string(),
                kind: "household".into(),
                door: hit.household.door.clone(),
                member: Some(member.clone()).filter(|m| !m.is_empty()),
                tier: hit.household.tier,
                last_visit: hit.household.last_visit,
                text: phrase.text,
                speech: phrase.speech,
                title: title.clone(),
            }
        });
        let mut views: Vec<SearchHit> = views.collect();
        let room = limit.saturating_sub(views.len());
        for row in session.store.search_shared(text, room)? {
            let Some(sharing) = session.store.sharing(&row.record)? else {
                continue;
            };
            let home = words.place(sharing.home);
            let values = [("title", row.title.as_str()), ("home", home.as_str())];
            let phrase = words.phrase("search.shared", &values);
            views.push(SearchHit {
                id: row.record.to_string(),
                kind: "person".into(),
                door: String::new(),
                member: None,
                tier: None,
                last_visit: None,
                text: phrase.text,
                speech: phrase.speech,
                title: row.title,
            });
        }
        Ok(views)
    }
}
