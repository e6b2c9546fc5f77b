//! How other databases call what documents tell of: package URLs, CPE names, suppliers; and the
//! tools that took part. One home for all formats.

use std::fmt;

use serde::Serialize;

use super::Context;
use crate::build::{ManifestContents, ManifestLibrary, ManifestSource, TracedFile};
use crate::model::{
    BuildConfig, Cpe, LicenseExpression, LockedSource, Origin, Place, Purl, Recipe, SdkKind,
    Sha256, Sha512, Version,
};

/// Who hands out what this program builds.
pub const SUPPLIER: &str = "wasideps";

/// At which point of the software's life a document tells of it: CISA's types of SBOM. Source:
/// "Types of Software Bill of Materials (SBOM)", CISA 2023.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SbomType {
    /// From sources, before anything is built.
    Source,
    /// By the build, from what took part.
    Build,
}

impl SbomType {
    /// CISA's word, in lower case: as SPDX 3 writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Build => "build",
        }
    }

    /// CISA's word as it stands in CISA's list, and in the OpenChain Telco SBOM Guide: readers
    /// compare it with its capital.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Source => "Source",
            Self::Build => "Build",
        }
    }
}

/// What a document states of a licence or a copyright.
#[derive(Debug, Clone)]
pub enum Stated<T> {
    /// Nothing: SPDX's `NOASSERTION`.
    NoAssertion,
    Known(T),
}

impl<T: Clone> Stated<T> {
    /// States `known`.
    pub fn of(known: &T) -> Self {
        Self::Known(known.clone())
    }
}

impl<T> From<Option<T>> for Stated<T> {
    fn from(known: Option<T>) -> Self {
        known.map_or(Self::NoAssertion, Self::Known)
    }
}

impl<T: fmt::Display> fmt::Display for Stated<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAssertion => f.write_str("NOASSERTION"),
            Self::Known(known) => known.fmt(f),
        }
    }
}

impl<T: fmt::Display> Serialize for Stated<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A licence expression that is written here.
#[must_use]
pub fn known_license(text: &str) -> LicenseExpression {
    text.parse().expect("a valid licence expression")
}

/// What a source's two licences are of, where they differ.
pub const COMPILED_SUBSET: &str = "The concluded licence is that of the files that take part in the build; the declared one is that of the whole source.";

/// What is not there on purpose, and why: a sentence for each.
#[must_use]
pub fn exclusion_statement(context: &Context<'_>) -> String {
    let excluded = context.exclusions.iter().map(|excluded| {
        format!(
            "{} is excluded on purpose: {}.",
            excluded.name, excluded.reason
        )
    });
    excluded.collect::<Vec<_>>().join("\n")
}

/// The list that licence expressions are checked against: `3.28.0`.
#[must_use]
pub fn license_list_version() -> &'static str {
    spdx::identifiers::VERSION.trim_start_matches('v')
}

/// An identifier of `kind` for `name`, which may be any text: two names never have one identifier.
/// It has letters, digits, `.` and `-` only (SPDX 2.3, 7.2), so that other characters are written
/// as `-` and a letter for what they are.
#[must_use]
pub fn identifier(kind: &str, name: &str) -> String {
    let mut id = format!("{kind}-");
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '.' => id.push(c),
            '/' => id.push_str("-s"),
            '-' => id.push_str("-d"),
            '_' => id.push_str("-u"),
            ':' => id.push_str("-c"),
            c => id.extend(["-x", &format!("{:x}", u32::from(c)), "."]),
        }
    }
    id
}

/// What was taken from the source, from where it can be had, and what of ours went into it.
#[must_use]
pub fn source_info(source: &LockedSource) -> String {
    let inputs = format!(
        "The files that take part have the inputs digest {} (SHA-256).",
        source.inputs
    );
    let origins = source
        .origins
        .iter()
        .map(|origin| format!("Origin: {}, SHA-256 {}.", origin.place, origin.sha256));
    let patches = source
        .patches
        .iter()
        .map(|(file, digest)| format!("Patched by {file}, SHA-256 {digest}."));
    let overlays = source
        .overlays
        .iter()
        .map(|(file, digest)| format!("Overlaid with {file}, SHA-256 {digest}."));
    std::iter::once(inputs)
        .chain(origins)
        .chain(patches)
        .chain(overlays)
        .collect::<Vec<_>>()
        .join("\n")
}

