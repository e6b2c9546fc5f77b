//! How other databases call what documents tell of: package URLs, CPE names, suppliers; and the tools that took part. One home for all formats.

use packageurl::PackageUrl;

use crate::build::Manifest;
use crate::model::{LockedSource, Origin, Place, Recipe, Version};
use crate::toolchain::SdkKind;

/// Who hands out what this program builds.
pub const SUPPLIER: &str = "wasideps";

/// A CPE 2.3 name, formatted string binding. Source: NIST IR 7695, 6.2.
#[must_use]
pub fn cpe(recipe: &Recipe, version: &Version) -> String {
    // Of what versions have, only dots and hyphens: the latter are quoted.
    let version = version.to_string().replace('-', "\\-").replace('+', "\\+");
    format!("cpe:2.3:a:{}:{version}:*:*:*:*:*:*:*", recipe.identifiers.cpe)
}

/// The package URLs of a source: one that names the archive and its digest, one that names the tag in the source's history where the recipe knows
/// it. Source of the form: <https://github.com/package-url/purl-spec>.
#[must_use]
pub fn purls(recipe: &Recipe, source: &LockedSource) -> Vec<String> {
    let version = source.version.to_string();
    let mut purls = vec![archive_purl(recipe, source, &version)];
    let identifiers = &recipe.identifiers;
    if let (Some(repository), Some(tag)) = (&identifiers.repository, &identifiers.tag) {
        let tag = tag.at(&source.version);
        let path = repository.path().trim_matches('/').trim_end_matches(".git").to_owned();
        let on_github = (repository.host_str() == Some("github.com")).then(|| path.split_once('/')).flatten();
        let purl = match on_github {
            Some((owner, name)) => PackageUrl::new("github", name.to_owned()).and_then(|mut purl| {
                purl.with_namespace(owner.to_owned()).map(drop)?;
                purl.with_version(tag)?;
                Ok(purl.to_string())
            }),
            None => PackageUrl::new("generic", recipe.name.to_string()).and_then(|mut purl| {
                purl.with_version(version)?;
                purl.add_qualifier("vcs_url", format!("git+{repository}@{tag}"))?;
                Ok(purl.to_string())
            }),
        };
        purls.extend(purl.ok());
    }
    purls
}

fn archive_purl(recipe: &Recipe, source: &LockedSource, version: &str) -> String {
    let plain = format!("{}@{version}", recipe.identifiers.purl);
    let Some((url, origin)) = upstream(source) else { return plain };
    let full = recipe.identifiers.purl.parse::<PackageUrl<'_>>().and_then(|mut purl| {
        purl.with_version(version.to_owned())?;
        purl.add_qualifier("checksum", format!("sha256:{}", origin.sha256))?;
        purl.add_qualifier("download_url", url.to_owned())?;
        Ok(purl.to_string())
    });
    full.unwrap_or(plain)
}

/// The first URL among a source's origins: upstream's own archive.
#[must_use]
pub fn upstream(source: &LockedSource) -> Option<(&str, &Origin)> {
    source.origins.iter().find_map(|origin| match &origin.place {
        Place::Url(url) => Some((url.as_str(), origin)),
        _ => None,
    })
}

/// What an archive can be asked for by, wherever it is: its URL, or a package URL without the host of a registry or mirror. `None` for a folder of
/// this machine.
#[must_use]
pub fn origin_uri(place: &Place) -> Option<String> {
    match place {
        Place::Url(url) => Some(url.to_string()),
        Place::Crate { name, version } => {
            let purl = PackageUrl::new("cargo", name.to_string()).and_then(|mut purl| {
                purl.with_version(version.to_string())?;
                Ok(purl.to_string())
            });
            purl.ok()
        }
        Place::Debian { package, file } => {
            let purl = PackageUrl::new("deb", package.to_string()).and_then(|mut purl| {
                purl.with_namespace("debian")?;
                purl.add_qualifier("arch", "source")?;
                purl.add_qualifier("file_name", file.to_string())?;
                Ok(purl.to_string())
            });
            purl.ok()
        }
        Place::Folder(_) => None,
    }
}

/// A program or a library of the SDK that took part in a build, or this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// `clang`; unique among the tools.
    pub name: &'static str,
    pub version: String,
    pub summary: &'static str,
    pub supplier: &'static str,
    pub homepage: &'static str,
    /// An SPDX licence expression: what its makers declare.
    pub license: &'static str,
    pub purl: Option<String>,
    /// What else is known of it.
    pub note: Option<String>,
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
        license: env!("CARGO_PKG_LICENSE"),
        purl: Some(format!("pkg:cargo/wasideps@{version}")),
        note: None,
    }
}

/// The tools that made a prefix: this program, the SDK, and the parts of the SDK whose versions are known.
#[must_use]
pub fn tools(manifest: &Manifest) -> Vec<Tool> {
    const LLVM: &str = "Apache-2.0 WITH LLVM-exception";
    let identity = &manifest.toolchain;
    let known = |version: &str| if version.is_empty() { "unknown".to_owned() } else { version.to_owned() };
    let sdk_purl = (identity.kind == SdkKind::Release).then(|| format!("pkg:github/webassembly/wasi-sdk@wasi-sdk-{}", identity.version));
    let mut tools = vec![
        this_program(&manifest.wasideps),
        Tool {
            name: "wasi-sdk",
            version: known(&identity.version),
            summary: "clang, lld, compiler-rt and wasi-libc, for WebAssembly",
            supplier: "WebAssembly",
            homepage: "https://github.com/WebAssembly/wasi-sdk",
            license: LLVM,
            purl: sdk_purl,
            note: Some(format!("{identity}; programs, headers and libraries have the digest {} (SHA-256).", identity.digest)),
        },
        Tool {
            name: "clang",
            version: known(&identity.llvm),
            summary: "C compiler",
            supplier: "LLVM",
            homepage: "https://clang.llvm.org/",
            license: LLVM,
            purl: Some(format!("pkg:github/llvm/llvm-project@llvmorg-{}", identity.llvm)),
            note: Some(identity.clang.clone()),
        },
    ];
    if let Some(commit) = &identity.wasi_libc {
        tools.push(Tool {
            name: "wasi-libc",
            version: commit.clone(),
            summary: "C library for WASI",
            supplier: "WebAssembly",
            homepage: "https://github.com/WebAssembly/wasi-libc",
            license: "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
            purl: Some(format!("pkg:github/webassembly/wasi-libc@{commit}")),
            note: None,
        });
    }
    tools
}
