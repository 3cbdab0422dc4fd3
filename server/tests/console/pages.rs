//! All pages, and the numbers of the monthly return.

use axum::http::{StatusCode, header};
use xunge_records::Verb;

use crate::browser::*;
use crate::common::*;

const PAGES: [&str; 13] = [
    "/",
    "/disputes",
    "/requests",
    "/visits",
    "/households",
    "/records?show=new",
    "/warnings",
    "/warnings/new",
    "/quarantine",
    "/report",
    "/organisation",
    "/audit",
    "/households?show=due",
];

#[tokio::test]
async fn every_number_of_the_monthly_return_opens_as_many_rows_as_it_counts() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID, GRID_BESIDE]);
    let homes = [
        household(&mut phone, GRID, "王桂兰"),
        household(&mut phone, GRID_BESIDE, "陈有田"),
    ];
    let cases = [
        dispute(&mut phone, GRID),
        dispute(&mut phone, GRID_BESIDE),
        dispute(&mut phone, GRID),
    ];
    phone.visit(GRID);
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    browser
        .post(
            &format!("/records/{}/resolve", cases[0]),
            &[("reason", "说和了"), ("method", "RM03")],
        )
        .await;
    let page = browser.get("/report").await;
    let mut opened = 0;
    for part in page.html.split("<td><a href=\"").skip(1) {
        let (href, rest) = part.split_once('"').unwrap();
        let n: usize = rest
            .trim_start_matches('>')
            .split('<')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let list = browser
            .get(&href.replace("&#38;", "&").replace("&amp;", "&"))
            .await;
        assert_eq!(list.html.matches("class=\"row\"").count(), n, "{href}");
        opened += 1;
    }
    assert!(opened >= 10, "{opened}");
    assert!(page.has("data-table=\"disputes\"") && homes.len() == 2);
    let sheet = browser.get("/report.xlsx").await;
    assert_eq!(sheet.status, StatusCode::OK);
    assert!(sheet.html.starts_with("PK"));
}

#[tokio::test]
async fn every_page_is_whole_in_both_languages_and_loads_nothing_from_elsewhere() {
    let place = Place::inline();
    let mut phone = place.phone("王秀英", &[GRID]);
    let home = household(&mut phone, GRID, "王桂兰");
    let record = dispute(&mut phone, GRID);
    let visit = phone.visit(GRID);
    phone.event(record, Verb::Mediate, |body| {
        body.note = Some("双方到场".into())
    });
    phone.sync(&place);
    let mut browser = Browser::supervisor(&place).await;
    let mut paths: Vec<String> = PAGES.map(str::to_owned).into();
    paths.extend([home, record, visit].map(|id| format!("/records/{id}")));
    for lang in ["zh-CN", "en"] {
        browser.get("/").await;
        browser
            .post("/language", &[("lang", lang), ("here", "/")])
            .await;
        for path in &paths {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(page.has(&format!("<html lang=\"{lang}\"")), "{path}");
            let csp = page.headers[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(csp.contains("default-src 'none'") && !csp.contains("unsafe"));
            assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
            assert!(
                !page.has(" style=") && !page.has("<style") && !page.has("onclick"),
                "{path}"
            );
            for script in page.html.split("<script").skip(1) {
                assert!(script.starts_with(" src=\"/assets/"), "{path}");
            }
            // A text that is missing shows as its key: letters, dots, letters.
            for text in page
                .html
                .split('>')
                .skip(1)
                .filter_map(|t| t.split('<').next())
            {
                let key = text.trim();
                let is_key = key.contains('.')
                    && key.split('.').all(|w| {
                        !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                    });
                assert!(!is_key, "{key} in {path} ({lang})");
            }
        }
    }
}
