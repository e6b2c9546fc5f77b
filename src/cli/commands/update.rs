//! `wasideps update`: moves sources to what their origins offer now: recipe, tests and lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::outdated::asked;
use super::{build, check, lock};
use crate::audit::freshness;
use crate::cli::args::{BuildArgs, CheckArgs, Global, PrefixArgs, SourcesArgs, UpdateArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::fetch::{FetchError, Fetcher, Moved, Relocked};
use crate::model::{
    BuildConfig, Catalog, Content, ErrorClass, Files, LicenseText, Lock, LockedSource, Name,
    OpenLine, Recipe, RelPath, Request, StepProblem, SteppedText, SyntaxError, Timestamp, Version,
    VersionStep, printable, with_causes,
};
use crate::report::{Event, Reporter as _};
use crate::session::Session;
use crate::store::write_atomically;

pub fn run(args: &UpdateArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let lockfile = global.lockfile.as_ref().ok_or(CliError::EmbeddedLock)?;
    let recipes = global.recipes.as_ref().ok_or(CliError::EmbeddedRecipes)?;
    if global.offline {
        return Err(CliError::NeedsNetwork { command: "update" }.into());
    }
    let session = context::session_with_all_recipes(global, printer)?;
    let newer = newer(&session, args, printer)?;
    let fetcher = session.fetcher()?;
    let before = lock::complaints(session.catalog(), session.lock());
    let mut lock = session.lock().clone();
    let mut files = Files::new();
    let (mut hold, mut failed) = (Vec::new(), Vec::new());
    for source in &newer {
        match source.moved(&session, &fetcher, printer) {
            Ok(update) => {
                printer.finish_bars();
                show(&update, source, printer);
                lock.sources
                    .insert(source.name.clone(), update.source.clone());
                files.extend(update.texts.iter().map(TextUpdate::entry));
                hold.push(source.name.as_str());
            }
            Err(errors) => failed.extend(errors.into_vec()),
        }
    }
    printer.finish_bars();
    if !failed.is_empty() && !hold.is_empty() {
        printer.result(&format!(
            "nothing is written; `wasideps update {}` moves what holds\n",
            hold.join(" ")
        ));
    }
    Failures::check(failed)?;
    if !newer.is_empty() {
        lock.date = Timestamp::now().date();
        let catalog = session.catalog().with_files(files.clone())?;
        lock::holds_together(&catalog, &lock, &before, printer)?;
        if !args.dry_run {
            write(recipes, &files)?;
            lock::write(lockfile, &lock)?;
        }
    }
    finish(args, &newer, &files, lockfile, printer);
    if args.check && !newer.is_empty() {
        tested(args, &newer, global, &session, printer)?;
    }
    Ok(())
}

/// A source of which an origin offers a newer version.
struct NewerSource {
    name: Name,
    from: Version,
    to: Version,
    /// By crate: its release with that version.
    releases: BTreeMap<Name, Version>,
}

/// A source at the newer version.
struct SourceUpdate {
    source: LockedSource,
    moved: Vec<Moved>,
    texts: Vec<TextUpdate>,
    /// Absent where the inputs before could not be fetched.
    inputs: Option<InputsUpdate>,
    open: Vec<OpenLine>,
}

/// A file beside the lock, before and after.
struct TextUpdate {
    file: RelPath,
    old: String,
    new: String,
}

/// How a source's inputs differ from those of the version before.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct InputsUpdate {
    new: BTreeSet<RelPath>,
    gone: BTreeSet<RelPath>,
    changed: BTreeSet<RelPath>,
    /// Those of all these that are installed headers.
    headers: BTreeSet<RelPath>,
    /// Those that the licence is in.
    licenses: BTreeSet<RelPath>,
}

/// Asks all origins, and gives the sources with something newer.
fn newer(
    session: &Session<'_>,
    args: &UpdateArgs,
    printer: &Printer,
) -> Result<Vec<NewerSource>, Failures> {
    let named = session.requested(&args.names)?;
    let mut sources = session.overview(&named)?;
    // Without what they depend on.
    sources.retain(|selected| named.is_empty() || named.contains(&selected.recipe.name));
    let offers = asked(&sources, session, printer)?;
    if named.is_empty() && !sources.is_empty() && freshness::none_reached(&offers) {
        return Err(CliError::NothingReached.into());
    }
    let mut found = Vec::new();
    let mut failed: Vec<CliError> = Vec::new();
    for selected in &sources {
        let title = selected.title();
        let offers: Vec<_> = offers
            .iter()
            .filter(|offer| offer.subject == title)
            .cloned()
            .collect();
        let name = &selected.recipe.name;
        if freshness::none_reached(&offers) {
            let error = CliError::NoOffer {
                name: name.clone(),
                reasons: offers.into_iter().filter_map(|offer| offer.note).collect(),
            };
            if named.contains(name) {
                failed.push(error);
            } else {
                let text = with_causes(&error);
                printer.event(Event::Warning { text });
            }
            continue;
        }
        let newest = freshness::newest(&offers).and_then(|version| version.parse().ok());
        if let Some(to) = newest {
            found.push(NewerSource {
                releases: freshness::carrying(&offers, &to),
                name: name.clone(),
                from: selected.source.version.clone(),
                to,
            });
        }
    }
    Failures::check(failed)?;
    Ok(found)
}