/// What the recipe did to make a file of the tree from another, in a sentence.
#[must_use]
pub fn made(recipe: &Recipe, file: &TracedFile) -> String {
    let step = recipe.steps.iter().find(|step| step.to == file.path);
    step.map(|step| format!("{} by wasideps", step.sentence()))
        .unwrap_or_default()
}

/// What documents call a library: by its archive, `libz.a`; one of headers alone by its recipe and
/// its own name, `zlib/z`, which no archive has.
#[must_use]
pub fn library_name(source: &ManifestSource, library: &ManifestLibrary) -> String {
    match &library.archive {
        Some(archive) => archive.path.file_name().to_owned(),
        None => source.id(library).to_string(),
    }
}

/// What a library is, in a sentence.
#[must_use]
pub fn library_kind(library: &ManifestLibrary, config: BuildConfig) -> String {
    match &library.archive {
        Some(archive) => format!(
            "Static library of {} objects for {config}",
            archive.members.len()
        ),
        None => format!(
            "Library of headers alone, {} of them",
            library.headers.len()
        ),
    }
}

/// The CPE name of a source in `version`.
#[must_use]
pub fn cpe(recipe: &Recipe, version: &Version) -> Cpe {
    recipe.identifiers.cpe.at(version)
}

/// The package URLs of a source: one that names the archive and its digest, one that names the tag
/// in the source's history where the recipe knows it.
#[must_use]
pub fn purls(recipe: &Recipe, source: &LockedSource) -> Vec<Purl> {
    let plain = library_purl(recipe, &source.version);
    let archive = match upstream(source) {
        Some((url, origin)) => plain
            .with("checksum", &format!("sha256:{}", origin.sha256))
            .with("download_url", url),
        None => plain,
    };
    std::iter::once(archive)
        .chain(tag_purl(recipe, source))
        .collect()
}

/// The package URL of what is made from a source in `version`: no archive that can be had has its
/// content.
#[must_use]
pub fn library_purl(recipe: &Recipe, version: &Version) -> Purl {
    recipe.identifiers.purl.at(version)
}

fn tag_purl(recipe: &Recipe, source: &LockedSource) -> Option<Purl> {
    let repository = recipe.identifiers.repository.as_ref()?;
    let tag = recipe.identifiers.tag.as_ref()?.at(&source.version);
    let path = repository.path().trim_matches('/').trim_end_matches(".git");
    let on_github = (repository.host_str() == Some("github.com"))
        .then(|| path.split_once('/'))
        .flatten();
    match on_github {
        Some((owner, name)) => Purl::new("github", Some(owner), name, Some(&tag)).ok(),
        None => Some(
            library_purl(recipe, &source.version)
                .with("vcs_url", &format!("git+{repository}@{tag}")),
        ),
    }
}

/// The digests of an archive that are known, in a format's own form.
#[must_use]
pub fn archive_digests<H: From<Sha256> + From<Sha512>>(origin: &Origin) -> Vec<H> {
    std::iter::once(origin.sha256.into())
        .chain(origin.sha512.map(Into::into))
        .collect()
}

/// The first URL among a source's origins: upstream's own archive.
#[must_use]
pub fn upstream(source: &LockedSource) -> Option<(&str, &Origin)> {
    source
        .origins
        .iter()
        .find_map(|origin| match &origin.place {
            Place::Url(url) => Some((url.as_str(), origin)),
            _ => None,
        })
}

/// What an archive can be asked for by, wherever it is: its URL, or a package URL without the host
/// of a registry or mirror. `None` for a folder of this machine.
#[must_use]
pub fn origin_uri(place: &Place) -> Option<String> {
    match place {
        Place::Url(url) => Some(url.to_string()),
        Place::Crate { name, version } => {
            Purl::new("cargo", None, name.as_str(), Some(version.as_str()))
                .ok()
                .map(|purl| purl.to_string())
        }
        Place::Debian { package, file } => {
            let purl = Purl::new("deb", Some("debian"), package.as_str(), None).ok()?;
            Some(
                purl.with("arch", "source")
                    .with("file_name", file.as_str())
                    .to_string(),
            )
        }
        Place::Folder(_) => None,
    }
}
/// The C library among the tools.
pub const LIBC: &str = "wasi-libc";

