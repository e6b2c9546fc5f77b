//! Debian's changelogs of source packages, out of their newest binary packages. apt checks these
//! against Debian's signed indices; the server of changelogs alone signs nothing, and the archives
//! of sources are gone from mirrors sooner.

use std::io::Read as _;

use camino::Utf8Path;

use super::SUITE_OF_SOURCES;
use super::apt::{Apt, Binary};
use super::deb;
use crate::apt::sources::EntryUse;
use crate::model::{Cause, Name, RelPath, Sha256};
use crate::toolchain::ToolchainError;

/// The most bytes of a changelog; that of a large package has about a mebibyte.
const CHANGELOG_LIMIT: u64 = 16 << 20;

/// So many binary packages of a source are tried: some have no changelog, but a link to that of
/// another.
const TRIED: usize = 3;

/// A changelog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changelog {
    /// The source package.
    pub source: String,
    /// Its version.
    pub version: String,
    /// The binary package that it was in, and that package's digest.
    pub package: String,
    pub sha256: Sha256,
    pub text: String,
}

/// The changelogs of `sources`, source packages, in Debian's newest suite. One that the suite does
/// not have is left out. `scratch` is an empty folder.
///
/// # Errors
/// When apt is not there, or reaches no archive of Debian's.
pub fn changelogs(sources: &[&str], scratch: &Utf8Path) -> Result<Vec<Changelog>, ToolchainError> {
    let suite: Name = SUITE_OF_SOURCES
        .parse()
        .map_err(|_| ToolchainError::NoSources {
            suites: vec![SUITE_OF_SOURCES.to_owned()],
            looked_in: Vec::new(),
        })?;
    // A changelog is the same for all architectures; every mirror has this one.
    let apt = Apt::open(scratch, "amd64", &[suite], EntryUse::Binaries)?;
    let words = apt.update()?;
    let binaries = apt.binaries_of(sources)?;
    if binaries.is_empty() && !words.is_empty() {
        return Err(ToolchainError::Apt {
            step: "reading the indices",
            command: "apt-get update".to_owned(),
            words,
        });
    }
    let mut found = Vec::new();
    for source in sources {
        let mut of_source: Vec<&Binary> = binaries
            .iter()
            .filter(|binary| binary.source == *source)
            .collect();
        // Libraries carry changelogs; of those the smallest is enough.
        of_source.sort_by_key(|binary| (!binary.is_library, binary.package.size));
        for binary in of_source.into_iter().take(TRIED) {
            let files = apt.download(&[&binary.package], &|_| ())?;
            let name = binary.package.package.as_str();
            let Some(file) = files.iter().find(|file| {
                file.file_name()
                    .is_some_and(|text| text.starts_with(&format!("{name}_")))
            }) else {
                continue;
            };
            let dir = scratch.join(format!("changelog-{name}"));
            if let Some(text) = read(file, &dir, name).map_err(|source| ToolchainError::Unpack {
                archive: name.to_owned(),
                source,
            })? {
                let (version, package, sha256) = (
                    binary.source_version.clone(),
                    name.to_owned(),
                    binary.package.sha256,
                );
                found.push(Changelog {
                    source: (*source).to_owned(),
                    version,
                    package,
                    sha256,
                    text,
                });
                break;
            }
        }
    }
    Ok(found)
}

/// The changelog in the package `name`; that of a package of Debian's own is called `changelog.gz`.
/// Source: Debian Policy 12.7.
fn read(file: &Utf8Path, dir: &Utf8Path, name: &str) -> Result<Option<String>, Cause> {
    fs_err::create_dir_all(dir)?;
    let wanted =
        ["changelog.Debian.gz", "changelog.gz"].map(|file| format!("usr/share/doc/{name}/{file}"));
    let place = |path: &RelPath| {
        wanted
            .iter()
            .any(|wanted| wanted == path.as_str())
            .then(|| path.clone())
    };
    let unpacked = deb::unpack(file, dir, place)?;
    let path = wanted.iter().find(|wanted| {
        unpacked
            .files
            .iter()
            .any(|file| file.path.as_str() == wanted.as_str())
    });
    let Some(path) = path else { return Ok(None) };
    let mut bytes = Vec::new();
    let file = fs_err::File::open(dir.join(path))?;
    flate2::read::MultiGzDecoder::new(file)
        .take(CHANGELOG_LIMIT + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > CHANGELOG_LIMIT {
        return Err(format!("its changelog has more than {CHANGELOG_LIMIT} bytes").into());
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
