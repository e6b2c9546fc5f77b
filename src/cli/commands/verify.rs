//! `wasideps verify`.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::build::documents_of;
use crate::build::{self, BuildError, Manifest, Prefix, Work};
use crate::cli::args::{Global, VerifyArgs, default_prefix};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::model::{Catalog, Lock, RelPath, Sha256, Timestamp, printable};
use crate::plan::Plan;
use crate::sbom::{Built, Context, documents};
use crate::store::{Kind, Store};
use crate::toolchain::Toolchain;
use crate::verify::{self, Counts, Finding, Verified, verify};

pub fn run(args: &VerifyArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let prefix = args.prefix.clone().unwrap_or_else(|| default_prefix(args.toolchain.config()));
    let mut verified = verify(&prefix, args.manifest_sha256)?;
    let policy = Policy::load(global)?;
    let plan = policy.plan(&verified);
    let compared = plan.as_ref().map_err(Clone::clone).and_then(|plan| {
        let documents = policy.documents(plan, &verified)?;
        verified.against_plan(plan, &documents);
        Ok(())
    });
    let mut errors = Vec::new();
    let mut rebuilt = None;
    if args.rebuild || args.toolchain.is_given() {
        let sdk = WithSdk { args, global, printer, policy: &policy, prefix: &prefix };
        match sdk.compare(&mut verified, plan.as_ref().ok()) {
            Ok(objects) => rebuilt = objects,
            Err(failures) => errors.extend(failures.into_vec()),
        }
    }
    printer.finish_bars();
    show(&prefix, &verified, compared.err().as_deref(), rebuilt, printer);
    match verified.findings().len() {
        0 => {}
        count => errors.push(CliError::NotAsMade { prefix, count, remedy: remedy(&verified) }),
    }
    Failures::check(errors)
}

/// The command that makes the prefix anew. Without a manifest only what is proved to be of the prefix is replaced, and only on request.
fn remedy(verified: &Verified) -> &'static str {
    if verified.manifest.is_some() { "wasideps build" } else { "wasideps build --replace" }
}

/// The recipes and the lock that the options name.
struct Policy {
    catalog: Catalog,
    lock: Lock,
    created: Timestamp,
}

impl Policy {
    fn load(global: &Global) -> Result<Self, Failures> {
        let lock = context::lock(global)?;
        Ok(Self { catalog: context::catalog(global)?, created: context::created(&lock)?, lock })
    }

    /// The plan that the prefix was made from, where recipes and lock give it; else why not. Its toolchain is the manifest's: no SDK is needed.
    fn plan(&self, verified: &Verified) -> Result<Plan, String> {
        let manifest = verified.manifest.as_ref().ok_or("there is no manifest to compare with")?;
        let names: Vec<_> = manifest.sources.iter().map(|source| source.name.clone()).collect();
        let selection = self.catalog.select(&self.lock, &names).map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            errors.join("; ")
        })?;
        let plan = Plan::new(selection, &manifest.toolchain, self.created);
        if plan.key == manifest.key {
            Ok(plan)
        } else {
            Err("it was made from other recipes, another lock, with another date, or by another wasideps".to_owned())
        }
    }

    /// The documents that the prefix would have if it was made now from its own manifest and closure.
    fn documents(&self, plan: &Plan, verified: &Verified) -> Result<Vec<(RelPath, String)>, String> {
        let contradictory = verified.findings().iter().any(|finding| finding.kind == verify::Kind::Record);
        let (Some(manifest), Some(closure), false) = (&verified.manifest, verified.closure(), contradictory) else {
            return Err("manifest and closure can't both be right".to_owned());
        };
        let manifest = manifest.without_documents();
        let selected = plan.sources.iter().map(|source| &source.selected).collect();
        let built = Built::new(selected, &manifest, closure).ok_or("its sources are not those of the lock")?;
        Ok(documents(&built, &Context { created: self.created, exclusions: self.catalog.exclusions() }))
    }
}

/// What needs an SDK.
struct WithSdk<'a> {
    args: &'a VerifyArgs,
    global: &'a Global,
    printer: &'a Printer,
    policy: &'a Policy,
    prefix: &'a Utf8Path,
}

