//! Why a remote cache can't be used.

use camino::Utf8PathBuf;

use crate::model::ErrorClass;

/// What is wrong with how a remote cache is asked for. That a server fails is none of these: then
/// a build goes on without it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    #[error("`{found}` is not the address of a remote cache: it must be {forms}")]
    Address { found: String, forms: &'static str },
    #[error("{address} is not encrypted: credentials would be sent for all to read")]
    Open { address: String },
    #[error("{path} can't be read")]
    Read {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is not a private key of Ed25519 in OpenSSH's form without a passphrase")]
    PrivateKey { path: Utf8PathBuf },
    #[error(
        "`{found}` is neither a public key of Ed25519 in OpenSSH's form nor a file with such keys"
    )]
    PublicKey { found: String },
    #[error("a remote cache is used as `read` or `read-write`, not as `{found}`")]
    Mode { found: String },
    #[error("a key to sign with is named, but nothing is written to the remote cache")]
    UnusedKey,
}

impl RemoteError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Address { .. }
            | Self::Open { .. }
            | Self::Read { .. }
            | Self::PrivateKey { .. }
            | Self::PublicKey { .. }
            | Self::Mode { .. }
            | Self::UnusedKey => ErrorClass::Usage,
        }
    }
}

/// What went wrong with one request to a server.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServerError {
    #[error("it can't be reached: {0}")]
    Unreachable(String),
    #[error("it does not answer within {seconds} s")]
    Silent { seconds: u64 },
    #[error("it does not let this user in")]
    Denied,
    #[error("it takes nothing more: {0}")]
    Full(String),
    #[error("it lets nobody write results")]
    TakesNoResults,
    #[error("it does not keep blobs by SHA-256")]
    NoSha256,
    #[error("it fails: {0}")]
    Failed(String),
    #[error("it sends more than {limit} bytes for one thing")]
    Oversized { limit: usize },
}
