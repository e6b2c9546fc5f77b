//! One test: a program in a fresh folder, with its limits, and what it gave compared with what it
//! must give.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::dejagnu::expected_output;
use super::folder::{FOLDER_FILES_LIMIT, FOLDER_LIMIT, Fill};
use super::key::{RunFacts, SuiteKey};
use super::program::{BuiltProgram, Planned, SUITE_LIMIT, selected_files};
use super::runner::{Ended, ProgramRun, Runner};
use super::{CheckError, TestFailure, TestResult};
use crate::fetch::SourceTree;
use crate::model::{RelPath, Run, Selected, Sha256, Suite};
use crate::store::Entry;

/// A test that is ready to be run.
pub struct Test<'a> {
    subject: String,
    name: String,
    run: &'a Run,
    planned: &'a Planned<'a>,
    /// Of the program that it runs, among those of the suite.
    pub program: usize,
    tree: &'a Entry,
    /// What `{file}` stands for.
    file: Option<RelPath>,
    /// Of all that its result can come from.
    pub key: Sha256,
}

/// All tests of `suite`: each run with each of its programs and each of its files.
pub fn expand<'a>(
    suite: &'a Suite,
    selected: &Selected,
    tree: &'a SourceTree,
    programs: &'a [Planned<'a>],
    keys: &SuiteKey<'_>,
) -> Result<Vec<Test<'a>>, CheckError> {
    let mut tests = Vec::new();
    let program_keys: Vec<Sha256> = programs
        .iter()
        .map(|planned| keys.program(planned))
        .collect();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for run in &suite.runs {
        let files: Vec<Option<RelPath>> = match &run.each {
            None => vec![None],
            Some(each) => selected_files(tree.entry(), each, run.except.as_ref())
                .map(|path| Some(path.clone()))
                .collect(),
        };
        if files.is_empty() {
            let found = run
                .name
                .as_deref()
                .unwrap_or(run.program.as_str())
                .to_owned();
            return Err(CheckError::NotInTree {
                suite: suite.file.clone(),
                subject: selected.title(),
                what: "`each` of the run",
                found,
            });
        }
        for (program, planned) in programs
            .iter()
            .enumerate()
            .filter(|(_, planned)| planned.program.name == run.program)
        {
            if tests.len() + files.len() > SUITE_LIMIT {
                let (suite, subject) = (suite.file.clone(), selected.title());
                return Err(CheckError::TooMany {
                    suite,
                    subject,
                    what: "tests",
                    limit: SUITE_LIMIT,
                });
            }
            for file in &files {
                let base = run.name.as_deref().unwrap_or(&planned.title);
                let mut name = file
                    .as_ref()
                    .map_or_else(|| base.to_owned(), |file| format!("{base}: {file}"));
                // A record of results tells them by their names.
                let same = names.entry(name.clone()).or_default();
                *same += 1;
                if *same > 1 {
                    name = format!("{name} ({same})");
                }
                let mut test = Test {
                    subject: selected.title(),
                    name,
                    run,
                    planned,
                    program,
                    tree: tree.entry(),
                    file: file.clone(),
                    key: program_keys[program],
                };
                test.key = keys.test(&program_keys[program], &test.facts());
                tests.push(test);
            }
        }
    }
    Ok(tests)
}

