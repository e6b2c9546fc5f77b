//! `wasideps verify`.

use camino::Utf8Path;
use serde::Serialize;

use crate::build::{BuildError, Manifest};
use crate::cli::args::{Global, VerifyArgs, default_prefix};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::model::{Sha256, printable};
use crate::plan::Plan;
use crate::session::{Building, Session, documents_again};
use crate::verify::{self, Discrepancy, Verified, VerifiedCounts, verify};

pub fn run(args: &VerifyArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let prefix = args
        .prefix
        .clone()
        .unwrap_or_else(|| default_prefix(args.toolchain.config()));
    let mut verified = verify(&prefix, args.manifest_sha256)?;
    let session = context::session(global, printer)?;
    let context = session.context()?;
    let plan = match &verified.manifest {
        Some(manifest) => session.plan_of(manifest)?,
        None => Err("there is no manifest to compare with".to_owned()),
    };
    let compared = plan.as_ref().map_err(Clone::clone).and_then(|plan| {
        let documents = documents_again(plan, &verified, &context)?;
        verified.against_plan(plan, &documents);
        Ok(())
    });
    let mut errors = Vec::new();
    let mut rebuilt = None;
    if args.rebuild || args.toolchain.is_given() {
        let sdk = WithSdk {
            args,
            printer,
            session: &session,
            prefix: &prefix,
        };
        match sdk.compare(&mut verified, plan.as_ref().ok()) {
            Ok(objects) => rebuilt = objects,
            Err(failures) => errors.extend(failures.into_vec()),
        }
    }
    printer.finish_bars();
    show(
        &prefix,
        &verified,
        compared.err().as_deref(),
        rebuilt,
        printer,
    );
    match verified.findings().len() {
        0 => {}
        count => errors.push(CliError::NotAsMade {
            prefix,
            count,
            remedy: remedy(&verified),
        }),
    }
    Failures::check(errors)
}

/// The command that makes the prefix anew. Without a manifest only what is proved to be of the
/// prefix is replaced, and only on request.
fn remedy(verified: &Verified) -> &'static str {
    if verified.manifest.is_some() {
        "wasideps build"
    } else {
        "wasideps build --replace"
    }
}

/// What needs an SDK.
struct WithSdk<'a> {
    args: &'a VerifyArgs,
    printer: &'a Printer,
    session: &'a Session<'a>,
    prefix: &'a Utf8Path,
}

impl WithSdk<'_> {
    /// Compares with the SDK at hand and, if asked, with a second build; gives the number of
    /// objects that were compiled for it.
    fn compare(
        &self,
        verified: &mut Verified,
        plan: Option<&Plan>,
    ) -> Result<Option<usize>, Failures> {
        let toolchain = self.session.toolchain(
            &context::sdk(&self.args.toolchain),
            self.args.toolchain.config(),
            &self.session.fetcher()?,
        )?;
        if !self.args.rebuild {
            verified.against_sdk(&toolchain);
            return Ok(None);
        }
        let other_plan = || CliError::OtherPlan {
            prefix: self.prefix.to_owned(),
        };
        let manifest = verified.manifest.as_ref().ok_or_else(other_plan)?;
        if !manifest.toolchain.is_same(toolchain.identity()) {
            let (found, wanted) = (manifest.toolchain.stamp(), toolchain.identity().stamp());
            return Err(BuildError::OtherToolchain {
                prefix: self.prefix.to_owned(),
                found,
                wanted,
            }
            .into());
        }
        let plan = plan.ok_or_else(other_plan)?;
        verified.against_sdk(&toolchain);
        let begin = |subjects: &[String]| self.printer.expect_jobs(subjects);
        let building = Building {
            workers: self.args.jobs.workers(),
            replace: false,
            begin: &begin,
        };
        let again = self.session.build_apart(plan, &toolchain, building)?;
        verified.against_rebuilt(again.path())?;
        Ok(Some(self.printer.done().compiled))
    }
}

/// The result, for programs.
#[derive(Serialize)]
struct VerifyResult<'a> {
    prefix: &'a str,
    manifest_sha256: Option<Sha256>,
    checked: VerifiedCounts,
    /// Why recipes and lock were not compared; nothing where they were.
    not_compared: Option<&'a str>,
    /// Objects that were compiled for the second build, where there was one.
    rebuilt: Option<usize>,
    findings: &'a [Discrepancy],
}

fn show(
    prefix: &Utf8Path,
    verified: &Verified,
    not_compared: Option<&str>,
    rebuilt: Option<usize>,
    printer: &Printer,
) {
    let Verified {
        manifest_sha256,
        counts,
        ..
    } = verified;
    let findings = verified.findings();
    let report = VerifyResult {
        prefix: prefix.as_str(),
        manifest_sha256: *manifest_sha256,
        checked: *counts,
        not_compared,
        rebuilt,
        findings,
    };
    printer.json("verified", report);
    if !findings.is_empty() {
        let mut rows = table::table(&["file", "what is wrong", "expected", "found"]);
        for finding in findings {
            let shown =
                |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), short);
            rows.add_row([
                finding.place(),
                finding.problem.clone(),
                shown(&finding.expected),
                shown(&finding.found),
            ]);
        }
        printer.result(&format!("{}\n", table::text(&rows)));
    }
    printer.result(&format!(
        "{prefix}: {} files, {} archive members; in {} SPDX documents {} checksums and {} verification codes\n",
        counts.files, counts.members, counts.documents, counts.checksums, counts.codes
    ));
    if let Some(stamp) = verified
        .manifest
        .as_ref()
        .map(|manifest: &Manifest| manifest.toolchain.stamp())
    {
        printer.result(&format!("made with {}\n", printable::line(&stamp)));
    }
    if let Some(digest) = manifest_sha256 {
        printer.result(&format!("manifest: SHA-256 {digest}\n"));
    }
    let differs = findings
        .iter()
        .any(|finding| finding.kind == verify::DiscrepancyKind::Lock);
    printer.result(&match not_compared {
        None if differs => "recipes and lock: the same, but not all is what they give\n".to_owned(),
        None => "recipes and lock: the same; flags and documents are what they give\n".to_owned(),
        Some(why) => format!("recipes and lock: not compared; {why}\n"),
    });
    if let Some(objects) = rebuilt {
        printer.result(&format!("rebuilt: {objects} objects compiled again\n"));
    }
}

/// A digest by its first digits; other texts whole.
fn short(text: &str) -> String {
    let digest = text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digest {
        format!("{}…", &text[..12])
    } else {
        text.to_owned()
    }
}
