//! An SDK from Debian's packages, without root and without a trace outside the store: the pinned
//! `.deb`s come through apt's own configuration and keys, are checked against the lock, unpacked in
//! this process and laid out as an SDK.

mod apt;
mod assembly;
mod changelog;
mod deb;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::version::{DEBIAN_MARK, SdkVersion};
use super::{ComponentLinker, Locator, ToolchainError, host, unpack};
use crate::apt::sources::EntryUse;
use crate::model::{BuildConfig, DebianPackage, DebianSdk, Digesting, Name, Sha256};
use crate::report::{Event, Reporter};
use crate::store::{Kind, Store};
use apt::Apt;
pub use assembly::Assembly;
pub use changelog::{Changelog, changelogs};

/// Debian's newest suite: what is new is there first, and its changelogs have all that was before.
const SUITE_OF_SOURCES: &str = "sid";

/// What asks for an SDK of Debian's packages; with `-N` behind it, for the twin of release N.
const ASKS: &str = "debian";

/// What asks for the twin of `release` and no other: `debian-25`.
#[must_use]
pub fn name(release: &str) -> String {
    format!("{ASKS}-{release}")
}

/// Which twin `text` asks for: any, or that of a release. `None` where it asks for none.
#[must_use]
pub fn asked(text: &str) -> Option<Option<&str>> {
    match text.strip_prefix(ASKS)? {
        "" => Some(None),
        rest => rest.strip_prefix('-').map(Some),
    }
}

/// The SDK of Debian's packages that stands in for a release.
pub(super) struct Twin<'l> {
    /// The release's number.
    pub release: &'l str,
    assembly: Assembly,
    sdk: &'l DebianSdk,
}

impl<'l> Twin<'l> {
    /// The twin of `release`, by what the lock pins for it.
    ///
    /// # Errors
    /// When this program has no table of how the packages make an SDK.
    pub fn new(release: &'l str, sdk: &'l DebianSdk) -> Result<Self, ToolchainError> {
        Ok(Self {
            release,
            assembly: Assembly::of(release)?,
            sdk,
        })
    }

    /// Whether it can build for `config`.
    pub fn builds(&self, config: BuildConfig) -> bool {
        self.assembly.builds(config)
    }

    /// What a user goes without who gets this one in place of `other`; in words.
    pub fn lacks_beside<'s>(&'s self, other: &'s Self) -> Vec<&'s str> {
        self.assembly
            .lacks
            .difference(&other.assembly.lacks)
            .map(String::as_str)
            .collect()
    }

    /// Its key in the store, where the lock has packages for this architecture of Debian's.
    pub fn key(
        &self,
        architecture: &str,
        component_linker: Option<&ComponentLinker>,
    ) -> Option<Sha256> {
        let packages = self.sdk.hosts.get(architecture)?;
        Some(key(self, packages, component_linker))
    }

    /// How messages call it.
    fn subject(&self) -> String {
        format!("WASI SDK {} (Debian)", self.release)
    }

    fn version(&self) -> SdkVersion {
        SdkVersion {
            text: format!("{}.0{DEBIAN_MARK}", self.release),
            wasi_libc: Some(self.sdk.wasi_libc.to_string()),
            llvm: Some(self.sdk.llvm.to_string()),
        }
    }
}

/// It covers the packages' bytes, the table and what we make of it.
fn key(
    twin: &Twin<'_>,
    packages: &[DebianPackage],
    component_linker: Option<&ComponentLinker>,
) -> Sha256 {
    let wrappers = place::wrappers(&twin.assembly);
    let version = twin.version().to_text();
    let ours = [
        twin.assembly.digest().as_bytes().as_slice(),
        wrappers.as_bytes(),
        version.as_bytes(),
        component_linker
            .map_or("", |linker| linker.version)
            .as_bytes(),
    ];
    Sha256::of_fields(
        "wasideps debian sdk 3",
        ours.into_iter().chain(
            packages
                .iter()
                .map(|package| package.sha256.as_bytes().as_slice()),
        ),
    )
}

