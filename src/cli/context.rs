//! The options as a session takes them.

use camino::Utf8Path;

use super::args::{Global, ToolchainArgs};
use super::component_linker;
use super::error::{CliError, Failures};
use super::printer::Printer;
use crate::check::{Runner, RunnerRequest};
use crate::model::BuildConfig;
use crate::report::Reporter;
use crate::session::{Options, SdkChoice, Session, variable};

/// The session that the options open.
pub fn session<'r>(global: &Global, told: &'r dyn Reporter) -> Result<Session<'r>, Failures> {
    Ok(Session::open(options(global), told)?)
}

/// The same with all recipes that there are, locked or not.
pub fn session_with_all_recipes<'r>(
    global: &Global,
    printer: &'r Printer,
) -> Result<Session<'r>, Failures> {
    Ok(Session::open_with_all_recipes(options(global), printer)?)
}

/// What the options say of a session.
pub fn options(global: &Global) -> Options {
    Options {
        recipes: global.recipes.clone(),
        lockfile: global.lockfile.clone(),
        store: global.store.clone(),
        offline: global.offline,
        from: global.from.clone(),
        component_linker: component_linker::this(),
        #[cfg(feature = "remote")]
        remote: global.remote.options(),
    }
}

/// The WASI runtime that `named`, `$HOSTRUNNER` or the PATH names, or the one that cargo installs; it
/// runs programs of `config`.
pub fn runner(
    named: Option<&Utf8Path>,
    config: BuildConfig,
    global: &Global,
    session: &Session<'_>,
    printer: &Printer,
) -> Result<Runner, CliError> {
    let request = RunnerRequest {
        runner: named.map(Utf8Path::to_owned),
        host_runner: variable("HOSTRUNNER")?,
        offline: global.offline,
        config,
    };
    Ok(Runner::find(&request, session.store()?, printer)?)
}

/// The SDK that the options ask for.
pub fn sdk(args: &ToolchainArgs) -> SdkChoice {
    SdkChoice {
        path: args.wasi_sdk.clone(),
        release: args.sdk.clone(),
        python: args.python.clone(),
    }
}
