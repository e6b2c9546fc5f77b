//! The command line on real sources with the real SDK. `tests/run` brings the tools that these tests need.

mod archives;
mod audit;
mod build;
mod check;
mod cyclonedx;
mod documents;
mod elements;
mod explain;
mod exports;
mod lock;
mod origins;
mod outdated;
mod prefix;
mod programs;
mod recipes;
mod sboms;
mod server;
mod sources;
mod sqlite;
mod store;
mod support;
mod symbols;
mod trace;
mod validators;
mod verify;
mod vulnerabilities;
