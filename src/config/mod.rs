//! Configuration text into values.
