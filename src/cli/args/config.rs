//! `--target` and `--variant`, which are one value: a combination that makes no sense is no command
//! line.

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::model::{BuildConfig, Target, Variant};

/// What to build for.
#[derive(Debug, Clone, Copy)]
pub struct ConfigArgs {
    pub config: BuildConfig,
}

#[derive(Debug, Args)]
struct Words {
    /// Target triple: wasm32-wasip1, wasm32-wasip2, wasm32-wasip1-threads or wasm32-wasip3
    #[arg(long, value_name = "TRIPLE", default_value_t)]
    target: Target,
    /// How to compile: `default`, or features joined by `+`. pic: position-independent code; small:
    /// for size in place of speed; simd: 128-bit vectors; eh: WebAssembly's exceptions, setjmp and
    /// longjmp
    #[arg(long, value_name = "FEATURES", default_value_t)]
    variant: Variant,
}

impl Args for ConfigArgs {
    fn augment_args(command: Command) -> Command {
        Words::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Words::augment_args_for_update(command)
    }
}

impl FromArgMatches for ConfigArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let Words { target, variant } = Words::from_arg_matches(matches)?;
        let config = BuildConfig::new(target, variant);
        Ok(Self {
            config: config.map_err(|error| {
                clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n"))
            })?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
