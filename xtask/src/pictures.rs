//! `cargo xtask pictures`: the SVG sources of `fixtures/pictures` as Android vector drawables, `pic_NAME.xml`. Android's
//! vectors know paths alone, so circles and rectangles become paths, and dashes become pieces.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use xunge_tests::{Outcome, fail, programs};

const INTO: &str = "android-shell/src/main/res/drawable";

/// Writes them all.
pub(crate) fn run() -> Outcome {
    let into = programs::workspace().join(INTO);
    fs::create_dir_all(&into)?;
    for (name, svg) in sources()? {
        let drawable = drawable(&svg).map_err(|e| format!("{name}.svg: {e}"))?;
        fs::write(into.join(format!("pic_{name}.xml")), drawable)?;
    }
    println!("{}", into.display());
    Ok(())
}

/// Name and SVG of each picture.
pub(crate) fn sources() -> Outcome<Vec<(String, String)>> {
    let folder = programs::workspace().join("fixtures/pictures");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "svg"));
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            Ok((name.into_owned(), fs::read_to_string(&path)?))
        })
        .collect()
}

/// One vector drawable of one SVG drawn by the rules of this project: 48 × 48, lines of one colour.
fn drawable(svg: &str) -> Outcome<String> {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <!-- Made of fixtures/pictures by `cargo xtask pictures`. -->\n\
         <vector xmlns:android=\"http://schemas.android.com/apk/res/android\"\n    \
         android:width=\"48dp\" android:height=\"48dp\" android:viewportWidth=\"48\" android:viewportHeight=\"48\">\n",
    );
    let mut root = Element::default();
    for element in elements(svg) {
        if element.name == "svg" {
            if element.get("viewBox") != Some("0 0 48 48") {
                fail!("not on the 48 grid");
            }
            root = element;
            continue;
        }
        let inherited = |key: &str| element.get(key).or_else(|| root.get(key));
        let mut path = outline(&element)?;
        if let Some(dashes) = element.get("stroke-dasharray") {
            path = dashed_circle(&element, dashes)?;
        }
        write!(out, "    <path android:pathData=\"{path}\"")?;
        match inherited("fill") {
            Some("none") => {}
            _ => out.push_str(" android:fillColor=\"#ff000000\""),
        }
        if inherited("stroke").is_some_and(|s| s != "none") {
            let width = inherited("stroke-width").unwrap_or("1");
            write!(
                out,
                " android:strokeColor=\"#ff000000\" android:strokeWidth=\"{width}\" android:strokeLineCap=\"round\" \
                 android:strokeLineJoin=\"round\""
            )?;
        }
        out.push_str(" />\n");
    }
    out.push_str("</vector>\n");
    Ok(out)
}

#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    fn get(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    fn number(&self, key: &str) -> Outcome<f64> {
        match self.get(key) {
            Some(text) => Ok(text.parse().map_err(|_| format!("{key}={text:?}"))?),
            None => Ok(0.0),
        }
    }
}

/// Opening tags; the project's pictures have no text and no nesting that means anything.
fn elements(svg: &str) -> Vec<Element> {
    let tags = svg.split('<').filter_map(|tag| tag.split('>').next());
    tags.filter(|tag| tag.starts_with(char::is_alphabetic))
        .map(|tag| {
            let (name, rest) = tag.split_once(' ').unwrap_or((tag, ""));
            let mut attributes = Vec::new();
            let mut rest = rest;
            while let Some((key, after)) = rest.split_once("=\"") {
                let Some((value, next)) = after.split_once('"') else {
                    break;
                };
                attributes.push((key.trim().to_owned(), value.to_owned()));
                rest = next;
            }
            Element {
                name: name.trim_end_matches('/').to_owned(),
                attributes,
            }
        })
        .collect()
}

fn outline(element: &Element) -> Outcome<String> {
    match element.name.as_str() {
        "path" => match element.get("d") {
            Some(d) => Ok(d.to_owned()),
            None => fail!("a path without d"),
        },
        "circle" => {
            let (x, y, r) = circle(element)?;
            Ok(format!(
                "M{} {y}a{r} {r} 0 1 1 {} 0a{r} {r} 0 1 1 {} 0Z",
                x - r,
                2.0 * r,
                -2.0 * r
            ))
        }
        "rect" => {
            let (x, y) = (element.number("x")?, element.number("y")?);
            let (w, h) = (element.number("width")?, element.number("height")?);
            let r = element.number("rx")?;
            Ok(format!(
                "M{} {y}h{}a{r} {r} 0 0 1 {r} {r}v{}a{r} {r} 0 0 1 {} {r}h{}a{r} {r} 0 0 1 {} {}v{}a{r} {r} 0 0 1 {r} {}Z",
                x + r,
                w - 2.0 * r,
                h - 2.0 * r,
                -r,
                -(w - 2.0 * r),
                -r,
                -r,
                -(h - 2.0 * r),
                -r
            ))
        }
        other => fail!("<{other}> has no counterpart in a vector drawable"),
    }
}

fn circle(element: &Element) -> Outcome<(f64, f64, f64)> {
    Ok((
        element.number("cx")?,
        element.number("cy")?,
        element.number("r")?,
    ))
}

/// Dashes of a circle, as one arc each.
fn dashed_circle(element: &Element, dashes: &str) -> Outcome<String> {
    if element.name != "circle" {
        fail!("only a circle can be dashed");
    }
    let (x, y, r) = circle(element)?;
    let lengths: Vec<f64> = dashes
        .split([' ', ','])
        .filter_map(|n| n.parse().ok())
        .collect();
    let [on, off] = lengths.as_slice() else {
        fail!("stroke-dasharray={dashes:?}");
    };
    let round = std::f64::consts::TAU * r;
    let pieces = (round / (on + off)).round().max(1.0);
    let (step, share) = (std::f64::consts::TAU / pieces, on / (on + off));
    let mut path = String::new();
    let mut at = 0.0;
    while at < std::f64::consts::TAU - step / 2.0 {
        let end: f64 = at + step * share;
        write!(
            path,
            "M{:.2} {:.2}A{r} {r} 0 0 1 {:.2} {:.2}",
            x + r * f64::cos(at),
            y + r * f64::sin(at),
            x + r * end.cos(),
            y + r * end.sin()
        )?;
        at += step;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_of_the_app_is_the_present_drawing() {
        let into = programs::workspace().join(INTO);
        for (name, svg) in sources().unwrap() {
            let there = fs::read_to_string(into.join(format!("pic_{name}.xml"))).unwrap();
            assert_eq!(
                there,
                drawable(&svg).unwrap(),
                "{name}: cargo xtask pictures"
            );
        }
    }

    #[test]
    fn every_picture_is_listed_with_its_meaning() {
        let list = fs::read_to_string(programs::workspace().join("docs/pictures.md")).unwrap();
        for (name, _) in sources().unwrap() {
            assert!(
                list.contains(&format!("| `{name}` |")),
                "{name} has no row in docs/pictures.md"
            );
        }
    }
}
