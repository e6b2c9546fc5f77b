//! What an SDK is, by content, and what it was tried for: stamped into each prefix, and part of its
//! key.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BuildConfig, Sha256};

/// Where an SDK is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SdkKind {
    /// It says that it is an unchanged release.
    Release,
    /// Put together from Debian's packages.
    Debian,
    /// Anything else.
    Custom,
}

/// An SDK's identity. Two SDKs with one digest make the same objects and programs for one build
/// configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
    pub kind: SdkKind,
    /// The release's number; for one of Debian's packages that of the release whose parts it has;
    /// else what its `VERSION` says, or nothing.
    pub version: String,
    /// The first line of `clang --version`.
    pub clang: String,
    /// The version of clang alone.
    pub llvm: String,
    /// The abbreviated commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wasi_libc: Option<String>,
    /// What it was tried for.
    pub config: BuildConfig,
    /// Over the programs, clang's own headers and run-time library, and the target's part of the
    /// sysroot: relative names and contents.
    pub digest: Sha256,
    /// The same over clang, the linker, their libraries, and clang's own headers and run-time
    /// library alone.
    pub compiler: Sha256,
    /// The same over the target's part of the sysroot alone.
    pub libc: Sha256,
}

impl Identity {
    /// One of clang 19.1.7.
    #[cfg(test)]
    pub(crate) fn example(digest: Sha256, config: BuildConfig) -> Self {
        let (clang, llvm) = ("clang version 19.1.7".into(), "19.1.7".into());
        let kind = SdkKind::Custom;
        Self {
            kind,
            version: String::new(),
            clang,
            llvm,
            wasi_libc: None,
            config,
            digest,
            compiler: digest,
            libc: digest,
        }
    }

    /// Whether objects made with the two may be linked with each other: one SDK, and one build
    /// configuration.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.digest, self.config) == (other.digest, other.config)
    }

    /// What tells it from every other: two SDKs of one version may differ, and one may be for
    /// another target.
    #[must_use]
    pub fn stamp(&self) -> String {
        format!(
            "{self}, identity {}, for {}",
            self.digest.short(),
            self.config
        )
    }

    /// The release of the LLVM that its clang is of; zero where its version does not start with a
    /// number.
    #[must_use]
    pub fn llvm_major(&self) -> u32 {
        llvm_major(&self.llvm)
    }

    /// One line for people: `WASI SDK 25 (Debian: clang 19.1.7, wasi-libc 574b88d)`.
    #[must_use]
    pub fn title(&self) -> String {
        self.to_string()
    }
}

/// The major release of LLVM in `version`; zero where it does not start with a number.
#[must_use]
pub fn llvm_major(version: &str) -> u32 {
    version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .unwrap_or_default()
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SdkKind::Release => write!(f, "WASI SDK {} (", self.version)?,
            SdkKind::Debian => write!(f, "WASI SDK {} (Debian: ", self.version)?,
            SdkKind::Custom if self.version.is_empty() => {
                f.write_str("a WASI SDK without a version (")?;
            }
            SdkKind::Custom => write!(f, "WASI SDK {}, changed (", self.version)?,
        }
        write!(f, "clang {}", self.llvm)?;
        if let Some(commit) = &self.wasi_libc {
            write!(f, ", wasi-libc {}", commit.get(..7).unwrap_or(commit))?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(kind: SdkKind, version: &str, wasi_libc: Option<&str>) -> Identity {
        let example = Identity::example(Sha256::of(b""), BuildConfig::default());
        Identity {
            kind,
            version: version.into(),
            wasi_libc: wasi_libc.map(str::to_owned),
            ..example
        }
    }

    #[test]
    fn a_title_tells_debians_parts_from_a_release() {
        assert_eq!(
            identity(SdkKind::Debian, "25", Some("574b88da4815")).title(),
            "WASI SDK 25 (Debian: clang 19.1.7, wasi-libc 574b88d)"
        );
        assert_eq!(
            identity(SdkKind::Release, "25", Some("574b88da4815")).title(),
            "WASI SDK 25 (clang 19.1.7, wasi-libc 574b88d)"
        );
        assert_eq!(
            identity(SdkKind::Custom, "", None).title(),
            "a WASI SDK without a version (clang 19.1.7)"
        );
    }
}
