//! `build --timings`: where the time of a build went, as a page to look at and as data.

mod page;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::error::CliError;
use crate::report::{Event, Reporter};

/// Where to write, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimingsFile {
    /// A page.
    Html(Utf8PathBuf),
    /// The data of the page.
    Json(Utf8PathBuf),
}

impl FromStr for TimingsFile {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = Utf8PathBuf::from(text);
        match path.extension() {
            Some("html") => Ok(Self::Html(path)),
            Some("json") => Ok(Self::Json(path)),
            _ => Err("the file's name ends with .html for a page, or with .json for data"),
        }
    }
}

impl TimingsFile {
    fn path(&self) -> &Utf8Path {
        match self {
            Self::Html(path) | Self::Json(path) => path,
        }
    }
}

/// What a span of time went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Download,
    /// Also the comparison of the digests.
    Unpack,
    /// Of the SDK: assembling and probing it.
    Prepare,
    Compile,
}

/// A span of time. Seconds are counted from the start of the command.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Span {
    pub phase: Phase,
    /// A source (`zlib 1.3.2`) or an SDK.
    pub subject: String,
    /// An origin, a file, a step.
    pub what: String,
    pub start: f64,
    pub end: f64,
    /// Of the processors, where a program did the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<f64>,
}

impl Span {
    fn wall(&self) -> f64 {
        self.end - self.start
    }
}

/// All spans of a build, and what they come to.
#[derive(Debug, Serialize)]
pub struct Timings {
    /// Of the whole command, in seconds.
    pub seconds: f64,
    /// Compile jobs at once.
    pub jobs: usize,
    /// What clang had of processors, in seconds.
    pub compile_cpu_seconds: f64,
    /// Compile jobs of which the store had the object, by source.
    pub from_store: BTreeMap<String, usize>,
    /// By their starts.
    pub spans: Vec<Span>,
}

/// Takes events on their way to `shown`, and writes down when they came.
pub struct Clock<'a> {
    shown: &'a dyn Reporter,
    started: Instant,
    state: Mutex<ClockState>,
}

#[derive(Default)]
struct ClockState {
    /// Subject, what, and start of what goes on.
    open: BTreeMap<(Phase, String), Vec<(String, f64)>>,
    from_store: BTreeMap<String, usize>,
    spans: Vec<Span>,
}

impl<'a> Clock<'a> {
    /// From now on.
    #[must_use]
    pub fn new(shown: &'a dyn Reporter) -> Self {
        Self {
            shown,
            started: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// What went on so far; `jobs` could be compiled at once.
    pub fn timings(&self, jobs: usize) -> Timings {
        let state = self.state();
        let mut spans = state.spans.clone();
        spans.sort_by(|one, other| one.start.total_cmp(&other.start));
        Timings {
            seconds: self.started.elapsed().as_secs_f64(),
            jobs,
            compile_cpu_seconds: spans.iter().filter_map(|span| span.cpu_seconds).sum(),
            from_store: state.from_store.clone(),
            spans,
        }
    }

    fn state(&self) -> MutexGuard<'_, ClockState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, event: &Event) {
        let now = self.started.elapsed().as_secs_f64();
        let mut state = self.state();
        match event {
            Event::DownloadStarted {
                subject, origin, ..
            } => state.begin(Phase::Download, subject, origin, now),
            Event::Downloaded {
                subject, origin, ..
            } => state.end(Phase::Download, subject, origin, now, None),
            Event::Unpacking { subject, origin } => {
                state.begin(Phase::Unpack, subject, origin, now);
            }
            Event::SourceReady {
                subject,
                origin: Some(origin),
                ..
            } => state.end(Phase::Unpack, subject, origin, now, None),
            Event::StepStarted { subject, step } => {
                state.begin(Phase::Prepare, subject, step, now);
            }
            Event::StepFinished { subject, step } => {
                state.end(Phase::Prepare, subject, step, now, None);
            }
            Event::CompileStarted { subject, file } => {
                state.begin(Phase::Compile, subject, file, now);
            }
            Event::Compiled {
                subject,
                cached: true,
                ..
            } => *state.from_store.entry(subject.clone()).or_default() += 1,
            Event::Compiled {
                subject,
                file,
                seconds,
                ..
            } => state.end(Phase::Compile, subject, file, now, Some(*seconds)),
            _ => {}
        }
    }
}

impl ClockState {
    fn begin(&mut self, phase: Phase, subject: &str, what: &str, now: f64) {
        let open = self.open.entry((phase, subject.to_owned())).or_default();
        open.push((what.to_owned(), now));
    }

