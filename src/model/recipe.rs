//! `recipes/<name>/*.toml`: what to take from a source, how to compile it, what to install. The
//! format is described in `docs/recipes.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::library::{Library, LibraryId, Unit};
use super::printable::line;
use super::step::Step;
use super::{
    ByVersion, CMakeName, CMakeTargets, ConsumerFlag, Copyright, CpeProduct, Description, Inputs,
    LicenseExpression, Line, LinkFlag, Name, Origin, PurlPackage, RelPath, Sha256, Template,
    Version, VulnerabilityId,
};

/// A plain recipe: what counts of a recipe's file for a version and a build configuration, checked
/// as far as it can be without the source that it is for.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The file that it was read from, relative to the recipes' folder: `zlib/recipe.toml`.
    pub file: String,
    /// Of the file's text: whatever it says may change what is installed.
    pub digest: Sha256,
    pub name: Name,
    /// Under which names it can be asked for together with others.
    pub groups: BTreeSet<Name>,
    /// The recipe whose libraries, headers and modules it makes in its own way, to be built in that
    /// one's place.
    pub replaces: Option<Name>,
    pub summary: Line,
    pub homepage: Url,
    /// The person or organisation that makes the source.
    pub originator: Line,
    pub license: License,
    pub identifiers: Identifiers,
    /// Where the source can be had, in the order in which to try; never empty.
    pub origins: Vec<OriginTemplate>,
    /// Where it can be had with some files changed: compared, never built from.
    pub compared: Vec<ComparedTemplate>,
    /// Those of the version, for all configurations.
    pub inputs: Inputs,
    pub overlays: Vec<Overlay>,
    /// Copies by the file that they are made from, then templates; after the patches, before the
    /// overlays.
    pub steps: Vec<Step>,
    /// Sorted by name; never empty.
    pub libraries: Vec<Library>,
    pub pkg_configs: BTreeMap<Name, PkgConfig>,
    /// By the name that `find_package` has for it. No package is without a target, and all modules are those of the recipe.
    pub cmake_packages: BTreeMap<CMakeName, CMakeTargets>,
    pub patches: Vec<Patch>,
    /// Known vulnerabilities that its databases tell of, and that what is compiled does not have.
    pub not_affected: Vec<NotAffected>,
    /// Files of other archives; only the tests of a source have any.
    pub extras: Vec<Extra>,
}

/// Files of another archive that tests need: vectors that upstream does not ship itself.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Extra {
    /// The folder of the source tree that they are put into.
    pub to: RelPath,
    /// Which files, below the origins' root.
    pub inputs: Inputs,
    /// Where the archive can be had, in the lock's form; tried in this order.
    pub origins: Vec<Origin>,
}

/// The licence of a source, and where its text is.
#[derive(Debug, Clone)]
pub struct License {
    /// Of the files that take part.
    pub expression: LicenseExpression,
    /// Of the whole source, where that is another.
    pub declared: Option<LicenseExpression>,
    pub text: LicenseText,
    pub copyright: Copyright,
}

impl License {
    /// The expression for the whole source.
    #[must_use]
    pub fn declared(&self) -> &LicenseExpression {
        self.declared.as_ref().unwrap_or(&self.expression)
    }
}

/// Where a licence's text is to be found.
#[derive(Debug, Clone)]
pub enum LicenseText {
    /// Files of the source, installed as they are.
    Files(Vec<RelPath>),
    /// The first comment of a C file, where the source has no licence file (SQLite's blessing).
    CommentOf(RelPath),
}

/// How the world's databases call the source.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identifiers {
    pub cpe: CpeProduct,
    pub purl: PurlPackage,
    /// The repository of the source's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<Url>,
    /// The tag of a version there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Template>,
    /// The source package of Debian that has it, where no `[[origin]]` names one: its changelogs
    /// tell of vulnerabilities and newer versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debian: Option<Name>,
    /// Other `vendor:product` names under which records of vulnerabilities know it, or a part of it
    /// that is compiled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<CpeProduct>,
}

/// A file of ours that is put into the source tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// Beside the recipe.
    pub file: RelPath,
    /// In the source tree.
    pub to: RelPath,
}

/// One `.pc` file, as a recipe has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PkgConfig {
    /// What it is, in a line.
    pub description: Description,
    /// Libraries of this recipe to link.
    pub libraries: Vec<Name>,
    /// Further linker arguments that every program needs.
    pub libs: Vec<LinkFlag>,
    /// Those that a static link needs.
    pub libs_private: Vec<LinkFlag>,
    /// Further compiler arguments beside the include folder.
    pub cflags: Vec<ConsumerFlag>,
    /// Those for a static link.
    pub cflags_private: Vec<ConsumerFlag>,
}

