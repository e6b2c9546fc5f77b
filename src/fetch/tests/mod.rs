//! What the tests of this layer share: archives, a recipe, a store, and a reporter that remembers.

mod network;
mod relocking;
mod sources;
mod unpacking;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tar::EntryType;
use tempfile::TempDir;

use super::{Fetcher, Patience, Settings};
use crate::model::{LockedSource, Origin, Place, Recipe, Selected, Sha256};
use crate::plan;
use crate::report::{Event, Reporter};
use crate::store::{Kind, Store};

/// The top of a recipe of `demo`, to which origins may be added.
const RECIPE: &str = r#"
name = "demo"
versions = ["1.0", "2.0"]
summary = "Demo"
homepage = "https://example.org/"
originator = "Demo"
license = { expression = "Zlib", files = ["a.c"], copyright = "NONE" }
identifiers = { cpe = "a:b", purl = "pkg:generic/demo" }
pkg-config = {}
inputs = { include = ["*.c", "sub/*.h"], max-size = 1000 }
library = { demo = { sources = ["a.c"] } }
"#;

const EXAMPLE_ORIGIN: &str =
    "[[origin]]\nurl = \"https://example.org/demo.tar\"\nroot = \"demo\"\n";

fn recipe(origins: &str) -> Arc<Recipe> {
    Recipe::example(&format!("{RECIPE}{origins}"))
}

/// One entry: name, type, content or link target.
type Forged<'a> = (&'a [u8], EntryType, &'a [u8]);

/// A tar with names and links as they are given, whatever the tar crate would think of them.
fn tar_of(entries: &[Forged<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_mode(0o777);
        let link = matches!(kind, EntryType::Symlink | EntryType::Link);
        let content = if link {
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content);
            &[]
        } else {
            *content
        };
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder
            .append(&header, content)
            .expect("a vector takes all bytes");
    }
    builder.into_inner().expect("a vector takes all bytes")
}

/// A tar of regular files below `demo/`.
fn demo_tar(files: &[(&str, &str)]) -> Vec<u8> {
    let names: Vec<String> = files
        .iter()
        .map(|(path, _)| format!("demo/{path}"))
        .collect();
    let entries = names
        .iter()
        .zip(files)
        .map(|(name, (_, text))| (name.as_bytes(), EntryType::Regular, text.as_bytes()));
    tar_of(&entries.collect::<Vec<_>>())
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("a vector takes all bytes")
}

fn digest_of(files: &[(&str, &str)]) -> Sha256 {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.parse().expect("a path"), Sha256::of(text.as_bytes())))
        .collect();
    plan::inputs_digest(files.iter().map(|(path, sha256)| (path, sha256)))
}

fn url_origin(url: &str, archive: &[u8]) -> Origin {
    let place = Place::Url(url.parse().expect("a URL"));
    Origin::new(
        place,
        "demo".into(),
        Sha256::of(archive),
        Some(archive.len() as u64),
    )
}

fn selected(inputs: Sha256, origins: Vec<Origin>) -> Selected {
    let version = "1.0".parse().expect("a version");
    let source = LockedSource {
        version,
        inputs,
        includes: BTreeSet::new(),
        origins,
        patches: BTreeMap::new(),
        overlays: BTreeMap::new(),
        tests: None,
        compared: Vec::new(),
    };
    let recipe = recipe(EXAMPLE_ORIGIN);
    Selected {
        inputs: recipe.inputs.clone(),
        recipe,
        source,
        overlays: Vec::new(),
        patches: Vec::new(),
    }
}

/// Remembers every event.
#[derive(Default)]
struct Memory(Mutex<Vec<Event>>);

impl Reporter for Memory {
    fn event(&self, event: Event) {
        self.0
            .lock()
            .expect("no test panics while it holds it")
            .push(event);
    }
}

impl Memory {
    fn count(&self, fits: impl Fn(&Event) -> bool) -> usize {
        self.0
            .lock()
            .expect("no test panics while it holds it")
            .iter()
            .filter(|event| fits(event))
            .count()
    }

    fn retries(&self) -> usize {
        self.count(|event| matches!(event, Event::Retrying { .. }))
    }

    /// The origins that were passed over, with why.
    fn failed(&self) -> Vec<(String, String)> {
        let events = self.0.lock().expect("no test panics while it holds it");
        let failed = events.iter().filter_map(|event| match event {
            Event::OriginFailed { origin, error, .. } => Some((origin.clone(), error.clone())),
            _ => None,
        });
        failed.collect()
    }
}

/// A store in a folder of its own.
struct Bench {
    dir: TempDir,
    store: Store,
    memory: Memory,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(
            &Utf8Path::from_path(dir.path())
                .expect("UTF-8")
                .join("store"),
        )
        .expect("a store");
        Self {
            dir,
            store,
            memory: Memory::default(),
        }
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path())
            .expect("UTF-8")
            .join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Utf8PathBuf {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().expect("a folder"))
            .and_then(|()| fs_err::write(&path, bytes))
            .expect("written");
        path
    }

    fn settings(&self) -> Settings {
        let backoff = Duration::from_millis(1);
        Settings {
            lock_dir: self.path("."),
            cargo_root: Some(self.path("project")),
            patience: Patience {
                backoff,
                ..Patience::default()
            },
            ..Settings::default()
        }
    }

    fn fetcher(&self) -> Fetcher<'_> {
        Fetcher::new(self.settings(), &self.store, &self.memory)
    }

    fn stored(&self) -> usize {
        let usage = self.store.usage().expect("readable");
        usage
            .iter()
            .filter(|(kind, ..)| matches!(kind, Kind::Archive | Kind::Tree))
            .map(|(_, entries, _)| entries)
            .sum()
    }
}
