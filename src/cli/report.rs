//! A failure as it is shown: with its causes, helps and places, and without what a terminal would
//! obey.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use crate::model::printable;

/// A diagnostic whose texts are [printable](printable::lines). The source text is shown as it is:
/// it is made so where it is cut out.
#[derive(Debug)]
pub struct Report<'a> {
    of: &'a dyn Diagnostic,
    message: String,
    cause: Option<Box<Cause>>,
    related: Vec<Report<'a>>,
}

#[derive(Debug)]
struct Cause {
    message: String,
    cause: Option<Box<Cause>>,
}

impl<'a> Report<'a> {
    /// `of`, with all that is beneath it.
    #[must_use]
    pub fn of(of: &'a dyn Diagnostic) -> Self {
        let message = printable::lines(&of.to_string()).into_owned();
        let related = of.related().into_iter().flatten().map(Self::of).collect();
        Self {
            of,
            message,
            cause: Cause::of(of.source()),
            related,
        }
    }
}

impl Cause {
    fn of(error: Option<&dyn std::error::Error>) -> Option<Box<Self>> {
        let error = error?;
        Some(Box::new(Self {
            message: printable::lines(&error.to_string()).into_owned(),
            cause: Self::of(error.source()),
        }))
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report<'_> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}

impl Diagnostic for Report<'_> {
    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let help = self.of.help()?.to_string();
        Some(Box::new(printable::lines(&help).into_owned()))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.of.labels()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.of.source_code()
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Diagnostic> + 'b>> {
        if self.related.is_empty() {
            None
        } else {
            Some(Box::new(
                self.related.iter().map(|report| report as &dyn Diagnostic),
            ))
        }
    }
}
