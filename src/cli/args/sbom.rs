//! Arguments of `wasideps sbom`.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand, ValueEnum};

use super::{ConfigArgs, PrefixArgs};
use crate::cli::values::path;
use crate::model::Name;

const SBOM_EXAMPLES: &str = "\
Examples:
  wasideps sbom                                        SPDX 2.3 of the locked sources
  wasideps sbom --prefix out --format cyclonedx        CycloneDX 1.6 of a prefix
  wasideps sbom --prefix out --html out.html           a page for people: licences, graph, search
  wasideps sbom --prefix out --wheel a-1.dist-info     what an unpacked wheel contains of it, for its sboms/
  wasideps sbom --profile cpython-externals            in the shape of CPython's Misc/externals.spdx.json
  wasideps sbom --write sbom && git diff sbom          what a project commits; `--check sbom` fails when it is stale";

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = SBOM_EXAMPLES)]
pub struct SbomArgs {
    #[command(subcommand)]
    pub command: Option<SbomCommand>,
    /// Print the document of this prefix instead of the locked sources'
    #[arg(long, value_parser = path, value_name = "DIR", conflicts_with_all = ["check", "write"])]
    pub prefix: Option<Utf8PathBuf>,
    /// With `--prefix`: print the SPDX document of this source, with every file that made its
    /// libraries
    #[arg(long, value_name = "NAME", requires = "prefix", conflicts_with_all = ["format", "html"])]
    pub source: Option<Name>,
    /// Which document
    #[arg(long, value_name = "FORMAT", default_value = "spdx")]
    pub format: SbomFormat,
    /// Print the locked sources in the form that another project uses for its own
    #[arg(long, value_name = "PROFILE", conflicts_with_all = ["format", "prefix", "html", "write"])]
    pub profile: Option<SbomProfile>,
    /// Write a page for people: one HTML file that needs no network
    #[arg(long, value_parser = path, value_name = "FILE", conflicts_with_all = ["format", "check", "write"])]
    pub html: Option<Utf8PathBuf>,
    /// With `--prefix`: write what a wheel contains of it into `sboms/` of the wheel's `.dist-info`
    /// folder (PEP 770)
    #[arg(long, value_parser = path, value_name = "DIST_INFO", requires = "prefix", conflicts_with_all = ["format", "source", "html"])]
    pub wheel: Option<Utf8PathBuf>,
    /// With `--wheel`: the sources whose libraries are linked into it [default: all of the prefix]
    #[arg(long, value_name = "NAME", requires = "wheel", value_delimiter = ',')]
    pub linked: Vec<Name>,
    /// Compare with a committed file, or with all files that `--write` writes into a folder,
    /// instead of printing; exit code 3 if they differ
    #[arg(long, value_parser = path, value_name = "PATH")]
    pub check: Option<Utf8PathBuf>,
    /// Write all documents of the locked sources that a project commits into a folder
    #[arg(long, value_parser = path, value_name = "DIR", conflicts_with_all = ["format", "check"])]
    pub write: Option<Utf8PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SbomFormat {
    /// SPDX 2.3, JSON
    Spdx,
    /// SPDX 3.0.1, JSON-LD
    Spdx3,
    /// CycloneDX 1.6, JSON
    Cyclonedx,
    /// CycloneDX 1.7, JSON: the same in the newer version, which fewer tools support
    #[value(name = "cyclonedx-1.7")]
    Cyclonedx17,
    /// SLSA v1 provenance as an in-toto statement, unsigned; of a prefix alone
    Provenance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SbomProfile {
    /// CPython's `Misc/externals.spdx.json`
    CpythonExternals,
}

#[derive(Debug, Subcommand)]
pub enum SbomCommand {
    /// Show what a file of a prefix was made from: sources, headers, patches, flags, each with its
    /// digest
    Explain(ExplainArgs),
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  wasideps sbom explain lib/liblzma.a              every object, with the C file that it was made from
  wasideps sbom explain lib/liblzma.a:common.o     one object, with all that clang opened and its command
  wasideps sbom explain include/zconf.h            a header, with the patches that changed it
  wasideps sbom explain deflateInit_               the object that defines this symbol";

#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub struct ExplainArgs {
    /// File below the prefix; a member of an archive follows after `:`. Or a symbol of an archive
    #[arg(value_name = "FILE[:MEMBER]|SYMBOL")]
    pub file: String,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub prefix: PrefixArgs,
}
