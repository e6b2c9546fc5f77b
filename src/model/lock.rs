//! `lockfile.json`: which version of each source, which bytes, from where; which SDK. The format is
//! told in `docs/lockfile.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::address::{check_url, shown_url};
use super::{
    Date, ErrorClass, Line, Name, RelPath, Sha256, Sha512, SwhDir, SyntaxError, Target, Version,
};

/// The version of the format that this program reads and writes.
const VERSION: u32 = 3;

/// The frozen policy: what `fetch` and `build` use, and never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The day on which it was last changed; the SBOM's creation time unless `SOURCE_DATE_EPOCH`
    /// says otherwise.
    pub date: Date,
    pub sources: BTreeMap<Name, LockedSource>,
    pub sdks: Sdks,
}

/// One source at its locked version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedSource {
    pub version: Version,
    /// SHA-256 over the sorted selected files: see `docs/lockfile.md`.
    pub inputs: Sha256,
    /// The files that take part beside those that the recipe names or selects: what they include,
    /// and what patches change.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub includes: BTreeSet<RelPath>,
    /// In the order in which they are tried; never empty.
    pub origins: Vec<Origin>,
    /// Of `patches/<name>/`, in the order in which they are applied by the recipe.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub patches: BTreeMap<RelPath, Sha256>,
    /// Of the files beside the recipe.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overlays: BTreeMap<RelPath, Sha256>,
    /// What `check` needs beside that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<LockedTests>,
    /// Archives that are compared with the inputs, and never built from: they differ in the files
    /// that are listed, and in no others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<Compared>,
}

/// An archive that holds a source's inputs but for some files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    pub origin: Origin,
    /// By path below the root; never empty.
    pub differences: BTreeMap<RelPath, LockedDifference>,
}

/// A file that an archive has otherwise than the inputs, and why that is known to be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedDifference {
    /// Of the file among the inputs; absent where only the archive has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<Sha256>,
    /// Of the file in the archive; absent where that lacks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<Sha256>,
    pub reason: Line,
}

/// The second selection of a source: with the files that only its tests need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedTests {
    /// The inputs digest over the recipe's and the tests' files together.
    pub inputs: Sha256,
    /// What takes part only in the tests, beside what they name or select.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub includes: BTreeSet<RelPath>,
    /// Those of the source's origins that hold all of them, in the order in which they are tried;
    /// never empty.
    pub origins: Vec<Origin>,
    /// Of the tests, in `patches/<name>/`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub patches: BTreeMap<RelPath, Sha256>,
    /// Of the tests' files beside the recipe.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overlays: BTreeMap<RelPath, Sha256>,
}

/// An archive that holds a source's inputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LockedOriginWire", into = "LockedOriginWire")]
pub struct Origin {
    pub place: Place,
    /// The folder inside the archive that the inputs are below; empty for its top.
    pub root: String,
    /// Of the archive.
    pub sha256: Sha256,
    /// Of the archive, in bytes. Absent where `lock` has not had the bytes itself: the digest is
    /// then the one that upstream and public records publish, and downloads are capped by
    /// [`Origin::size_limit`].
    pub size: Option<u64>,
    /// Of the archive, where `lock` has had the bytes, or the same ones of another place. No check
    /// rests on it: it is what documents tell others.
    pub sha512: Option<Sha512>,
    /// The identifier that Software Heritage has for what the archive unpacks to, below its top
    /// folder; as for `sha512`.
    pub swhid: Option<SwhDir>,
}

/// Where an archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Url(Url),
    Crate {
        name: Name,
        version: Version,
    },
    /// The upstream archive of a Debian source package, from whichever mirror apt is configured
    /// for.
    Debian {
        package: Name,
        /// `mpdecimal_4.0.1.orig.tar.gz`
        file: Name,
    },
    /// Any file of this folder with the right digest; relative to the lock file's folder.
    Folder(Line),
}

