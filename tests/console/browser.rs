//! A headless Chromium with its driver, and what a person does in it.

use std::net::TcpListener;
use std::process::Stdio;

use thirtyfour::prelude::*;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use xunge_tests::relay::Login;
use xunge_tests::{Outcome, clock, fail, programs};

pub(crate) struct Browser {
    web: WebDriver,
    base: std::cell::RefCell<String>,
    _driver: Child,
}

impl Browser {
    /// Starts chromedriver on a free port, and Chromium.
    pub(crate) async fn open() -> Outcome<Self> {
        let _ = xunge_tests::api::http_client()?;
        let Some(program) = programs::chromedriver() else {
            fail!("no chromedriver: `cargo xtask test console` installs it or says how");
        };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut driver = Command::new(program)
            .arg(format!("--port={port}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut wishes = DesiredCapabilities::chrome();
        for wish in [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--lang=zh-CN",
        ] {
            wishes.add_arg(wish)?;
        }
        wishes.add_arg("--window-size=1366,768")?;
        let url = format!("http://127.0.0.1:{port}");
        listens(&mut driver).await?;
        let web = WebDriver::new(&url, wishes).await?;
        Ok(Self {
            web,
            base: String::new().into(),
            _driver: driver,
        })
    }

    pub(crate) async fn close(self) {
        let _ = self.web.quit().await;
    }

    /// Opens the console and fills in what it asks.
    pub(crate) async fn sign_in(&self, base: &str, login: &Login) -> Outcome {
        *self.base.borrow_mut() = base.into();
        self.go("/").await?;
        self.fill("user", &login.user).await?;
        self.fill("password", &login.password).await?;
        self.fill(
            "totp",
            &clock::totp(&login.totp_secret, clock::unix_seconds())?,
        )
        .await?;
        self.press("login").await?;
        if self.has("[name='password']").await {
            fail!("signing in failed: {}", self.text().await);
        }
        Ok(())
    }

    pub(crate) async fn go(&self, path: &str) -> Outcome {
        let base = self.base.borrow().clone();
        Ok(self.web.goto(format!("{base}{path}")).await?)
    }

    /// Path and query of the page.
    pub(crate) async fn path(&self) -> String {
        let url = self
            .web
            .current_url()
            .await
            .map(|url| url.to_string())
            .unwrap_or_default();
        url.strip_prefix(self.base.borrow().as_str())
            .unwrap_or("/")
            .into()
    }

    /// Writes into a field.
    pub(crate) async fn fill(&self, name: &str, value: &str) -> Outcome {
        let field = self
            .web
            .find(By::Css(format!(
                "input[name='{name}']:not([type=checkbox]), textarea[name='{name}']"
            )))
            .await?;
        field.clear().await?;
        Ok(field.send_keys(value).await?)
    }

    /// Presses what does `action`, and waits for the page that follows.
    pub(crate) async fn press(&self, action: &str) -> Outcome {
        let button = self
            .web
            .find(By::Css(format!("button[data-action='{action}']")))
            .await?;
        button.scroll_into_view().await?;
        self.leave_by(&button).await
    }

    /// Clicks what leads to another page, and waits until this one is gone: the driver may answer a click before the
    /// browser has begun to leave.
    async fn leave_by(&self, element: &WebElement) -> Outcome {
        let page = self.web.find(By::Css("html")).await?;
        element.click().await?;
        Ok(page.wait_until().stale().await?)
    }

    /// Follows the link that does `action`.
    pub(crate) async fn go_to_action(&self, action: &str) -> Outcome {
        if let Ok(link) = self
            .web
            .find(By::Css(format!("a[data-action='{action}']")))
            .await
        {
            return self.leave_by(&link).await;
        }
        // Not on this page: on one that the page links to.
        let mut paths = Vec::new();
        for link in self.web.find_all(By::Css("nav a[href]")).await? {
            paths.extend(link.attr("href").await?);
        }
        for path in paths.into_iter().filter(|path| path.starts_with('/')) {
            self.go(&path).await?;
            if let Ok(link) = self
                .web
                .find(By::Css(format!("a[data-action='{action}']")))
                .await
            {
                return self.leave_by(&link).await;
            }
        }
        fail!("no page of the navigation has {action}")
    }

    /// Opens a record: by its row on `page` if it stands there, else by its address.
    pub(crate) async fn follow_record(&self, page: &str, record: &str) -> Outcome {
        self.go(page).await?;
        match self
            .web
            .find(By::Css(format!("[data-record='{record}'] a")))
            .await
        {
            Ok(link) => self.leave_by(&link).await,
            Err(_) => self.go(&format!("/records/{record}")).await,
        }
    }

    pub(crate) async fn has(&self, css: &str) -> bool {
        self.web.find(By::Css(css.to_owned())).await.is_ok()
    }

    /// What a reader sees.
    pub(crate) async fn text(&self) -> String {
        match self.web.find(By::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(error) => error.to_string(),
        }
    }

    /// The state that the first of some records shows, and how many of them show it.
    pub(crate) async fn first_state_of(&self, records: &[String]) -> (String, usize) {
        let row = self
            .web
            .find(By::Css(format!(
                "[data-record='{}'][data-state]",
                records[0]
            )))
            .await;
        let state = match row {
            Ok(row) => row
                .attr("data-state")
                .await
                .ok()
                .flatten()
                .unwrap_or_default(),
            Err(_) => return (String::new(), 0),
        };
        let count = self.count_state(records, &state).await;
        (state, count)
    }

    /// How many of some records show a state.
    pub(crate) async fn count_state(&self, records: &[String], state: &str) -> usize {
        let mut count = 0;
        for record in records {
            count += usize::from(
                self.has(&format!("[data-record='{record}'][data-state='{state}']"))
                    .await,
            );
        }
        count
    }

    /// Status of a page, as this browser's user gets it.
    pub(crate) async fn status_of(&self, path: &str) -> u64 {
        let script = "const done = arguments[1]; fetch(arguments[0]).then(r => done(r.status), () => done(0));";
        let answer = self.web.execute_async(script, vec![path.into()]).await;
        answer
            .ok()
            .and_then(|answer| answer.json().as_u64())
            .unwrap_or(0)
    }

    /// Pixels by which the page is wider than a window of this size.
    pub(crate) async fn overflow(&self, width: u32, height: u32) -> i64 {
        self.web.set_window_rect(0, 0, width, height).await.unwrap();
        let script = "const d = document.documentElement; return Math.max(0, d.scrollWidth - d.clientWidth);";
        let answer = self.web.execute(script, vec![]).await.unwrap();
        answer.json().as_i64().unwrap_or(-1)
    }

    pub(crate) async fn language(&self) -> String {
        let root = self.web.find(By::Css("html")).await.unwrap();
        root.attr("lang").await.unwrap().unwrap_or_default()
    }
}

/// Waits until chromedriver says that it listens, and lets it say on what else it likes.
async fn listens(driver: &mut Child) -> Outcome {
    let Some(output) = driver.stdout.take() else {
        fail!("chromedriver has no output");
    };
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if line.contains("started successfully") {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(());
        }
    }
    fail!("chromedriver ended before it listened")
}
