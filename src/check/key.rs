//! The key of a test: a digest over all that its result can come from. Two tests with one key give
//! one result. Pure.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde::Serialize;

use super::CheckRequest;
use super::program::{Planned, reached};
use crate::consumer::env::ResolvedModule;
use crate::model::{Line, Macro, Name, RelPath, Selected, Sha256};
use crate::plan::{Job, tree_key};

/// What all tests of a suite have in common.
pub struct SuiteKey<'a> {
    request: &'a CheckRequest<'a>,
    tested: &'a Name,
    /// Of the tree with the tests, in which all sources and data are.
    tree: Sha256,
    /// Those of the prefix, as if it were at the top of the file system.
    modules: Vec<ResolvedModule>,
}

/// How a test is run and judged.
#[derive(Serialize)]
pub struct RunFacts<'a> {
    pub args: Vec<String>,
    pub env: &'a BTreeMap<Macro, Line>,
    pub folders: &'a [Line],
    /// Those that are copied; their contents are in the tree.
    pub files: Vec<&'a RelPath>,
    pub stdin: Option<String>,
    pub exit: i32,
    pub stdout: Option<String>,
    pub stdout_contains: &'a [String],
    pub dg_output: bool,
    pub time_limit: u64,
    pub memory_limit: u64,
    pub quick_start: bool,
}

impl<'a> SuiteKey<'a> {
    pub fn new(request: &'a CheckRequest<'a>, selected: &'a Selected) -> Self {
        Self {
            request,
            tested: &selected.recipe.name,
            tree: tree_key(selected),
            modules: ResolvedModule::all(&request.manifest.modules(), Utf8Path::new("/")),
        }
    }

    /// Of a program: what compiles it, what it is compiled from, and what it is linked with.
    pub fn program(&self, planned: &Planned<'_>) -> Sha256 {
        let (manifest, plan) = (self.request.manifest, self.request.work.plan);
        let program = planned.program;
        let mut fields: Vec<Vec<u8>> = vec![
            plan.toolchain.digest.as_bytes().to_vec(),
            self.tree.as_bytes().to_vec(),
        ];
        for file in &planned.sources {
            let inline = program.inline_assembly.contains(file);
            let job = Job::of_program(file, &planned.options, &plan.toolchain, inline);
            fields.push(job.key.as_bytes().to_vec());
        }
        // What the modules link; what else their files say is not asked for here.
        fields.push(b"modules:".to_vec());
        for name in &program.modules {
            let module = self
                .modules
                .iter()
                .find(|module| module.name == name.as_str());
            fields.push(name.as_str().into());
            fields.extend(
                module
                    .iter()
                    .flat_map(|module| &module.libs)
                    .map(|flag| flag.as_str().into()),
            );
        }
        fields.push(b"libs:".to_vec());
        fields.extend(program.libs.iter().map(|flag| flag.as_str().into()));
        fields.push(b"prefix:".to_vec());
        let reached = reached(manifest, self.tested, &program.modules, &program.libs);
        let files = manifest.files.iter().filter(|file| {
            let source = file.source.as_ref();
            let path = file.path.as_str();
            source.is_some_and(|source| reached.contains(source))
                && (path.starts_with("include/") || path.ends_with(".a"))
        });
        for file in files {
            fields.push(file.path.as_str().into());
            fields.push(file.sha256.as_bytes().to_vec());
        }
        Sha256::of_fields("wasideps program 3", fields.iter().map(Vec::as_slice))
    }

    /// Of a test of `program`, whose key that is.
    pub fn test(&self, program: &Sha256, facts: &RunFacts<'_>) -> Sha256 {
        let runner = self.request.runner;
        let facts = serde_json::to_vec(facts).expect("facts have only string keys");
        Sha256::of_fields(
            "wasideps test 1",
            [
                program.as_bytes().as_slice(),
                runner.version().as_bytes(),
                runner.flags().as_bytes(),
                &facts,
            ],
        )
    }
}
