//! An error in a recipe's or lock's text: the line, what was found, what was meant.

use std::ops::Range;

use miette::{Diagnostic, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::printable;

/// The bytes of a line that are shown. The report that draws them can't count columns beyond
/// 65,535, and nobody reads so far.
const LINE_LIMIT: usize = 512;

/// A text that is not as its format asks: it does not parse, or its parts contradict each other.
#[derive(Debug, Clone, thiserror::Error, Diagnostic)]
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
    #[help]
    help: Option<String>,
    #[source_code]
    source_code: Excerpt,
    #[label("here")]
    span: SourceSpan,
}

/// A text as it is shown: with its lines cut, and without what a terminal would obey.
#[derive(Debug, Clone)]
struct Excerpt {
    file: String,
    text: String,
    /// Characters that were cut off the front of the line at which it is looked.
    cut: usize,
}

impl Excerpt {
    /// Of `text`, and where `span` is in it.
    fn new(file: &str, text: &str, span: Range<usize>) -> (Self, Range<usize>) {
        let mut excerpt = Self {
            file: file.to_owned(),
            text: String::new(),
            cut: 0,
        };
        let mut shown = 0..0;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let (end, here) = (
                start + line.len(),
                (start..=start + line.len()).contains(&span.start),
            );
            if line.len() <= LINE_LIMIT {
                if here {
                    let at = excerpt.text.len();
                    shown =
                        at + (span.start - start)..at + (span.end.min(end).max(span.start) - start);
                }
                excerpt.text.push_str(&printable::same_length(line));
            } else {
                // The place is in the middle of what is shown of its line.
                let place = if here { span.start - start } else { 0 };
                let from = floor(line, place.saturating_sub(LINE_LIMIT / 2));
                let to = floor(
                    line,
                    (from + LINE_LIMIT).min(line.trim_end_matches('\n').len()),
                );
                if here {
                    let at = excerpt.text.len();
                    let place = floor(line, place).clamp(from, to.max(from));
                    let stop =
                        floor(line, span.end.saturating_sub(start)).clamp(place, to.max(place));
                    shown = at + (place - from)..at + (stop - from);
                    excerpt.cut = line[..from].chars().count();
                }
                excerpt
                    .text
                    .push_str(&printable::same_length(&line[from..to.max(from)]));
                if line.ends_with('\n') {
                    excerpt.text.push('\n');
                }
            }
            start = end;
        }
        (excerpt, shown)
    }
}

/// The last place in `text` up to `at` that is between two characters.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, before, after)?;
        // Only where lines around it are not asked for is the column that of the place.
        let cut = if contents.column() > 0 { self.cut } else { 0 };
        let (line, column, lines) = (
            contents.line(),
            contents.column() + cut,
            contents.line_count(),
        );
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.clone(),
            contents.data(),
            *contents.span(),
            line,
            column,
            lines,
        )))
    }
}

impl SyntaxError {
    /// From the TOML parser's error on `text`.
    pub(super) fn from_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        Self::new(file, text, error.message(), span)
    }

    /// `message` about the bytes `span` of `text`, and what to do about it.
    pub(super) fn at(
        file: &str,
        text: &str,
        message: &str,
        help: Option<String>,
        span: Range<usize>,
    ) -> Self {
        Self {
            help,
            ..Self::new(file, text, message, span)
        }
    }

    /// From the JSON parser's error on `text`.
    pub(super) fn from_json(file: &str, text: &str, error: &serde_json::Error) -> Self {
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
        let (source_code, span) =
            Excerpt::new(file, text, before.len()..span.end.max(before.len()));
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: long.then(|| before[line_start..].chars().count() + 1),
            message: message.lines().collect::<Vec<_>>().join("; "),
            help: suggestion(message),
            source_code,
            span: span.into(),
        }
    }

    /// What was probably meant, or which keys there are.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.help.as_deref()
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

#[cfg(test)]
mod tests {
    use miette::GraphicalReportHandler;
    use proptest::prelude::*;

    use super::*;

    fn drawn(error: &SyntaxError) -> String {
        let mut text = String::new();
        GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
            .render_report(&mut text, error)
            .expect("it can be drawn");
        text
    }

    #[test]
    fn the_place_in_a_line_of_any_length_is_named_and_shown() {
        let blanks = " ".repeat(70_000);
        let text = format!("{{\"version\":1,\n{blanks}\"bad\":}}");
        let error = serde_json::from_str::<serde_json::Value>(&text).expect_err("no JSON");
        let error = SyntaxError::from_json("l.json", &text, &error);
        assert_eq!((error.line, error.column), (2, Some(70_007)));
        let drawn = drawn(&error);
        assert!(
            drawn.contains("l.json:2:70007") && drawn.contains("\"bad\":}"),
            "{drawn}"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_in_the_lines_that_are_shown() {
        let text = "name = \"\u{1b}]0;evil\u{7}\u{202e}\u{9b}2J\"\n";
        let error = toml::from_str::<toml::Table>(text).expect_err("refused");
        let drawn = drawn(&SyntaxError::from_toml("r.toml", text, &error));
        assert!(
            drawn.contains("]0;evil") && !drawn.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{9b}']),
            "{drawn:?}"
        );
    }

    proptest! {
        #[test]
        fn no_text_and_no_place_keep_an_error_from_being_drawn(
            lines in prop::collection::vec(("[a-z\t\u{301}\u{4e16}\u{1f600}\r \"{}]{0,40}", 1_usize..400), 1..5),
            start in any::<prop::sample::Index>(),
            length in 0_usize..2000,
        ) {
            let text: String = lines.iter().map(|(piece, times)| piece.repeat(*times) + "\n").collect();
            let start = start.index(text.len() + 1);
            let error = SyntaxError::new("f", &text, "wrong", start..start.saturating_add(length));
            let shown = drawn(&error);
            prop_assert!(shown.contains("wrong") && shown.len() < 50_000, "{} bytes", shown.len());
            let before = &text[..floor(&text, start)];
            prop_assert_eq!(error.line, before.matches('\n').count() + 1);
            let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
            prop_assert!(error.column.is_none_or(|found| found == column));
        }
    }
}
