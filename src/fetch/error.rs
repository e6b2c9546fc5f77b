//! What can go wrong between an origin and a source tree.

use camino::Utf8PathBuf;
use miette::Diagnostic;

use super::compare::Difference;
use super::entries::Excess;
use super::entry::Refusal;
use super::patch::PatchProblem;
use crate::model::{GlobsError, Name, RelPath, Sha256, StepProblem, Version};
use crate::store::StoreError;

/// What kind of failure it is; the command line turns this into an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchClass {
    /// Nothing came: another network, another day or another origin may help.
    Network,
    /// Something came, and it is not what the lock or the recipe says.
    Verification,
    /// Ours is wrong: a patch, an overlay, a recipe, a setting.
    Recipe,
    /// The store, or a folder of `--from`, can't be read or written.
    Disk,
}

/// An archive that could not be had, or that was refused.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum FetchError {
    #[error("{subject}: no archive{} is in the store or in a folder of --from, and `--offline` forbids asking {origin}", with(sha256.as_ref()))]
    #[diagnostic(help(
        "run `wasideps fetch` with a network, or put the archive into a folder and name it with `--from DIR`"
    ))]
    Offline {
        subject: String,
        origin: String,
        sha256: Option<Sha256>,
    },
    #[error("no connection can be made: {problem}")]
    #[diagnostic(help("TLS trusts the platform's certificates; $SSL_CERT_FILE names others"))]
    Client { problem: String },
    #[error("{url} can't be reached: {problem}")]
    #[diagnostic(help(
        "behind a proxy, set $HTTPS_PROXY, and $SSL_CERT_FILE if it has certificates of its own; `--from DIR` names a folder with archives that you downloaded by hand"
    ))]
    Unreachable { url: String, problem: String },
    #[error("{url} answered with status {status}")]
    Status { url: String, status: u16 },
    #[error("{url} is busy (status {status}) and asks to wait {seconds} s, which is too long")]
    Busy {
        url: String,
        status: u16,
        seconds: u64,
    },
    #[error("{url} broke off after {bytes} bytes: {problem}")]
    Broken {
        url: String,
        bytes: u64,
        problem: String,
    },
    #[error("{origin} has more than the allowed {limit} bytes")]
    #[diagnostic(help("{}", if *.exact { "the lock knows this archive's size: what is there now is another file" } else { "the lock does not know this archive's size, so it is capped" }))]
    Oversized {
        origin: String,
        limit: u64,
        exact: bool,
    },
    #[error("{origin} has {found} bytes, but the lock says {expected}{}", page(*.html))]
    Truncated {
        origin: String,
        expected: u64,
        found: u64,
        html: bool,
    },
    #[error("{origin} has SHA-256 {found} ({size} bytes), expected {expected}{}", page(*.html))]
    #[diagnostic(help(
        "nothing of it was kept; if upstream replaced the archive, find out why before trusting it"
    ))]
    Digest {
        origin: String,
        expected: Sha256,
        found: Sha256,
        size: u64,
        html: bool,
    },
    #[error("the registry's index has SHA-256 {found} for {origin}, expected {expected}")]
    #[diagnostic(help(
        "a registry never changes a release: the lock or the registry is not what it seems"
    ))]
    IndexChecksum {
        origin: String,
        expected: Sha256,
        found: Sha256,
    },
    #[error("{origin} has the locked SHA-256, but its {what} is {found}; the lock says {expected}")]
    #[diagnostic(help(
        "the lock was edited by hand: `wasideps lock` writes what the archive gives"
    ))]
    Name {
        origin: String,
        what: &'static str,
        expected: String,
        found: String,
    },
    #[error("Cargo's configuration can't be used: {problem}")]
    CargoConfig { problem: String },
    #[error("the registry that Cargo is configured for, {index}, can't be used: {problem}")]
    #[diagnostic(help(
        "use a sparse index (`sparse+https://…`), a local registry, other origins, or `--from DIR`"
    ))]
    Registry { index: String, problem: String },
    #[error("the registry has no {krate} {version}")]
    NoRelease { krate: Name, version: Version },
    #[error("Debian's archive can't be asked for {file}: {source}")]
    #[diagnostic(help(
        "use another origin, or put the archive into a folder and name it with `--from DIR`"
    ))]
    Apt {
        file: Name,
        source: crate::apt::AptError,
    },
    #[error("apt's configuration names no mirror of Debian's archive to get {file} from")]
    NoMirror { file: Name },
    #[error("{folder} has no file with SHA-256 {sha256}")]
    NotInFolder { folder: Utf8PathBuf, sha256: Sha256 },
    #[error("{path} can't be read: {source}")]
    Folder {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path}, given with --from, can't be read: {source}")]
    From {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{origin} is not an archive of a known format: {found}")]
    #[diagnostic(help("known formats are tar (plain, gz, bz2, xz, zst) and zip"))]
    Format { origin: String, found: String },
    #[error("{origin} can't be unpacked: {problem}")]
    Damaged { origin: String, problem: String },
    #[error("{origin} has the entry `{entry}`: {refusal}")]
    #[diagnostic(help("nothing was unpacked"))]
    Entry {
        origin: String,
        entry: String,
        refusal: Refusal,
    },
    #[error("{origin} {excess}")]
    #[diagnostic(help(
        "sources come nowhere near the limits, which docs/limits.md lists: it may have been made to fill memory or disk"
    ))]
    Excessive { origin: String, excess: Excess },
    #[error("{origin} has nothing below `{root}`; at its top are: {}", list(found))]
    #[diagnostic(help("the recipe's `root` names the folder that the inputs are below"))]
    NoRoot {
        origin: String,
        root: String,
        found: Vec<String>,
    },
    #[error("{origin} has no file below `{root}` that the recipe's `inputs.include` selects")]
    NothingSelected { origin: String, root: String },
    #[error(
        "{origin} contains other inputs than the lock says: inputs digest {found}, expected {expected}"
    )]
    #[diagnostic(help("`wasideps fetch --all-origins` shows in which files the origins differ"))]
    Inputs {
        origin: String,
        expected: Sha256,
        found: Sha256,
    },
    #[error("{subject}: {patch}: {problem}")]
    #[diagnostic(help(
        "patches apply exactly, at the lines that they state, or not at all: make the patch again for this version"
    ))]
    Patch {
        subject: String,
        patch: RelPath,
        problem: Box<PatchProblem>,
    },
    #[error("{subject}: {to} can't be made from {from}: {problem}")]
    #[diagnostic(help(
        "each question of a template has an answer in the recipe, and each answer a question; a file that is there is changed by a patch"
    ))]
    Step {
        subject: String,
        from: RelPath,
        to: RelPath,
        problem: Box<StepProblem>,
    },
    #[error("{subject}: the overlay {path} already exists in the source")]
    #[diagnostic(help("an overlay adds a file; to change one, write a patch"))]
    Overlay { subject: String, path: RelPath },
    #[error("{subject}: the source tree can't have {path}: {refusal}")]
    #[diagnostic(help(
        "files of other archives, patches and overlays must differ from upstream's files on every system"
    ))]
    Tree {
        subject: String,
        path: RelPath,
        refusal: Refusal,
    },
    #[error("no recipe is written for {name} {version}")]
    #[diagnostic(help(
        "recipes of {name} are written for: {}; add {version} to `versions` of its recipe (in a folder of your own: `--recipes DIR`), then look at \
         the addresses, roots and file names of its origins for parts of the old version, at `releases` of crates, at `published-sha256` and at the \
         `versions` of tests.toml",
        list(known)
    ))]
    NoRecipe {
        name: Name,
        version: Version,
        known: Vec<String>,
    },
    #[error("{origin} names a bad place for this version: {problem}")]
    BadPlace { origin: String, problem: String },
    #[error(
        "{first} and {second} contain different inputs: {}",
        shown(differences)
    )]
    #[diagnostic(help(
        "narrow `inputs.include` to what they share if that is enough to build, or drop the origin that is not upstream's"
    ))]
    Disagree {
        first: String,
        second: String,
        differences: Vec<Difference>,
    },
    #[error(
        "the tests of {subject} select inputs that can't be joined with the recipe's: {problem}"
    )]
    TestInputs {
        subject: String,
        problem: GlobsError,
    },
    #[error("no origin of {subject} that could be reached contains all files that its tests need")]
    #[diagnostic(help(
        "add an origin that does (upstream's archive, Debian's), or narrow `[inputs]` of the tests"
    ))]
    NoTests { subject: String },
    #[error("no origin of {subject} could be reached, so there is nothing to lock")]
    NoneReached { subject: String },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

