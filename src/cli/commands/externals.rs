//! `wasideps externals`: the source trees of what CPython links, as `get_externals.bat` of CPython
//! has them on Windows.

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::cli::args::{ExternalsArgs, Global};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::fetch::SourceTree;
use crate::model::{Place, Selected};
use crate::process::side_by_side;
use crate::sbom;
use crate::store::write_atomically;

/// The document that CPython has of its own sources.
const DOCUMENT: &str = "externals.spdx.json";
/// What CPython's build driver for Emscripten knows of such sources, in its `config.toml`.
const DEPENDENCIES: &str = "dependencies.toml";

/// A table of that file.
#[derive(Serialize)]
struct DependencyTable<'a> {
    /// Of upstream's archive; the driver puts the version in the place of `{version}`.
    url: String,
    version: &'a str,
    /// SHA-256, in hexadecimal digits.
    shasum: String,
}

/// The file's text. Format: `Platforms/emscripten/config.toml` of CPython.
fn dependencies(sources: &[Selected]) -> Result<String, toml::ser::Error> {
    let tables = sources.iter().filter_map(|selected| {
        let version = selected.source.version.as_str();
        let origin = selected.source.origins.iter().find_map(|origin| {
            let Place::Url(url) = &origin.place else {
                return None;
            };
            Some((url.as_str().replace(version, "{version}"), origin.sha256))
        });
        let (url, sha256) = origin?;
        let shasum = sha256.to_string();
        Some((
            selected.recipe.name.as_str(),
            DependencyTable {
                url,
                version,
                shasum,
            },
        ))
    });
    let tables: BTreeMap<_, _> = tables.collect();
    toml::to_string(&BTreeMap::from([("dependencies", tables)]))
}

pub fn run(args: &ExternalsArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let session = context::session(global, printer)?;
    let selection = session.select(&args.sources.of(&session)?, args.config.config)?;
    let fetcher = session.fetcher()?;
    let sources = &selection.sources;
    let trees = side_by_side(sources, sources.len(), |selected| fetcher.source(selected));
    printer.finish_bars();
    let mut errors: Vec<CliError> = Vec::new();
    let mut rows = table::table(&["source", "folder", "files"]);
    for (selected, tree) in sources.iter().zip(trees) {
        let name = format!("{}-{}", selected.recipe.name, selected.source.version);
        let to = args.dir.join(&name);
        let laid_out = tree
            .map_err(CliError::from)
            .and_then(|tree| lay_out(&tree, &args.dir, &to).map(|()| tree.entry().files().len()));
        match laid_out {
            Ok(files) => {
                printer.json(
                    "external",
                    serde_json::json!({ "name": selected.recipe.name, "version": selected.source.version, "path": to, "files": files }),
                );
                rows.add_row([selected.title(), to.to_string(), files.to_string()]);
            }
            Err(error) => errors.push(error),
        }
    }
    Failures::check(errors)?;
    let path = args.dir.join(DOCUMENT);
    write_atomically(&path, sbom::externals_document(sources).as_bytes())
        .map_err(|source| CliError::Write { path, source })?;
    let path = args.dir.join(DEPENDENCIES);
    dependencies(sources)
        .map_err(io::Error::other)
        .and_then(|text| write_atomically(&path, text.as_bytes()))
        .map_err(|source| CliError::Write { path, source })?;
    printer.result(&table::text(&rows));
    Ok(())
}

/// Puts a copy of `tree` at `to`, a folder in `parent`: all of it or nothing. A folder that is there
/// must be that tree already.
fn lay_out(tree: &SourceTree, parent: &Utf8Path, to: &Utf8Path) -> Result<(), CliError> {
    let entry = tree.entry();
    if fs_err::symlink_metadata(to).is_ok() {
        let is_same = holds_only(to, entry.files().len())
            && entry.files().iter().all(|file| {
                let found = crate::store::open_regular(&to.join(file.path.as_str()));
                found
                    .and_then(crate::model::Sha256::of_reader)
                    .is_ok_and(|(found, _)| found == file.sha256)
            });
        return if is_same {
            Ok(())
        } else {
            Err(CliError::AlreadyThere {
                path: to.to_owned(),
            })
        };
    }
    let write = |path: &Utf8Path| {
        let path = path.to_owned();
        move |source| CliError::Write { path, source }
    };
    fs_err::create_dir_all(parent).map_err(write(parent))?;
    let stage = tempfile::tempdir_in(parent).map_err(write(parent))?;
    let dir = Utf8PathBuf::from(stage.path().to_string_lossy().into_owned()).join("tree");
    for file in entry.files() {
        let path = dir.join(file.path.as_str());
        fs_err::create_dir_all(path.parent().unwrap_or(&dir)).map_err(write(&path))?;
        fs_err::write(&path, entry.read(&file.path)?).map_err(write(&path))?;
    }
    fs_err::rename(&dir, to).map_err(write(to))
}

/// Whether there are so many files below `dir`, and nothing that is neither a file nor a folder.
fn holds_only(dir: &Utf8Path, count: usize) -> bool {
    fn files(dir: &Utf8Path) -> std::io::Result<usize> {
        let mut found = 0;
        for entry in dir.read_dir_utf8()? {
            let entry = entry?;
            let kind = entry.file_type()?;
            found += match (kind.is_dir(), kind.is_file()) {
                (true, _) => files(entry.path())?,
                (_, true) => 1,
                _ => return Err(std::io::ErrorKind::InvalidData.into()),
            };
        }
        Ok(found)
    }
    files(dir).is_ok_and(|found| found == count)
}
