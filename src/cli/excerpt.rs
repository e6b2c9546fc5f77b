//! A text around an error in it, as a terminal shows it.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::model::{LINE_LIMIT, SyntaxError, floor, printable};

/// A text as it is shown: with its lines cut, and without what a terminal would obey.
#[derive(Debug, Clone)]
pub struct Excerpt {
    file: String,
    text: String,
    /// Characters that were cut off the front of the line at which it is looked.
    cut: usize,
}

impl Excerpt {
    /// Of an error's text, and where in the excerpt the error is.
    pub fn new(error: &SyntaxError) -> (Self, Range<usize>) {
        let SyntaxError {
            file, text, span, ..
        } = error;
        let mut excerpt = Self {
            file: file.clone(),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::shown::Shown;

    fn drawn(error: &SyntaxError) -> String {
        Shown::of(&Box::new(error.clone()).into()).drawn(false)
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
            let error = SyntaxError::at("f", &text, "wrong", None, start..start.saturating_add(length));
            let shown = drawn(&error);
            prop_assert!(shown.contains("wrong") && shown.len() < 50_000, "{} bytes", shown.len());
            let before = &text[..floor(&text, start)];
            prop_assert_eq!(error.line, before.matches('\n').count() + 1);
            let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
            prop_assert!(error.column.is_none_or(|found| found == column));
        }
    }
}
