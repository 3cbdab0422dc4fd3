//! The door of the core: everything that a shell may ask, in one file an area.
