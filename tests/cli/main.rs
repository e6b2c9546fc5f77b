//! The command line on real sources with the real SDK. `tests/run` installs the tools that these
//! tests need; a bare `cargo test` leaves out those whose tools are not there.
#![cfg(target_os = "linux")]

mod advisories;
mod alone;
mod archives;
mod audit;
mod boundary;
mod build;
mod check;
mod conditions;
mod cyclonedx;
mod damaged;
mod documents;
mod elements;
mod examples;
mod explain;
mod exports;
mod limits;
mod lock;
mod log;
mod lookup;
mod origins;
mod outdated;
mod output;
mod prefix;
mod programs;
mod project;
mod readers;
mod recipes;
mod recovery;
mod sboms;
mod server;
mod sharing;
mod signals;
mod sources;
mod sqlite;
mod store;
mod support;
mod swaps;
mod symbols;
mod tampering;
mod trace;
mod validators;
mod variants;
mod verify;
mod vulnerabilities;
