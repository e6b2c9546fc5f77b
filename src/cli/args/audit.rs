//! The arguments of `audit` and `outdated`.

use camino::Utf8PathBuf;
use clap::Args;
use url::Url;

use crate::audit::advisories;
use crate::audit::coverage::AuditPart;
use crate::cli::values::path;
use crate::model::Request;

pub(super) const EXAMPLES: &str = "\
Examples:
  wasideps audit                                      check recipes and lock, without a network
  wasideps audit --prefix sysroot/wasm32-wasip1       also headers, symbols, licences of a prefix
  wasideps audit --update                             download vulnerability databases and use them
  wasideps audit --require vulnerabilities,origins    fail if one of them was not looked at
  wasideps audit --database GIT-all.zip --database cvelistV5-main.zip
  wasideps audit --database osv/ --vex ours.openvex.json --write-vex out.openvex.json
  wasideps audit --origins                            download every origin, and compare inputs
  wasideps audit --database osv/ --message-format sarif > audit.sarif

Exit codes: 0 nothing is violated, 6 a rule is violated, 2 a file that was named can't be used, 3 a database of the store is damaged,
4 no origin of a source, or with --update no database, can be reached";

pub(super) const OUTDATED_EXAMPLES: &str = "\
Examples:
  wasideps outdated                         all sources of the lock
  wasideps outdated zlib xz
  wasideps outdated --exit-code             fail with exit code 1 if something is newer
  wasideps outdated --message-format json   one object for each origin

Exit codes: 0 an origin could be asked, whether or not something is newer; 1 something is newer, with --exit-code;
4 no origin could be asked, or --offline";

#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Sources to audit, or groups of them (`@images`), with what they depend on [default: all of
    /// the lock, or of the prefix]
    #[arg(value_name = "NAME")]
    pub names: Vec<Request>,
    /// Also audit this prefix: its headers, symbols and licences, and whether it is what the lock
    /// says
    #[arg(long, value_parser = path, value_name = "DIR")]
    pub prefix: Option<Utf8PathBuf>,
    /// Download databases of vulnerabilities into the store, for this and later audits: OSV's
    /// export, Debian's changelogs
    #[arg(long, conflicts_with = "database")]
    pub update: bool,
    /// With `--update`: address of OSV's export, which has `<ECOSYSTEM>/all.zip` below it
    #[arg(long, value_name = "URL", env = "WASIDEPS_OSV", default_value = advisories::OSV, hide_env_values = true)]
    pub osv: Url,
    /// Use this database instead of the store's: an OSV export, the CVE list, changelogs; a zip, a
    /// folder or one file (repeatable)
    #[arg(long, value_parser = path, value_name = "PATH")]
    pub database: Vec<Utf8PathBuf>,
    /// OpenVEX document that says which vulnerabilities do not matter, and why (repeatable)
    #[arg(long, value_parser = path, value_name = "FILE")]
    pub vex: Vec<Utf8PathBuf>,
    /// Write the vulnerabilities that were found as an OpenVEX document
    #[arg(long, value_parser = path, value_name = "FILE")]
    pub write_vex: Option<Utf8PathBuf>,
    /// Download every origin of each source, and compare their inputs file by file
    #[arg(long)]
    pub origins: bool,
    /// Fail with exit code 6 if this was not looked at (repeatable, or with commas)
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub require: Vec<AuditPart>,
}

#[derive(Debug, Args)]
pub struct OutdatedArgs {
    /// Sources to check, or groups of them (`@images`) [default: all of the lock]
    #[arg(value_name = "NAME")]
    pub names: Vec<Request>,
    /// Fail with exit code 1 if something is newer
    #[arg(long)]
    pub exit_code: bool,
}
