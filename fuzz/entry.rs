//! What each fuzz target does with its input, and what must hold of it. Shared by the targets,
//! which libFuzzer drives, and by `tests/corpus.rs`, which gives them the corpus on every run of
//! the tests.

use std::io::Read as _;

use camino::Utf8Path;
use wasideps::audit::database;
use wasideps::build::{BuildTrace, Manifest, rule_prerequisites};
use wasideps::cli::{self, CliError};
use wasideps::fetch::entries::{ArchiveEntry, ArchiveWalk, EntryKind, Limits};
use wasideps::fetch::{PatchProblem, apply_patch};
use wasideps::model::{Lock, Program, Recipe, RecipeFile, Suite};

/// Panics on an input that shows a fault.
type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 10] = [
    ("lock", lock),
    ("recipe", recipe),
    ("suite", suite),
    ("manifest", manifest),
    ("trace", trace),
    ("osv", osv),
    ("patch", patch),
    ("tar", tar),
    ("zip", zip),
    ("makefile", makefile),
];

/// What a hostile archive may have here, so that an input takes milliseconds.
const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    entries: 1 << 10,
};

/// An error is drawn as the command line draws it.
fn drawn(error: impl Into<CliError>) {
    let text = cli::drawn(error);
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
}

pub fn lock(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Lock::parse("lock", text) {
        Ok(lock) => {
            let again = Lock::parse("lock", &lock.to_text()).expect("what is written is read");
            assert_eq!(lock, again);
        }
        Err(error) => drawn(error),
    }
}

pub fn recipe(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match RecipeFile::parse("recipe", text) {
        Ok(file) => {
            let makes = |recipe: &Recipe| !recipe.libraries.is_empty();
            assert!(file.recipes().all(|recipe| makes(recipe)));
        }
        Err(errors) => errors.into_iter().map(Box::new).for_each(drawn),
    }
}

pub fn suite(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Suite::parse("suite", text) {
        Ok(suite) => {
            // Each value of a macro, at each level that the suite names.
            let bounded = |program: &Program| {
                program.variants().len() <= 1000 * program.opt_levels.len().max(1)
            };
            assert!(suite.programs.iter().all(bounded));
        }
        Err(errors) => errors.into_iter().map(Box::new).for_each(drawn),
    }
}

pub fn manifest(data: &[u8]) {
    if let Ok(manifest) = Manifest::parse(data) {
        assert_eq!(
            Manifest::parse(manifest.to_text().as_bytes()).ok(),
            Some(manifest.clone())
        );
        let _ = manifest.bare().digest();
    }
}

pub fn trace(data: &[u8]) {
    if let Ok(trace) = BuildTrace::parse(data) {
        assert_eq!(
            BuildTrace::parse(trace.to_text().as_bytes()).ok(),
            Some(trace.clone())
        );
        // Every index that was let through names a file.
        for member in &trace.members {
            assert!(
                std::iter::once(&member.source)
                    .chain(&member.headers)
                    .all(|index| *index < trace.files.len())
            );
        }
    }
}

pub fn osv(data: &[u8]) {
    if let Err(broken) = database::record("record.json", data) {
        assert!(!broken.problem.is_empty());
    }
}

pub fn patch(data: &[u8]) {
    let old = b"one\ntwo\nthree\n".to_vec();
    let changes = apply_patch(data, |path| {
        Ok::<_, PatchProblem>(path.as_str().ends_with(".c").then(|| old.clone()))
    });
    for (path, new) in changes.into_iter().flatten() {
        assert!(!path.as_str().split('/').any(|part| part == ".."));
        assert!(new.is_none_or(|new| new.len() <= old.len() + data.len()));
    }
}

/// Reads an entry as whoever unpacks it does.
fn read(entry: &mut ArchiveEntry<'_>) -> Result<(), String> {
    let mut bytes = Vec::new();
    if matches!(entry.kind, EntryKind::File) {
        entry
            .content
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
    }
    assert!(bytes.len() as u64 <= LIMITS.bytes && entry.name.len() <= 1024);
    Ok(())
}

pub fn tar(data: &[u8]) {
    let _ = ArchiveWalk::new(LIMITS, &|error| error.to_string(), &mut read).tar(data);
}

pub fn zip(data: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("a file can be made");
    std::fs::write(file.path(), data).expect("it can be written");
    let _ = ArchiveWalk::new(LIMITS, &|error| error.to_string(), &mut read)
        .zip(Utf8Path::from_path(file.path()).expect("UTF-8"));
}

pub fn makefile(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let found = rule_prerequisites(text);
    assert!(found.iter().map(String::len).sum::<usize>() <= text.len());
}