impl Test<'_> {
    /// Runs `built`, its program, in a folder below `scratch`, which goes when the test is over.
    pub fn run(&self, built: &BuiltProgram, runner: &Runner, scratch: &Utf8Path) -> TestResult {
        let mut seconds = 0.0;
        let failure = match built {
            Err(failure) => Some(failure.clone()),
            Ok(wasm) => self.outcome(wasm, runner, scratch, &mut seconds).err(),
        };
        TestResult {
            seconds,
            failure,
            ..self.passed(false)
        }
    }

    /// That it passed; `known` says that it did so before.
    pub fn passed(&self, known: bool) -> TestResult {
        TestResult {
            subject: self.subject.clone(),
            name: self.name.clone(),
            key: self.key,
            known,
            seconds: 0.0,
            failure: None,
        }
    }

    /// The linear memory that it may take, in MiB.
    pub fn memory(&self) -> u64 {
        self.run.memory_limit.get()
    }

    fn facts(&self) -> RunFacts<'_> {
        let run = self.run;
        RunFacts {
            args: run.args.iter().map(|arg| self.with_file(arg)).collect(),
            env: &run.env,
            folders: &run.folders,
            files: self.copied().collect(),
            stdin: run.stdin.as_deref().map(|path| self.with_file(path)),
            exit: run.exit,
            stdout: run.stdout.as_deref().map(|path| self.with_file(path)),
            stdout_contains: &run.stdout_contains,
            dg_output: run.dg_output,
            time_limit: run.time_limit.get(),
            memory_limit: run.memory_limit.get(),
            quick_start: run.quick_start,
        }
    }

    /// The files of the tree that are in its folder.
    fn copied(&self) -> impl Iterator<Item = &RelPath> {
        let globs = self.run.files.iter();
        globs
            .flat_map(|globs| selected_files(self.tree, globs, None))
            .chain(&self.file)
    }

    fn outcome(
        &self,
        wasm: &Utf8Path,
        runner: &Runner,
        scratch: &Utf8Path,
        seconds: &mut f64,
    ) -> Result<(), TestFailure> {
        let setup = |error: &dyn std::fmt::Display| TestFailure::Setup {
            problem: error.to_string(),
        };
        let folder = tempfile::tempdir_in(scratch).map_err(|error| setup(&error))?;
        let folder = Utf8Path::from_path(folder.path())
            .ok_or_else(|| setup(&"its folder's path is not UTF-8"))?;
        for path in self.copied() {
            let to = folder.join(path.as_str());
            fs_err::create_dir_all(to.parent().unwrap_or(folder)).map_err(|error| setup(&error))?;
            fs_err::copy(self.tree.dir().join(path.as_str()), to).map_err(|error| setup(&error))?;
        }
        let stdin = self
            .run
            .stdin
            .as_ref()
            .map(|path| self.in_tree(path))
            .transpose()?;
        let args: Vec<String> = self
            .run
            .args
            .iter()
            .map(|arg| self.with_file(arg))
            .collect();
        let env: Vec<(&str, &str)> = self
            .run
            .env
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let &Run {
            time_limit,
            memory_limit,
            quick_start,
            ref folders,
            ..
        } = self.run;
        let job = ProgramRun {
            wasm,
            folder,
            folders,
            args: &args,
            env: &env,
            stdin,
            time_limit,
            memory_limit,
            quick_start,
        };
        let (ended, took) = runner.run(&job).map_err(|error| setup(&error))?;
        *seconds = took;
        match ended {
            Ended::TimedOut => Err(TestFailure::TimedOut {
                limit: self.run.time_limit.get(),
            }),
            Ended::Printed { limit } => Err(TestFailure::Printed { limit }),
            Ended::Filled(Fill::Bytes) => Err(TestFailure::Wrote {
                limit: FOLDER_LIMIT,
            }),
            Ended::Filled(Fill::Files) => Err(TestFailure::Files {
                limit: FOLDER_FILES_LIMIT,
            }),
            Ended::Trap { stderr, .. } => Err(TestFailure::Trap {
                words: tail(&stderr),
            }),
            Ended::Exit {
                status,
                stdout,
                stderr,
            } => {
                let expected = runner.exit_status(self.run.exit);
                self.compare((expected, status), &stdout, &stderr)
            }
        }
    }

    fn compare(
        &self,
        (expected, status): (i32, i32),
        stdout: &[u8],
        stderr: &[u8],
    ) -> Result<(), TestFailure> {
        let words = || {
            format!("{}\n{}", tail(stdout), tail(stderr))
                .trim()
                .to_owned()
        };
        if status != expected {
            return Err(TestFailure::Exit {
                expected,
                found: status,
                words: words(),
            });
        }
        if let Some(path) = &self.run.stdout {
            let expected =
                fs_err::read(self.in_tree(path)?).map_err(|error| TestFailure::Setup {
                    problem: error.to_string(),
                })?;
            if expected != stdout {
                return Err(first_difference(&expected, stdout));
            }
        }
        let text = String::from_utf8_lossy(stdout);
        if self.run.dg_output {
            let told = self.told_output()?;
            if !text.contains(&told) {
                return Err(TestFailure::Lacks {
                    text: told,
                    words: words(),
                });
            }
        }
        match self
            .run
            .stdout_contains
            .iter()
            .find(|wanted| !text.contains(wanted.as_str()))
        {
            Some(missing) => Err(TestFailure::Lacks {
                text: missing.clone(),
                words: words(),
            }),
            None => Ok(()),
        }
    }

    fn with_file(&self, text: &str) -> String {
        text.replace("{file}", self.file.as_ref().map_or("", RelPath::as_str))
            .replace("{program}", self.planned.sources[0].path().as_str())
    }

    /// What the program's file says of its output in DejaGnu's directives.
    fn told_output(&self) -> Result<String, TestFailure> {
        let setup = |problem: String| TestFailure::Setup {
            problem: format!("{}: {problem}", self.planned.sources[0]),
        };
        let source = fs_err::read(
            self.tree
                .dir()
                .join(self.planned.sources[0].path().as_str()),
        )
        .map_err(|error| setup(error.to_string()))?;
        expected_output(&String::from_utf8_lossy(&source)).map_err(|error| setup(error.to_string()))
    }

    /// The path of a file of the tree that the suite names.
    fn in_tree(&self, path: &str) -> Result<Utf8PathBuf, TestFailure> {
        let path = self.with_file(path);
        let file = path
            .parse()
            .ok()
            .and_then(|path: RelPath| self.tree.file(&path).map(|_| path));
        let file = file.ok_or_else(|| TestFailure::Setup {
            problem: format!("`{path}` is not in the source"),
        })?;
        Ok(self.tree.dir().join(file.as_str()))
    }
}

fn first_difference(expected: &[u8], found: &[u8]) -> TestFailure {
    let (expected, found) = (
        String::from_utf8_lossy(expected),
        String::from_utf8_lossy(found),
    );
    let (mut expected, mut found) = (expected.split('\n'), found.split('\n'));
    let mut line = 0;
    loop {
        line += 1;
        match (expected.next(), found.next()) {
            (Some(one), Some(other)) if one == other => {}
            (one, other) => {
                let shown =
                    |text: Option<&str>| text.unwrap_or("the end").chars().take(200).collect();
                return TestFailure::Stdout {
                    line,
                    expected: shown(one),
                    found: shown(other),
                };
            }
        }
    }
}

/// The last lines of what a program printed: where it says why it failed.
fn tail(bytes: &[u8]) -> String {
    const LINES: usize = 20;
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_told_also_where_one_side_ends() {
        let TestFailure::Stdout {
            line,
            expected,
            found,
        } = first_difference(b"a\nb\nc\n", b"a\nx\nc\n")
        else {
            panic!("another failure")
        };
        assert_eq!((line, expected.as_str(), found.as_str()), (2, "b", "x"));
        let TestFailure::Stdout { line, found, .. } = first_difference(b"a\nb", b"a") else {
            panic!("another failure")
        };
        assert_eq!((line, found.as_str()), (2, "the end"));
    }
}