impl NewerSource {
    /// Makes the recipe and the tests ones for the version, and locks it; nothing is written.
    fn moved(
        &self,
        session: &Session<'_>,
        fetcher: &Fetcher<'_>,
        printer: &Printer,
    ) -> Result<SourceUpdate, Failures> {
        let (texts, open) = self.texts(session.catalog())?;
        let stays = |mut errors: Vec<CliError>, advice: Vec<String>| -> Failures {
            errors.push(self.stays(&texts, &open, advice, &errors));
            errors.into()
        };
        let files = texts.iter().map(TextUpdate::entry).collect();
        let catalog = session.catalog().with_files(files).map_err(|errors| {
            stays(errors.into_iter().map(CliError::from).collect(), Vec::new())
        })?;
        let old = session.lock().sources.get(&self.name);
        let relocked = fetcher.relock(&catalog, &self.name, &self.to, old);
        let Relocked { source, moved } = relocked.map_err(|errors| {
            let advice = errors
                .iter()
                .filter_map(|error| self.advice(error))
                .collect();
            stays(errors.into_iter().map(CliError::from).collect(), advice)
        })?;
        let mut lock = session.lock().clone();
        lock.sources.insert(self.name.clone(), source.clone());
        let inputs = InputsUpdate::between(
            &self.name,
            (session.catalog(), session.lock()),
            (&catalog, &lock),
            fetcher,
        );
        if let Err(errors) = &inputs {
            for error in errors.iter() {
                let text = format!(
                    "what changed in {} can't be shown: {}",
                    self.name,
                    with_causes(error)
                );
                printer.event(Event::Warning { text });
            }
        }
        Ok(SourceUpdate {
            source,
            moved,
            inputs: inputs.ok(),
            texts,
            open,
        })
    }

    /// The texts that are not for the version yet, and what does not follow in them.
    fn texts(&self, catalog: &Catalog) -> Result<(Vec<TextUpdate>, Vec<OpenLine>), CliError> {
        let step = VersionStep {
            from: &self.from,
            to: &self.to,
            releases: &self.releases,
        };
        let mut texts = Vec::new();
        let mut open = Vec::new();
        let mut add =
            |file: &str, stepped: &dyn Fn(&str) -> Result<SteppedText, Box<SyntaxError>>| {
                let Some((file, old)) = file
                    .parse()
                    .ok()
                    .and_then(|file: RelPath| Some((file.clone(), catalog.text(&file)?)))
                else {
                    return Ok(());
                };
                let SteppedText {
                    text: new,
                    open: lines,
                } = stepped(old)?;
                open.extend(lines);
                if new != old {
                    let old = old.to_owned();
                    texts.push(TextUpdate { file, old, new });
                }
                Ok::<_, CliError>(())
            };
        // A version that a recipe is written for already needs no other text.
        if catalog.recipe(&self.name, &self.to).is_none()
            && let Some(recipe) = catalog.recipe(&self.name, &self.from)
        {
            add(&recipe.file, &|old| step.recipe(&recipe.file, old))?;
        }
        if catalog.suite(&self.name, &self.to).is_none()
            && let Some(suite) = catalog.suite(&self.name, &self.from)
        {
            add(&suite.file, &|old| step.suite(&suite.file, old))?;
        }
        Ok((texts, open))
    }

    /// Why the source is not moved, and what a person does about it.
    fn stays(
        &self,
        texts: &[TextUpdate],
        open: &[OpenLine],
        advice: Vec<String>,
        errors: &[CliError],
    ) -> CliError {
        let Self { name, from, to, .. } = self;
        let mut steps: Vec<String> = open.iter().map(line).collect();
        let unreached = |error: &CliError| error.class() == ErrorClass::Network;
        if errors.iter().all(unreached) {
            steps.push(format!("`wasideps update {name}` tries again"));
        } else {
            let files = texts.iter().map(|text| {
                format!(
                    "{}: write {to} into `versions`, and what else it needs",
                    text.file
                )
            });
            steps.splice(0..0, files);
            steps.extend(advice);
            steps.push(format!("then run `wasideps lock {name} {to}`"));
        }
        CliError::NotUpdated {
            name: name.clone(),
            from: from.clone(),
            to: to.clone(),
            steps,
        }
    }

