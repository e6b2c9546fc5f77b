//! Proof that what was built works: the test programs of each source's suite, compiled against a
//! built prefix and run under a WASI runtime.

mod budget;
mod by_source;
mod dejagnu;
mod error;
mod folder;
mod junit;
mod key;
mod markdown;
mod program;
mod record;
mod run;
mod runner;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::Utf8Path;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use by_source::{TestedSource, by_source, only, patches, reasons};
pub use error::{CheckError, TestFailure};
pub use junit::to_junit;
pub use markdown::to_markdown;
pub use record::{PassRecord, PassRecordError, Sample};
pub use runner::{Runner, RunnerRequest};

use crate::build::{Manifest, Work};
use crate::consumer::env::ResolvedModule;
use crate::fetch::SourceTree;
use crate::model::{BuildConfig, NotApplicable, Patch, Selected, Sha256, Suite};
use crate::process::{pool, side_by_side};
use crate::store::StoreError;
use budget::MemoryBudget;
use key::SuiteKey;
use program::BuiltProgram;
use run::Test;

/// A source with its tests: what the catalog's `select_tests` gives.
pub type Tests = (Arc<Suite>, Selected);

/// What a check needs.
pub struct CheckRequest<'a> {
    pub work: Work<'a>,
    /// The prefix that programs are linked with, absolute; and what it holds.
    pub prefix: &'a Utf8Path,
    pub manifest: &'a Manifest,
    pub tests: &'a [Tests],
    pub runner: &'a Runner,
    /// Which tests are not run.
    pub reuse: Reuse<'a>,
    /// Called after each test, with how many there are in all.
    pub tested: &'a (dyn Fn(&TestResult, usize) + Sync),
}

/// What is done with tests that passed before with the same key.
#[derive(Debug, Clone, Copy)]
pub enum Reuse<'a> {
    /// All are run.
    Nothing,
    /// Those whose keys these are, or which the store has, are not run, but for those that are
    /// drawn.
    Passed {
        recorded: &'a BTreeSet<Sha256>,
        sample: Option<&'a Sample>,
    },
}

/// What the store keeps of a test that passed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Passed {
    passed: bool,
}

/// What came of the tests for one build configuration.
#[derive(Debug)]
pub struct ConfigReport {
    pub config: BuildConfig,
    /// What was run by what, and what made it.
    pub made: String,
    pub suites: Vec<SuiteReport>,
}

/// What came of a source's tests.
#[derive(Debug, Serialize)]
pub struct SuiteReport {
    pub name: String,
    pub version: String,
    /// What they were built for.
    pub config: BuildConfig,
    /// In the order of the suite.
    pub tests: Vec<TestResult>,
    pub not_applicable: Vec<Skipped>,
    /// Bugs of the tests that are patched before they are run.
    pub patches: Vec<Patch>,
}

/// What upstream tests and is not run, with why.
#[derive(Debug, Serialize)]
pub struct Skipped {
    pub name: String,
    pub reason: String,
}

/// What came of one test.
#[derive(Debug, Serialize)]
pub struct TestResult {
    /// `zlib 1.3.2`
    pub subject: String,
    pub name: String,
    /// Of all that the result comes from.
    pub key: Sha256,
    /// Whether it passed before with this key, and was not run.
    pub known: bool,
    /// Of wall time.
    pub seconds: f64,
    /// None where it passed.
    pub failure: Option<TestFailure>,
}

impl TestResult {
    /// Whether it is the test called `name`, or one of its variants: `name -O2`.
    fn is_of(&self, name: &str) -> bool {
        let rest = self.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    }
}

impl SuiteReport {
    /// How many tests passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.tests
            .iter()
            .filter(|test| test.failure.is_none())
            .count()
    }

    /// How many failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.tests.len() - self.passed()
    }

    /// How many were not run, because they passed before.
    #[must_use]
    pub fn known(&self) -> usize {
        self.tests.iter().filter(|test| test.known).count()
    }

    /// Of wall time, of all its tests.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.tests.iter().map(|test| test.seconds).sum()
    }
}

