//! A recipe as it is written, and the checks by which it becomes a [`Recipe`].

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::address::{check_no_credential, check_url};
use super::recipe::{
    ComparedTemplate, CompileOptions, Identifiers, Library, License, LicenseText, NotAffected, OptLevel, OriginTemplate, Overlay, Patch,
    PkgConfig, PlaceTemplate, Recipe, VersionIn,
};
use super::{CompileFlag, Inputs, Line, Macro, Name, RelPath, Sha256, Template, TreeDir, Version, is_literal_in_pc};

/// A recipe, as written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "wasideps recipe")]
pub(super) struct Wire {
    name: Name,
    /// The upstream versions that the recipe is written for.
    versions: Vec<Version>,
    summary: Line,
    homepage: Url,
    originator: Line,
    #[serde(default)]
    dependencies: Vec<Name>,
    license: LicenseWire,
    identifiers: Identifiers,
    origin: Vec<OriginWire>,
    #[serde(default)]
    compared: Vec<ComparedWire>,
    inputs: Inputs,
    /// File beside the recipe to path in the source tree.
    #[serde(default)]
    overlay: BTreeMap<RelPath, RelPath>,
    library: BTreeMap<Name, LibraryWire>,
    /// Path in the source tree to path below `include/`.
    headers: BTreeMap<RelPath, RelPath>,
    pkg_config: BTreeMap<Name, PkgConfig>,
    #[serde(default)]
    patch: Vec<Patch>,
    #[serde(default)]
    not_affected: Vec<NotAffected>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LicenseWire {
    /// SPDX licence expression, of the files that take part.
    expression: String,
    /// That of the whole source, where it is another.
    declared: Option<String>,
    #[serde(default)]
    files: Vec<RelPath>,
    /// A C file whose first comment is the licence, in place of `files`.
    comment_of: Option<RelPath>,
    copyright: Line,
}

/// One of `url`, `crate`, `debian` and `folder`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OriginWire {
    url: Option<Template>,
    #[serde(rename = "crate")]
    krate: Option<Name>,
    /// With `crate`: our version to the crate's.
    #[serde(default)]
    releases: BTreeMap<Version, Version>,
    /// With `crate`: where in its files the version is written, for `wasideps outdated`.
    carries: Option<VersionIn>,
    /// A source package of Debian.
    debian: Option<Name>,
    /// With `debian`: its upstream archive, `mpdecimal_{version}.orig.tar.gz`.
    file: Option<Template>,
    folder: Option<Line>,
    root: Template,
    #[serde(default)]
    published_sha256: BTreeMap<Version, Sha256>,
}

/// An origin that is compared and never built from.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ComparedWire {
    origin: OriginWire,
    /// By path below the root: why it may differ.
    differs: BTreeMap<RelPath, Line>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LibraryWire {
    sources: Vec<RelPath>,
    /// Those of the sources that have inline assembly: clang refuses it everywhere else.
    #[serde(default)]
    inline_assembly: Vec<RelPath>,
    #[serde(default)]
    defines: BTreeMap<Macro, Line>,
    #[serde(default)]
    include_dirs: Vec<TreeDir>,
    #[serde(default)]
    flags: Vec<CompileFlag>,
}

impl Wire {
    pub fn check(self, file: &str, digest: Sha256, problems: &mut Vec<String>) -> Option<Recipe> {
        if self.name.as_str() == "sdk" {
            problems.push("`name` is `sdk`, which is what the trace and the documents call the WASI SDK".into());
        }
        if self.versions.is_empty() {
            problems.push("`versions` is empty: name the versions that the recipe is written for".into());
        }
        if self.library.is_empty() {
            problems.push("there is no `[library.…]`: a recipe makes at least one".into());
        }
        let mut written = BTreeSet::new();
        for (source, to) in &self.headers {
            if !written.insert(to) {
                problems.push(format!("two headers are installed as `include/{to}`, one of them `{source}`"));
            }
        }
        let mut overlaid = BTreeSet::new();
        for to in self.overlay.values() {
            if !overlaid.insert(to) {
                problems.push(format!("two overlay files are put at `{to}`"));
            }
        }
        for (name, module) in &self.pkg_config {
            for library in module.libraries.iter().filter(|library| !self.library.contains_key(*library)) {
                problems.push(format!("`[pkg-config.{name}]` names the library `{library}`, which the recipe does not make"));
            }
        }
        for said in self.not_affected.iter().filter(|said| said.reason.trim().is_empty()) {
            problems.push(format!("a `[[not-affected]]` says of {} no reason", said.vulnerability));
        }
        if !is_literal_in_pc(self.homepage.as_str()) {
            problems.push(format!("`homepage` has a `#`, `$` or `` ` ``, which means something in a `.pc` file: `{}`", self.homepage));
        }
        if let Err(error) = check_no_credential(&self.homepage) {
            problems.push(format!("a bad `homepage`: {error}"));
        }
        let license = self.license.check(problems);
        if self.origin.is_empty() {
            problems.push("there is no `[[origin]]`".into());
        }
        let origins = self.origin.into_iter().filter_map(|origin| origin.check(&self.versions, problems)).collect();
        let compared = self.compared.into_iter().filter_map(|compared| {
            if compared.differs.is_empty() {
                problems.push("a `[[compared]]` has no `differs`: what differs in nothing is an `[[origin]]`".into());
            }
            for (path, _) in compared.differs.iter().filter(|(_, reason)| reason.trim().is_empty()) {
                problems.push(format!("a `[[compared]]` differs in `{path}` without a reason"));
            }
            Some(ComparedTemplate { origin: compared.origin.check(&self.versions, problems)?, differs: compared.differs })
        });
        let compared = compared.collect();
        let libraries = self.library.into_iter().map(|(name, library)| library.check(name, problems)).collect();
        Some(Recipe {
            file: file.to_owned(),
            digest,
            name: self.name,
            versions: self.versions,
            summary: self.summary,
            homepage: self.homepage,
            originator: self.originator,
            dependencies: self.dependencies,
            license: license?,
            identifiers: self.identifiers,
            origins,
            compared,
            inputs: self.inputs,
            overlays: self.overlay.into_iter().map(|(file, to)| Overlay { file, to }).collect(),
            libraries,
            headers: self.headers,
            pkg_configs: self.pkg_config,
            patches: self.patch,
            not_affected: self.not_affected,
            extras: Vec::new(),
        })
    }
}

