//! The program `readdress`: hands over to [`readdress::cli`] and exits with its status.

use std::process::ExitCode;

fn main() -> ExitCode {
    readdress::cli::run()
}