/// Puts the SDK together in the store; gives its key there.
pub(super) fn assemble(
    locator: &Locator<'_>,
    twin: &Twin<'_>,
    architecture: &str,
    offline: bool,
) -> Result<Sha256, ToolchainError> {
    let Some(packages) = twin.sdk.hosts.get(architecture) else {
        return Err(ToolchainError::NoHost {
            what: format!("SDK of Debian's packages for release {}", twin.release),
            host: architecture.to_owned(),
            known: twin.sdk.hosts.keys().cloned().collect(),
        });
    };
    let component_linker = locator.component_linker;
    let key = key(twin, packages, component_linker);
    let _guard = locator.store.lock(
        "sdk",
        &key,
        "putting the same SDK together",
        locator.reporter,
    )?;
    // Another process may have had the same wish.
    if locator
        .store
        .entry(Kind::Sdk, &key, locator.reporter)?
        .is_some()
    {
        return Ok(key);
    }
    let debs = bring(locator, twin, packages, architecture, offline)?;
    let step = |step, started| locator.step(&twin.subject(), step, started);
    step("unpacking", true);
    let scratch = locator.store.scratch_dir()?;
    let dir = unpack::utf8(&scratch)?;
    let multiarch = host::multiarch(architecture);
    let unpacked = debs
        .par_iter()
        .with_max_len(1)
        .map(|(package, deb)| {
            deb::unpack(deb, &dir, |path| {
                twin.assembly.place(path, &package.package, &multiarch)
            })
            .map_err(|source| ToolchainError::Unpack {
                archive: format!("{} {}", package.package, package.version),
                source,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut files = Vec::new();
    let mut links = Vec::new();
    for mut part in unpacked {
        files.append(&mut part.files);
        links.append(&mut part.links);
    }
    place::finish(
        &twin.assembly,
        &dir,
        &mut files,
        links,
        &twin.version().to_text(),
        component_linker.map(|linker| linker.program.as_path()),
    )?;
    locator
        .store
        .keep_entry(Kind::Sdk, &key, scratch, files, locator.reporter)?;
    step("unpacking", false);
    Ok(key)
}

/// The packages' archives, each checked: from the store, from folders that the user named, else
/// through apt.
fn bring<'p>(
    locator: &Locator<'_>,
    twin: &Twin<'_>,
    packages: &'p [DebianPackage],
    architecture: &str,
    offline: bool,
) -> Result<Vec<(&'p DebianPackage, Utf8PathBuf)>, ToolchainError> {
    let mut found = BTreeMap::new();
    for package in packages {
        let path = match locator.store.archive(&package.sha256, locator.reporter)? {
            Some(path) => Some(path),
            None => locator
                .fetcher
                .by_hand(&package.sha256, package.size)
                .map_err(|error| ToolchainError::Refused {
                    release: format!("{} (Debian)", twin.release),
                    source: Box::new(error),
                })?,
        };
        if let Some(path) = path {
            found.insert(package.sha256, path);
        }
    }
    let missing: Vec<_> = packages
        .iter()
        .filter(|package| !found.contains_key(&package.sha256))
        .collect();
    if !missing.is_empty() {
        if offline {
            let missing = missing
                .iter()
                .map(|package| format!("{} {}", package.package, package.version))
                .collect();
            return Err(ToolchainError::Offline {
                what: twin.subject(),
                missing,
            });
        }
        found.append(&mut download(locator, twin, &missing, architecture)?);
    }
    packages
        .iter()
        .map(|package| match found.get(&package.sha256) {
            Some(path) => Ok((package, path.clone())),
            None => Err(gone(twin.release, package, Vec::new(), String::new())),
        })
        .collect()
}

fn download(
    locator: &Locator<'_>,
    twin: &Twin<'_>,
    packages: &[&DebianPackage],
    architecture: &str,
) -> Result<BTreeMap<Sha256, Utf8PathBuf>, ToolchainError> {
    let scratch = locator.store.scratch_dir()?;
    let dir = unpack::utf8(&scratch)?;
    let mut suites: Vec<_> = packages
        .iter()
        .map(|package| package.suite.clone())
        .collect();
    suites.sort();
    suites.dedup();
    let apt = Apt::open(&dir, architecture, &suites, EntryUse::Binaries)?;
    let step = |step, started| locator.step(&twin.subject(), step, started);
    step("reading Debian's indices", true);
    let words = apt.update()?;
    let names: Vec<_> = packages
        .iter()
        .map(|package| package.package.as_str())
        .collect();
    let offered = apt.offers(&names)?;
    step("reading Debian's indices", false);
    for package in packages {
        let versions: Vec<_> = offered
            .iter()
            .filter(|offer| offer.package == package.package)
            .collect();
        match versions
            .iter()
            .find(|offer| offer.version == package.version)
        {
            Some(offer) if offer.sha256 == package.sha256 => {}
            Some(offer) => return Err(differs(package, offer.sha256)),
            None => {
                return Err(gone(
                    twin.release,
                    package,
                    versions
                        .iter()
                        .map(|offer| offer.version.to_string())
                        .collect(),
                    words,
                ));
            }
        }
    }
    let size = packages.iter().map(|package| package.size).sum();
    locator.reporter.event(Event::DownloadStarted {
        subject: twin.subject(),
        origin: format!("{} packages through apt", packages.len()),
        size: Some(size),
    });
    let progress = |bytes| {
        locator.reporter.event(Event::DownloadProgress {
            subject: twin.subject(),
            bytes,
        });
    };
    let files = apt.download(packages, &progress)?;
    keep(locator.store, packages, &files, locator.reporter)
}

/// Moves what apt brought into the store, and refuses what is not pinned.
fn keep(
    store: &Store,
    packages: &[&DebianPackage],
    files: &[Utf8PathBuf],
    reporter: &dyn Reporter,
) -> Result<BTreeMap<Sha256, Utf8PathBuf>, ToolchainError> {
    let mut kept = BTreeMap::new();
    for path in files {
        let mut copy = Digesting::new(store.scratch_file()?);
        let mut file = fs_err::File::open(path).map_err(ToolchainError::io(path))?;
        std::io::copy(&mut file, &mut copy).map_err(ToolchainError::io(path))?;
        let size = copy.size();
        let (copy, found) = copy.finish();
        // apt names files `package_version_architecture.deb`.
        let name = path
            .file_name()
            .and_then(|name| name.split('_').next())
            .unwrap_or_default();
        let Some(package) = packages
            .iter()
            .find(|package| package.package.as_str() == name)
        else {
            continue;
        };
        if found != package.sha256 {
            return Err(differs(package, found));
        }
        kept.insert(found, store.keep_archive(copy, &found, reporter)?);
        reporter.event(Event::Downloaded {
            subject: format!("{} {}", package.package, package.version),
            origin: format!("apt, {}", package.suite),
            sha256: found,
            size,
        });
    }
    Ok(kept)
}

/// What apt offers now of the packages of `release`'s twin, by Debian architecture: what `wasideps
/// lock --sdk debian` writes. `scratch` is an empty folder.
///
/// # Errors
/// When apt is not there, reaches no archive of Debian's, or has not all packages.
pub fn current(
    architectures: &[&str],
    release: &str,
    assembly: &Assembly,
    scratch: &Utf8Path,
) -> Result<BTreeMap<String, Vec<DebianPackage>>, ToolchainError> {
    let mut hosts = BTreeMap::new();
    for architecture in architectures {
        let mut pinned = Vec::new();
        let suites: BTreeSet<&Name> = assembly.packages.values().collect();
        // One suite at a time: apt's answer does not say from which one a package is.
        for suite in suites {
            let dir = scratch.join(format!("{architecture}-{suite}"));
            fs_err::create_dir_all(&dir).map_err(ToolchainError::io(&dir))?;
            let apt = Apt::open(
                &dir,
                architecture,
                std::slice::from_ref(suite),
                EntryUse::Binaries,
            )?;
            let words = apt.update()?;
            let names: Vec<_> = assembly
                .packages
                .iter()
                .filter(|(_, of)| *of == suite)
                .map(|(name, _)| name.as_str())
                .collect();
            let offers = apt.offers(&names)?;
            for name in names {
                // apt lists the greatest version first.
                let Some(offer) = offers.iter().find(|offer| offer.package.as_str() == name) else {
                    return Err(ToolchainError::PackageGone {
                        release: release.to_owned(),
                        wanted: format!("{name} in any version"),
                        suite: suite.to_string(),
                        offered: Vec::new(),
                        words,
                    });
                };
                pinned.push(DebianPackage {
                    suite: suite.clone(),
                    ..offer.clone()
                });
            }
        }
        pinned.sort_by(|a, b| a.package.cmp(&b.package));
        hosts.insert((*architecture).to_owned(), pinned);
    }
    Ok(hosts)
}

fn gone(
    release: &str,
    package: &DebianPackage,
    offered: Vec<String>,
    words: String,
) -> ToolchainError {
    ToolchainError::PackageGone {
        release: release.to_owned(),
        wanted: format!("{} {}", package.package, package.version),
        suite: package.suite.to_string(),
        offered,
        words,
    }
}

fn differs(package: &DebianPackage, found: Sha256) -> ToolchainError {
    ToolchainError::PackageDigest {
        package: package.package.to_string(),
        version: package.version.to_string(),
        expected: package.sha256,
        found,
    }
}

/// The versions that Debian's newest suite has of `packages`, source packages: by name, in no
/// order. `scratch` is an empty folder.
///
/// # Errors
/// When apt is not there, or reaches no archive of Debian's.
pub fn source_versions(
    packages: &[&str],
    scratch: &Utf8Path,
) -> Result<Vec<(String, String)>, ToolchainError> {
    let no_sources = |_| ToolchainError::NoSources {
        suites: vec![SUITE_OF_SOURCES.to_owned()],
        looked_in: Vec::new(),
    };
    let suite: Name = SUITE_OF_SOURCES.parse().map_err(no_sources)?;
    // The architecture says nothing of sources, but apt wants one.
    let apt = Apt::open(scratch, "amd64", &[suite], EntryUse::Sources)?;
    let words = apt.update()?;
    let versions = apt.source_versions(packages)?;
    if versions.is_empty() && !words.is_empty() {
        return Err(ToolchainError::Apt {
            step: "reading the indices of sources",
            command: "apt-get update".to_owned(),
            words,
        });
    }
    Ok(versions)
}
