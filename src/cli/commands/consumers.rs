//! `wasideps sdk` and `wasideps env`: a prefix for those who know nothing of wasideps.

use camino::Utf8Path;

use crate::build::{BuildError, Installed, ToolchainPlace, toolchain_file};
use crate::cli::args::{EnvArgs, Global, SdkArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::consumer::env::{ResolvedModule, cross_variables, render, variables};
use crate::consumer::sdk_overlay::make_sdk_overlay;
use crate::model::printable;

pub fn sdk(args: &SdkArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let prefix = args.prefix.path(args.toolchain.config());
    let installed = Installed::open(&prefix)?;
    let manifest = installed.manifest();
    let session = context::session(global, printer)?;
    let toolchain = session.toolchain(
        &context::sdk(&args.toolchain),
        args.toolchain.config(),
        &session.fetcher()?,
    )?;
    if !manifest.toolchain.is_same(toolchain.identity()) {
        return Err(BuildError::OtherToolchain {
            prefix,
            found: manifest.toolchain.stamp(),
            wanted: toolchain.identity().stamp(),
        }
        .into());
    }
    let overlay = make_sdk_overlay(&args.dir, &toolchain, &installed, printer)?;
    printer.json(
        "sdk-overlay",
        serde_json::json!({ "path": overlay, "toolchain": manifest.toolchain }),
    );
    printer.result(&format!(
        "{overlay} is an SDK overlay of {} with {prefix}\n\n  export WASI_SDK_PATH={overlay}\n",
        printable::line(&manifest.toolchain.to_string())
    ));
    Ok(())
}

pub fn env(args: &EnvArgs, printer: &Printer) -> Result<(), Failures> {
    let prefix = args.prefix.path(args.config.config);
    let installed = Installed::open(&prefix)?;
    let absolute = |path: &Utf8Path| {
        camino::absolute_utf8(path).map_err(|source| CliError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let prefix = absolute(&prefix)?;
    let manifest = installed.manifest();
    let flags = manifest.program_flags();
    if args.cmake {
        let place = ToolchainPlace::Prefix(&prefix);
        printer.document(&toolchain_file(manifest.config(), &flags, place));
        return Ok(());
    }
    let overlay = args.sdk_overlay.as_deref().map(absolute).transpose()?;
    let modules = ResolvedModule::all(&installed.manifest().modules(), &prefix);
    let mut variables = variables(&prefix, &modules, overlay.as_deref());
    if let (true, Some(overlay)) = (args.cross, &overlay) {
        variables.extend(cross_variables(overlay, &flags));
    }
    printer.document(&render(&variables, args.shell));
    Ok(())
}
