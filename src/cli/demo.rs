//! `readdress demo`: placeholder.
use super::{Exit, flags::Demo};
/// Runs the command.
pub fn run(_flags: &Demo) -> Exit {
    Exit::Fine
}