impl FetchError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> FetchClass {
        match self {
            Self::Offline { .. }
            | Self::Client { .. }
            | Self::Unreachable { .. }
            | Self::Status { .. }
            | Self::Busy { .. }
            | Self::Broken { .. }
            | Self::Registry { .. }
            | Self::Apt { .. }
            | Self::NoMirror { .. }
            | Self::NotInFolder { .. }
            | Self::Folder { .. }
            | Self::NoTests { .. }
            | Self::NoneReached { .. } => FetchClass::Network,
            Self::Oversized { .. }
            | Self::Truncated { .. }
            | Self::Digest { .. }
            | Self::IndexChecksum { .. }
            | Self::Name { .. }
            | Self::NoRelease { .. }
            | Self::Format { .. }
            | Self::Damaged { .. }
            | Self::Entry { .. }
            | Self::Excessive { .. }
            | Self::NoRoot { .. }
            | Self::NothingSelected { .. }
            | Self::Inputs { .. }
            | Self::Disagree { .. } => FetchClass::Verification,
            Self::CargoConfig { .. }
            | Self::Patch { .. }
            | Self::Step { .. }
            | Self::Overlay { .. }
            | Self::Tree { .. }
            | Self::NoRecipe { .. }
            | Self::TestInputs { .. }
            | Self::BadPlace { .. } => FetchClass::Recipe,
            Self::From { .. } | Self::Store(_) => FetchClass::Disk,
        }
    }

    /// Whether it is the same whatever origin is tried next.
    pub(super) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Patch { .. }
                | Self::Step { .. }
                | Self::Overlay { .. }
                | Self::Tree { .. }
                | Self::From { .. }
                | Self::Store(_)
        )
    }
}

