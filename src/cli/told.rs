//! How failures are shown: to people, to programs, and those of the command line itself.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write as _};

use serde::Serialize;

use super::error::{CliError, exit_code};
use super::output::write_out;
use crate::model::{ErrorClass, printable, with_causes};

/// A failure in `--message-format json`.
#[derive(Serialize)]
pub struct ErrorLine {
    pub reason: &'static str,
    pub message: String,
    pub help: Option<String>,
    pub exit_code: u8,
}

impl ErrorLine {
    pub fn new(message: String, help: Option<String>, exit_code: u8) -> Self {
        Self {
            reason: "error",
            message,
            help,
            exit_code,
        }
    }
}

/// Prints what the command line gives without a command: help and version to stdout, an error to
/// stderr, and where JSON was asked for to stdout as well. Gives the exit code.
pub fn command_line(error: &clap::Error) -> u8 {
    if !error.use_stderr() {
        return match error.print().and_then(|()| io::stdout().flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                // There is nowhere left to report that this fails too.
                let _ = writeln!(
                    io::stderr(),
                    "error: {}",
                    with_causes(&CliError::Output { source: error })
                );
                exit_code(ErrorClass::Failed)
            }
            _ => 0,
        };
    }
    if wants_json(std::env::args_os()) {
        let text = error.render().to_string();
        let message = text
            .strip_prefix("error: ")
            .unwrap_or(&text)
            .trim()
            .to_owned();
        let line =
            serde_json::to_string(&ErrorLine::new(message, None, exit_code(ErrorClass::Usage)))
                .expect("an object of strings");
        // Standard error and the exit code say it all the same.
        let _ = write_out(&format!("{}\n", printable::json(&line)));
    }
    // An argument may come from elsewhere, and is repeated.
    match printable::lines(&error.render().to_string()) {
        Cow::Owned(shown) => drop(io::stderr().write_all(shown.as_bytes())),
        Cow::Borrowed(_) => drop(error.print()),
    }
    exit_code(ErrorClass::Usage)
}

/// Whether `--message-format json` is among arguments that could not be parsed.
fn wants_json(args: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let args: Vec<_> = args.take_while(|arg| arg != "--").collect();
    args.iter().any(|arg| arg == "--message-format=json")
        || args
            .windows(2)
            .any(|pair| pair[0] == "--message-format" && pair[1] == "json")
}
