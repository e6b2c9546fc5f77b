//! A build script (`build.rs`) that builds zlib for WASI with the library, in place of the command
//! line, and links with it. It belongs to a crate with
//!
//! ```toml
//! [build-dependencies]
//! wasideps = { version = "0.1", default-features = false }
//! ```

use std::error::Error;
use std::path::PathBuf;

use camino::Utf8PathBuf;
use wasideps::{
    BuildConfig, Building, Options, Prefix, SdkChoice, Session, SessionError, Silent, with_causes,
};

/// All that went wrong, a line each.
fn all(errors: &[SessionError]) -> Box<dyn Error> {
    errors
        .iter()
        .map(|error| with_causes(error))
        .collect::<Vec<_>>()
        .join("\n")
        .into()
}

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(
        std::env::var_os("OUT_DIR").ok_or("$OUT_DIR is not set: this is a build script")?,
    );
    let path = Utf8PathBuf::try_from(out)?.join("sysroot");

    // The recipes and the lock that are embedded in the library, and the store and SDK of this
    // machine.
    let session = Session::open(Options::default(), &Silent).map_err(|errors| all(&errors))?;
    let zlib = "zlib".parse()?;
    let selection = session
        .select(&[zlib], BuildConfig::default())
        .map_err(|errors| format!("{errors:?}"))?;
    let prepared = session.prepare(selection, &SdkChoice::default())?;
    let prefix = Prefix::hold(&path, &Silent)?;
    let outcome = prepared
        .build(
            &prefix,
            Building {
                workers: 1,
                replace: true,
                begin: &|_| (),
            },
        )
        .map_err(|errors| all(&errors))?;

    println!("cargo::rustc-link-search=native={path}/lib");
    println!("cargo::rustc-link-lib=static=z");
    println!("cargo::metadata=include={path}/include");
    let toolchain = &outcome.manifest().toolchain;
    println!("cargo::rustc-env=ZLIB_MADE_WITH={toolchain}");
    Ok(())
}
