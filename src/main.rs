//! The command line of wasideps; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    wasideps::cli::main()
}
