//! Sync against a real store.
