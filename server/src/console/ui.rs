//! What every page shows around its own content: language, user, navigation, the token of its forms.

use std::fmt::Display;

use super::locale::Lang;
use super::picture;

/// One way in the navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// Key of its name, `nav.KEY`.
    pub key: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Its picture.
    pub picture: &'static str,
    /// How many things wait there; none shows nothing.
    pub count: Option<u64>,
    /// Whether a new group begins before it.
    pub gap: bool,
}

/// Who is signed in, as shown.
#[derive(Debug, Clone)]
pub struct Who {
    /// Name.
    pub name: String,
    /// Role, in words.
    pub role: String,
    /// Name of the scope that the user sees.
    pub scope: String,
}

/// What a page says after something was done.
#[derive(Debug, Clone)]
pub struct Flash {
    /// Whether it went well.
    pub good: bool,
    /// What happened, and what to do next.
    pub text: String,
}

/// Surroundings of a page.
#[derive(Debug, Clone)]
pub struct Ui {
    /// Language.
    pub lang: Lang,
    /// The user, none on the sign-in page.
    pub who: Option<Who>,
    /// Token that every form carries.
    pub csrf: String,
    /// Path and query of this page, for the language switch to come back to.
    pub here: String,
    /// Key of the navigation item that this page belongs to.
    pub section: &'static str,
    /// Ways to the other pages.
    pub nav: Vec<NavItem>,
    /// What was just done, if anything.
    pub flash: Option<Flash>,
}

impl Ui {
    /// Surroundings of a page for nobody in particular.
    pub fn outside(lang: Lang, csrf: &str, section: &'static str) -> Self {
        Self {
            lang,
            who: None,
            csrf: csrf.into(),
            here: "/".into(),
            section,
            nav: Vec::new(),
            flash: None,
        }
    }

    /// The text of `key`.
    pub fn t(&self, key: &str) -> String {
        self.lang.text(key)
    }

    /// The text of `key` with one value.
    pub fn t1(&self, key: &str, name: &str, value: impl Display) -> String {
        self.lang.fill(key, &[(name, &value)])
    }

    /// The text of `key` with two values.
    pub fn t2(&self, key: &str, a: &str, x: impl Display, b: &str, y: impl Display) -> String {
        self.lang.fill(key, &[(a, &x), (b, &y)])
    }

    /// Name of a navigation item.
    pub fn nav_text(&self, key: &str) -> String {
        self.t(&format!("nav.{key}"))
    }

    /// The picture of a name as inline SVG: part of the page's own markup, never user data.
    pub fn picture(&self, name: &str) -> &'static str {
        picture::svg(name)
    }

    /// The other languages, for the switch.
    pub fn other_langs(&self) -> Vec<Lang> {
        Lang::ALL
            .into_iter()
            .filter(|lang| *lang != self.lang)
            .collect()
    }
}
