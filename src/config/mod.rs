//! Configuration text into values.

pub mod socket;
