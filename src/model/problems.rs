//! What is wrong with a recipe or a suite, each with its place in the text.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;

use super::SyntaxError;

/// The contradictions of one text, as they are found; each once, though it be in all that a
/// recipe resolves to.
pub struct Problems<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<SyntaxError>,
    known: BTreeSet<(usize, String)>,
}

impl<'a> Problems<'a> {
    /// Of `text`, the content of `file`.
    pub fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            found: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    /// Adds one about `place`.
    pub fn at<T>(&mut self, place: &Spanned<T>, message: impl AsRef<str>) {
        self.in_range(place.span(), message);
    }

    /// Adds one about `place`, which may hold a credential: it is not shown.
    pub fn at_hidden<T>(&mut self, place: &Spanned<T>, message: impl AsRef<str>) {
        let span = place.span();
        let Some(hidden) = self.text.get(span.clone()) else {
            return self.in_range(span, message);
        };
        let text = format!(
            "{}{}{}",
            &self.text[..span.start],
            "*".repeat(hidden.len()),
            &self.text[span.end..]
        );
        self.add(&text, span, message.as_ref());
    }

    /// Adds one about the whole text.
    pub fn of_all(&mut self, message: &str) {
        self.in_range(0..0, message);
    }

    /// Adds one about the bytes `span`.
    pub fn in_range(&mut self, span: Range<usize>, message: impl AsRef<str>) {
        self.add(self.text, span, message.as_ref());
    }

    fn add(&mut self, text: &str, span: Range<usize>, message: &str) {
        if self.known.insert((span.start, message.to_owned())) {
            let error = SyntaxError::at(self.file, text, message, None, span);
            self.found.push(error);
        }
    }

    /// All of them, in the order of the text; `Ok` where there is none.
    pub fn into_result(mut self) -> Result<(), Vec<SyntaxError>> {
        self.found.sort_by_key(|problem| problem.line);
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(self.found)
        }
    }
}
