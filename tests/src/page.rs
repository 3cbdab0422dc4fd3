//! What a script sees of a console page: its forms, its links, and everything that carries `data-action`, `data-record`
//! or `data-state`. It reads no wording, so it finds its way in either language.

use scraper::{ElementRef, Html, Selector};

/// A page, taken apart.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// Path and query that it came from, after redirects.
    pub path: String,
    /// The bytes, as text.
    pub html: String,
    /// What a reader sees, white space squeezed.
    pub text: String,
    /// All forms, in order, once for each button that sends them.
    pub forms: Vec<Form>,
    /// Targets of links, in order.
    pub links: Vec<Mark>,
    /// Every element with one of the attributes.
    pub marks: Vec<Mark>,
}

/// An element that tells scripts what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mark {
    /// `data-action`.
    pub action: Option<String>,
    /// `data-record`, its own or of the nearest element around it.
    pub record: Option<String>,
    /// `data-state`.
    pub state: Option<String>,
    /// Where a link leads.
    pub href: Option<String>,
    /// What a reader sees of it.
    pub text: String,
}

/// A way to send a form: the form with one of its buttons.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// `data-action` of the button, else of the form.
    pub name: Option<String>,
    /// `data-record` of the button, else of the form or of the nearest element around it.
    pub record: Option<String>,
    /// Path that it is sent to; empty means the page's own.
    pub target: String,
    /// `get` or `post`.
    pub method: String,
    /// Whether it is sent as `multipart/form-data`.
    pub multipart: bool,
    /// What would be sent if nothing were touched.
    pub values: Vec<(String, String)>,
    /// Names of all fields, untouched ones included.
    pub fields: Vec<String>,
    /// Values that a field offers, by name: options, radio buttons, boxes.
    pub offers: Vec<(String, String)>,
}

impl Page {
    /// Takes a page apart.
    pub fn parse(status: u16, path: &str, html: String) -> Self {
        let tree = Html::parse_document(&html);
        let all = |selector: &str| -> Vec<ElementRef<'_>> {
            Selector::parse(selector).map_or_else(|_| Vec::new(), |s| tree.select(&s).collect())
        };
        Self {
            status,
            path: path.into(),
            text: all("body").first().map(|e| text(*e)).unwrap_or_default(),
            forms: all("form")
                .into_iter()
                .flat_map(|e| forms(e, &all("[form]")))
                .collect(),
            links: all("a[href]").into_iter().map(mark).collect(),
            marks: all("[data-action], [data-record], [data-state]")
                .into_iter()
                .map(mark)
                .collect(),
            html,
        }
    }

    /// The form that does `action`, for `record` if one is named.
    pub fn form(&self, action: &str, record: Option<&str>) -> Option<&Form> {
        self.forms.iter().find(|form| {
            form.name.as_deref() == Some(action)
                && (record.is_none() || form.record.as_deref() == record)
        })
    }

    /// The first form that has a field of this name.
    pub fn form_with(&self, field: &str) -> Option<&Form> {
        self.forms
            .iter()
            .find(|form| form.fields.iter().any(|name| name == field))
    }

    /// Records that the page names, each once, in order.
    pub fn records(&self) -> Vec<&str> {
        let mut seen = Vec::new();
        for record in self.marks.iter().filter_map(|mark| mark.record.as_deref()) {
            if !seen.contains(&record) {
                seen.push(record);
            }
        }
        seen
    }
}

