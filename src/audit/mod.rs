//! The audit: rules on lock, recipes and prefix, independent origins, known vulnerabilities from
//! local databases. The formats and rules are described in `docs/audit.md`.
//!
//! [`policy`], [`prefix`] and [`origins`] give findings; [`database`] reads records of two formats
//! into one form ([`record`]), [`judge`] makes them vulnerabilities, [`resolves`] and [`vex`]
//! suppress, [`vex`] writes, [`sarif`] prints. [`freshness`] compares the lock with what its
//! origins offer.

pub mod advisories;
pub mod changelog;
pub mod coverage;
pub mod database;
pub mod finding;
pub mod freshness;
pub mod judge;
pub mod names;
pub mod order;
pub mod origins;
pub mod policy;
pub mod prefix;
pub mod record;
pub mod report;
pub mod resolves;
pub mod sarif;
pub mod vex;
pub mod vulnerability;

mod cve;
mod downstream;
mod error;
mod osv;
mod presence;

pub use error::AuditError;

#[cfg(test)]
mod tests;
