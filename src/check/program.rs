//! Test programs: compiled as libraries are, through the same cache, and linked with the prefix.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::{CheckError, CheckRequest, TestFailure};
use crate::build::{BuildError, Busy, Headers, JobFiles, ManifestContents};
use crate::consumer::env::ResolvedModule;
use crate::fetch::SourceTree;
use crate::model::{
    CompileOptions, Globs, LinkFlag, Name, Program, ProgramSources, RelPath, Selected, Sha256,
    SourceFile, Suite,
};
use crate::plan::Job;
use crate::store::Entry;
use crate::toolchain::Reach;

/// The programs that one suite may make, and the tests that it may have: it multiplies files by
/// values and levels.
pub(super) const SUITE_LIMIT: usize = 20_000;

/// One program to make: a `[program.…]` is one, or one for each of its files.
pub struct Planned<'a> {
    pub program: &'a Program,
    /// What tables call it: its name, or the file that it is made from; and what tells it from its
    /// variants.
    pub title: String,
    /// Never empty; the one that it is called after comes first.
    pub sources: Vec<SourceFile>,
    pub options: CompileOptions,
}

/// A program that was made, or why not.
pub type BuiltProgram = Result<Utf8PathBuf, TestFailure>;

/// All programs of `suite`.
pub fn expand<'a>(
    suite: &'a Suite,
    selected: &Selected,
    tree: &SourceTree,
) -> Result<Vec<Planned<'a>>, Vec<CheckError>> {
    let mut planned = Vec::new();
    let mut errors = Vec::new();
    let not_in_tree = |what, found: String| CheckError::NotInTree {
        suite: suite.file.clone(),
        subject: selected.title(),
        what,
        found,
    };
    let too_many = |what| CheckError::TooMany {
        suite: suite.file.clone(),
        subject: selected.title(),
        what,
        limit: SUITE_LIMIT,
    };
    for program in &suite.programs {
        let variants = program.variants();
        let mut plan = |title: &str, sources: Vec<SourceFile>| {
            planned.extend(variants.iter().map(|(suffix, options)| Planned {
                program,
                title: format!("{title}{suffix}"),
                sources: sources.clone(),
                options: options.clone(),
            }));
        };
        let named = match &program.sources {
            ProgramSources::All(sources) => {
                plan(program.name.as_str(), sources.clone());
                sources
            }
            ProgramSources::Each { each, except, with } => {
                let files: Vec<_> = selected_files(tree.entry(), each, except.as_ref()).collect();
                if files.len().saturating_mul(variants.len()) > SUITE_LIMIT {
                    errors.push(too_many("programs"));
                    continue;
                }
                for file in &files {
                    match SourceFile::try_from((*file).clone()) {
                        Ok(source) => plan(
                            file.as_str(),
                            std::iter::once(source)
                                .chain(with.iter().cloned())
                                .collect(),
                        ),
                        Err(_) => errors.push(not_in_tree(
                            "a language that is compiled for",
                            file.to_string(),
                        )),
                    }
                }
                if files.is_empty() {
                    errors.push(not_in_tree(
                        "`each` of the program",
                        program.name.to_string(),
                    ));
                }
                with
            }
        };
        errors.extend(
            named
                .iter()
                .chain(&program.inline_assembly)
                .filter(|file| tree.entry().file(file.path()).is_none())
                .map(|file| not_in_tree("the source", file.to_string())),
        );
    }
    if planned.len() > SUITE_LIMIT {
        errors.push(too_many("programs"));
    }
    if errors.is_empty() {
        Ok(planned)
    } else {
        Err(errors)
    }
}

/// The files of `tree` that `each` selects and `except` does not.
pub fn selected_files<'t>(
    tree: &'t Entry,
    each: &Globs,
    except: Option<&Globs>,
) -> impl Iterator<Item = &'t RelPath> {
    let paths = tree.files().iter().map(|file| &file.path);
    paths.filter(move |path| {
        each.selects(path) && !except.is_some_and(|except| except.selects(path))
    })
}

/// The sources of the prefix that a program can read headers or link archives of: that which it
/// tests, those whose modules it names, those of `-l…`, and what all these require.
pub fn reached<'m>(
    manifest: &'m ManifestContents,
    tested: &Name,
    modules: &[Name],
    libs: &[LinkFlag],
) -> BTreeSet<&'m Name> {
    let named: BTreeSet<&str> = libs
        .iter()
        .filter_map(|flag| flag.as_str().strip_prefix("-l"))
        .collect();
    let mut next: Vec<&Name> = Vec::new();
    for source in &manifest.sources {
        let is_named = source.name == *tested
            || modules
                .iter()
                .any(|module| source.modules.contains_key(module))
            || source
                .libraries
                .iter()
                .any(|library| named.contains(library.name.as_str()));
        if is_named {
            next.push(&source.name);
        }
    }
    let mut reached = BTreeSet::new();
    while let Some(name) = next.pop() {
        if !reached.insert(name) {
            continue;
        }
        let source = manifest.sources.iter().find(|source| source.name == *name);
        for library in source.iter().flat_map(|source| &source.libraries) {
            next.extend(library.required().map(|required| &required.recipe));
        }
    }
    reached
}