/// A change to upstream's files, with why.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// In `patches/<recipe>/`.
    pub file: RelPath,
    /// Why it is needed.
    pub reason: Line,
    /// Where upstream has it, or `not sent:` and why.
    pub upstream: PatchUpstream,
    /// The known vulnerabilities of the recipe's versions that it fixes. Not of a patch of tests.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub resolves: BTreeSet<VulnerabilityId>,
}

/// What upstream has of a patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum PatchUpstream {
    /// The patch, or one to the same end, at this URL of `http` or `https`.
    At(Url),
    /// Nothing, and why.
    NotSent(Line),
}

reads_text!(PatchUpstream);

/// A text that does not say what upstream has of a patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected the URL where upstream has the patch, or `not sent: ` and why, found `{}`", line(.0))]
pub struct PatchUpstreamError(String);

const NOT_SENT: &str = "not sent:";

impl FromStr for PatchUpstream {
    type Err = PatchUpstreamError;

    fn from_str(text: &str) -> Result<Self, PatchUpstreamError> {
        let text = text.trim();
        let parsed = match text.strip_prefix(NOT_SENT).map(str::trim) {
            Some("") => None,
            Some(why) => why.parse().ok().map(Self::NotSent),
            None => Url::parse(text)
                .ok()
                .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
                .map(Self::At),
        };
        parsed.ok_or_else(|| PatchUpstreamError(text.to_owned()))
    }
}

by_text!(PatchUpstream);

text_schema!(PatchUpstream, {
    "pattern": r"^\s*(not sent:.*\S|https?://\S+)\s*$",
    "description": "The URL where upstream has a patch, or `not sent: ` and why"
});

impl fmt::Display for PatchUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(url) => url.fmt(f),
            Self::NotSent(why) => write!(f, "{NOT_SENT} {why}"),
        }
    }
}

impl Patch {
    /// The vulnerabilities that it fixes, in a sentence that starts with a space; empty where there
    /// are none.
    #[must_use]
    pub fn resolves_sentence(&self) -> String {
        let ids: Vec<_> = self.resolves.iter().map(VulnerabilityId::as_str).collect();
        if ids.is_empty() {
            String::new()
        } else {
            format!(" Resolves {}.", ids.join(", "))
        }
    }
}

/// A known vulnerability that does not concern what the recipe compiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAffected {
    pub vulnerability: VulnerabilityId,
    pub justification: Justification,
    /// How that is known.
    pub reason: Line,
}

/// Why a vulnerability does not concern something, in OpenVEX's words:
/// <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md#status-justifications>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    ComponentNotPresent,
    VulnerableCodeNotPresent,
    VulnerableCodeNotInExecutePath,
    VulnerableCodeCannotBeControlledByAdversary,
    InlineMitigationsAlreadyExist,
}

impl Justification {
    /// OpenVEX's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::VulnerableCodeNotPresent => "vulnerable_code_not_present",
            Self::VulnerableCodeNotInExecutePath => "vulnerable_code_not_in_execute_path",
            Self::VulnerableCodeCannotBeControlledByAdversary => {
                "vulnerable_code_cannot_be_controlled_by_adversary"
            }
            Self::InlineMitigationsAlreadyExist => "inline_mitigations_already_exist",
        }
    }
}

/// A place where a version can be had, before a version is chosen.
#[derive(Debug, Clone)]
pub struct OriginTemplate {
    pub place: PlaceTemplate,
    /// The folder inside the archive that the inputs are below; empty for its top. It has a text
    /// for each version that the place has.
    pub root: ByVersion,
    /// What public records say of the archive's digest, by version.
    pub published_sha256: BTreeMap<Version, Sha256>,
}

/// Where in a source its version is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionIn {
    /// From the archive's own folder, since the origin's root may have the version in its name; `*`
    /// stands for any characters but `/`.
    pub file: RelPath,
    /// The texts that stand before the parts of the version, each on one line with its part.
    pub after: Vec<String>,
}

impl VersionIn {
    /// The version that `text`, the file's content, has: after each text, past blanks and quotes,
    /// what letters, digits and dots there are.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Version> {
        let part = |after: &String| {
            let rest = text
                .lines()
                .find_map(|line| line.split_once(after.as_str()))?
                .1
                .trim_start_matches([' ', '\t', '"']);
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                .unwrap_or(rest.len());
            Some(&rest[..end])
        };
        self.after
            .iter()
            .map(part)
            .collect::<Option<Vec<_>>>()?
            .join(".")
            .parse()
            .ok()
    }
}

