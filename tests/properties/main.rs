//! Properties of every table, every address and every message, tested with random ones.
//!
//! A case that fails is made smaller and printed. Make a unit test or a scenario of it before you fix the error.
//! Seeds are not kept: no run changes a file of the source tree.

#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

mod addresses;
mod after;
mod agreement;
mod laws;
mod lines;
mod model;
mod naive;
mod naive_load;
mod plans;
mod robust;
mod rules;
mod who;
mod worlds;

use proptest::test_runner::{Config, RngSeed};

/// The number of cases. They are the same in every run: a rare difference is no reason to fail an unrelated change.
/// READDRESS_CASES asks for more cases, at random. A case that fails is printed and not kept in a file.
fn cases(cases: u32) -> Config {
    let wanted = std::env::var("READDRESS_CASES").ok();
    let wanted: Option<u32> = wanted.and_then(|wanted| wanted.parse().ok());
    Config {
        cases: wanted.unwrap_or(cases),
        failure_persistence: None,
        rng_seed: if wanted.is_some() {
            RngSeed::Random
        } else {
            RngSeed::Fixed(1)
        },
        ..Config::default()
    }
}
