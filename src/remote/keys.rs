//! Keys that sign results, in the forms of OpenSSH: what `ssh-keygen -t ed25519` writes. The
//! private form is PROTOCOL.key of OpenSSH's source, the public one RFC 8709; the signature is
//! Ed25519 of RFC 8032.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8Path;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::RemoteError;
use crate::model::Sha256;
use crate::store::{TEXT_LIMIT, read_regular};

const TYPE: &[u8] = b"ssh-ed25519";
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";

/// The public half of a key. Its text is the second word of OpenSSH's line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// A key to sign with.
pub struct SigningKey(Ed25519KeyPair);

/// A signature.
pub(super) type Signature = [u8; 64];

impl SigningKey {
    /// Reads a private key.
    ///
    /// # Errors
    /// When the file can't be read or has another form.
    pub fn read(path: &Utf8Path) -> Result<Self, RemoteError> {
        let bytes = read_regular(path, TEXT_LIMIT).map_err(|source| RemoteError::Read {
            path: path.to_owned(),
            source,
        })?;
        let key = std::str::from_utf8(&bytes).ok().and_then(private);
        key.ok_or_else(|| RemoteError::PrivateKey {
            path: path.to_owned(),
        })
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref();
        PublicKey(
            bytes
                .try_into()
                .expect("Ed25519's public keys have 32 bytes"),
        )
    }

    pub(super) fn sign(&self, digest: &Sha256) -> Signature {
        let signature = self.0.sign(digest.as_bytes());
        let bytes = signature.as_ref();
        bytes
            .try_into()
            .expect("Ed25519's signatures have 64 bytes")
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public())
    }
}

impl PublicKey {
    /// Reads `text` as a key, as a line of OpenSSH's with a key, or as the path of a file with such
    /// lines.
    ///
    /// # Errors
    /// When it is none of these, or a line of the file is none.
    pub fn read_all(text: &str) -> Result<Vec<Self>, RemoteError> {
        if let Some(key) = Self::parse(text) {
            return Ok(vec![key]);
        }
        let unknown = |found: &str| RemoteError::PublicKey {
            found: found.to_owned(),
        };
        let path = Utf8Path::new(text);
        if !path.exists() {
            return Err(unknown(text));
        }
        let bytes = read_regular(path, TEXT_LIMIT).map_err(|source| RemoteError::Read {
            path: path.to_owned(),
            source,
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Vec<Self> = lines
            .map(|line| Self::parse(line).ok_or_else(|| unknown(line)))
            .collect::<Result<_, _>>()?;
        // An empty file would pin nothing, and so let everyone in.
        if keys.is_empty() {
            return Err(unknown(path.as_str()));
        }
        Ok(keys)
    }

    /// A key, or a line with one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let first = words.next()?;
        let encoded = if first.as_bytes() == TYPE {
            words.next()?
        } else {
            first
        };
        let bytes = STANDARD.decode(encoded).ok()?;
        let mut fields = Fields(&bytes);
        (fields.string()? == TYPE).then_some(())?;
        let key = fields.string()?.try_into().ok()?;
        fields.0.is_empty().then_some(Self(key))
    }

    pub(super) fn verifies(&self, digest: &Sha256, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        key.verify(digest.as_bytes(), signature).is_ok()
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::new();
        for field in [TYPE, &self.0] {
            let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
            bytes.extend(length.to_be_bytes());
            bytes.extend(field);
        }
        f.write_str(&STANDARD.encode(bytes))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// The key in a file of OpenSSH's, if it is the only one and no passphrase protects it.
fn private(text: &str) -> Option<SigningKey> {
    let (_, rest) = text.split_once(BEGIN)?;
    let (encoded, _) = rest.split_once(END)?;
    let encoded: String = encoded.split_whitespace().collect();
    let bytes = STANDARD.decode(encoded).ok()?;
    let mut fields = Fields(bytes.strip_prefix(b"openssh-key-v1\0")?);
    for expected in [&b"none"[..], b"none", b""] {
        (fields.string()? == expected).then_some(())?;
    }
    (fields.number()? == 1).then_some(())?;
    fields.string()?;
    let mut secret = Fields(fields.string()?);
    // Equal where the passphrase was right.
    (secret.number()? == secret.number()?).then_some(())?;
    (secret.string()? == TYPE).then_some(())?;
    let public = secret.string()?;
    let seed = secret.string()?.get(..32)?;
    let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()?;
    Some(SigningKey(pair))
}

/// The fields of SSH's binary form (RFC 4251, section 5) that are left.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What `ssh-keygen -t ed25519 -N ''` wrote once, for tests alone.
    const PRIVATE: &str = include_str!("../../tests/fixtures/remote/key");
    const PUBLIC: &str = include_str!("../../tests/fixtures/remote/key.pub");
    const LOCKED: &str = include_str!("../../tests/fixtures/remote/key-with-passphrase");

    pub fn key() -> SigningKey {
        private(PRIVATE).expect("a key")
    }

    #[test]
    fn the_keys_of_ssh_keygen_are_read_and_fit_each_other() {
        let public = PublicKey::parse(PUBLIC).expect("a key");
        assert_eq!(key().public(), public);
        assert_eq!(PublicKey::parse(&public.to_string()), Some(public));
        let digest = Sha256::of(b"text");
        let mut signature = key().sign(&digest);
        assert!(public.verifies(&digest, &signature));
        assert!(!public.verifies(&Sha256::of(b"other"), &signature));
        signature[0] ^= 1;
        assert!(!public.verifies(&digest, &signature));
    }

    #[test]
    fn what_is_cut_changed_or_locked_is_no_key() {
        assert!(private(LOCKED).is_none());
        let public = PUBLIC.split(' ').nth(1).expect("a word");
        for end in 0..public.len() {
            assert_eq!(PublicKey::parse(&public[..end]), None, "{end}");
        }
        assert_eq!(PublicKey::parse(PRIVATE), None);
        let body = PRIVATE.len() - END.len() - 1;
        for end in (0..body).filter(|end| !end.is_multiple_of(4)) {
            assert!(private(&format!("{}{END}", &PRIVATE[..end])).is_none());
        }
    }
}
