//! The names by which the world calls a file's content, whatever its path: for SBOMs, which need
//! more than the SHA-256 that everything here is pinned by.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha1::Digest as _;

use super::Sha256;
use super::digest::hex_digest;

/// A SHA-1 digest (FIPS 180-4): what SPDX 2.3 demands of files, and what git and Software Heritage
/// name them by. It is broken as a proof of content; nothing is verified by it where a [`Sha256`]
/// stands beside it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Sha1([u8; 20]);

reads_text!(Sha1);

hex_digest!(Sha1, 20, "SHA-1");

impl Sha1 {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha1::Sha1::digest(bytes).into())
    }

    /// Of git's blob object of what `reader` yields, which must be `size` bytes. Source of git's
    /// form: <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>.
    ///
    /// # Errors
    /// Those of `reader`, and where it yields another number of bytes.
    pub fn of_blob(size: u64, mut reader: impl Read) -> io::Result<Self> {
        let mut hasher = sha1::Sha1::new_with_prefix(format!("blob {size}\0"));
        let mut buffer = vec![0; 1 << 16];
        let mut left = size;
        loop {
            match reader.read(&mut buffer) {
                Ok(0) if left == 0 => return Ok(Self(hasher.finalize().into())),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    left = left
                        .checked_sub(read as u64)
                        .ok_or_else(|| io::Error::other("it has more bytes than it says"))?;
                    hasher.update(&buffer[..read]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A file's content by all its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Content {
    /// In bytes.
    pub size: u64,
    pub sha256: Sha256,
    pub sha1: Sha1,
    /// Of git's blob object: what [`Self::swhid`] ends with.
    pub git_sha1: Sha1,
    /// Of git's blob object in a SHA-256 repository: what [`Self::gitoid`] ends with.
    pub git_sha256: Sha256,
}

impl Content {
    /// The names of `bytes`. Source of git's form:
    /// <https://git-scm.com/book/en/v2/Git-Internals-Git-Objects>.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let header = format!("blob {}\0", bytes.len());
        let git_sha1 = sha1::Sha1::new()
            .chain_update(&header)
            .chain_update(bytes)
            .finalize();
        let git_sha256 = sha2::Sha256::new()
            .chain_update(&header)
            .chain_update(bytes)
            .finalize();
        Self {
            size: bytes.len() as u64,
            sha256: Sha256::of(bytes),
            sha1: Sha1::of(bytes),
            git_sha1: Sha1(git_sha1.into()),
            git_sha256: <[u8; 32]>::from(git_sha256).into(),
        }
    }

    /// The names of what `reader` yields, which must be `size` bytes; none of it is held.
    ///
    /// # Errors
    /// Those of `reader`, and where it yields another number of bytes.
    pub fn of_reader(size: u64, mut reader: impl Read) -> io::Result<Self> {
        let header = format!("blob {size}\0");
        let (mut sha256, mut sha1) = (sha2::Sha256::new(), sha1::Sha1::new());
        let (mut git_sha256, mut git_sha1) = (
            sha2::Sha256::new_with_prefix(&header),
            sha1::Sha1::new_with_prefix(&header),
        );
        let mut buffer = vec![0; 1 << 16];
        let mut left = size;
        loop {
            let read = match reader.read(&mut buffer) {
                Ok(0) if left == 0 => break,
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            left = left
                .checked_sub(read as u64)
                .ok_or_else(|| io::Error::other("it has more bytes than it says"))?;
            let piece = &buffer[..read];
            sha256.update(piece);
            git_sha256.update(piece);
            sha1.update(piece);
            git_sha1.update(piece);
        }
        Ok(Self {
            size,
            sha256: <[u8; 32]>::from(sha256.finalize()).into(),
            sha1: Sha1(sha1.finalize().into()),
            git_sha1: Sha1(git_sha1.finalize().into()),
            git_sha256: <[u8; 32]>::from(git_sha256.finalize()).into(),
        })
    }

    /// The Software Heritage identifier of the content (ISO/IEC 18670): `swh:1:cnt:…`.
    #[must_use]
    pub fn swhid(&self) -> String {
        format!("swh:1:cnt:{}", self.git_sha1)
    }

    /// The artefact identifier of OmniBOR: `gitoid:blob:sha256:…`. Source:
    /// <https://www.iana.org/assignments/uri-schemes/prov/gitoid>.
    #[must_use]
    pub fn gitoid(&self) -> String {
        format!("gitoid:blob:sha256:{}", self.git_sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_abc_is_the_one_of_fips_180() {
        let expected = "a9993e364706816aba3e25717850c26c9cd0d89d";
        assert_eq!(Sha1::of(b"abc").to_string(), expected);
        assert_eq!(expected.parse::<Sha1>(), Ok(Sha1::of(b"abc")));
        assert!(
            "A9993E364706816ABA3E25717850C26C9CD0D89D"
                .parse::<Sha1>()
                .is_err()
        );
    }

    #[test]
    fn contents_are_named_as_git_names_them() {
        // `printf 'hello\n' | git hash-object --stdin`, in a repository of each object format.
        let content = Content::of(b"hello\n");
        assert_eq!(
            content.swhid(),
            "swh:1:cnt:ce013625030ba8dba906f756967f9e9ca394464a"
        );
        assert_eq!(
            content.gitoid(),
            "gitoid:blob:sha256:2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4"
        );
        assert_eq!(content.size, 6);
        assert_eq!(
            Content::of_reader(6, &b"hello\n"[..]).expect("in memory"),
            content
        );
        assert!(
            Content::of_reader(5, &b"hello\n"[..]).is_err()
                && Content::of_reader(7, &b"hello\n"[..]).is_err()
        );
    }
}
