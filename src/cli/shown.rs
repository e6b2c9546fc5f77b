//! A failure as it is shown: one sentence with its causes, the place in a text, what to do, and
//! without what a terminal would obey.

use std::fmt;
use std::ops::Range;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::error::CliError;
use super::excerpt::Excerpt;
use super::help;
use crate::fetch::FetchError;
use crate::model::{printable, with_causes};

/// What a failure says, all of it [printable](printable::lines).
#[derive(Debug)]
pub struct Shown {
    message: String,
    help: Option<String>,
    place: Option<(Excerpt, Range<usize>)>,
    /// What each of several ways failed with.
    related: Vec<Shown>,
}

impl Shown {
    /// `failure` with all that is beneath it.
    pub fn of(failure: &CliError) -> Self {
        let related = match failure.source_error() {
            Some(source) if source.errors.len() > 1 => &source.errors[..],
            _ => &[],
        };
        Self {
            place: failure.syntax().map(Excerpt::new),
            related: related.iter().map(Self::of_origin).collect(),
            ..Self::new(&with_causes(failure), help::of(failure))
        }
    }

    fn of_origin(error: &FetchError) -> Self {
        Self::new(&with_causes(error), help::of_fetch(error))
    }

    fn new(message: &str, help: Option<String>) -> Self {
        Self {
            message: printable::lines(message).into_owned(),
            help: help.map(|help| printable::lines(&help).into_owned()),
            place: None,
            related: Vec::new(),
        }
    }

    /// As it is printed, with the place that is wrong; in colours where `color` says so.
    pub fn drawn(&self, color: bool) -> String {
        let handler = GraphicalReportHandler::new_themed(if color {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        });
        let mut text = String::new();
        let drawn = handler
            .with_links(false)
            .with_width(120)
            .with_wrap_lines(false)
            .with_break_words(false)
            .render_report(&mut text, self);
        // A report that can't be drawn is still told, plainly.
        match drawn {
            Ok(()) => text,
            Err(fmt::Error) => self.message.clone(),
        }
    }

    /// What to do.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(self.help.as_deref()?))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.place.as_ref()?;
        let label = LabeledSpan::new_with_span(Some("here".to_owned()), span.clone());
        Some(Box::new(std::iter::once(label)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|(excerpt, _)| excerpt as _)
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(
            self.related.iter().map(|shown| shown as &dyn Diagnostic),
        ))
    }
}
