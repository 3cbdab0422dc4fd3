//! The relay as a writer: its key, its segments, certificates and grants.