/// Runs all tests, `work.workers` at once.
///
/// # Errors
/// When a test's source can't be fetched, or what it names is not in it. A test that does not
/// compile, or fails in any way, is a result and no error.
pub fn check(request: &CheckRequest<'_>) -> Result<Vec<SuiteReport>, Vec<CheckError>> {
    let pool = pool(request.work.workers).map_err(|error| vec![error.into()])?;
    let trees = fetch(request)?;
    let modules = ResolvedModule::all(&request.manifest.modules(), request.prefix);
    let mut planned = Vec::new();
    let mut errors = Vec::new();
    for ((suite, selected), tree) in request.tests.iter().zip(&trees) {
        match program::expand(suite, selected, tree) {
            Ok(programs) => planned.push((suite, selected, tree, programs)),
            Err(mut problems) => errors.append(&mut problems),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let scratch = request
        .work
        .store
        .scratch_dir()
        .map_err(|error| vec![error.into()])?;
    let scratch = Utf8Path::from_path(scratch.path()).ok_or_else(|| vec![CheckError::NotUtf8])?;
    let mut tests = Vec::new();
    for (index, (suite, selected, tree, programs)) in planned.iter().enumerate() {
        let keys = SuiteKey::new(request, selected);
        let expanded = run::expand(suite, selected, tree, programs, &keys);
        let expanded = expanded.map_err(|error| vec![error])?;
        tests.extend(expanded.into_iter().map(|test| (index, test)));
    }
    let all = tests.len();
    let budget = MemoryBudget::of_machine();
    pool.install(|| {
        let wanted = tests.par_iter().map(|(_, test)| is_wanted(request, test));
        let wanted: Vec<bool> = wanted
            .collect::<Result<_, StoreError>>()
            .map_err(|error| vec![error.into()])?;
        // A program that nothing runs is not made.
        let mut needed: BTreeSet<(usize, usize)> = BTreeSet::new();
        for ((index, test), _) in tests.iter().zip(&wanted).filter(|(_, wanted)| **wanted) {
            needed.insert((*index, test.program));
        }
        let programs: BTreeMap<(usize, usize), BuiltProgram> = needed
            .par_iter()
            .map(|&(index, program)| {
                let (_, selected, tree, programs) = &planned[index];
                let planned = &programs[program];
                let built = program::build(request, selected, tree, planned, &modules, scratch);
                ((index, program), built)
            })
            .collect();
        let results: Vec<(usize, TestResult)> = tests
            .par_iter()
            .zip(&wanted)
            .with_max_len(1)
            .map(|((index, test), wanted)| {
                let result = if *wanted {
                    let built = &programs[&(*index, test.program)];
                    let _promised = budget.promise(test.memory());
                    test.run(built, request.runner, scratch)
                } else {
                    test.passed(true)
                };
                keep(request, &result)?;
                (request.tested)(&result, all);
                Ok((*index, result))
            })
            .collect::<Result<_, StoreError>>()
            .map_err(|error| vec![error.into()])?;
        let config = request.work.plan.config();
        let mut reports: Vec<SuiteReport> = planned
            .iter()
            .map(|(suite, selected, ..)| report(suite, selected, config))
            .collect();
        for (index, result) in results {
            reports[index].tests.push(result);
        }
        for report in &mut reports {
            let SuiteReport {
                tests,
                not_applicable,
                ..
            } = report;
            not_applicable.retain(|skipped| !tests.iter().any(|test| test.is_of(&skipped.name)));
        }
        Ok(reports)
    })
}

/// Whether `test` is to be run.
fn is_wanted(request: &CheckRequest<'_>, test: &Test<'_>) -> Result<bool, StoreError> {
    let Reuse::Passed { recorded, sample } = request.reuse else {
        return Ok(true);
    };
    if sample.is_some_and(|sample| sample.draws(&test.key)) {
        return Ok(true);
    }
    if recorded.contains(&test.key) {
        return Ok(false);
    }
    let kept = request.work.cache.get_result(&test.key)?;
    let passed = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(!passed.is_some_and(|Passed { passed }| passed))
}

/// Keeps what passed now, and at once: what is run before a check is broken off is not lost.
fn keep(request: &CheckRequest<'_>, result: &TestResult) -> Result<(), StoreError> {
    if result.failure.is_some() || result.known {
        return Ok(());
    }
    let text = serde_json::to_vec(&Passed { passed: true }).expect("a plain structure");
    request.work.cache.put_result(&result.key, &text)
}

fn fetch(request: &CheckRequest<'_>) -> Result<Vec<SourceTree>, Vec<CheckError>> {
    let results = side_by_side(request.tests, request.tests.len(), |(_, selected)| {
        request.work.fetcher.source(selected)
    });
    let mut trees = Vec::new();
    let mut errors = Vec::new();
    for result in results {
        match result {
            Ok(tree) => trees.push(tree),
            Err(error) => errors.push(error.into()),
        }
    }
    if errors.is_empty() {
        Ok(trees)
    } else {
        Err(errors)
    }
}

fn report(suite: &Suite, selected: &Selected, config: BuildConfig) -> SuiteReport {
    let skipped = |NotApplicable { name, reason, .. }: &NotApplicable| Skipped {
        name: name.to_string(),
        reason: reason.to_string(),
    };
    SuiteReport {
        name: selected.recipe.name.to_string(),
        version: selected.source.version.to_string(),
        config,
        tests: Vec::new(),
        not_applicable: suite.not_applicable.iter().map(skipped).collect(),
        patches: suite.patches.clone(),
    }
}