impl Origin {
    /// An origin of whose archive no more is known than this.
    #[must_use]
    pub fn new(place: Place, root: String, sha256: Sha256, size: Option<u64>) -> Self {
        Self {
            place,
            root,
            sha256,
            size,
            sha512: None,
            swhid: None,
        }
    }

    /// The most bytes that an archive of unknown size may have.
    pub const UNKNOWN_SIZE_LIMIT: u64 = 256 << 20;

    /// The most bytes that a lock may say that an archive has.
    pub const SIZE_LIMIT: u64 = 4 << 30;

    /// The most bytes that its archive may have: its size, or 256 MiB where that is not known.
    #[must_use]
    pub fn size_limit(&self) -> u64 {
        self.size.unwrap_or(Self::UNKNOWN_SIZE_LIMIT)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(&shown_url(url)),
            Self::Crate { name, version } => write!(f, "crate {name} {version}"),
            Self::Debian { file, .. } => write!(f, "Debian {file}"),
            Self::Folder(path) => write!(f, "folder {path}"),
        }
    }
}

/// The WASI SDKs that a prefix can be built with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sdks {
    /// The release that is taken when neither the user nor a CPython branch asks for one.
    pub default: Line,
    /// By release number.
    pub releases: BTreeMap<String, SdkRelease>,
    /// By branch (`3.13`, `main`): the release that its WASI build is made with (PEP 816).
    pub python: BTreeMap<String, PythonBranch>,
    /// What stands in where a release can't be reached and apt is there: by the release whose
    /// wasi-libc commit and LLVM series it shares, its twin of Debian's packages.
    pub debian: BTreeMap<String, DebianSdk>,
}

impl Sdks {
    /// The branch of CPython that `text` names: by its name, or as the version that it will be
    /// released as, until the lock has a branch of that name. With the name that the lock has.
    #[must_use]
    pub fn branch(&self, text: &str) -> Option<(&str, &PythonBranch)> {
        let to_be = || {
            self.python.iter().find(|(_, branch)| {
                branch
                    .version
                    .as_ref()
                    .is_some_and(|version| **version == *text)
            })
        };
        self.python
            .get_key_value(text)
            .or_else(to_be)
            .map(|(name, branch)| (name.as_str(), branch))
    }
}

/// What a CPython branch asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PythonBranch {
    pub sdk: Line,
    /// What the branch, which is called otherwise, will be released as (`3.16` of `main`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Line>,
}

/// One release of the WASI SDK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SdkRelease {
    /// The version of its LLVM.
    pub llvm: Line,
    /// The commit of its wasi-libc, abbreviated.
    pub wasi_libc: Line,
    /// The targets that it has.
    pub targets: BTreeSet<Target>,
    /// By host (`x86_64-linux`); those whose archive has a published digest.
    pub hosts: BTreeMap<String, SdkDownload>,
}

/// An SDK's archive for one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SdkDownload {
    pub url: Url,
    pub sha256: Sha256,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// An SDK put together from Debian's packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DebianSdk {
    /// The version of its LLVM.
    pub llvm: Line,
    /// The commit of its wasi-libc, abbreviated.
    pub wasi_libc: Line,
    /// By Debian's name of the architecture (`amd64`); sorted by package.
    pub hosts: BTreeMap<String, Vec<DebianPackage>>,
}

/// One pinned `.deb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DebianPackage {
    pub package: Name,
    pub version: Line,
    /// The suite whose index has it (`bookworm`).
    pub suite: Name,
    pub sha256: Sha256,
    pub size: u64,
}

/// A lock that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// It is not JSON, has an unknown key, or a value of the wrong form.
    #[error(transparent)]
    Syntax(Box<SyntaxError>),
    /// It was written by another version of this program.
    #[error("{file} has lock version {found}; this program reads version {VERSION}")]
    Version { file: String, found: u32 },
    /// Its parts contradict each other.
    #[error("{file}: {}", problems.join("; "))]
    Invalid { file: String, problems: Vec<String> },
}