/// A source that no origin could give.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{subject} can't be fetched: {}", reasons(errors))]
pub struct SourceError {
    /// `zlib 1.3.2`.
    pub subject: String,
    /// What each origin that was tried failed with, in the order in which they were; never empty.
    #[related]
    pub errors: Vec<FetchError>,
}

impl SourceError {
    pub(super) fn one(subject: String, error: impl Into<FetchError>) -> Self {
        Self {
            subject,
            errors: vec![error.into()],
        }
    }

    /// What kind of failure it is: where one origin could not be reached and another was refused,
    /// the refusal weighs more.
    #[must_use]
    pub fn class(&self) -> FetchClass {
        let has = |class| self.errors.iter().any(|error| error.class() == class);
        [
            FetchClass::Disk,
            FetchClass::Recipe,
            FetchClass::Verification,
        ]
        .into_iter()
        .find(|class| has(*class))
        .unwrap_or(FetchClass::Network)
    }
}

fn reasons(errors: &[FetchError]) -> String {
    match errors {
        [error] => error.to_string(),
        _ => format!("all {} origins failed", errors.len()),
    }
}

fn with(sha256: Option<&Sha256>) -> String {
    sha256
        .map(|sha256| format!(" with SHA-256 {sha256}"))
        .unwrap_or_default()
}

fn page(html: bool) -> &'static str {
    if html {
        ": it is an HTML page, not an archive"
    } else {
        ""
    }
}

fn list(texts: &[String]) -> String {
    if texts.is_empty() {
        "nothing".to_owned()
    } else {
        texts.join(", ")
    }
}

fn shown(differences: &[Difference]) -> String {
    const SHOWN: usize = 20;
    let mut texts: Vec<String> = differences
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    if differences.len() > SHOWN {
        texts.push(format!("and {} more", differences.len() - SHOWN));
    }
    list(&texts)
}

/// An error of the network as its causes tell it: that a request was not sent is known when it is
/// said why.
pub(super) fn of_network(error: &reqwest::Error) -> String {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause.filter(|error| error.to_string().starts_with("client error")) {
        cause = error.source();
    }
    cause.map_or_else(|| error.to_string(), with_causes)
}

/// An error with its causes in one line, each said once.
pub(super) fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
