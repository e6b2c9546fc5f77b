//! An error in a recipe's or lock's text: the line, what was found, what was meant.

use std::ops::Range;

/// The bytes of a line that are shown. What draws them can't count columns beyond 65,535, and
/// nobody reads so far.
pub(crate) const LINE_LIMIT: usize = 512;

/// A text that is not as its format asks: it does not parse, or its parts contradict each other.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
#[error("{file}:{line}{}: {message}", .column.map(|column| format!(":{column}")).unwrap_or_default())]
pub struct SyntaxError {
    /// The file, as the user knows it.
    pub file: String,
    /// Counted from one.
    pub line: usize,
    /// In characters, counted from one; only where the line is too long to be shown.
    pub column: Option<usize>,
    /// What is wrong, as a fragment.
    pub message: String,
    /// What was probably meant, or what there is in its place.
    pub hint: Option<String>,
    /// The text of the file. A credential at the place itself is hidden.
    pub text: String,
    /// The bytes of `text` that are wrong.
    pub span: Range<usize>,
}

/// The last place in `text` up to `at` that is between two characters.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

impl SyntaxError {
    /// From the TOML parser's error on `text`.
    pub(crate) fn from_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        Self::new(file, text, error.message(), span)
    }

    /// `message` about the bytes `span` of `text`, with a hint.
    pub(crate) fn at(
        file: &str,
        text: &str,
        message: &str,
        hint: Option<String>,
        span: Range<usize>,
    ) -> Self {
        Self {
            hint,
            ..Self::new(file, text, message, span)
        }
    }

    /// From the JSON parser's error on `text`.
    pub(crate) fn from_json(file: &str, text: &str, error: &serde_json::Error) -> Self {
        let line_start: usize = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1))
            .map(str::len)
            .sum();
        let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
        // serde_json appends the place to its message; it is shown in front here.
        let message = error.to_string();
        let message = message
            .rsplit_once(" at line ")
            .map_or(message.as_str(), |(message, _)| message);
        Self::new(file, text, message, offset..offset)
    }

    fn new(file: &str, text: &str, message: &str, span: Range<usize>) -> Self {
        // A parser may count to the middle of a character.
        let before = &text[..floor(text, span.start)];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let long = text[line_start..]
            .split('\n')
            .next()
            .is_some_and(|line| line.len() >= LINE_LIMIT);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: long.then(|| before[line_start..].chars().count() + 1),
            message: message.lines().collect::<Vec<_>>().join("; "),
            hint: suggestion(message),
            text: text.to_owned(),
            span: before.len()..span.end.max(before.len()),
        }
    }
}

/// Reads serde's own sentence ("unknown field `x`, expected one of `a`, `b`") for the nearest name
/// that is known.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message
        .strip_prefix("unknown field ")
        .or_else(|| message.strip_prefix("unknown variant "))?
        .split('`')
        .skip(1)
        .step_by(2);
    let found = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    let nearest = known
        .iter()
        .max_by(|a, b| strsim::jaro_winkler(found, a).total_cmp(&strsim::jaro_winkler(found, b)))?;
    Some(if strsim::jaro_winkler(found, nearest) > 0.7 {
        format!("did you mean `{nearest}`?")
    } else {
        format!("known here: {}", known.join(", "))
    })
}