impl LockError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Syntax(_) | Self::Version { .. } | Self::Invalid { .. } => ErrorClass::Usage,
        }
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "wasideps lockfile")]
struct Wire {
    version: u32,
    date: Date,
    sources: BTreeMap<Name, LockedSource>,
    sdks: Sdks,
}

/// Only the version: read first, so that a newer lock can be told from a broken one.
#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// One of `url`, `crate` with `crate-version`, `debian` with `file`, and `folder`.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Origin")]
struct LockedOriginWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(rename = "crate", skip_serializing_if = "Option::is_none")]
    krate: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crate_version: Option<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debian: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<Line>,
    root: String,
    sha256: Sha256,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha512: Option<Sha512>,
    #[serde(skip_serializing_if = "Option::is_none")]
    swhid: Option<SwhDir>,
}

impl JsonSchema for Origin {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        LockedOriginWire::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        LockedOriginWire::json_schema(generator)
    }
}

impl TryFrom<LockedOriginWire> for Origin {
    type Error = String;

    fn try_from(wire: LockedOriginWire) -> Result<Self, String> {
        let halved = wire.krate.is_some() != wire.crate_version.is_some()
            || wire.debian.is_some() != wire.file.is_some();
        let place = match (wire.url, wire.krate.zip(wire.crate_version), wire.debian.zip(wire.file), wire.folder) {
            _ if halved => return Err("`crate` needs `crate-version`, `debian` needs `file`, and the reverse".into()),
            (Some(url), None, None, None) => Place::Url(check_url(&url)?),
            (None, Some((name, version)), None, None) => Place::Crate { name, version },
            (None, None, Some((package, file)), None) => Place::Debian { package, file },
            (None, None, None, Some(folder)) => Place::Folder(folder),
            _ => return Err("an origin takes one of `url`, `crate` with `crate-version`, `debian` with `file`, or `folder`".into()),
        };
        if !wire.root.is_empty() {
            wire.root
                .parse::<RelPath>()
                .map_err(|error| error.to_string())?;
        }
        Ok(Self {
            place,
            root: wire.root,
            sha256: wire.sha256,
            size: wire.size,
            sha512: wire.sha512,
            swhid: wire.swhid,
        })
    }
}

impl From<Origin> for LockedOriginWire {
    fn from(origin: Origin) -> Self {
        let mut wire = Self {
            url: None,
            krate: None,
            crate_version: None,
            debian: None,
            file: None,
            folder: None,
            root: origin.root,
            sha256: origin.sha256,
            size: origin.size,
            sha512: origin.sha512,
            swhid: origin.swhid,
        };
        match origin.place {
            Place::Url(url) => wire.url = Some(url.into()),
            Place::Crate { name, version } => {
                (wire.krate, wire.crate_version) = (Some(name), Some(version));
            }
            Place::Debian { package, file } => {
                (wire.debian, wire.file) = (Some(package), Some(file));
            }
            Place::Folder(folder) => wire.folder = Some(folder),
        }
        wire
    }
}

impl Lock {
    /// Reads `text`, the content of `file` (used in messages only).
    ///
    /// # Errors
    /// When it does not parse, is of another version, or its parts contradict each other.
    pub fn parse(file: &str, text: &str) -> Result<Self, LockError> {
        let syntax = |error: &serde_json::Error| {
            LockError::Syntax(Box::new(SyntaxError::from_json(file, text, error)))
        };
        let VersionOnly { version } = serde_json::from_str(text).map_err(|error| syntax(&error))?;
        if version != VERSION {
            return Err(LockError::Version {
                file: file.to_owned(),
                found: version,
            });
        }
        let wire: Wire = serde_json::from_str(text).map_err(|error| syntax(&error))?;
        let lock = Self {
            date: wire.date,
            sources: wire.sources,
            sdks: wire.sdks,
        };
        let problems = lock.problems();
        if problems.is_empty() {
            Ok(lock)
        } else {
            Err(LockError::Invalid {
                file: file.to_owned(),
                problems,
            })
        }
    }

