//! SHA-2 digests as types (FIPS 180-4), so that a digest is never confused with another string.

use std::io::{self, Read, Write};

use serde::Serialize;
use sha2::Digest as _;

/// A SHA-256 digest. Its text form, in files and messages, is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Sha256([u8; 32]);

reads_text!(Sha256);

/// A text that is not a digest of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} lower-case hexadecimal digits ({name}), found `{found}`")]
pub struct DigestError {
    pub(super) name: &'static str,
    pub(super) digits: usize,
    pub(super) found: String,
}

impl Sha256 {
    /// The algorithm's name (IANA's Hash Function Textual Names, as NIST writes it).
    pub const ALGORITHM: &'static str = "SHA-256";

    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// The digest of everything that `reader` yields, and how many bytes that was.
    ///
    /// # Errors
    /// Those of `reader`.
    pub fn of_reader(mut reader: impl Read) -> io::Result<(Self, u64)> {
        let mut digesting = Digesting::new(io::sink());
        io::copy(&mut reader, &mut digesting)?;
        let size = digesting.size();
        Ok((digesting.finish().1, size))
    }

    /// A digest over a list of fields, each preceded by its length, so that no two lists share one
    /// text. `domain` says what the digest is of and in which version: keys of different kinds can
    /// never meet.
    #[must_use]
    pub fn of_fields<'a>(domain: &'a str, fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = sha2::Sha256::new();
        for field in std::iter::once(domain.as_bytes()).chain(fields) {
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        Self(hasher.finalize().into())
    }

    /// The first 12 hexadecimal digits, for tables that people read.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

/// Text form, serde and schema of a digest type, a newtype over bytes: lower-case hexadecimal
/// digits, two a byte.
macro_rules! hex_digest {
    ($type:ident, $bytes:literal, $name:literal) => {
        impl $type {
            /// The bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({self})", stringify!($type))
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::model::DigestError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $bytes];
                match $crate::model::digest::parse_hex(text, &mut bytes) {
                    Some(()) => Ok(Self(bytes)),
                    None => Err($crate::model::DigestError { name: $name, digits: 2 * $bytes, found: text.to_owned() }),
                }
            }
        }

        by_text!($type);

        text_schema!($type, {
            "pattern": format!("^[0-9a-f]{{{}}}$", 2 * $bytes),
            "description": concat!($name, ", lower-case hexadecimal")
        });
    };
}

pub(super) use hex_digest;

/// The bytes that `text` writes in lower-case hexadecimal digits, where it writes just as many as
/// `bytes` takes.
pub(super) fn parse_hex(text: &str, bytes: &mut [u8]) -> Option<()> {
    if text.len() != 2 * bytes.len()
        || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(())
}

hex_digest!(Sha256, 32, "SHA-256");

/// A SHA-512 digest (FIPS 180-4), which some registries and documents ask for beside SHA-256.
/// Nothing here is pinned by it alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Sha512([u8; 64]);

reads_text!(Sha512);

hex_digest!(Sha512, 64, "SHA-512");

impl Sha512 {
    /// The digest of everything that `reader` yields.
    ///
    /// # Errors
    /// Those of `reader`.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let mut hasher = sha2::Sha512::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(Self(hasher.finalize().into())),
                Ok(read) => hasher.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl From<[u8; 32]> for Sha256 {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// Hashes what is written through it: bytes go to disk and into the digest in one pass.
pub struct Digesting<W> {
    inner: W,
    hasher: sha2::Sha256,
    size: u64,
}

impl<W> Digesting<W> {
    /// Passes everything on to `inner`.
    pub fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: sha2::Sha256::new(),
            size: 0,
        }
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The inner writer and the digest of all that went to it.
    pub fn finish(self) -> (W, Sha256) {
        (self.inner, Sha256(self.hasher.finalize().into()))
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_abc_is_the_one_of_fips_180() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Sha256::of(b"abc").to_string(), expected);
        assert_eq!(expected.parse::<Sha256>(), Ok(Sha256::of(b"abc")));
    }

    #[test]
    fn the_longer_digest_of_abc_is_the_one_of_fips_180() {
        let expected = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                        2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        assert_eq!(
            Sha512::of_reader(&b"abc"[..])
                .expect("a slice is read")
                .to_string(),
            expected
        );
        assert!(expected[2..].parse::<Sha512>().is_err());
    }

    #[test]
    fn a_digest_of_another_length_or_case_is_refused() {
        for text in [
            "",
            "ba78",
            &"BA".repeat(32),
            &"zz".repeat(32),
            &"aa".repeat(33),
        ] {
            assert!(text.parse::<Sha256>().is_err(), "{text}");
        }
    }

    #[test]
    fn fields_that_concatenate_alike_have_different_digests() {
        let one = Sha256::of_fields("d", [b"ab".as_slice(), b"c".as_slice()]);
        let other = Sha256::of_fields("d", [b"a".as_slice(), b"bc".as_slice()]);
        assert_ne!(one, other);
        assert_ne!(
            one,
            Sha256::of_fields("e", [b"ab".as_slice(), b"c".as_slice()])
        );
    }

    #[test]
    fn a_digesting_writer_counts_and_hashes_what_it_passes_on() {
        let mut digesting = Digesting::new(Vec::new());
        digesting
            .write_all(b"a")
            .and_then(|()| digesting.write_all(b"bc"))
            .expect("a vector takes all bytes");
        assert_eq!(digesting.size(), 3);
        assert_eq!(digesting.finish(), (b"abc".to_vec(), Sha256::of(b"abc")));
    }
}
