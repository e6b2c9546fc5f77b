//! The recipes, patches and lock are embedded in the binary; a change of any of them makes it anew.
//! What writes the bytes of a prefix has a digest, which is part of a prefix's key and names the
//! program in SBOMs: the version alone does not tell one build of the program from another.

use std::path::Path;

use sha2::{Digest as _, Sha256};

/// What decides over the bytes of a prefix that is made of given recipes, sources and SDK: what is
/// excluded stands in its documents. Fetching, checking and the command line do not.
const WRITERS: [&str; 8] = [
    "recipes/excluded.toml",
    "src/build",
    "src/fetch/patch.rs",
    "src/fetch/tree.rs",
    "src/model",
    "src/plan",
    "src/sbom",
    "src/toolchain/mod.rs",
];

/// The crates that write archives, documents, dates and patched files, as `Cargo.lock` has them.
const CRATES: [&str; 10] = [
    "ar_archive_writer",
    "diffy",
    "jiff",
    "object",
    "packageurl",
    "percent-encoding",
    "serde",
    "serde_json",
    "spdx",
    "url",
];

fn main() -> std::io::Result<()> {
    for path in ["src", "recipes", "patches", "lockfile.json", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let mut files = Vec::new();
    for path in WRITERS {
        list(Path::new(path), path, &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    let mut add = |field: &[u8]| {
        hasher.update((field.len() as u64).to_le_bytes());
        hasher.update(field);
    };
    for name in files {
        add(name.as_bytes());
        add(&std::fs::read(&name)?);
    }
    let lock = std::fs::read_to_string("Cargo.lock")?;
    let name = |package: &str| package.split('"').nth(1).unwrap_or_default().to_owned();
    let locked: Vec<_> = lock
        .split("[[package]]")
        .filter(|package| CRATES.contains(&&*name(package)))
        .collect();
    assert!(
        locked.len() >= CRATES.len(),
        "Cargo.lock lacks one of {CRATES:?}"
    );
    for package in locked {
        add(package.trim().as_bytes());
    }
    print!("cargo::rustc-env=WASIDEPS_WRITER_SHA256=");
    hasher
        .finalize()
        .iter()
        .for_each(|byte| print!("{byte:02x}"));
    println!();
    Ok(())
}

/// Adds the files at or below `path`, by names that are the same on every machine.
fn list(path: &Path, name: &str, files: &mut Vec<String>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(name.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        list(
            &entry.path(),
            &format!("{name}/{}", entry.file_name().to_string_lossy()),
            files,
        )?;
    }
    Ok(())
}
