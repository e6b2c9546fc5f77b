//! What can go wrong while libraries are built and installed.

use camino::Utf8PathBuf;
use miette::Diagnostic;

use crate::model::{Name, RelPath, Sha256};
use crate::store::{SlotError, StoreError};

/// A build that can't go on. Every failure of a run is told, so the layer's functions give lists of
/// these.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum BuildError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Slot(#[from] SlotError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Source(#[from] crate::fetch::SourceError),
    #[error(
        "{subject}: `{what}` of the recipe names {file}, which is not among the source's inputs"
    )]
    #[diagnostic(help(
        "compare the recipe's lists with `[inputs] include`, and both with the source"
    ))]
    MissingInput {
        subject: String,
        what: &'static str,
        file: RelPath,
    },
    #[error("{subject}: {file} does not compile; clang says:\n{stderr}\nTo repeat it: {command}")]
    Compile {
        subject: String,
        file: RelPath,
        stderr: String,
        command: String,
    },
    #[error(
        "{subject}: {file} includes {found}, which is neither in its source tree nor in the SDK"
    )]
    #[diagnostic(help(
        "every file that clang opens must be traced: add this one to the inputs, or remove the include with a patch"
    ))]
    ForeignDependency {
        subject: String,
        file: RelPath,
        found: String,
    },
    #[error(
        "{subject}: {file} needs a file that is neither in its source tree nor in the SDK; clang says:\n{stderr}\nTo repeat it: {command}"
    )]
    #[diagnostic(help(
        "every file that clang opens must be traced: add this one to the inputs, or remove the include with a patch"
    ))]
    Denied {
        subject: String,
        file: RelPath,
        stderr: String,
        command: String,
    },
    #[error("the object {object} was in the store and is not there any more")]
    #[diagnostic(help("run the command again: it is compiled again"))]
    Gone { object: Sha256 },
    #[error(
        "{subject}: clang made no object of {file}, and reports no error\nTo repeat it: {command}"
    )]
    NoObject {
        subject: String,
        file: RelPath,
        command: String,
    },
    #[error(
        "{subject}: clang made {found} from {file}, not a relocatable WebAssembly object\nTo repeat it: {command}"
    )]
    NotAnObject {
        subject: String,
        file: RelPath,
        found: String,
        command: String,
    },
    #[error(
        "{subject}: {file} includes {found}, which is beside the verified files in the store, but is not one of them"
    )]
    #[diagnostic(help(
        "run the command again: it discards whatever is not as it was verified, and makes it again"
    ))]
    Unverified {
        subject: String,
        file: RelPath,
        found: String,
    },
    #[error(
        "the store's disk is full: clang can't write the object of {file} ({subject}) below {store}"
    )]
    #[diagnostic(help(
        "free some space there (`wasideps clean` shows what the store contains), or name another with `--store DIR`"
    ))]
    Full {
        store: Utf8PathBuf,
        subject: String,
        file: RelPath,
    },
    #[error("clang can't be started for {subject}: {source}\nTo repeat it: {command}")]
    Start {
        subject: String,
        source: std::io::Error,
        command: String,
    },
    #[error("{library}: the archive can't be made: {source}")]
    Archive {
        library: Name,
        source: std::io::Error,
    },
    #[error("{subject}: {file} has no comment at its start to take the licence from")]
    NoLicenceComment { subject: String, file: RelPath },
    #[error("{path} can't be read: {source}")]
    Read {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path} can't be written: {source}")]
    #[diagnostic(help("the prefix is unchanged"))]
    Write {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is not a manifest of wasideps: {problem}")]
    #[diagnostic(help(
        "`wasideps build --replace` replaces the prefix if every file in it is proved to be its own; otherwise move the folder away"
    ))]
    Manifest { path: Utf8PathBuf, problem: String },
    #[error("{prefix} was made with {found}; this build uses {wanted}")]
    #[diagnostic(help(
        "wasi-libc promises no ABI between SDKs: choose another `--prefix`, the same SDK, or `--replace` to build the whole prefix again"
    ))]
    OtherToolchain {
        prefix: Utf8PathBuf,
        found: String,
        wanted: String,
    },
    #[error("there is no prefix at {prefix}")]
    #[diagnostic(help("run `wasideps build` first, or name the prefix with `--prefix`"))]
    NoPrefix { prefix: Utf8PathBuf },
    #[error("the system allows no thread for compiling: {0}")]
    #[diagnostic(help(
        "`ulimit -u` shows how many processes and threads a user may have; it must allow a few more"
    ))]
    Pool(#[from] rayon::ThreadPoolBuildError),
}
