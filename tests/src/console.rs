//! A supervisor's browser without a screen: cookies, forms as the page gives them, and a way to find a form by what it
//! does to which record. It knows three addresses by heart: none. Everything starts at `/`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, REFERER, SET_COOKIE};
use reqwest::{Method, Url};

use crate::api::http_client;
use crate::page::{Form, Page};
use crate::relay::Login;
use crate::{Outcome, clock, fail};

/// No search looks at more pages.
const MOST_PAGES: usize = 400;

/// A browser, signed in or not.
#[derive(Debug)]
pub struct Console {
    base: Url,
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
    // Where a record's forms were found last.
    places: BTreeMap<(String, Option<String>), String>,
}

impl Console {
    /// A fresh browser for the relay at `base`.
    pub fn new(base: &str) -> Outcome<Self> {
        Ok(Self {
            base: Url::parse(base)?,
            http: http_client()?,
            cookies: BTreeMap::new(),
            places: BTreeMap::new(),
        })
    }

    /// Opens `/`, fills in what it asks, and returns the first page behind it.
    pub async fn sign_in(base: &str, login: &Login) -> Outcome<(Self, Page)> {
        let mut console = Self::new(base)?;
        let mut page = console.get("/").await?;
        // One page may ask all three at once, or the one-time password after the others.
        for _ in 0..2 {
            let Some(form) = page
                .form_with("totp")
                .or_else(|| page.form_with("password"))
            else {
                break;
            };
            let code = clock::totp(&login.totp_secret, clock::unix_seconds())?;
            let form = form.clone();
            let fields = [
                ("user", login.user.as_str()),
                ("password", login.password.as_str()),
                ("totp", code.as_str()),
            ];
            page = console.submit(&page, &form, &fields).await?;
        }
        if page.form_with("password").is_some()
            || page.form_with("totp").is_some()
            || page.status != 200
        {
            fail!(
                "signing in as {} ends at {} with {}: {}",
                login.user,
                page.path,
                page.status,
                page.text
            );
        }
        Ok((console, page))
    }

    /// A page of this relay.
    pub async fn get(&mut self, path: &str) -> Outcome<Page> {
        let url = self.base.join(path)?;
        self.fetch(Method::GET, url, None, "").await
    }

    /// Sends a form with some of its fields filled in; a field may be named several times.
    pub async fn submit(
        &mut self,
        page: &Page,
        form: &Form,
        fields: &[(&str, &str)],
    ) -> Outcome<Page> {
        let mut values = form.values.clone();
        values.retain(|(name, _)| !fields.iter().any(|(filled, _)| filled == name));
        for (name, value) in fields {
            if form.fields.iter().any(|field| field == name) {
                values.push(((*name).into(), (*value).into()));
            }
        }
        let from = self.base.join(&page.path)?;
        let mut url = if form.target.is_empty() {
            from.clone()
        } else {
            from.join(&form.target)?
        };
        if form.method == "get" {
            url.query_pairs_mut().clear().extend_pairs(&values);
            return self.fetch(Method::GET, url, None, &page.path).await;
        }
        let body = if form.multipart {
            multipart(&values)
        } else {
            urlencoded(&values)?
        };
        self.fetch(Method::POST, url, Some(body), &page.path).await
    }

    /// Finds the form that does `action` to `record`, fills it in and sends it; fails if the relay refuses.
    pub async fn act(
        &mut self,
        action: &str,
        record: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Outcome<Page> {
        let Some((page, form)) = self.find(action, record).await? else {
            fail!("no page has a form {action} for {record:?}");
        };
        for (name, _) in fields {
            if !form.fields.iter().any(|field| field == name) {
                fail!(
                    "the form {action} on {} has no field {name}: {:?}",
                    page.path,
                    form.fields
                );
            }
        }
        let answer = self.submit(&page, &form, fields).await?;
        if answer.status != 200 {
            fail!(
                "{action} of {record:?}: {} at {}: {}",
                answer.status,
                answer.path,
                answer.text
            );
        }
        Ok(answer)
    }

    /// Chooses a file in the form that does `action`, sends it, and returns the file that comes back.
    pub async fn upload(&mut self, action: &str, file: &[u8]) -> Outcome<Vec<u8>> {
        let Some((page, form)) = self.find(action, None).await? else {
            fail!("no page has a form {action}");
        };
        let Some(field) = form
            .fields
            .iter()
            .find(|f| !form.values.iter().any(|(v, _)| v == *f))
        else {
            fail!("the form {action} takes no file: {:?}", form.fields);
        };
        let (kind, mut body) = multipart(&form.values);
        let end = body.len() - format!("--{BOUNDARY}--\r\n").len();
        let tail = body.split_off(end);
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"a.xgc\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        for part in [head.as_bytes(), file, b"\r\n", &tail] {
            body.extend_from_slice(part);
        }
        let url = self.base.join(&page.path)?.join(&form.target)?;
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let request = self.http.post(url).header(COOKIE, cookies.join("; "));
        let answer = request.header(CONTENT_TYPE, kind).body(body).send().await?;
        if !answer.status().is_success() {
            fail!("{action}: {}: {}", answer.status(), answer.text().await?);
        }
        Ok(answer.bytes().await?.to_vec())
    }