    /// What to write where the version is not as the recipe has it.
    fn advice(&self, error: &FetchError) -> Option<String> {
        let Self { from, to, .. } = self;
        let of_old = format!("a `[[when]]` with `version = \"{from}\"`");
        Some(match error {
            FetchError::Patch { patch, .. } => format!(
                "{patch}: move it into {of_old} and the other old versions; if upstream does not have its change in {to}, add one that applies with `version = \"{to}\"`"
            ),
            FetchError::Step {
                from: template,
                source,
                ..
            } => match &**source {
                StepProblem::Unanswered { names } => format!(
                    "{template}: answer {} in a `[[when]]` with `version = \"{to}\"`",
                    names.join(", ")
                ),
                StepProblem::Unasked { names } => format!(
                    "{template}: move the answers to {} into {of_old} and the other old versions",
                    names.join(", ")
                ),
                _ => return None,
            },
            FetchError::NotInSource { missing, .. } => {
                let missing: Vec<&str> = missing.iter().map(RelPath::as_str).collect();
                format!(
                    "{}: move what names them into {of_old} and the other old versions, and name what took their place with `version = \"{to}\"`",
                    missing.join(", ")
                )
            }
            _ => return None,
        })
    }
}

impl TextUpdate {
    fn entry(&self) -> (RelPath, Vec<u8>) {
        (self.file.clone(), self.new.clone().into_bytes())
    }

    /// The lines that change.
    fn patch(&self) -> String {
        let patch = diffy::create_patch(&self.old, &self.new).to_string();
        // Without the names of the two sides.
        let hunks = patch.find("@@").unwrap_or(0);
        patch[hunks..].to_owned()
    }
}

impl InputsUpdate {
    /// From a source as one catalog and lock have it to the same as others have it, in the default
    /// configuration.
    fn between(
        name: &Name,
        old: (&Catalog, &Lock),
        new: (&Catalog, &Lock),
        fetcher: &Fetcher<'_>,
    ) -> Result<Self, Failures> {
        let (old_inputs, old_recipe) = inputs(name, old, fetcher)?;
        let (inputs, recipe) = inputs(name, new, fetcher)?;
        let all: BTreeSet<&RelPath> = old_inputs.keys().chain(inputs.keys()).collect();
        let such = |wanted: &dyn Fn(bool, bool) -> bool| -> BTreeSet<RelPath> {
            let found = all.iter().filter(|path| {
                let (before, now) = (old_inputs.get(**path), inputs.get(**path));
                before != now && wanted(before.is_some(), now.is_some())
            });
            found.map(|path| (*path).clone()).collect()
        };
        let any = such(&|_, _| true);
        let named = |wanted: &dyn Fn(&Recipe) -> BTreeSet<RelPath>| -> BTreeSet<RelPath> {
            let of_both = &wanted(&old_recipe) | &wanted(&recipe);
            &of_both & &any
        };
        Ok(Self {
            new: such(&|before, _| !before),
            gone: such(&|_, now| !now),
            changed: such(&|before, now| before && now),
            headers: named(&|recipe| {
                let libraries = recipe.libraries.iter();
                libraries
                    .flat_map(|library| library.headers.keys().cloned())
                    .collect()
            }),
            licenses: named(&|recipe| match &recipe.license.text {
                LicenseText::Files(files) => files.iter().cloned().collect(),
                LicenseText::CommentOf(file) => BTreeSet::from([file.clone()]),
            }),
        })
    }
}

/// The files of a source as they come from upstream, and its recipe.
fn inputs(
    name: &Name,
    (catalog, lock): (&Catalog, &Lock),
    fetcher: &Fetcher<'_>,
) -> Result<(BTreeMap<RelPath, Content>, Arc<Recipe>), Failures> {
    let selection = catalog.select(lock, std::slice::from_ref(name), BuildConfig::default())?;
    let mut sources = selection.sources.iter();
    let selected = sources
        .find(|selected| selected.recipe.name == *name)
        .expect("a selection has what it is asked for");
    let tree = fetcher.source(selected).map_err(CliError::from)?;
    let files = tree.record().files().iter();
    let files = files.filter_map(|file| Some((file.path.clone(), file.input?)));
    Ok((files.collect(), selected.recipe.clone()))
}

