//! What the errors of all layers have in common.

use std::error::Error;

/// What kind of failure an error is. All layers use these kinds; a program that ends with an exit
/// code chooses it by them. Ordered from the least grave to the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorClass {
    /// Work failed: something does not compile, or a file can't be read or written.
    Failed,
    /// A request, a recipe or the lock asks for something that does not exist or contradicts
    /// itself.
    Usage,
    /// Bytes can't be downloaded: another network, another day or another origin may help.
    Network,
    /// No SDK that can be used.
    Toolchain,
    /// Bytes are not those that the lock, the recipe or the manifest says.
    Verification,
    /// A rule forbids it.
    Policy,
}

impl ErrorClass {
    /// The gravest class of several failures; [`ErrorClass::Failed`] of none.
    #[must_use]
    pub fn gravest(classes: impl IntoIterator<Item = Self>) -> Self {
        classes.into_iter().max().unwrap_or(Self::Failed)
    }
}

/// A cause that is one of several types, or a text alone.
pub type Cause = Box<dyn Error + Send + Sync>;

/// `error` with its causes in one sentence, each of them once: `a: b: c`. The message of an error
/// says only what it knows itself; the causes are its [sources](Error::source).
#[must_use]
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        let said = without_path(&said, &text);
        if !text.contains(said) {
            text.push_str(": ");
            text.push_str(said);
        }
        cause = error.source();
    }
    text
}

/// The system's words of an error of `fs_err` (``failed to open file `PATH`: …``), where `before`
/// names the path already.
fn without_path<'a>(said: &'a str, before: &str) -> &'a str {
    let words = said
        .strip_prefix("failed to ")
        .and_then(|rest| rest.split_once('`'))
        .and_then(|(_, rest)| rest.split_once("`: "))
        .filter(|(path, _)| before.contains(path))
        .map(|(_, words)| words);
    words.unwrap_or(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{path} can't be read")]
    struct Unread {
        path: &'static str,
        source: std::io::Error,
    }

    fn cause(text: &str) -> std::io::Error {
        std::io::Error::other(text.to_owned())
    }

    #[test]
    fn each_cause_and_each_path_is_told_once() {
        for (source, told) in [
            ("no such file", "/a can't be read: no such file"),
            (
                "failed to open file `/a`: no such file",
                "/a can't be read: no such file",
            ),
            (
                "failed to open file `/b`: no such file",
                "/a can't be read: failed to open file `/b`: no such file",
            ),
            ("/a can't be read", "/a can't be read"),
        ] {
            let error = Unread {
                path: "/a",
                source: cause(source),
            };
            assert_eq!(with_causes(&error), told);
        }
    }
}
