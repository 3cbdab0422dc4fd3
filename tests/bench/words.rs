//! What the workers of the benchmarks type. The codec's dictionary was made from other words by another generator.
//!
//! The shipped form of a visit asks for a recording and lets a note be written later. Here the county has published one
//! that asks for the note, so that a day holds typed ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use xunge_days::Words;
use xunge_tests::{Outcome, fail};

/// Characters in frequent use, of which random words are made.
const CHARACTERS: &str = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严";

/// How notes come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notes {
    /// A worker has a score of things to say, and says them again and again.
    Repeating,
    /// No two notes share more than chance gives them.
    Random,
}

/// A seeded worker's words.
pub(crate) struct Typed {
    notes: Notes,
    dice: ChaCha8Rng,
    habit: Vec<String>,
    names: Vec<String>,
    characters: Vec<char>,
    typed: Arc<AtomicUsize>,
}

impl Typed {
    pub(crate) fn new(notes: Notes, seed: u64) -> Self {
        let mut typed = Self {
            notes,
            dice: ChaCha8Rng::seed_from_u64(seed),
            habit: Vec::new(),
            names: Vec::new(),
            characters: CHARACTERS.chars().collect(),
            typed: Arc::default(),
        };
        typed.habit = (0..20).map(|_| typed.note()).collect();
        typed.names = (0..20).map(|_| typed.characters(4)).collect();
        typed
    }

    /// Counts the notes as they are typed.
    pub(crate) fn notes_typed(&self) -> Arc<AtomicUsize> {
        self.typed.clone()
    }

    /// Six to 24 characters, with a comma in longer notes.
    fn note(&mut self) -> String {
        let length = self.dice.random_range(6..25);
        let mut note = self.characters(length.min(7));
        if length > 7 {
            note.push('，');
            note.push_str(&self.characters(length - 7));
        }
        note
    }

    fn characters(&mut self, length: usize) -> String {
        let all = self.characters.len();
        let one = |_| self.characters[self.dice.random_range(0..all)];
        (0..length).map(one).collect()
    }
}

impl Words for Typed {
    fn text(&mut self, _: &str, id: &str) -> String {
        // Names, doors and places are short whoever writes them.
        if !["note", "narrative"].contains(&id) {
            return match self.notes {
                Notes::Random => self.characters(4),
                Notes::Repeating => self.names[self.dice.random_range(0..self.names.len())].clone(),
            };
        }
        self.typed.fetch_add(1, Ordering::Relaxed);
        match self.notes {
            Notes::Random => self.note(),
            Notes::Repeating => self.habit[self.dice.random_range(0..self.habit.len())].clone(),
        }
    }
}

/// The shipped form of a visit in its next version, which asks for the note whenever it is filled in.
pub(crate) fn notes_asked() -> Outcome<Vec<u8>> {
    let mut form: Value =
        serde_json::from_slice(include_bytes!("../../fixtures/forms/visit.json"))?;
    form["version"] = (form["version"].as_u64().unwrap_or_default() + 1).into();
    let mut groups = form["questions"].as_array_mut().into_iter().flatten();
    let note = groups.find_map(|group| {
        let questions = group["questions"].as_array_mut()?;
        questions.iter_mut().find(|q| q["name"] == "note")
    });
    match note.and_then(Value::as_object_mut) {
        Some(note) => note.remove("relevant"),
        None => fail!("the form of a visit has no note"),
    };
    Ok(serde_json::to_vec(&form)?)
}
