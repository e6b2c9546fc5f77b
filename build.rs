//! The recipes, patches and lock are embedded in the binary; a change of any of them makes it anew. What it is made from has a digest,
//! which names it in SBOMs: the version alone does not tell one build of the program from another.

use std::path::Path;

use sha2::{Digest as _, Sha256};

fn main() -> std::io::Result<()> {
    let mut files = Vec::new();
    for path in ["src", "recipes", "patches", "lockfile.json"] {
        println!("cargo::rerun-if-changed={path}");
        list(Path::new(path), path, &mut files)?;
    }
    files.sort();
    let mut hasher = Sha256::new();
    for name in files {
        let content = std::fs::read(&name)?;
        for field in [name.as_bytes(), &content] {
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
    }
    print!("cargo::rustc-env=WASIDEPS_SOURCES_SHA256=");
    hasher.finalize().iter().for_each(|byte| print!("{byte:02x}"));
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
        list(&entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()), files)?;
    }
    Ok(())
}
