//! Manifest and build trace by name: each of the comparisons asks for single entries.

use std::collections::BTreeMap;

use crate::build::{BuildTrace, Manifest, ManifestFile, TracedFile, TracedMember};
use crate::model::Content;

/// The files of a manifest by their path. Of two with one path the first counts.
pub struct ListedFiles<'a>(BTreeMap<&'a str, &'a ManifestFile>);

impl<'a> ListedFiles<'a> {
    pub fn new(manifest: &'a Manifest) -> Self {
        let files = manifest.files.iter().rev();
        Self(files.map(|file| (file.path.as_str(), file)).collect())
    }

    pub fn get(&self, path: &str) -> Option<&'a ManifestFile> {
        self.0.get(path).copied()
    }
}

/// What a build trace has. Of two entries with one name the first counts.
#[derive(Default)]
pub struct Traced<'a> {
    members: BTreeMap<(&'a str, &'a str), &'a TracedMember>,
    files: BTreeMap<&'a str, BTreeMap<&'a str, &'a TracedFile>>,
    contents: BTreeMap<&'a str, Vec<&'a Content>>,
}

impl<'a> Traced<'a> {
    pub fn new(trace: &'a BuildTrace) -> Self {
        let mut traced = Self::default();
        for member in &trace.members {
            let key = (member.archive.as_str(), member.name.as_str());
            traced.members.entry(key).or_insert(member);
        }
        for file in &trace.files {
            if let Some(source) = &file.source {
                let files = traced.files.entry(source.as_str()).or_default();
                files.entry(file.path.as_str()).or_insert(file);
            }
            let contents = traced.contents.entry(file.path.as_str()).or_default();
            contents.extend(std::iter::once(&file.content).chain(&file.unpatched));
        }
        traced
    }

    /// The member `name` of the archive at `archive`.
    pub fn member(&self, archive: &str, name: &str) -> Option<&'a TracedMember> {
        self.members.get(&(archive, name)).copied()
    }

    /// The file at `path` in the tree of `source`.
    pub fn file(&self, source: &str, path: &str) -> Option<&'a TracedFile> {
        self.files.get(source)?.get(path).copied()
    }

    /// The files in the tree of `source`.
    pub fn files_of(&self, source: &str) -> impl Iterator<Item = &'a TracedFile> {
        let files = self.files.get(source).into_iter();
        files.flat_map(|files| files.values().copied())
    }

    /// What the files at `path` have, in all trees and in the SDK: as clang read them, and before
    /// patches.
    pub fn contents(&self, path: &str) -> &[&'a Content] {
        self.contents.get(path).map_or(&[], Vec::as_slice)
    }
}
