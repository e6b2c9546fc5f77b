//! An error in a recipe's or lock's text: the line, what was found, what was meant.

use miette::{Diagnostic, NamedSource, SourceSpan};

/// A text that does not parse as its format asks.
#[derive(Debug, Clone, thiserror::Error, Diagnostic)]
#[error("{file}:{line}: {message}")]
pub struct SyntaxError {
    /// The file, as the user knows it.
    pub file: String,
    /// Counted from one.
    pub line: usize,
    /// What is wrong, as a fragment.
    pub message: String,
    #[help]
    help: Option<String>,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: SourceSpan,
}

impl SyntaxError {
    /// From the TOML parser's error on `text`.
    pub(super) fn from_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        Self::new(file, text, error.message(), span)
    }

    /// From the JSON parser's error on `text`.
    pub(super) fn from_json(file: &str, text: &str, error: &serde_json::Error) -> Self {
        let line_start: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
        // serde_json appends the place to its message; it is shown in front here.
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        Self::new(file, text, message, offset..offset)
    }

    fn new(file: &str, text: &str, message: &str, span: std::ops::Range<usize>) -> Self {
        let line = text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1);
        Self {
            file: file.to_owned(),
            line,
            message: message.lines().collect::<Vec<_>>().join("; "),
            help: suggestion(message),
            source_code: NamedSource::new(file, text.to_owned()),
            span: span.into(),
        }
    }

    /// What was probably meant, or which keys there are.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// Reads serde's own sentence ("unknown field `x`, expected one of `a`, `b`") for the nearest name that is known.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted =
        message.strip_prefix("unknown field ").or_else(|| message.strip_prefix("unknown variant "))?.split('`').skip(1).step_by(2);
    let found = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(found, a).total_cmp(&strsim::jaro_winkler(found, b)))?;
    Some(if strsim::jaro_winkler(found, nearest) > 0.7 {
        format!("did you mean `{nearest}`?")
    } else {
        format!("known here: {}", known.join(", "))
    })
}
