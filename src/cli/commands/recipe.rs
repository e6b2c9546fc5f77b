//! `wasideps recipe`.

use crate::build::{Unused, unused_inputs};
use std::collections::BTreeMap;

use fs_err as fs;

use crate::cli::args::{Global, RecipeCheckArgs, RecipeNewArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::fetch::FetchError;
use crate::model::{
    ByVersion, CatalogError, DraftOrigin, ErrorClass, PlaceTemplate, RecipeDraft, RecipeFile,
    RelPath, Template, is_license, with_causes,
};
use crate::report::{Event, Reporter as _};
use crate::store::write_atomically;

pub fn check(args: &RecipeCheckArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let session = context::session_with_all_recipes(global, printer)?;
    session.created()?;
    let names = session.requested(&args.names)?;
    let selection = session.select(&names, args.toolchain.config())?;
    let prepared = session.prepare(selection, &context::sdk(&args.toolchain))?;
    let work = prepared.work(args.jobs.workers())?;
    printer.expect_jobs(&work.subjects());
    let checked = unused_inputs(&work)?;
    printer.finish_bars();
    let mut rows = table::table(&["source", "version", "unused files"]);
    let mut errors: Vec<CliError> = Vec::new();
    for unused in checked {
        printer.json("recipe", &unused);
        let Unused {
            source,
            version,
            files,
        } = unused;
        let shown = if files.is_empty() {
            "none".to_owned()
        } else {
            files
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        rows.add_row([source.to_string(), version.to_string(), shown]);
        if !files.is_empty() {
            errors.push(CliError::UnusedInputs {
                name: source,
                count: files.len(),
            });
        }
    }
    printer.result(&table::text(&rows));
    Failures::check(errors)
}

/// Writes a first recipe.
pub fn new(args: &RecipeNewArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let recipes = global.recipes.as_ref().ok_or(CliError::EmbeddedRecipes)?;
    let session = context::session_with_all_recipes(global, printer)?;
    let RecipeNewArgs { name, version, .. } = args;
    session.catalog().check_request(name)?;
    let file = recipes.join(name.as_str()).join("recipe.toml");
    if file.as_std_path().symlink_metadata().is_ok() {
        return Err(CliError::AlreadyThere { path: file }.into());
    }
    let subject = format!("{name} {version}");
    let fetcher = session.fetcher()?;
    let mut texts: BTreeMap<RelPath, String> = BTreeMap::new();
    let mut origins = Vec::new();
    for place in places(args) {
        let archive = match fetcher.listing(&subject, &place, version, is_license) {
            Ok(listing) => {
                if texts.is_empty() {
                    texts = listing.texts;
                }
                Some((listing.sha256, listing.files))
            }
            Err(error) if error.class() == ErrorClass::Network => {
                let text = format!("{subject}: {}", with_causes(&error));
                printer.event(Event::Warning { text });
                None
            }
            Err(error) => return Err(error.into()),
        };
        origins.push(DraftOrigin { place, archive });
    }
    printer.finish_bars();
    if origins.iter().all(|origin| origin.archive.is_none()) {
        return Err(FetchError::NoneReached { subject }.into());
    }
    let text = RecipeDraft {
        name,
        version,
        license: &args.license,
        homepage: &args.homepage,
        origins: &origins,
        texts: &texts,
    }
    .text();
    let write = |source| CliError::Write {
        path: file.clone(),
        source,
    };
    fs::create_dir_all(recipes.join(name.as_str())).map_err(write)?;
    write_atomically(&file, text.as_bytes()).map_err(write)?;
    printer.json("draft", serde_json::json!({ "file": file }));
    printer.result(&format!(
        "{file} is written: look at each line that says `draft`\n"
    ));
    // What the archives did not show may still be missing; the author sees it at once.
    let located = |error| CatalogError::Recipe(Box::new(error)).into();
    let errors = RecipeFile::parse(file.as_str(), &text).err();
    Failures::check(errors.into_iter().flatten().map(located).collect())
}

/// The origins that the options name, in the order in which a recipe has them.
fn places(args: &RecipeNewArgs) -> Vec<PlaceTemplate> {
    let every = |template: &Template| ByVersion::Every(template.clone());
    let urls = args.url.iter().map(|url| PlaceTemplate::Url(every(url)));
    let debian = args
        .debian
        .iter()
        .map(|(package, file)| PlaceTemplate::Debian {
            package: package.clone(),
            file: every(file),
        });
    let crates = args
        .krate
        .iter()
        .map(|(name, release)| PlaceTemplate::Crate {
            name: name.clone(),
            releases: [(args.version.clone(), release.clone())].into(),
            carries: None,
        });
    urls.chain(debian).chain(crates).collect()
}