fn text(element: ElementRef<'_>) -> String {
    let words = element.text().collect::<Vec<_>>().join(" ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn attribute(element: ElementRef<'_>, name: &str) -> Option<String> {
    element.value().attr(name).map(str::to_owned)
}

fn inherited(element: ElementRef<'_>, name: &str) -> Option<String> {
    std::iter::once(element)
        .chain(element.ancestors().filter_map(ElementRef::wrap))
        .find_map(|e| attribute(e, name))
}

fn mark(element: ElementRef<'_>) -> Mark {
    Mark {
        action: attribute(element, "data-action"),
        record: inherited(element, "data-record"),
        state: attribute(element, "data-state"),
        href: attribute(element, "href"),
        text: text(element),
    }
}

/// The form once for each of its buttons; once without, if it has none.
fn forms(element: ElementRef<'_>, outside: &[ElementRef<'_>]) -> Vec<Form> {
    let id = attribute(element, "id");
    let inside = element.descendants().filter_map(ElementRef::wrap);
    let elsewhere = outside
        .iter()
        .copied()
        .filter(|e| id.is_some() && attribute(*e, "form") == id);
    let parts: Vec<ElementRef<'_>> = inside.chain(elsewhere).collect();
    let mut form = Form {
        name: attribute(element, "data-action"),
        record: inherited(element, "data-record"),
        target: attribute(element, "action").unwrap_or_default(),
        method: attribute(element, "method")
            .unwrap_or_else(|| "get".into())
            .to_lowercase(),
        multipart: attribute(element, "enctype").is_some_and(|e| e.starts_with("multipart/")),
        ..Form::default()
    };
    for part in &parts {
        if let Some(name) = attribute(*part, "name") {
            form.take_field(*part, name);
        }
    }
    let buttons = parts.iter().filter(|e| {
        e.value().name() == "button" && !matches!(e.value().attr("type"), Some("button" | "reset"))
    });
    let mut all: Vec<Form> = buttons.map(|button| form.with_button(*button)).collect();
    if all.is_empty() {
        all.push(form);
    }
    all
}

impl Form {
    fn take_field(&mut self, field: ElementRef<'_>, name: String) {
        let value = attribute(field, "value");
        match field.value().name() {
            "input" => match field.value().attr("type").unwrap_or_default() {
                "submit" | "image" | "button" => return,
                "file" => {}
                "checkbox" | "radio" => {
                    let value = value.unwrap_or_else(|| "on".into());
                    self.offers.push((name.clone(), value.clone()));
                    if field.value().attr("checked").is_some() {
                        self.values.push((name.clone(), value));
                    }
                }
                _ => self.values.push((name.clone(), value.unwrap_or_default())),
            },
            "textarea" => self.values.push((name.clone(), field.text().collect())),
            "select" => {
                let options = field.descendants().filter_map(ElementRef::wrap);
                let mut chosen = None;
                for option in options.filter(|e| e.value().name() == "option") {
                    let value = attribute(option, "value").unwrap_or_else(|| text(option));
                    self.offers.push((name.clone(), value.clone()));
                    if chosen.is_none() || option.value().attr("selected").is_some() {
                        chosen = Some(value);
                    }
                }
                if let (Some(value), None) = (chosen, field.value().attr("multiple")) {
                    self.values.push((name.clone(), value));
                }
            }
            _ => return,
        }
        self.fields.push(name);
    }

    fn with_button(&self, button: ElementRef<'_>) -> Self {
        let mut form = self.clone();
        form.name = attribute(button, "data-action").or(form.name);
        form.record = attribute(button, "data-record").or(form.record);
        form.target = attribute(button, "formaction").unwrap_or(form.target);
        if let Some(name) = attribute(button, "name") {
            form.values
                .push((name, attribute(button, "value").unwrap_or_default()));
        }
        form
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r#"<!doctype html><html><body>
        <ul><li data-record="ab" data-state="DS02"><a href="/records/ab">东坡 3 号</a></li></ul>
        <section data-record="ab">
          <form method="post" action="/records/ab/return"><input type="hidden" name="csrf" value="t&amp;1">
            <textarea name="note"></textarea><select name="how"><option value="1">a</option><option value="2" selected>b</option></select>
            <input type="checkbox" name="urgent"><button data-action="return">退回</button>
            <button data-action="assign" formaction="/records/ab/assign" name="choice" value="9">交办</button></form>
        </section></body></html>"#;

    #[test]
    fn a_form_is_found_by_its_buttons_action_and_the_record_around_it() {
        let page = Page::parse(200, "/", HTML.into());
        let form = page.form("return", Some("ab")).unwrap();
        assert_eq!(form.target, "/records/ab/return");
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            form.values,
            [pair("csrf", "t&1"), pair("note", ""), pair("how", "2")]
        );
        assert!(page.form("return", Some("cd")).is_none());
        let other = page.form("assign", Some("ab")).unwrap();
        assert_eq!(other.target, "/records/ab/assign");
        assert_eq!(other.values.last(), Some(&pair("choice", "9")));
        assert!(page.form_with("note").is_some());
    }

    #[test]
    fn links_and_states_name_their_record() {
        let page = Page::parse(200, "/", HTML.into());
        assert_eq!(page.links[0].record.as_deref(), Some("ab"));
        assert_eq!(page.records(), ["ab"]);
        assert_eq!(page.marks[0].state.as_deref(), Some("DS02"));
    }
}
