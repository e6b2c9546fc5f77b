//! Values of options.

use std::time::Duration;

use camino::Utf8PathBuf;
use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::consumer::env::Shell;
use crate::model::{Name, NameError, Template, Version};

/// A path of the command line. An empty one would be the current folder.
///
/// # Errors
/// When it is empty.
pub fn path(text: &str) -> Result<Utf8PathBuf, &'static str> {
    if text.is_empty() {
        Err("a path can't be empty")
    } else {
        Ok(text.into())
    }
}

/// An age of the command line: a number of minutes, hours or days.
///
/// # Errors
/// When it is anything else.
pub fn age(text: &str) -> Result<Duration, &'static str> {
    let seconds = [('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60)]
        .into_iter()
        .find_map(|(unit, seconds)| {
            let digits = text
                .strip_suffix(unit)
                .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse::<u64>().ok()?.checked_mul(seconds)
        });
    seconds
        .map(Duration::from_secs)
        .ok_or("an age is a number of minutes, hours or days, as in `90m`, `36h`, `30d`")
}

/// A crate and its release: `lz4-sys@1.11.1`.
///
/// # Errors
/// When it is anything else.
pub fn crate_release(text: &str) -> Result<(Name, Version), String> {
    let (name, release) = text
        .split_once('@')
        .ok_or("a crate is NAME@RELEASE, as in `lz4-sys@1.11.1`")?;
    let name = name.parse().map_err(|error: NameError| error.to_string())?;
    let release = release
        .parse()
        .map_err(|error: NameError| error.to_string())?;
    Ok((name, release))
}

/// A recipe and the one that is built in its place: `zlib=zlib-ng-compat`.
///
/// # Errors
/// When it is anything else.
pub fn replacement(text: &str) -> Result<(Name, Name), String> {
    let (name, replacing) = text
        .split_once('=')
        .ok_or("a replacement is NAME=RECIPE, as in `zlib=zlib-ng-compat`")?;
    let parsed = |text: &str| text.parse().map_err(|error: NameError| error.to_string());
    Ok((parsed(name)?, parsed(replacing)?))
}

/// A source package of Debian and its upstream archive: `lz4/lz4_{version}.orig.tar.gz`.
///
/// # Errors
/// When it is anything else.
pub fn debian_file(text: &str) -> Result<(Name, Template), String> {
    let (package, file) = text
        .split_once('/')
        .ok_or("a source of Debian is PACKAGE/FILE, as in `lz4/lz4_{version}.orig.tar.gz`")?;
    let package = package
        .parse()
        .map_err(|error: NameError| error.to_string())?;
    let file = file.parse().map_err(|error: NameError| error.to_string())?;
    Ok((package, file))
}

impl ValueEnum for Shell {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Sh,
            Self::Fish,
            Self::PowerShell,
            Self::Github,
            Self::Json,
        ]
    }

    // Completion scripts have these texts in quotes of the shell: none may end the quotes or start
    // a command.
    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Sh => ("sh", "POSIX shells, for eval"),
            Self::Fish => ("fish", "fish, for source"),
            Self::PowerShell => ("powershell", "PowerShell, for Invoke-Expression"),
            Self::Github => (
                "github",
                "GitHub Actions, for the file that GITHUB_ENV names",
            ),
            Self::Json => ("json", "One object"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

#[cfg(test)]
mod tests {
    use clap::builder::ValueParser;
    use clap::error::ErrorKind;
    use clap::{Command, CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::args::Cli;

    /// Each argument of `command` and its subcommands that takes a path, as a command line that
    /// gives it an empty one.
    fn with_empty_paths(command: &Command, words: &[String], found: &mut Vec<Vec<String>>) {
        for arg in command
            .get_arguments()
            .filter(|arg| arg.get_value_parser().type_id() == ValueParser::from(path).type_id())
        {
            let option = arg.get_long().map(|long| format!("--{long}"));
            found.push(
                words
                    .iter()
                    .cloned()
                    .chain(option)
                    .chain([String::new()])
                    .collect(),
            );
        }
        for inner in command.get_subcommands() {
            with_empty_paths(
                inner,
                &[words, &[inner.get_name().to_owned()]].concat(),
                found,
            );
        }
    }

    #[test]
    fn an_age_has_one_of_three_units() {
        for (text, seconds) in [
            ("0m", 0),
            ("90m", 5_400),
            ("36h", 129_600),
            ("30d", 2_592_000),
        ] {
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "d",
            "30",
            "1.5d",
            "-1d",
            "+1d",
            "1 d",
            "1w",
            "30d ",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(age(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_option_takes_an_empty_path() {
        let mut found = Vec::new();
        with_empty_paths(&Cli::command(), &["wasideps".to_owned()], &mut found);
        assert!(found.len() > 20, "{found:?}");
        for words in found {
            let error = Cli::try_parse_from(&words)
                .map(drop)
                .expect_err(&format!("{words:?} is taken"));
            assert_eq!(
                error.kind(),
                ErrorKind::ValueValidation,
                "{words:?}: {error}"
            );
        }
    }
}