    /// What has no beginning took no time. Two jobs of one file are the same to look at: the one
    /// that began first ends first.
    fn end(&mut self, phase: Phase, subject: &str, what: &str, now: f64, cpu: Option<f64>) {
        let open = self.open.entry((phase, subject.to_owned())).or_default();
        let Some(index) = open.iter().position(|(other, _)| other == what) else {
            return;
        };
        let (what, start) = open.remove(index);
        self.spans.push(Span {
            phase,
            subject: subject.to_owned(),
            what,
            start,
            end: now,
            cpu_seconds: cpu,
        });
    }
}

impl Reporter for Clock<'_> {
    fn event(&self, event: Event) {
        self.note(&event);
        self.shown.event(event);
    }
}

impl Timings {
    /// Writes them to each of `files`.
    ///
    /// # Errors
    /// When one can't be written.
    pub fn write(&self, files: &[TimingsFile]) -> Result<(), CliError> {
        for file in files {
            let text = match file {
                TimingsFile::Html(_) => page::html(self),
                TimingsFile::Json(path) => {
                    let text = serde_json::to_string_pretty(self);
                    text.map_err(|error| CliError::Write {
                        path: path.clone(),
                        source: error.into(),
                    })? + "\n"
                }
            };
            fs_err::write(file.path(), text).map_err(|source| CliError::Write {
                path: file.path().to_owned(),
                source,
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Silent;

    fn compiled(subject: &str, file: &str, cached: bool) -> Event {
        Event::Compiled {
            subject: subject.to_owned(),
            file: file.to_owned(),
            cached,
            seconds: 0.5,
            warnings: String::new(),
            command: String::new(),
        }
    }

    #[test]
    fn each_beginning_and_its_end_are_a_span() {
        let clock = Clock::new(&Silent);
        let started = |subject: &str, file: &str| {
            clock.event(Event::CompileStarted {
                subject: subject.to_owned(),
                file: file.to_owned(),
            });
        };
        started("a 1", "x.c");
        started("b 1", "x.c");
        clock.event(compiled("b 1", "x.c", false));
        clock.event(compiled("b 1", "y.c", true));
        started("a 1", "y.c");
        clock.event(compiled("a 1", "x.c", false));
        // `y.c` of `a` did not come to an end.
        let timings = clock.timings(2);
        let seen: Vec<_> = timings
            .spans
            .iter()
            .map(|span| (span.subject.as_str(), span.what.as_str()))
            .collect();
        assert_eq!(seen, [("a 1", "x.c"), ("b 1", "x.c")]);
        assert!(timings.spans.iter().all(|span| span.start <= span.end));
        assert!((timings.compile_cpu_seconds - 1.0).abs() < 1e-9);
        assert_eq!(timings.from_store, BTreeMap::from([("b 1".to_owned(), 1)]));
    }

    #[test]
    fn a_file_is_a_page_or_data_by_its_name() {
        assert_eq!("a/b.html".parse(), Ok(TimingsFile::Html("a/b.html".into())));
        assert_eq!("b.json".parse(), Ok(TimingsFile::Json("b.json".into())));
        for text in ["", "html", "a.svg", ".html"] {
            assert!(text.parse::<TimingsFile>().is_err(), "{text}");
        }
    }
}