/// The headers of the prefix that `program` sees. What it does not reach by its modules is not in
/// its key: it sees nothing of that.
fn seen_headers(
    request: &CheckRequest<'_>,
    selected: &Selected,
    program: &Program,
    modules: &[ResolvedModule],
) -> Headers {
    let (tested, manifest) = (&selected.recipe.name, request.manifest);
    let reached = reached(manifest, tested, &program.modules, &program.libs);
    let files = manifest.files.iter().filter(|file| {
        let source = file.source.as_ref();
        source.is_some_and(|source| reached.contains(source))
    });
    let files = files
        .filter_map(|file| Some((file.path.below("include")?, file.sha256)))
        .collect();
    let include = request.prefix.join("include");
    let own = format!("-I{include}/");
    let folders: BTreeSet<RelPath> = modules
        .iter()
        .filter(|module| {
            program
                .modules
                .iter()
                .any(|name| name.as_str() == module.name)
        })
        .flat_map(|module| &module.cflags)
        .filter_map(|flag| flag.strip_prefix(&own)?.parse().ok())
        .collect();
    Headers {
        dir: include,
        files,
        folders: folders.into_iter().collect(),
    }
}

/// Compiles and links one of them into `scratch`.
pub fn build(
    request: &CheckRequest<'_>,
    selected: &Selected,
    tree: &SourceTree,
    planned: &Planned<'_>,
    modules: &[ResolvedModule],
    scratch: &Utf8Path,
) -> BuiltProgram {
    let setup = |problem: String| TestFailure::Setup { problem };
    let Planned {
        program,
        title,
        sources,
        options,
    } = planned;
    let subject = format!("tests of {}", selected.title());
    let headers = [seen_headers(request, selected, program, modules)];
    let place = JobFiles {
        subject: &subject,
        tree: tree.entry(),
        dependency_headers: &headers,
    };
    let objects = sources
        .par_iter()
        .map(|file| {
            let job = Job::of_program(
                file,
                options,
                &request.work.plan.toolchain,
                program.inline_assembly.contains(file),
            );
            let object = request.work.object(&job, &place, Busy::Wait)?;
            Ok(object.expect("what another process compiles is waited for"))
        })
        .collect::<Result<Vec<_>, BuildError>>()
        .map_err(|error| match error {
            BuildError::Compile {
                stderr, command, ..
            }
            | BuildError::Denied {
                stderr, command, ..
            } => TestFailure::Compile {
                words: format!("{stderr}\nTo repeat it: {command}"),
            },
            error => setup(error.to_string()),
        })?;

    // A name of its own for each: programs are made side by side.
    let name = Sha256::of_fields(
        "wasideps program 1",
        [
            subject.as_bytes(),
            program.name.as_str().as_bytes(),
            title.as_bytes(),
        ],
    );
    let dir = scratch.join(name.to_string());
    fs_err::create_dir_all(&dir).map_err(|error| setup(error.to_string()))?;
    let mut command = request.work.toolchain.command();
    let config = request.work.plan.config();
    command.current_dir(&dir).args(config.target().spec().link);
    for (index, object) in objects.iter().enumerate() {
        let path = format!("{index}.o");
        let bytes = object.read().map_err(|error| setup(error.to_string()))?;
        fs_err::write(dir.join(&path), bytes).map_err(|error| setup(error.to_string()))?;
        command.arg(path);
    }
    // Below the data, a stack that overflows traps; above it, it would silently overwrite globals.
    command.arg("-Wl,--stack-first");
    // For a library that a program names in `libs`, without what its module adds.
    command
        .arg(format!("-L{}", request.prefix.join("lib")))
        .args(program.libs.iter().map(LinkFlag::as_str));
    for name in &program.modules {
        let module = modules.iter().find(|module| module.name == name.as_str());
        let missing = || TestFailure::Link {
            words: format!("the prefix has no module `{name}`, which the program is linked with"),
        };
        command.args(&module.ok_or_else(missing)?.libs);
    }
    command
        .args(config.variant().link_flags())
        .args(["-o", "program.wasm"]);
    let reach = Reach {
        read: vec![request.prefix.join("lib")],
        write: &dir,
        sdk: true,
    };
    let output = request
        .work
        .toolchain
        .run(&mut command, &reach)
        .map_err(|error| setup(error.to_string()))?;
    if output.status.success() {
        Ok(dir.join("program.wasm"))
    } else {
        Err(TestFailure::Link {
            words: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}