impl LicenseWire {
    fn check(self, problems: &mut Vec<String>) -> Option<License> {
        for (key, expression) in [("expression", Some(&self.expression)), ("declared", self.declared.as_ref())] {
            if let Some(expression) = expression
                && let Err(error) = spdx::Expression::parse(expression)
            {
                problems.push(format!("`license.{key}` is no SPDX expression: `{expression}`: {}", error.reason));
            }
        }
        let text = match (self.files, self.comment_of) {
            (files, None) if !files.is_empty() => LicenseText::Files(files),
            (files, Some(header)) if files.is_empty() => LicenseText::CommentOf(header),
            _ => {
                problems.push("`license` takes either `files` or `comment-of`: where the text is that is installed".into());
                return None;
            }
        };
        Some(License { expression: self.expression, declared: self.declared, text, copyright: self.copyright })
    }
}

impl OriginWire {
    fn check(self, versions: &[Version], problems: &mut Vec<String>) -> Option<OriginTemplate> {
        for version in self.releases.keys().chain(self.published_sha256.keys()).filter(|version| !versions.contains(version)) {
            problems.push(format!("an `[[origin]]` names version {version}, which is not in `versions`"));
        }
        for version in versions {
            let root = self.root.at(version);
            if !root.is_empty()
                && let Err(error) = root.parse::<RelPath>()
            {
                problems.push(format!("an `[[origin]]` has a bad `root`: {error}"));
            }
        }
        if self.carries.is_some() && self.krate.is_none() {
            problems.push("an `[[origin]]` takes `carries` with `crate` only".into());
        }
        if self.carries.as_ref().is_some_and(|carries| carries.after.is_empty()) {
            problems.push("`carries.after` of an `[[origin]]` is empty: name the texts before the version".into());
        }
        if self.debian.is_some() != self.file.is_some() {
            problems.push("an `[[origin]]` takes `debian` and `file` together".into());
        }
        let place = match (self.url, self.krate, self.debian.zip(self.file), self.folder) {
            (Some(url), None, None, None) if self.releases.is_empty() => {
                for version in versions {
                    if let Err(error) = check_url(&url.at(version)) {
                        problems.push(format!("an `[[origin]]` has a bad `url`: {error}"));
                    }
                }
                PlaceTemplate::Url(url)
            }
            (None, Some(name), None, None) if !self.releases.is_empty() => {
                PlaceTemplate::Crate { name, releases: self.releases, carries: self.carries }
            }
            (None, None, Some((package, file)), None) if self.releases.is_empty() => {
                for version in versions {
                    if let Err(error) = file.at(version).parse::<Name>() {
                        problems.push(format!("an `[[origin]]` has a bad `file`: {error}"));
                    }
                }
                PlaceTemplate::Debian { package, file }
            }
            (None, None, None, Some(folder)) if self.releases.is_empty() => PlaceTemplate::Folder(folder),
            _ => {
                problems.push("an `[[origin]]` takes one of `url`, `crate` with `releases`, `debian` with `file`, or `folder`".into());
                return None;
            }
        };
        Some(OriginTemplate { place, root: self.root, published_sha256: self.published_sha256 })
    }
}

impl LibraryWire {
    fn check(self, name: Name, problems: &mut Vec<String>) -> Library {
        if self.sources.is_empty() {
            problems.push(format!("`[library.{name}]` has no `sources`"));
        }
        let mut members = BTreeSet::new();
        for source in &self.sources {
            if !source.as_str().ends_with(".c") {
                problems.push(format!("`[library.{name}]` has the source `{source}`: only C files (`.c`) are compiled"));
            }
            if !members.insert(source) {
                problems.push(format!("`[library.{name}]` names `{source}` twice"));
            }
        }
        for source in self.inline_assembly.iter().filter(|source| !members.contains(source)) {
            problems.push(format!("`[library.{name}]` has `{source}` in `inline-assembly`, which is not among its `sources`"));
        }
        let (defines, include_dirs, flags) = (self.defines, self.include_dirs, self.flags);
        let options = CompileOptions { opt_level: OptLevel::default(), defines, include_dirs, flags };
        Library { name, sources: self.sources, inline_assembly: self.inline_assembly, options }
    }
}
