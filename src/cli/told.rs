//! How failures are told: to people, to programs, and those of the command line itself.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind, Write as _};

use miette::Diagnostic;
use serde::Serialize;

use super::error::{CliError, Exit};
use super::output::write_out;
use crate::model::printable;

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

/// A failure with its causes in its own sentence, where most layers have them already, and not once
/// more below it.
#[derive(Debug)]
pub struct Told<'a> {
    failure: &'a CliError,
    pub message: String,
}

impl<'a> Told<'a> {
    pub fn new(failure: &'a CliError) -> Self {
        Self {
            failure,
            message: with_sources(failure),
        }
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Told<'_> {}

impl Diagnostic for Told<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.failure.code()
    }

    fn severity(&self) -> Option<miette::Severity> {
        self.failure.severity()
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.failure.help()
    }

    fn url<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.failure.url()
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.failure.source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        self.failure.labels()
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>> {
        self.failure.related()
    }
}

/// An error with what caused it, in one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
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
                    CliError::Output { source: error }
                );
                Exit::Failed as u8
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
        let line = serde_json::to_string(&ErrorLine::new(message, None, Exit::Usage as u8))
            .expect("an object of strings");
        // Standard error and the exit code say it all the same.
        let _ = write_out(&format!("{}\n", printable::json(&line)));
    }
    // An argument may come from elsewhere, and is repeated.
    match printable::lines(&error.render().to_string()) {
        Cow::Owned(shown) => drop(io::stderr().write_all(shown.as_bytes())),
        Cow::Borrowed(_) => drop(error.print()),
    }
    Exit::Usage as u8
}

/// Whether `--message-format json` is among arguments that could not be parsed.
fn wants_json(args: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let args: Vec<_> = args.take_while(|arg| arg != "--").collect();
    args.iter().any(|arg| arg == "--message-format=json")
        || args
            .windows(2)
            .any(|pair| pair[0] == "--message-format" && pair[1] == "json")
}