    /// The text: sorted, two spaces an indent, with a final line end; equal locks have equal texts.
    #[must_use]
    pub fn to_text(&self) -> String {
        let wire = Wire {
            version: VERSION,
            date: self.date,
            sources: self.sources.clone(),
            sdks: self.sdks.clone(),
        };
        let mut text = serde_json::to_string_pretty(&wire)
            .expect("a lock has only string keys and no failing values");
        text.push('\n');
        text
    }

    /// Sizes, addresses and doubles of what is downloaded.
    fn check_downloads(&self, problems: &mut Vec<String>) {
        let mut sizes = Vec::new();
        for source in self.sources.values() {
            let tests = source.tests.iter().flat_map(|tests| &tests.origins);
            let origins = source
                .origins
                .iter()
                .chain(tests)
                .chain(source.compared.iter().map(|compared| &compared.origin));
            sizes.extend(
                origins.filter_map(|origin| Some((origin.place.to_string(), origin.size?))),
            );
        }
        for (release, host, download) in self.sdks.releases.iter().flat_map(|(release, sdk)| {
            sdk.hosts
                .iter()
                .map(move |(host, download)| (release, host, download))
        }) {
            if let Err(error) = check_url(download.url.as_str()) {
                problems.push(format!(
                    "release {release} of the SDK for {host} has a bad `url`: {error}"
                ));
            }
            sizes.extend(download.size.map(|size| (shown_url(&download.url), size)));
        }
        for (release, host, packages) in self.sdks.debian.iter().flat_map(|(release, sdk)| {
            sdk.hosts
                .iter()
                .map(move |(host, packages)| (release, host, packages))
        }) {
            let mut names = BTreeSet::new();
            for package in packages {
                if !names.insert(&package.package) {
                    problems.push(format!(
                        "the SDK of Debian's packages for release {release} and {host} has the package {} twice",
                        package.package
                    ));
                }
                sizes.push((
                    format!("{} {}", package.package, package.version),
                    package.size,
                ));
            }
        }
        for (what, size) in sizes
            .into_iter()
            .filter(|(_, size)| *size > Origin::SIZE_LIMIT)
        {
            problems.push(format!(
                "{what} has {size} bytes; at most {} are downloaded",
                Origin::SIZE_LIMIT
            ));
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, source) in self
            .sources
            .iter()
            .filter(|(_, source)| source.origins.is_empty())
        {
            problems.push(format!("source `{name}` {} has no origins", source.version));
        }
        for (name, source) in &self.sources {
            for Compared {
                origin,
                differences,
            } in &source.compared
            {
                let place = &origin.place;
                if differences.is_empty() {
                    problems.push(format!("source `{name}` is compared with {place}, but lists no difference: then it is an origin"));
                }
                for (path, difference) in differences {
                    if difference.reason.trim().is_empty() {
                        problems.push(format!("source `{name}` lists that {place} differs in {path}, but gives no reason"));
                    }
                    if difference.ours == difference.theirs {
                        problems.push(format!(
                            "source `{name}` lists that {place} differs in {path}, but not how"
                        ));
                    }
                }
            }
        }
        self.check_downloads(&mut problems);
        let known = |release: &str| self.sdks.releases.contains_key(release);
        if !known(&self.sdks.default) {
            problems.push(format!(
                "`sdks.default` names release {}, which is not in `sdks.releases`",
                self.sdks.default
            ));
        }
        for release in self.sdks.debian.keys().filter(|release| !known(release)) {
            problems.push(format!(
                "`sdks.debian` stands in for release {release}, which is not in `sdks.releases`"
            ));
        }
        for (branch, python) in self
            .sdks
            .python
            .iter()
            .filter(|(_, python)| !known(&python.sdk))
        {
            problems.push(format!(
                "`sdks.python` gives release {} for {branch}, which is not in `sdks.releases`",
                python.sdk
            ));
        }
        problems
    }
}

/// The JSON schema of a lock.
#[must_use]
pub fn lock_schema() -> schemars::Schema {
    schemars::schema_for!(Wire)
}