fn line(OpenLine { file, line, what }: &OpenLine) -> String {
    format!("{file}:{line}: {what}")
}

fn show(update: &SourceUpdate, source: &NewerSource, printer: &Printer) {
    let SourceUpdate {
        moved,
        texts,
        inputs,
        open,
        ..
    } = update;
    let NewerSource { name, from, to, .. } = source;
    let patches: Vec<_> = texts
        .iter()
        .map(|text| serde_json::json!({ "file": text.file, "patch": text.patch() }))
        .collect();
    printer.json("update", serde_json::json!({ "name": name, "from": from, "to": to, "texts": patches, "moved": moved, "inputs": inputs, "open": open }));
    printer.result(&format!(
        "{name} {from} -> {to}\n\n{}\n",
        lock::moves(moved)
    ));
    let list = |what: &str, paths: &BTreeSet<RelPath>| {
        if !paths.is_empty() {
            let paths: Vec<&str> = paths.iter().map(RelPath::as_str).collect();
            printer.result(&format!("{what}: {}\n", printable::line(&paths.join(", "))));
        }
    };
    if let Some(inputs) = inputs {
        printer.result(&format!(
            "inputs: {} new, {} gone, {} changed\n",
            inputs.new.len(),
            inputs.gone.len(),
            inputs.changed.len()
        ));
        list("new", &inputs.new);
        list("gone", &inputs.gone);
        list("installed headers that changed", &inputs.headers);
        list(
            "the licence's text changed, compare `license` of the recipe",
            &inputs.licenses,
        );
    }
    for text in texts {
        printer.result(&format!("\n{}\n{}", text.file, text.patch()));
    }
    for open in open {
        printer.event(Event::Warning { text: line(open) });
    }
    printer.result("\n");
}

/// Writes the files: each whole, and before the lock, since the old lock builds with them as well.
fn write(recipes: &Utf8Path, files: &Files) -> Result<(), Failures> {
    for (file, bytes) in files {
        let path = recipes.join(file.as_str());
        write_atomically(&path, bytes).map_err(|source| CliError::Write { path, source })?;
    }
    Ok(())
}

fn finish(
    args: &UpdateArgs,
    newer: &[NewerSource],
    files: &Files,
    lockfile: &Utf8Path,
    printer: &Printer,
) {
    let names: Vec<_> = newer.iter().map(|source| &source.name).collect();
    let is_written = !newer.is_empty() && !args.dry_run;
    let files: Vec<_> = files
        .keys()
        .map(RelPath::as_str)
        .chain([lockfile.as_str()])
        .collect();
    printer.json(
        "updated",
        serde_json::json!({ "sources": names, "written": is_written, "files": files }),
    );
    printer.result(&if newer.is_empty() {
        "nothing newer is known\n".to_owned()
    } else if args.dry_run {
        "nothing is written (--dry-run)\n".to_owned()
    } else {
        format!(
            "written: {}\nnext: `wasideps check` with `--record`, and `wasideps sbom --write`, where such files are kept\n",
            files.join(", ")
        )
    });
}

/// Builds what moved into a folder that does not stay, and runs its tests.
fn tested(
    args: &UpdateArgs,
    newer: &[NewerSource],
    global: &Global,
    session: &Session<'_>,
    printer: &Printer,
) -> Result<(), Failures> {
    let scratch = session.store()?.scratch_dir()?;
    let folder = Utf8PathBuf::from(scratch.path().to_string_lossy().into_owned());
    let prefix = || PrefixArgs {
        prefix: Some(folder.join("prefix")),
    };
    let names: Vec<Request> = newer
        .iter()
        .map(|source| Request::Source(source.name.clone()))
        .collect();
    let sources = SourcesArgs {
        names: names.clone(),
        all: false,
        with: Vec::new(),
    };
    let building = BuildArgs {
        sources,
        jobs: args.jobs.clone(),
        replace: false,
        timings: Vec::new(),
        matrix: Vec::new(),
        prefix: prefix(),
        toolchain: args.toolchain.clone(),
    };
    build::run(&building, global, printer)?;
    let checking = CheckArgs {
        names,
        runner: args.runner.clone(),
        also: Vec::new(),
        fresh: false,
        record: None,
        sample: None,
        seed: None,
        junit: None,
        markdown: None,
        html: None,
        jobs: args.jobs.clone(),
        prefix: prefix(),
        toolchain: args.toolchain.clone(),
    };
    check::run(&checking, global, printer)
}
