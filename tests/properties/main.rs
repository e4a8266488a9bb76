//! What must hold for every table, every address and every message, tried with random ones.
//!
//! A case that fails is shrunk and printed; make it a unit test or a scenario before it is mended.
//! Seeds are not kept: the tree stays as it is, whatever a run finds.

#![allow(clippy::disallowed_macros, reason = "tests report on the terminal")]

mod addresses;
mod agreement;
mod model;
mod naive;
mod naive_load;
mod plans;
mod robust;
mod rules;
mod worlds;

use proptest::test_runner::Config;

/// So many cases, or as many as READDRESS_CASES says, and no file of seeds beside the sources.
fn cases(cases: u32) -> Config {
    let wanted = std::env::var("READDRESS_CASES").ok();
    let wanted = wanted.and_then(|wanted| wanted.parse().ok());
    Config {
        cases: wanted.unwrap_or(cases),
        failure_persistence: None,
        ..Config::default()
    }
}
