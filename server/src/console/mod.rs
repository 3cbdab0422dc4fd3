//! Server-rendered pages for supervisors.
