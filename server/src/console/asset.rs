//! Style sheet, script and icon: part of the binary, addressed by their hash, so that a browser may keep them for ever.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use xunge_protocol::Hash32;

/// A file that pages link to.
pub struct Asset {
    name: &'static str,
    mime: &'static str,
    content: &'static str,
    href: OnceLock<String>,
}

/// The style sheet.
pub static CSS: Asset = Asset::new(
    "console.css",
    "text/css; charset=utf-8",
    include_str!("../../assets/console.css"),
);
/// The script.
pub static JS: Asset = Asset::new(
    "console.js",
    "text/javascript; charset=utf-8",
    include_str!("../../assets/console.js"),
);
/// The icon.
pub static ICON: Asset = Asset::new(
    "icon.svg",
    "image/svg+xml",
    include_str!("../../assets/icon.svg"),
);

impl Asset {
    const fn new(name: &'static str, mime: &'static str, content: &'static str) -> Self {
        Self {
            name,
            mime,
            content,
            href: OnceLock::new(),
        }
    }

    /// Its address; changes with its content.
    pub fn href(&self) -> &str {
        self.href.get_or_init(|| {
            let hash = Hash32::of(self.content.as_bytes()).to_string();
            format!(
                "/assets/{}-{}",
                hash.get(..12).unwrap_or_default(),
                self.name
            )
        })
    }
}

/// Serves the assets.
pub(super) async fn serve(Path(file): Path<String>) -> Response {
    let path = format!("/assets/{file}");
    match [&CSS, &JS, &ICON].into_iter().find(|a| a.href() == path) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.mime),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            asset.content,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
