//! What the relay keeps, as traits, and the databases that implement them.
