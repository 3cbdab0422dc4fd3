//! Server-rendered pages for supervisors. They work without JavaScript, by keyboard alone, on a phone and in print.
//!
//! [`page`] holds the pages, one file each; [`ui`] and [`view`] the pieces they share; [`locale`] the texts. What a page
//! shows comes from the store's projection; what a user does goes through [`crate::command`] and stands in the audit log.

pub mod asset;
pub mod locale;
pub mod page;
pub mod picture;
pub mod ui;
pub mod view;
