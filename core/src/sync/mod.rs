//! Carries segments to the relay and back: a sans-IO engine, and a driver that moves its bytes.
