//! The shells' own texts: written once as Android's resources, read by the iOS shell as JSON.

use std::collections::BTreeMap;
use std::fs;

use xunge_tests::{Outcome, fail, programs};

/// One flat JSON object of key and text of `strings.xml` in the resource folder `folder`.
pub(crate) fn of_android(folder: &str) -> Outcome<String> {
    let path = programs::workspace()
        .join("android-shell/src/main/res")
        .join(folder)
        .join("strings.xml");
    let xml = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let texts = read(&xml).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(format!("{}\n", serde_json::to_string_pretty(&texts)?))
}

fn read(xml: &str) -> Outcome<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for part in xml.split("<string name=\"").skip(1) {
        let Some((key, rest)) = part.split_once("\">") else {
            fail!("a text has more than a name: {part}");
        };
        let Some((text, _)) = rest.split_once("</string>") else {
            fail!("{key} has no end");
        };
        if text.contains('<') || text.contains('\\') {
            fail!("{key} has markup or escapes, which only Android understands");
        }
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&");
        if texts.insert(key.to_owned(), text).is_some() {
            fail!("{key} is there twice");
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_by_key_with_their_signs() {
        let xml = "<resources>\n<string name=\"a\">镇里%1$d条</string><string name=\"b\">1 &lt; 2</string></resources>";
        let texts = read(xml).unwrap();
        assert_eq!(texts["a"], "镇里%1$d条");
        assert_eq!(texts["b"], "1 < 2");
    }

    #[test]
    fn what_only_android_understands_is_refused() {
        assert!(read("<string name=\"a\">it\\'s</string>").is_err());
        assert!(read("<string name=\"a\"><b>x</b></string>").is_err());
        assert!(read("<string name=\"a\">x").is_err());
    }

    #[test]
    fn both_languages_have_the_same_keys() {
        let keys = |folder| -> Vec<String> {
            let texts: BTreeMap<String, String> =
                serde_json::from_str(&of_android(folder).unwrap()).unwrap();
            texts.into_keys().collect()
        };
        assert_eq!(keys("values"), keys("values-en"));
    }
}
