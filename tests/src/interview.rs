//! Somebody who answers whatever a phone asks, by the contract's generic rule alone: the first choice, `true`, `1`,
//! today, a file, or `skip` where that is allowed. It knows no form and no question by name.

use std::path::{Path, PathBuf};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::phone::{Phone, Saved};
use crate::rpc::RpcError;
use crate::{Outcome, clock, fail, files};

/// How the questions are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// First choice, and skips whatever is optional.
    Brief,
    /// First choice, and skips nothing.
    Thorough,
    /// Last choice, and skips nothing.
    Contrary,
    /// Any choice; skips most of what is optional, and nearly always recordings and pictures.
    Lively,
}

/// No interview is longer.
const LONGEST: usize = 200;

/// Somebody with a mood.
#[derive(Debug)]
pub struct Interviewer {
    mood: Mood,
    rng: ChaCha8Rng,
    files: PathBuf,
    words: String,
}

/// An interview that waits for `save` or for its next answer.
#[derive(Debug, Clone)]
pub struct Open {
    /// As `start` or `amend` named it.
    pub interview: Value,
    /// The next question, or the review.
    pub next: Value,
}

impl Open {
    fn from(answer: &Value) -> Self {
        Self {
            interview: answer["interview"].clone(),
            next: answer.clone(),
        }
    }

    /// Answers the question with `value`.
    pub async fn answer(self, phone: &Phone, value: Value) -> Outcome<Self> {
        let params = json!({"interview": self.interview, "value": value});
        let next = phone.call("answer", params).await;
        let question = &self.next["question"];
        let next = next.map_err(|e| format!("{value} was no answer to {question}: {e}"))?;
        Ok(Self { next, ..self })
    }

    /// The review, once nothing is left to ask.
    pub fn review(&self) -> Option<&Value> {
        self.next.get("review").filter(|review| !review.is_null())
    }
}

impl Interviewer {
    /// Recordings and pictures are made in the folder `files`; texts say `words`.
    pub fn new(mood: Mood, seed: u64, files: &Path, words: &str) -> Self {
        Self {
            mood,
            rng: ChaCha8Rng::seed_from_u64(seed),
            files: files.into(),
            words: words.into(),
        }
    }

    /// From the home screen to a saved record.
    pub async fn record(
        &mut self,
        phone: &Phone,
        kind: &str,
        subject: Option<&str>,
    ) -> Outcome<Saved> {
        let open = self.start(phone, kind, subject).await?;
        let open = self.finish(phone, open).await?;
        Ok(phone.save(&open.interview).await?)
    }

    /// Continues a draft, or mends a returned record, and saves it.
    pub async fn amend(&mut self, phone: &Phone, record: &str) -> Outcome<Saved> {
        let open = Open::from(&phone.call("amend", json!({"record": record})).await?);
        let open = self.finish(phone, open).await?;
        Ok(phone.save(&open.interview).await?)
    }

    /// Opens an interview.
    pub async fn start(
        &self,
        phone: &Phone,
        kind: &str,
        subject: Option<&str>,
    ) -> Result<Open, RpcError> {
        let mut params = json!({"kind": kind});
        if let Some(subject) = subject {
            params["subject"] = subject.into();
        }
        Ok(Open::from(&phone.call("start", params).await?))
    }

    /// Answers until the review.
    pub async fn finish(&mut self, phone: &Phone, mut open: Open) -> Outcome<Open> {
        for _ in 0..LONGEST {
            if open.review().is_some() {
                return Ok(open);
            }
            open = self.step(phone, open).await?;
        }
        fail!("after {LONGEST} answers still no review: {}", open.next)
    }

    /// Answers one question.
    pub async fn step(&mut self, phone: &Phone, open: Open) -> Outcome<Open> {
        let question = &open.next["question"];
        let value = match self.answer(question)? {
            Some(value) if value.is_null() => found(phone, question).await?,
            Some(value) => value,
            None => {
                let next = phone
                    .call("skip", json!({"interview": open.interview}))
                    .await?;
                return Ok(Open { next, ..open });
            }
        };
        open.answer(phone, value).await
    }

    /// The value for a question; none is `skip`, and `null` means that somebody must be looked up.
    fn answer(&mut self, question: &Value) -> Outcome<Option<Value>> {
        let kind = question["kind"].as_str().unwrap_or_default();
        let optional = question["optional"].as_bool().unwrap_or(false);
        let skips = match self.mood {
            Mood::Brief => true,
            Mood::Thorough | Mood::Contrary => false,
            Mood::Lively => match kind {
                "voice" | "photo" | "signature" => self.rng.random_bool(0.95),
                _ => self.rng.random_bool(0.6),
            },
        };
        if optional && skips {
            return Ok(None);
        }
        let choices = question["choices"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let pick = match self.mood {
            Mood::Brief | Mood::Thorough => 0,
            Mood::Contrary => choices.len().saturating_sub(1),
            Mood::Lively => self.rng.random_range(0..choices.len().max(1)),
        };
        let choice = choices.get(pick).map(|choice| choice["code"].clone());
        Ok(Some(match kind {
            "choice" => match choice {
                Some(code) => code,
                None => fail!("a choice without choices: {question}"),
            },
            "choices" => match choice {
                Some(code) => json!([code]),
                None => fail!("choices without choices: {question}"),
            },
            "household" | "person" => choice.unwrap_or(Value::Null),
            "yes_no" => json!(self.mood != Mood::Contrary),
            "confirm" => json!(true),
            "number" => json!(if self.mood == Mood::Contrary { 2 } else { 1 }),
            "date" => json!(clock::today()),
            "text" => json!(self.words),
            "voice" => json!(files::recording(&self.files, self.rng.random())?),
            "photo" | "signature" => json!(files::picture(&self.files, self.rng.random())?),
            other => fail!("a question of unknown kind {other}: {question}"),
        }))
    }
}

/// A household or person that the question did not offer, as a worker finds one: by a door number.
async fn found(phone: &Phone, question: &Value) -> Outcome<Value> {
    let hits = phone
        .call("search", json!({"text": "1", "limit": 1}))
        .await?;
    match hits.get(0) {
        Some(hit) => Ok(hit["id"].clone()),
        None => fail!("nobody is found for {question}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(mood: Mood, question: Value) -> Option<Value> {
        Interviewer::new(mood, 1, Path::new("/tmp"), "好")
            .answer(&question)
            .unwrap()
    }

    #[test]
    fn what_is_optional_is_skipped_and_what_is_not_is_answered() {
        let question = |optional| json!({"kind": "text", "optional": optional});
        assert_eq!(ask(Mood::Brief, question(true)), None);
        assert_eq!(ask(Mood::Brief, question(false)), Some(json!("好")));
        assert_eq!(ask(Mood::Thorough, question(true)), Some(json!("好")));
    }

    #[test]
    fn two_people_of_opposite_mood_choose_differently() {
        let question = json!({"kind": "choice", "choices": [{"code": "a"}, {"code": "b"}]});
        assert_eq!(ask(Mood::Thorough, question.clone()), Some(json!("a")));
        assert_eq!(ask(Mood::Contrary, question), Some(json!("b")));
    }

    #[test]
    fn a_kind_of_question_that_the_contract_does_not_know_is_an_error() {
        let question = json!({"kind": "riddle"});
        assert!(
            Interviewer::new(Mood::Brief, 1, Path::new("/tmp"), "")
                .answer(&question)
                .is_err()
        );
    }
}
