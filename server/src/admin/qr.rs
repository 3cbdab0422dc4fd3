//! QR codes, for a terminal and as a picture.

use qrcode::render::{svg, unicode};
use qrcode::{EcLevel, QrCode};

use super::failure::Failure;

fn code(text: &str) -> Result<QrCode, Failure> {
    QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| Failure::new(format!("the ticket does not fit a QR code: {error}")))
}

/// For a terminal with light text on a dark ground.
pub(super) fn for_terminal(text: &str) -> Result<String, Failure> {
    Ok(code(text)?
        .render::<unicode::Dense1x2>()
        .dark_color(unicode::Dense1x2::Light)
        .light_color(unicode::Dense1x2::Dark)
        .build())
}

/// As an SVG picture.
pub(super) fn as_svg(text: &str) -> Result<String, Failure> {
    Ok(code(text)?
        .render::<svg::Color<'_>>()
        .min_dimensions(480, 480)
        .build())
}
