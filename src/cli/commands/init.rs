//! `wasideps init`.

use camino::Utf8Path;
use fs_err as fs;

use super::lock;
use crate::cli::args::{InitArgs, LOCKFILE, RECIPES};
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::embedded;
use crate::model::{Files, Lock, Name, Timestamp};
use crate::store::write_atomically;

pub fn run(args: &InitArgs, printer: &Printer) -> Result<(), Failures> {
    let InitArgs { dir, copy } = args;
    let (recipes, patches, lockfile) = (dir.join(RECIPES), dir.join("patches"), dir.join(LOCKFILE));
    for path in [&recipes, &patches, &lockfile] {
        let is_empty = || {
            path.read_dir_utf8()
                .is_ok_and(|mut entries| entries.next().is_none())
        };
        if path.as_std_path().symlink_metadata().is_ok() && !is_empty() {
            return Err(CliError::AlreadyThere { path: path.clone() }.into());
        }
    }
    let mut with = Lock::parse(LOCKFILE, embedded::LOCKFILE)?;
    let (mut files, mut changes) = (Files::new(), Files::new());
    if *copy {
        (files, changes) = (embedded::recipes(), embedded::patches());
    } else {
        with.sources.clear();
        with.date = Timestamp::now().date();
    }
    put(&recipes, &files)?;
    put(&patches, &changes)?;
    // Last: a project with a lock is a whole one.
    lock::write(&lockfile, &with)?;
    let sources: Vec<&str> = with.sources.keys().map(Name::as_str).collect();
    printer.json(
        "project",
        serde_json::json!({ "dir": dir, "sources": sources }),
    );
    let next = if *copy {
        format!("`wasideps --project {dir} build` builds it")
    } else {
        format!("`wasideps --project {dir} recipe new --help` says how to write a first recipe")
    };
    printer.result(&format!(
        "{lockfile} has {} sources and the SDKs of the embedded lock\n{next}\n",
        sources.len()
    ));
    Ok(())
}

/// Writes `files` into the folder `dir`.
fn put(dir: &Utf8Path, files: &Files) -> Result<(), Failures> {
    let write = |source| CliError::Write {
        path: dir.to_owned(),
        source,
    };
    fs::create_dir_all(dir).map_err(write)?;
    for (path, bytes) in files {
        let to = dir.join(path.as_str());
        fs::create_dir_all(to.parent().unwrap_or(dir)).map_err(write)?;
        write_atomically(&to, bytes).map_err(write)?;
    }
    Ok(())
}
