//! What the environment says: where the store is, which SDK, what time it is.

use camino::Utf8PathBuf;

use super::SessionError;
use crate::model::Timestamp;

/// The value of an environment variable; none where it is unset or empty, as in a CI job whose
/// variable has no value.
///
/// # Errors
/// When it is not UTF-8: the setting would go unheard.
pub fn variable(name: &'static str) -> Result<Option<String>, SessionError> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(SessionError::Variable { name }),
    }
}

/// The time after which there is nothing yet: `$SOURCE_DATE_EPOCH`, else now.
///
/// # Errors
/// When the variable is no number of seconds since 1970.
pub fn now() -> Result<Timestamp, SessionError> {
    Ok(source_date()?.unwrap_or_else(Timestamp::now))
}

/// `$SOURCE_DATE_EPOCH`, where it is set. Source:
/// <https://reproducible-builds.org/specs/source-date-epoch/>.
pub(super) fn source_date() -> Result<Option<Timestamp>, SessionError> {
    let Some(text) = variable("SOURCE_DATE_EPOCH")? else {
        return Ok(None);
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let time = digits
        .then(|| text.parse().ok().and_then(Timestamp::from_unix_seconds))
        .flatten();
    Ok(Some(
        time.ok_or(SessionError::SourceDateEpoch { found: text })?,
    ))
}

/// `$WASIDEPS_HOME`, else the folder `wasideps` in `$XDG_CACHE_HOME` or `~/.cache`, on macOS
/// `~/Library/Caches`, on Windows `%LOCALAPPDATA%`.
pub(super) fn store() -> Result<Utf8PathBuf, SessionError> {
    if let Some(home) = variable("WASIDEPS_HOME")? {
        return Ok(home.into());
    }
    let home = || Ok::<_, SessionError>(variable("HOME")?.map(Utf8PathBuf::from));
    let base = if cfg!(windows) {
        variable("LOCALAPPDATA")?.map(Into::into)
    } else if cfg!(target_os = "macos") {
        home()?.map(|home| home.join("Library/Caches"))
    } else {
        let cache = variable("XDG_CACHE_HOME")?
            .map(Utf8PathBuf::from)
            .filter(|path| path.is_absolute());
        if cache.is_some() {
            cache
        } else {
            home()?.map(|home| home.join(".cache"))
        }
    };
    Ok(base.ok_or(SessionError::NoStore)?.join("wasideps"))
}
