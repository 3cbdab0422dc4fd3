//! What a user sees when something does not work: what happened, that nothing is lost, what to do.

use askama::Template;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use crate::console::error::Problem;
use crate::console::locale::Lang;
use crate::console::session::Session;
use crate::console::ui::Ui;

/// A problem.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// Surroundings.
    pub ui: Ui,
    /// Stable code.
    pub code: &'static str,
    /// Heading.
    pub title: String,
    /// What happened and what to do.
    pub text: String,
    /// The way on.
    pub back: String,
}

/// Draws the page of a response that is marked as a problem, in the session's language.
pub(in crate::console) async fn draw(request: Request, next: Next) -> Response {
    let session = request.extensions().get::<Session>().cloned();
    let response = next.run(request).await;
    let Some(Problem(code)) = response.extensions().get::<Problem>().copied() else {
        return response;
    };
    let lang = session.as_ref().and_then(|s| Lang::from_tag(&s.0.lang));
    let lang = lang.unwrap_or_default();
    let page = ProblemPage {
        ui: Ui::outside(lang, "", "problem-out"),
        code,
        title: lang.text(&format!("problem.{code}.title")),
        text: lang.text(&format!("problem.{code}.text")),
        back: "/".into(),
    };
    match page.render() {
        Ok(html) => (response.status(), Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a problem page was not drawn");
            response
        }
    }
}
