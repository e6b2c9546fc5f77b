//! wasideps turns frozen, verified upstream sources into a WASI sysroot prefix that unmodified
//! consumers link against, and accounts for every byte of it.
//!
//! The modules are layers; each imports only those above it in this list (`tests/architecture.rs`
//! holds them to it):
//!
//! | layer | knows |
//! | --- | --- |
//! | [`model`] | recipes, lock, digests, names, targets, versions |
//! | [`report`] | the events that the effectful layers tell, and nothing of how they are shown |
//! | [`process`] | the programs and threads that this process starts |
//! | [`plan`] | how recipes and lock become jobs and keys |
//! | [`store`] | content-addressed files on disk; folders that are replaced whole |
//! | [`apt`] | how this machine reaches Debian's archive |
//! | [`fetch`] | origins, unpacking, the inputs check |
//! | [`toolchain`] | finding, fetching, assembling and identifying a WASI SDK |
//! | [`build`] | compiling, archiving, staging and swapping the prefix |
//! | [`consumer`] | handing a prefix to consumers: the SDK overlay, variables |
//! | [`check`] | test programs, linked with a prefix and run under a WASI runtime |
//! | [`sbom`] | SPDX, CycloneDX and provenance documents, from plan, manifest and build trace |
//! | [`verify`] | whether a prefix still is what it was made as |
//! | [`embedded`] | the recipes, the policy and the lock that are part of the program |
//! | [`audit`] | the rules, independent origins, known vulnerabilities, what is newer |
//! | [`session`] | recipes, lock, store and SDK as a user's options name them, and what is done with them |
//! | [`cli`] | arguments, terminal, exit codes |

pub mod apt;
pub mod audit;
pub mod build;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod consumer;
pub mod embedded;
pub mod fetch;
pub mod model;
pub mod plan;
pub mod process;
pub mod report;
pub mod sbom;
pub mod session;
pub mod store;
pub mod toolchain;
pub mod verify;
