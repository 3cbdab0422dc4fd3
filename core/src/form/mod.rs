//! One-question-a-screen interviews, defined by data, resumable after any kill.
