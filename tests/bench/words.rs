//! What the workers of the benchmarks type. The codec's dictionary was made from other words by another generator.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use xunge_days::Words;

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
    characters: Vec<char>,
}

impl Typed {
    pub(crate) fn new(notes: Notes, seed: u64) -> Self {
        let mut typed = Self {
            notes,
            dice: ChaCha8Rng::seed_from_u64(seed),
            habit: Vec::new(),
            characters: CHARACTERS.chars().collect(),
        };
        typed.habit = (0..20).map(|_| typed.random()).collect();
        typed
    }

    /// Four to fourteen characters, with a comma in longer notes.
    fn random(&mut self) -> String {
        let length = self.dice.random_range(4..15);
        let mut note = String::new();
        for n in 0..length {
            if n == 7 {
                note.push('，');
            }
            note.push(self.characters[self.dice.random_range(0..self.characters.len())]);
        }
        note
    }
}

impl Words for Typed {
    fn text(&mut self, _: &str, _: &str) -> String {
        match self.notes {
            Notes::Random => self.random(),
            Notes::Repeating => self.habit[self.dice.random_range(0..self.habit.len())].clone(),
        }
    }
}
