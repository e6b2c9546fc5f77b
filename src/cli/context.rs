//! The options as a session takes them.

use super::args::{Global, ToolchainArgs};
use super::component_linker;
use super::error::Failures;
use super::printer::Printer;
use crate::report::Reporter;
use crate::session::{Options, SdkChoice, Session};

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
    }
}

/// The SDK that the options ask for.
pub fn sdk(args: &ToolchainArgs) -> SdkChoice {
    SdkChoice {
        path: args.wasi_sdk.clone(),
        release: args.sdk.clone(),
        python: args.python.clone(),
    }
}
