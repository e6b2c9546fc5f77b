//! Files of a prefix, where they are those that were installed.

use std::collections::BTreeMap;
use std::io;

use super::error::CliError;
use crate::build::{Installed, defined_symbols};
use crate::model::{RelPath, Sha256};
use crate::store::{PARSED_LIMIT, read_regular};

/// The text of `file`. Some licences are in older encodings.
pub fn text(prefix: &Installed, file: &str) -> Result<String, CliError> {
    bytes(prefix, file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The symbols that the archive `file` defines, each with its members that do.
pub fn symbols(
    prefix: &Installed,
    file: &RelPath,
) -> Result<BTreeMap<String, Vec<String>>, CliError> {
    defined_symbols(&bytes(prefix, file.as_str())?).map_err(|error| CliError::Read {
        path: prefix.path().join(file.as_str()),
        source: io::Error::other(error),
    })
}

fn bytes(prefix: &Installed, file: &str) -> Result<Vec<u8>, CliError> {
    let path = prefix.path().join(file);
    let bytes = read_regular(&path, PARSED_LIMIT).map_err(|source| CliError::Read {
        path: path.clone(),
        source,
    })?;
    let found = Sha256::of(&bytes);
    match prefix
        .manifest()
        .files
        .iter()
        .find(|known| known.path.as_str() == file)
    {
        Some(file) if file.sha256 == found => Ok(bytes),
        file => Err(CliError::DamagedPrefix {
            path,
            found,
            expected: file.map(|file| file.sha256),
        }),
    }
}