    /// Walks the console's links from `/`, those that name the record first, until a page has the form.
    pub async fn find(
        &mut self,
        action: &str,
        record: Option<&str>,
    ) -> Outcome<Option<(Page, Form)>> {
        let key = (action.to_owned(), record.map(str::to_owned));
        let mut queue: VecDeque<String> = self.places.get(&key).cloned().into_iter().collect();
        queue.push_back("/".into());
        let mut seen: BTreeSet<String> = queue.iter().cloned().collect();
        let mut looked_at = 0;
        while let Some(path) = queue.pop_front() {
            looked_at += 1;
            if looked_at > MOST_PAGES {
                break;
            }
            let page = self.get(&path).await?;
            if let Some(form) = page.form(action, record) {
                let form = form.clone();
                self.places.insert(key, path);
                return Ok(Some((page, form)));
            }
            for link in &page.links {
                let Some(next) = self.local(&page, link.href.as_deref().unwrap_or_default()) else {
                    continue;
                };
                if !seen.insert(next.clone()) {
                    continue;
                }
                let names_it =
                    record.is_some_and(|r| link.record.as_deref() == Some(r) || next.contains(r));
                if names_it {
                    queue.push_front(next);
                } else {
                    queue.push_back(next);
                }
            }
        }
        Ok(None)
    }

    /// Path and query of a link on this relay that changes nothing.
    fn local(&self, page: &Page, href: &str) -> Option<String> {
        let url = self.base.join(&page.path).ok()?.join(href).ok()?;
        let is_page = !["/logout", "/api/", "/static/", "/assets/"]
            .iter()
            .any(|p| url.path().starts_with(p))
            && !url
                .path()
                .rsplit('/')
                .next()
                .is_some_and(|last| last.contains('.'));
        if url.origin() != self.base.origin()
            || !is_page
            || url.query().is_some_and(|q| q.contains("lang"))
        {
            return None;
        }
        Some(match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().into(),
        })
    }

    async fn fetch(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut body: Option<(String, Vec<u8>)>,
        from: &str,
    ) -> Outcome<Page> {
        for _ in 0..10 {
            let mut request = self.http.request(method.clone(), url.clone());
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            if !cookies.is_empty() {
                request = request.header(COOKIE, cookies.join("; "));
            }
            if let Some((kind, bytes)) = body.take() {
                let referer = self.base.join(from)?;
                request = request
                    .header(CONTENT_TYPE, kind)
                    .header(ORIGIN, self.base.origin().ascii_serialization())
                    .header(REFERER, referer.as_str())
                    .body(bytes);
            }
            let answer = request.send().await?;
            for cookie in answer.headers().get_all(SET_COOKIE) {
                let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
                if let Some((name, value)) = pair.split_once('=') {
                    self.cookies.insert(name.trim().into(), value.trim().into());
                }
            }
            if answer.status().is_redirection() {
                let to = answer
                    .headers()
                    .get(LOCATION)
                    .ok_or("a redirect to nowhere")?;
                url = url.join(to.to_str()?)?;
                method = Method::GET;
                continue;
            }
            let status = answer.status().as_u16();
            let path = match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().into(),
            };
            return Ok(Page::parse(status, &path, answer.text().await?));
        }
        fail!("{url} redirects without end")
    }
}

fn urlencoded(values: &[(String, String)]) -> Outcome<(String, Vec<u8>)> {
    let mut url = Url::parse("http://form/")?;
    url.query_pairs_mut().extend_pairs(values);
    let body = url.query().unwrap_or_default().as_bytes().to_vec();
    Ok(("application/x-www-form-urlencoded".into(), body))
}

const BOUNDARY: &str = "xunge-harness-boundary-5d1c";

fn multipart(values: &[(String, String)]) -> (String, Vec<u8>) {
    let mut body = String::new();
    for (name, value) in values {
        body.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str(&format!("--{BOUNDARY}--\r\n"));
    (
        format!("multipart/form-data; boundary={BOUNDARY}"),
        body.into_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded_so_that_chinese_and_ampersands_survive() {
        let values = [("note".to_owned(), "缺地点&说一句".to_owned())];
        let (_, body) = urlencoded(&values).unwrap();
        let url = Url::parse(&format!("http://x/?{}", String::from_utf8(body).unwrap())).unwrap();
        assert_eq!(url.query_pairs().next().unwrap().1, "缺地点&说一句");
        let (kind, body) = multipart(&values);
        assert!(
            kind.contains("boundary=")
                && String::from_utf8(body)
                    .unwrap()
                    .contains("\r\n\r\n缺地点&说一句\r\n")
        );
    }
}
