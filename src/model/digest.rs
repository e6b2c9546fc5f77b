//! SHA-256 as a type (FIPS 180-4), so that a digest is never confused with another string.

use std::fmt;
use std::io::{self, Read, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// A SHA-256 digest. Its text form, in files and messages, is 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

/// A text that is not a SHA-256 digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits (SHA-256), found `{0}`")]
pub struct DigestError(String);

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

    /// A digest over a list of fields, each preceded by its length, so that no two lists share one text. `domain` says what the digest is of and
    /// in which version: keys of different kinds can never meet.
    #[must_use]
    pub fn of_fields<'a>(domain: &'a str, fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = sha2::Sha256::new();
        for field in std::iter::once(domain.as_bytes()).chain(fields) {
            hasher.update((field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        Self(hasher.finalize().into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 12 hexadecimal digits, for tables that people read.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl From<[u8; 32]> for Sha256 {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let error = || DigestError(text.to_owned());
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(error());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| error())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| error())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        text.parse()
    }
}

impl From<Sha256> for String {
    fn from(digest: Sha256) -> Self {
        digest.to_string()
    }
}

impl schemars::JsonSchema for Sha256 {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sha256".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256, lower-case hexadecimal" })
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
        Self { inner, hasher: sha2::Sha256::new(), size: 0 }
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
    fn a_digest_of_another_length_or_case_is_refused() {
        for text in ["", "ba78", &"BA".repeat(32), &"zz".repeat(32), &"aa".repeat(33)] {
            assert!(text.parse::<Sha256>().is_err(), "{text}");
        }
    }

    #[test]
    fn fields_that_concatenate_alike_have_different_digests() {
        let one = Sha256::of_fields("d", [b"ab".as_slice(), b"c".as_slice()]);
        let other = Sha256::of_fields("d", [b"a".as_slice(), b"bc".as_slice()]);
        assert_ne!(one, other);
        assert_ne!(one, Sha256::of_fields("e", [b"ab".as_slice(), b"c".as_slice()]));
    }

    #[test]
    fn a_digesting_writer_counts_and_hashes_what_it_passes_on() {
        let mut digesting = Digesting::new(Vec::new());
        digesting.write_all(b"a").and_then(|()| digesting.write_all(b"bc")).expect("a vector takes all bytes");
        assert_eq!(digesting.size(), 3);
        assert_eq!(digesting.finish(), (b"abc".to_vec(), Sha256::of(b"abc")));
    }
}