impl WithSdk<'_> {
    /// Compares with the SDK at hand and, if asked, with a second build; gives the number of objects that were compiled for it.
    fn compare(&self, verified: &mut Verified, plan: Option<&Plan>) -> Result<Option<usize>, Failures> {
        let store = context::store(self.global)?;
        let fetcher = context::fetcher(self.global, &store, self.printer);
        let toolchain = context::toolchain(&self.args.toolchain, self.global, &self.policy.lock, &store, &fetcher, self.printer)?;
        if !self.args.rebuild {
            verified.against_sdk(&toolchain);
            return Ok(None);
        }
        let other_plan = || CliError::OtherPlan { prefix: self.prefix.to_owned() };
        let manifest = verified.manifest.as_ref().ok_or_else(other_plan)?;
        if !manifest.toolchain.is_same(toolchain.identity()) {
            let (found, wanted) = (manifest.toolchain.stamp(), toolchain.identity().stamp());
            return Err(BuildError::OtherToolchain { prefix: self.prefix.to_owned(), found, wanted }.into());
        }
        let plan = plan.ok_or_else(other_plan)?;
        verified.against_sdk(&toolchain);
        self.rebuild(&store, &toolchain, plan, verified).map(Some)
    }

    /// Builds `plan` in a folder that goes afterwards, with a store of its own: archives are taken from the one at hand, as from a folder of `--from`,
    /// but no tree and no object is. What is compared was made now.
    fn rebuild(&self, store: &Store, toolchain: &Toolchain, plan: &Plan, verified: &mut Verified) -> Result<usize, Failures> {
        let scratch = store.scratch_dir()?;
        let root = Utf8PathBuf::from(scratch.path().to_string_lossy().into_owned());
        let fresh = Store::open(&root.join("store"))?;
        let from = self.global.from.iter().cloned().chain([store.root().join(Kind::Archive.folder())]).collect();
        let global = Global { from, ..self.global.clone() };
        let fetcher = context::fetcher(&global, &fresh, self.printer);
        let path = root.join("prefix");
        let prefix = Prefix::hold(&path, self.printer)?;
        build::build(&build::Request {
            work: Work {
                plan,
                toolchain,
                store: &fresh,
                cache: &fresh.cache(self.printer),
                fetcher: &fetcher,
                reporter: self.printer,
                workers: self.args.jobs.workers(),
            },
            prefix: &prefix,
            replace: false,
            is_intact: &|_| false,
            begin: &|| self.printer.expect_jobs(plan),
            documents: &documents_of(&self.policy.catalog, self.policy.created),
        })?;
        verified.against_rebuilt(&path)?;
        Ok(self.printer.done().compiled)
    }
}

/// The result, for programs.
#[derive(Serialize)]
struct Report<'a> {
    prefix: &'a str,
    manifest_sha256: Option<Sha256>,
    checked: Counts,
    /// Why recipes and lock were not compared; nothing where they were.
    not_compared: Option<&'a str>,
    /// Objects that were compiled for the second build, where there was one.
    rebuilt: Option<usize>,
    findings: &'a [Finding],
}

fn show(prefix: &Utf8Path, verified: &Verified, not_compared: Option<&str>, rebuilt: Option<usize>, printer: &Printer) {
    let Verified { manifest_sha256, counts, .. } = verified;
    let findings = verified.findings();
    let report = Report { prefix: prefix.as_str(), manifest_sha256: *manifest_sha256, checked: *counts, not_compared, rebuilt, findings };
    printer.json("verified", report);
    if !findings.is_empty() {
        let mut rows = table::table(&["file", "what is wrong", "expected", "found"]);
        for finding in findings {
            let shown = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), short);
            rows.add_row([finding.place(), finding.problem.clone(), shown(&finding.expected), shown(&finding.found)]);
        }
        printer.result(&format!("{}\n", table::text(&rows)));
    }
    printer.result(&format!(
        "{prefix}: {} files, {} archive members; in {} SPDX documents {} checksums and {} verification codes\n",
        counts.files, counts.members, counts.documents, counts.checksums, counts.codes
    ));
    if let Some(stamp) = verified.manifest.as_ref().map(|manifest: &Manifest| manifest.toolchain.stamp()) {
        printer.result(&format!("made with {}\n", printable::line(&stamp)));
    }
    if let Some(digest) = manifest_sha256 {
        printer.result(&format!("manifest: SHA-256 {digest}\n"));
    }
    let differs = findings.iter().any(|finding| finding.kind == verify::Kind::Lock);
    printer.result(&match not_compared {
        None if differs => "recipes and lock: the same, but not all is what they give\n".to_owned(),
        None => "recipes and lock: the same; flags and documents are what they give\n".to_owned(),
        Some(why) => format!("recipes and lock: not compared; {why}\n"),
    });
    if let Some(objects) = rebuilt {
        printer.result(&format!("rebuilt: {objects} objects compiled anew\n"));
    }
}

/// A digest by its first digits; other texts whole.
fn short(text: &str) -> String {
    let digest = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digest { format!("{}…", &text[..12]) } else { text.to_owned() }
}
