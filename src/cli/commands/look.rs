//! Commands that only look: `list`, `plan`, `clean` (which can also remove), `schema`.

use serde::Serialize;

use crate::cli::args::{CleanArgs, Global, PlanArgs, SchemaArgs, SchemaOf, StoreKind};
use crate::cli::context;
use crate::cli::error::Failures;
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::model::{
    LockedSource, Name, Sha256, SourceFile, lock_schema, recipe_schema, suite_schema,
};
use crate::session::open_store;
use crate::store::Kind;

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    summary: &'a str,
    groups: Vec<&'a str>,
    license: &'a str,
    #[serde(rename = "locked")]
    source: &'a LockedSource,
    libraries: Vec<String>,
    modules: Vec<String>,
    /// Whether `check` has something to run for the locked version.
    tests: bool,
    /// Versions that recipes are written for.
    versions: Vec<String>,
}

pub fn list(global: &Global, printer: &Printer) -> Result<(), Failures> {
    let session = context::session(global, printer)?;
    let catalog = session.catalog();
    let sources = session.overview(&[])?;
    let mut rows = table::table(&[
        "source",
        "version",
        "licence",
        "libraries",
        "pkg-config",
        "origins",
        "groups",
        "summary",
    ]);
    let mut untested = Vec::new();
    for selected in &sources {
        let recipe = &selected.recipe;
        let versions = catalog.versions(&recipe.name);
        let listed = Listed {
            name: recipe.name.as_str(),
            summary: &recipe.summary,
            groups: recipe.groups.iter().map(Name::as_str).collect(),
            license: recipe.license.expression.as_str(),
            source: &selected.source,
            libraries: recipe
                .libraries
                .iter()
                .map(|library| {
                    library.archive().map_or_else(
                        || library.name.to_string(),
                        |path| path.file_name().to_owned(),
                    )
                })
                .collect(),
            modules: recipe.pkg_configs.keys().map(ToString::to_string).collect(),
            tests: catalog
                .suite(&recipe.name, &selected.source.version)
                .is_some(),
            versions: versions.into_iter().map(ToString::to_string).collect(),
        };
        printer.json("source", &listed);
        if !listed.tests {
            untested.push(selected.title());
        }
        rows.add_row([
            listed.name,
            listed.source.version.as_str(),
            listed.license,
            &listed.libraries.join(", "),
            &listed.modules.join(", "),
            &listed.source.origins.len().to_string(),
            &listed.groups.join(", "),
            listed.summary,
        ]);
    }
    printer.result(&table::text(&rows));
    if !untested.is_empty() {
        printer.result(&format!("\nNo tests: {}\n", untested.join(", ")));
    }
    for excluded in catalog.exclusions().iter() {
        printer.json("excluded", serde_json::json!({ "name": excluded.name, "aliases": excluded.aliases, "why": excluded.reason }));
        printer.result(&format!(
            "\nExcluded: {}. {}.\n",
            excluded.name, excluded.reason
        ));
    }
    Ok(())
}

#[derive(Serialize)]
struct JobRow<'a> {
    source: &'a str,
    version: &'a str,
    in_store: bool,
    job: JobFacts<'a>,
}

#[derive(Serialize)]
struct JobFacts<'a> {
    library: &'a Name,
    file: &'a SourceFile,
    arguments: &'a [String],
    key: &'a Sha256,
}