/// A place with another version of some files, before a version is chosen.
#[derive(Debug, Clone)]
pub struct ComparedTemplate {
    pub origin: OriginTemplate,
    /// By path below the root: why it may differ. Never empty.
    pub differs: BTreeMap<RelPath, Line>,
}

/// Where an origin is.
#[derive(Debug, Clone)]
pub enum PlaceTemplate {
    /// An archive at a URL.
    Url(ByVersion),
    /// A crate of Cargo's registry: our version to the crate's.
    Crate {
        name: Name,
        releases: BTreeMap<Version, Version>,
        carries: Option<VersionIn>,
    },
    /// The upstream archive of a Debian source package.
    Debian { package: Name, file: ByVersion },
    /// A folder in which a file with the right digest is looked for; relative to the lock file's.
    Folder(Line),
}

/// As messages call it where it has no version.
impl fmt::Display for PlaceTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(_) => f.write_str("a URL"),
            Self::Crate { name, .. } => write!(f, "the crate {name}"),
            Self::Debian { package, .. } => write!(f, "Debian's {package}"),
            Self::Folder(folder) => write!(f, "the folder {folder}"),
        }
    }
}

impl PlaceTemplate {
    /// Whether it has `version`.
    #[must_use]
    pub fn has(&self, version: &Version) -> bool {
        match self {
            Self::Url(texts) | Self::Debian { file: texts, .. } => texts.at(version).is_some(),
            Self::Crate { releases, .. } => releases.contains_key(version),
            Self::Folder(_) => true,
        }
    }
}

impl Recipe {
    /// The name of its library `library` that no other library of any recipe has.
    #[must_use]
    pub fn library_id(&self, library: &Name) -> LibraryId {
        LibraryId {
            recipe: self.name.clone(),
            library: library.clone(),
        }
    }

    /// Its source package in Debian, where it is known to have one.
    #[must_use]
    pub fn debian(&self) -> Option<&Name> {
        self.identifiers.debian.as_ref().or_else(|| {
            self.origins.iter().find_map(|origin| match &origin.place {
                PlaceTemplate::Debian { package, .. } => Some(package),
                _ => None,
            })
        })
    }

    /// All that is compiled, in job order.
    pub fn units(&self) -> impl Iterator<Item = (&Library, &Unit)> {
        self.libraries
            .iter()
            .flat_map(|library| library.units().iter().map(move |unit| (library, unit)))
    }

    /// All headers that are installed: path in the tree and path below `include/`.
    pub fn headers(&self) -> impl Iterator<Item = (&RelPath, &RelPath)> {
        self.libraries.iter().flat_map(|library| &library.headers)
    }

    /// The files of the source that it names: what is compiled, installed, copied or filled in, and
    /// the licence's. What it makes itself is not among them.
    #[must_use]
    pub fn named(&self) -> BTreeSet<&RelPath> {
        let units = self.units().map(|(_, unit)| unit.source.path());
        let headers = self.headers().map(|(from, _)| from);
        let license = match &self.license.text {
            LicenseText::Files(files) => files.as_slice(),
            LicenseText::CommentOf(file) => std::slice::from_ref(file),
        };
        let steps = self.steps.iter().map(|step| &step.from);
        let mut named: BTreeSet<_> = units.chain(headers).chain(license).chain(steps).collect();
        let made = self.steps.iter().map(|step| &step.to);
        for path in made.chain(self.overlays.iter().map(|overlay| &overlay.to)) {
            named.remove(path);
        }
        named
    }

    /// The other recipes whose libraries those of this one require.
    #[must_use]
    pub fn required(&self) -> BTreeSet<&Name> {
        let edges = self.libraries.iter().flat_map(|library| &library.requires);
        edges
            .map(|edge| &edge.to.recipe)
            .filter(|name| **name != self.name)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_upstream_has_of_a_patch_is_a_url_or_a_reason_for_none() {
        for (text, shown) in [
            (
                "https://github.com/madler/zlib/pull/1",
                "https://github.com/madler/zlib/pull/1",
            ),
            ("not sent: why", "not sent: why"),
            (" not sent:why ", "not sent: why"),
        ] {
            let upstream: PatchUpstream = text.parse().expect(text);
            assert_eq!(upstream.to_string(), shown);
        }
        for text in [
            "",
            "not sent",
            "not sent:",
            "not sent: ",
            "not sent: a\nb",
            "sent",
            "madler/zlib#1",
            "file:///tmp/x",
            "https://",
        ] {
            assert!(text.parse::<PatchUpstream>().is_err(), "{text}");
        }
    }
}
