//! How this machine reaches Debian's archive, by apt's own configuration: no mirror's name is in
//! this program or in the lock.

pub mod sources;

use std::io::ErrorKind;
use std::process::Command;

use camino::Utf8PathBuf;
use url::Url;

use crate::process::output;
use crate::store::{TEXT_LIMIT, read_text};

/// An apt that can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum AptError {
    #[error("`{program}` is not installed")]
    NotThere { program: &'static str },
    #[error("`{program}` can't be started")]
    Start {
        program: &'static str,
        source: std::io::Error,
    },
}

/// A file of apt's that names archives.
#[derive(Debug)]
pub struct SourcesFile {
    pub path: Utf8PathBuf,
    /// Empty where it can't be read.
    pub text: String,
}

impl SourcesFile {
    /// Whether it is of the deb822 form, not of one line an entry.
    #[must_use]
    pub fn is_deb822(&self) -> bool {
        self.path.extension() == Some("sources")
    }
}

/// The files that this machine's apt reads its sources from, in apt's order.
///
/// # Errors
/// When apt is not there.
pub fn sources_files() -> Result<Vec<SourcesFile>, AptError> {
    let program = "apt-config";
    let output = output(Command::new(program).args([
        "shell",
        "LIST",
        "Dir::Etc::SourceList/f",
        "PARTS",
        "Dir::Etc::SourceParts/d",
    ]));
    let output = output.map_err(|source| match source.kind() {
        ErrorKind::NotFound => AptError::NotThere { program },
        _ => AptError::Start { program, source },
    })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |key: &str| {
        let line = text.lines().find_map(|line| {
            line.strip_prefix(key)?
                .strip_prefix("='")?
                .strip_suffix('\'')
        })?;
        Some(Utf8PathBuf::from(line))
    };
    let mut paths: Vec<Utf8PathBuf> = value("LIST").into_iter().collect();
    if let Some(parts) = value("PARTS")
        && let Ok(entries) = parts.read_dir_utf8()
    {
        let mut parts: Vec<_> = entries
            .flatten()
            .map(camino::Utf8DirEntry::into_path)
            .collect();
        parts.retain(|path| matches!(path.extension(), Some("list" | "sources")));
        parts.sort();
        paths.append(&mut parts);
    }
    let read = |path: Utf8PathBuf| SourcesFile {
        text: read_text(&path, TEXT_LIMIT).unwrap_or_default(),
        path,
    };
    Ok(paths.into_iter().map(read).collect())
}

/// Where the upstream archive `file` (`mpdecimal_4.0.1.orig.tar.gz`) of the source package
/// `package` can be downloaded: one URL a mirror and pool. The layout of pools is described in the
/// Debian Reference, chapter 2, "Debian archive basics".
///
/// # Errors
/// When apt is not there.
pub fn pool_urls(package: &str, file: &str) -> Result<Vec<Url>, AptError> {
    let mut mirrors: Vec<String> = Vec::new();
    for source in sources_files()? {
        let found = if source.is_deb822() {
            sources::deb822_uris(&source.text)
        } else {
            sources::one_line_uris(&source.text)
        };
        for uri in found {
            if !mirrors.contains(&uri) {
                mirrors.push(uri);
            }
        }
    }
    Ok(mirrors
        .iter()
        .flat_map(|mirror| {
            pool_paths(package, file)
                .into_iter()
                .filter_map(|path| mirror_url(mirror, &path))
        })
        .collect())
}

/// The archive of a release keeps its pool at `pool/main`, that of security updates at
/// `pool/updates/main`.
fn pool_paths(package: &str, file: &str) -> [String; 2] {
    let letters = if package.starts_with("lib") { 4 } else { 1 };
    let folder = package.get(..letters).unwrap_or(package);
    ["pool/main", "pool/updates/main"].map(|pool| format!("{pool}/{folder}/{package}/{file}"))
}

fn mirror_url(mirror: &str, path: &str) -> Option<Url> {
    let url: Url = format!("{}/{path}", mirror.trim_end_matches('/'))
        .parse()
        .ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_has_a_folder_a_letter_and_four_letters_for_libraries() {
        assert_eq!(pool_paths("expat", "f")[0], "pool/main/e/expat/f");
        assert_eq!(
            pool_paths("libyaml", "f")[1],
            "pool/updates/main/liby/libyaml/f"
        );
    }

    #[test]
    fn only_mirrors_that_speak_http_are_asked() {
        assert_eq!(
            mirror_url("http://localhost/debian/", "a")
                .map(String::from)
                .as_deref(),
            Some("http://localhost/debian/a")
        );
        assert_eq!(mirror_url("file:/srv/debian", "a"), None);
    }
}
