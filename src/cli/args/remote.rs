//! The options of a remote cache.

use camino::Utf8PathBuf;
use clap::Args;

use crate::cli::values::path;
use crate::session::{RemoteMode, RemoteOptions};

/// A cache on another machine, behind the store.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct RemoteArgs {
    /// Take objects from this cache on another machine: `grpc://HOST:PORT[/INSTANCE]` or `grpcs://…`
    /// (Remote Execution API), `https://HOST/PATH` (WebDAV) [default:
    /// $WASIDEPS_REMOTE_CACHE, or none]
    #[arg(long, global = true, value_name = "ADDRESS")]
    remote_cache: Option<String>,
    /// Only `read` the remote cache, or `read-write`: also send what is compiled [default:
    /// $WASIDEPS_REMOTE_CACHE_MODE, or read]
    #[arg(long, global = true, value_name = "MODE")]
    remote_cache_mode: Option<RemoteMode>,
    /// Sign what is sent with this private key, which `ssh-keygen -t ed25519` made without a
    /// passphrase [default: $WASIDEPS_REMOTE_CACHE_KEY, or none]
    #[arg(long, global = true, value_parser = path, value_name = "FILE")]
    remote_cache_key: Option<Utf8PathBuf>,
    /// Take from the remote cache only what this key signed: a public key of `ssh-keygen`, or a file
    /// with some (repeatable) [default: $WASIDEPS_REMOTE_CACHE_TRUST, or whatever is there]
    #[arg(long, global = true, value_name = "KEY")]
    remote_cache_trust: Vec<String>,
}

impl RemoteArgs {
    /// As a session takes them.
    #[must_use]
    pub fn options(&self) -> RemoteOptions {
        RemoteOptions {
            address: self.remote_cache.clone(),
            mode: self.remote_cache_mode,
            key: self.remote_cache_key.clone(),
            trust: self.remote_cache_trust.clone(),
        }
    }
}
