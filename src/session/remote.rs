//! The remote cache that options and environment name.

use std::str::FromStr;

use camino::Utf8PathBuf;

use super::{Options, SessionError, variable};
use crate::remote::{
    PublicKey, RemoteAddress, RemoteError, RemoteSettings, SigningKey, Token, Trust,
};
use crate::report::{Event, Reporter};

/// A cache on another machine. What is not named here, `$WASIDEPS_REMOTE_CACHE`,
/// `$WASIDEPS_REMOTE_CACHE_MODE`, `$WASIDEPS_REMOTE_CACHE_KEY` and `$WASIDEPS_REMOTE_CACHE_TRUST`
/// may name.
#[derive(Debug, Clone, Default)]
pub struct RemoteOptions {
    /// `grpc://HOST:PORT/INSTANCE`, `https://HOST/PATH`.
    pub address: Option<String>,
    /// By default it is only read.
    pub mode: Option<RemoteMode>,
    /// A file with the private key that signs what is sent.
    pub key: Option<Utf8PathBuf>,
    /// Public keys, or files with such: only what one of them signed is taken. None stands for all
    /// that the server gives.
    pub trust: Vec<String>,
}

/// What is done with a remote cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteMode {
    Read,
    ReadWrite,
}

impl FromStr for RemoteMode {
    type Err = RemoteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "read" => Ok(Self::Read),
            "read-write" => Ok(Self::ReadWrite),
            _ => Err(RemoteError::Mode {
                found: text.to_owned(),
            }),
        }
    }
}

/// The settings of the remote cache, if there is one.
pub(super) fn settings(
    options: &Options,
    reporter: &dyn Reporter,
) -> Result<Option<RemoteSettings>, SessionError> {
    let remote = &options.remote;
    let address = match &remote.address {
        Some(address) => Some(address.clone()),
        None => variable("WASIDEPS_REMOTE_CACHE")?,
    };
    let Some(address) = address else {
        return Ok(None);
    };
    let address = RemoteAddress::parse(&address)?;
    let mode = match remote.mode {
        Some(mode) => mode,
        None => variable("WASIDEPS_REMOTE_CACHE_MODE")?
            .map_or(Ok(RemoteMode::Read), |text| text.parse())?,
    };
    let writes = mode == RemoteMode::ReadWrite;
    let key = match &remote.key {
        Some(key) => Some(key.clone()),
        // Where nothing is written, what a machine has in its environment does no harm.
        None => variable("WASIDEPS_REMOTE_CACHE_KEY")?
            .filter(|_| writes)
            .map(Into::into),
    };
    let mut trusted = remote.trust.clone();
    if trusted.is_empty() {
        trusted.extend(variable("WASIDEPS_REMOTE_CACHE_TRUST")?);
    }
    let mut keys = Vec::new();
    for text in &trusted {
        keys.extend(PublicKey::read_all(text)?);
    }
    let settings = RemoteSettings {
        address,
        writes,
        trust: Trust {
            keys,
            sign_with: key.map(|path| SigningKey::read(&path)).transpose()?,
        },
        token: variable("WASIDEPS_REMOTE_CACHE_TOKEN")?.map(Token),
    };
    settings.check()?;
    if options.offline {
        let text = format!(
            "the remote cache {} is not used: the network is not to be used",
            settings.address
        );
        reporter.event(Event::Note { text });
        return Ok(None);
    }
    Ok(Some(settings))
}