/// A program or a library of the SDK that took part in a build, or this program.
#[derive(Debug, Clone)]
pub struct Tool {
    /// `clang`; unique among the tools.
    pub name: &'static str,
    pub version: String,
    pub summary: &'static str,
    pub supplier: &'static str,
    pub homepage: &'static str,
    /// What its makers declare.
    pub license: LicenseExpression,
    pub purl: Purl,
    /// Over names and contents of its files; `note` says which.
    pub digest: Sha256,
    /// What else is known of it.
    pub note: String,
}

impl Tool {
    /// The C library, which programs are linked with; all else is run.
    #[must_use]
    pub fn is_library(&self) -> bool {
        self.name == LIBC
    }
}

/// The package URL of a tool, of which all but the version is written here.
fn known_purl(kind: &str, namespace: Option<&str>, name: &str, version: &str) -> Purl {
    Purl::new(kind, namespace, name, Some(version)).expect("a kind of letters, and a name")
}

/// This program, in a version of it.
#[must_use]
pub fn this_program(version: &str) -> Tool {
    Tool {
        name: "wasideps",
        version: version.to_owned(),
        summary: env!("CARGO_PKG_DESCRIPTION"),
        supplier: SUPPLIER,
        homepage: env!("CARGO_PKG_REPOSITORY"),
        license: known_license(env!("CARGO_PKG_LICENSE")),
        purl: known_purl("cargo", None, "wasideps", version),
        digest: env!("WASIDEPS_WRITER_SHA256").parse().expect("build.rs writes a digest"),
        note: "The checksum is over names and contents of those of the program's sources that write prefixes, and over the versions of the crates that they use for that.".to_owned(),
    }
}

/// The tools that made a prefix: this program, the SDK, and the parts of the SDK whose versions are
/// known.
#[must_use]
pub fn tools(manifest: &ManifestContents) -> Vec<Tool> {
    const LLVM: &str = "Apache-2.0 WITH LLVM-exception";
    let identity = &manifest.toolchain;
    let known = |version: &str| {
        if version.is_empty() {
            "unknown".to_owned()
        } else {
            version.to_owned()
        }
    };
    let sdk_purl = match identity.kind {
        SdkKind::Release => known_purl(
            "github",
            Some("webassembly"),
            "wasi-sdk",
            &format!("wasi-sdk-{}", identity.version),
        ),
        // No one hands these out as they are: only the content tells one from another.
        SdkKind::Debian | SdkKind::Custom => {
            known_purl("generic", None, "wasi-sdk", &known(&identity.version))
                .with("identity", &format!("sha256:{}", identity.digest))
        }
    };
    let mut tools = vec![
        this_program(&manifest.wasideps),
        Tool {
            name: "wasi-sdk",
            version: known(&identity.version),
            summary: "clang, lld, compiler-rt and wasi-libc, for WebAssembly",
            supplier: "WebAssembly",
            homepage: "https://github.com/WebAssembly/wasi-sdk",
            license: known_license(LLVM),
            purl: sdk_purl,
            digest: identity.digest,
            note: format!(
                "{identity}. The checksum is over names and contents of its programs, headers and libraries."
            ),
        },
        Tool {
            name: "clang",
            version: known(&identity.llvm),
            summary: "C compiler",
            supplier: "LLVM",
            homepage: "https://clang.llvm.org/",
            license: known_license(LLVM),
            purl: known_purl(
                "github",
                Some("llvm"),
                "llvm-project",
                &format!("llvmorg-{}", identity.llvm),
            ),
            digest: identity.compiler,
            note: format!(
                "{}. The checksum is over names and contents of clang, the linker, their libraries, clang's headers and run-time library.",
                identity.clang
            ),
        },
    ];
    if let Some(commit) = &identity.wasi_libc {
        tools.push(Tool {
            name: LIBC,
            version: commit.clone(),
            summary: "C library for WASI",
            supplier: "WebAssembly",
            homepage: "https://github.com/WebAssembly/wasi-libc",
            license: known_license("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT"),
            purl: known_purl("github", Some("webassembly"), "wasi-libc", commit),
            digest: identity.libc,
            note: format!(
                "The checksum is over names and contents of the sysroot's headers and of its libraries for {}.",
                identity.config.target()
            ),
        });
    }
    tools
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn names_that_differ_have_identifiers_that_differ_and_are_valid(a in "[a-c_/:.+~ -]{0,12}", b in "[a-c_/:.+~ -]{0,12}") {
            let (one, other) = (identifier("File", &a), identifier("File", &b));
            proptest::prop_assert_eq!(a == b, one == other);
            proptest::prop_assert!(one.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-'));
        }
    }
}
