//! What a field of a record may hold. The tables of the kinds are the single source for validation and JSON Schema.

/// Type of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Any text, at most [`MAX_TEXT_CHARS`].
    Text,
    /// Whole number.
    Integer,
    /// Number, finite.
    Number,
    /// Yes or no.
    Bool,
    /// ISO 8601 calendar date, `2026-11-23`.
    Date,
    /// One code of the named list.
    Code(&'static str),
    /// A set of codes of the named list: one path `name/CODE` = true each.
    Codes(&'static str),
    /// Id of a record of the named kind.
    Record(&'static str),
    /// A set of ids of records of the named kind: one path `name/ID` = true each.
    Records(&'static str),
    /// Id of a place of the organisation.
    Scope,
    /// A media file, as [`super::media::MediaRef`] writes it.
    Media,
    /// Fields of its own under `name/…`.
    Group(&'static [Field]),
}

/// Longest text of a field, in characters.
pub const MAX_TEXT_CHARS: usize = 4000;

/// One field of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Stable name; key of its label in the resource files as `field.KIND.NAME`.
    pub name: &'static str,
    /// What it holds.
    pub ty: FieldType,
    /// Whether a saved record must have it.
    pub required: bool,
    /// Whether it identifies a person, and the console masks it until revealed.
    pub personal: bool,
}

impl Field {
    /// A field that may be absent.
    pub const fn new(name: &'static str, ty: FieldType) -> Self {
        Self {
            name,
            ty,
            required: false,
            personal: false,
        }
    }

    /// The same, required.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, masked.
    pub const fn personal(mut self) -> Self {
        self.personal = true;
        self
    }
}
