//! wasideps turns frozen, verified upstream sources into a WASI sysroot prefix that unmodified
//! consumers link against, and accounts for every byte of it.
//!
//! A user of the library opens a [`Session`], selects sources of its lock,
//! [prepares](Session::prepare) their plan and SDK, builds the [`Prefix`], and reads its
//! [`Manifest`] and [`BuildTrace`]; [`verify`](fn@verify) looks whether a prefix still is what it
//! was made as. What happens meanwhile goes to a [`Reporter`]. The message of an error says only
//! what it knows itself: [`with_causes`] adds the causes, and each error has an [`ErrorClass`].
//! `examples/build_script.rs` is a build script that does this.
//!
//! The modules are not part of the interface. They are public for the program, its tests and fuzz
//! targets, hidden in this documentation, and change without notice. They are layers; each imports
//! only those above it in this list (`tests/architecture.rs` holds them to it):
//!
//! | layer | knows |
//! | --- | --- |
//! | `model` | recipes, lock, digests, names, targets, versions |
//! | `report` | the events that the effectful layers tell, and nothing of how they are shown |
//! | `process` | the programs and threads that this process starts |
//! | `plan` | how recipes and lock become jobs and keys |
//! | `store` | content-addressed files on disk; folders that are replaced whole |
//! | `remote` | a cache on another machine, behind the store (with the feature of that name) |
//! | `apt` | how this machine reaches Debian's archive |
//! | `fetch` | origins, unpacking, the inputs check |
//! | `toolchain` | finding, fetching, assembling and identifying a WASI SDK |
//! | `build` | compiling, archiving, staging and swapping the prefix |
//! | `consumer` | handing a prefix to consumers: the SDK overlay, variables |
//! | `pack` | a prefix as archives with an index, or as a wheel; and a prefix from such an index |
//! | `check` | test programs, linked with a prefix and run under a WASI runtime |
//! | `sbom` | SPDX, CycloneDX and provenance documents, from plan, manifest and build trace |
//! | `verify` | whether a prefix still is what it was made as |
//! | `embedded` | the recipes, the policy and the lock that are part of the program |
//! | `audit` | the rules, independent origins, known vulnerabilities, what is newer |
//! | `session` | recipes, lock, store and SDK as a user's options name them, and what is done with them |
//! | `cli` | arguments, terminal, exit codes |

#[doc(inline)]
pub use build::{
    BuildError, BuildTrace, FileOrigin, Installed, Manifest, ManifestArchive, ManifestFile,
    ManifestLibrary, ManifestMember, ManifestSource, Outcome, Prefix, RecordProblem, TracedFile,
    TracedMember,
};
#[doc(inline)]
pub use fetch::{FetchError, Fetcher, SourceError, SourceTree};
#[doc(inline)]
pub use model::{
    BuildConfig, CatalogError, ErrorClass, Lock, LockError, Name, RelPath, Selected, Selection,
    SelectionError, Sha256, SyntaxError, Target, Variant, Version, with_causes,
};
#[doc(inline)]
pub use plan::Plan;
#[doc(inline)]
pub use report::{Event, Reporter, Silent};
#[doc(inline)]
pub use session::{
    BuildPart, Building, BuiltParts, Options, Prepared, SdkChoice, Session, SessionError, build_all,
};
#[doc(inline)]
pub use store::{SlotError, StoreError};
#[doc(inline)]
pub use toolchain::{ComponentLinker, Toolchain, ToolchainError};
#[doc(inline)]
pub use verify::{Discrepancy, DiscrepancyKind, Verified, verify};

#[doc(hidden)]
pub mod apt;
#[doc(hidden)]
pub mod audit;
#[doc(hidden)]
pub mod build;
#[doc(hidden)]
pub mod check;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod consumer;
#[doc(hidden)]
pub mod embedded;
#[doc(hidden)]
pub mod fetch;
#[doc(hidden)]
pub mod model;
#[doc(hidden)]
pub mod pack;
#[doc(hidden)]
pub mod plan;
#[doc(hidden)]
pub mod process;
#[cfg(feature = "remote")]
#[doc(hidden)]
pub mod remote;
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod sbom;
#[doc(hidden)]
pub mod session;
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod toolchain;
#[doc(hidden)]
pub mod verify;