pub fn plan(args: &PlanArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    // Looking ahead downloads nothing.
    let offline = Global {
        offline: true,
        ..global.clone()
    };
    let session = context::session(&offline, printer)?;
    session.created()?;
    let selection = session.select(&args.sources.of(&session)?, args.toolchain.config())?;
    if args.key {
        let key = session.store_key(&selection, &context::sdk(&args.toolchain))?;
        printer.json(
            "store-key",
            serde_json::json!({ "key": key, "config": selection.config() }),
        );
        printer.result(&format!("{key}\n"));
        return Ok(());
    }
    let prepared = session.prepare(selection, &context::sdk(&args.toolchain))?;
    let (store, plan, toolchain) = (session.store()?, prepared.plan(), prepared.toolchain());
    let cached = prepared.work(1)?.cached_jobs()?;
    let mut rows = table::table(&["source", "library", "file", "job", "in store"]);
    let mut in_store = 0;
    for (id, planned) in plan.jobs.entries() {
        let (library, job) = (&planned.library, &planned.job);
        let selected = &plan.sources[planned.source].selected;
        let there = cached[id];
        in_store += usize::from(there);
        let (source, version) = (
            selected.recipe.name.as_str(),
            selected.source.version.as_str(),
        );
        printer.json(
            "job",
            JobRow {
                source,
                version,
                in_store: there,
                job: JobFacts {
                    library,
                    file: &job.file,
                    arguments: &job.arguments,
                    key: &job.key,
                },
            },
        );
        let archive: &str = &format!("lib{library}.a");
        let there = if there { "yes" } else { "no" };
        rows.add_row([
            selected.title().as_str(),
            archive,
            job.file.path().as_str(),
            &job.key.short(),
            there,
        ]);
    }
    let trees = plan
        .sources
        .iter()
        .filter(|source| store.has_entry(Kind::Tree, &source.tree_key))
        .count();
    printer.json(
        "plan",
        serde_json::json!({ "key": plan.key, "config": plan.config(), "toolchain": toolchain.identity(), "jobs": plan.jobs.len() }),
    );
    printer.result(&table::text(&rows));
    printer.result(&format!(
        "\n{} objects for {} with {}, {in_store} of them in the store; {trees} of {} sources unpacked\n",
        plan.jobs.len(),
        plan.config(),
        toolchain.identity(),
        plan.sources.len()
    ));
    Ok(())
}

pub fn clean(args: &CleanArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let store = open_store(&context::options(global))?;
    for kind in &args.remove {
        let kind = match kind {
            StoreKind::Archives => Kind::Archive,
            StoreKind::Trees => Kind::Tree,
            StoreKind::Objects => Kind::Object,
            StoreKind::Actions => Kind::Action,
            StoreKind::Sdks => Kind::Sdk,
            StoreKind::Identities => Kind::Identity,
            StoreKind::Runners => Kind::Runner,
            StoreKind::Prefixes => Kind::Prefix,
        };
        store.clear(kind, args.older_than)?;
    }
    let mut rows = table::table(&["kind", "entries", "size"]);
    for (kind, entries, bytes) in store.usage()? {
        printer.json(
            "usage",
            serde_json::json!({ "kind": kind.folder(), "entries": entries, "bytes": bytes }),
        );
        rows.add_row([kind.folder(), &entries.to_string(), &table::size(bytes)]);
    }
    printer.result(&table::text(&rows));
    printer.result(&format!("\nin {}\n", store.root()));
    Ok(())
}

pub fn schema(args: &SchemaArgs, printer: &Printer) -> Result<(), Failures> {
    let schema = match args.of {
        SchemaOf::Recipe => recipe_schema(),
        SchemaOf::Tests => suite_schema(),
        SchemaOf::Lockfile => lock_schema(),
    };
    let mut schema = schema.to_value();
    join_descriptions(&mut schema);
    printer.document(&format!("{schema:#}\n"));
    Ok(())
}

/// Descriptions are the comments of the code, whose lines end where the code's width has them.
fn join_descriptions(schema: &mut serde_json::Value) {
    match schema {
        serde_json::Value::Object(keys) => {
            for (key, value) in keys {
                match value {
                    serde_json::Value::String(text) if key == "description" => {
                        let paragraphs = text.split("\n\n").map(|part| part.replace('\n', " "));
                        *text = paragraphs.collect::<Vec<_>>().join("\n\n");
                    }
                    value => join_descriptions(value),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(join_descriptions),
        _ => {}
    }
}
