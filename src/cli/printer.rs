//! The one place that prints: progress to stderr, as bars on a terminal and as plain lines
//! elsewhere; results to stdout; with `--message-format json` one object a line on stdout.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::args::{ColorChoice, Global, MessageFormat};
use super::error::{CliError, Failures};
use super::output::Output;
use super::shown::Shown;
use super::told::ErrorLine;
use crate::check::TestResult;
use crate::model::printable;
use crate::report::{Event, Reporter};

/// Owns both streams.
pub struct Printer {
    format: MessageFormat,
    quiet: bool,
    color: bool,
    bars: Option<MultiProgress>,
    output: Output,
    state: Mutex<PrinterState>,
}

#[derive(Default)]
struct PrinterState {
    downloads: BTreeMap<String, ProgressBar>,
    compile: Option<Compile>,
    tests: Option<ProgressBar>,
    /// How many compile jobs each source has in this build.
    totals: BTreeMap<String, usize>,
    per_source: BTreeMap<String, Done>,
    done: Done,
}

/// What has been compiled so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    pub compiled: usize,
    pub cached: usize,
    /// What clang had of processors, for the compiled ones.
    pub seconds: f64,
}

struct Compile {
    bar: ProgressBar,
    /// Source and file.
    running: Vec<(String, String)>,
}

impl Compile {
    fn show(&self) {
        let names = self
            .running
            .iter()
            .map(|(_, file)| file.rsplit('/').next().unwrap_or(file));
        self.bar
            .set_message(printable::line(&names.collect::<Vec<_>>().join(", ")).into_owned());
    }
}

impl Printer {
    /// For these options and the streams as they are.
    #[must_use]
    pub fn new(global: &Global) -> Self {
        let terminal = io::stderr().is_terminal();
        let color = match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        let with_bars = terminal && !global.quiet && global.message_format == MessageFormat::Human;
        let bars = with_bars.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self {
            format: global.message_format,
            quiet: global.quiet,
            color,
            bars,
            output: Output::default(),
            state: Mutex::default(),
        }
    }

    /// Whether results go out as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == MessageFormat::Json
    }

    /// Whether the result is one SARIF log.
    #[must_use]
    pub fn is_sarif(&self) -> bool {
        self.format == MessageFormat::Sarif
    }

    /// A result, for people: to stdout, in other formats to nowhere (their own forms are
    /// [`Self::json`] and [`Self::document`]).
    pub fn result(&self, text: &str) {
        if self.format == MessageFormat::Human {
            self.to_stdout(&printable::lines(text));
        }
    }

    /// A document that is the whole result, in any format; byte by byte, as it may go into a file.
    pub fn document(&self, text: &str) {
        self.to_stdout(text);
    }

    /// A result, for programs: one line with `reason` as its first key.
    pub fn json(&self, reason: &str, value: impl Serialize) {
        #[derive(Serialize)]
        struct JsonLine<'a, T> {
            reason: &'a str,
            data: T,
        }
        if self.is_json() {
            self.json_line(&JsonLine {
                reason,
                data: value,
            });
        }
    }

    /// Gets ready to show the compile jobs to come, of which `subjects` has one entry each.
    pub fn expect_jobs(&self, subjects: &[String]) {
        let mut state = self.state();
        state.totals.clear();
        for subject in subjects {
            *state.totals.entry(subject.clone()).or_default() += 1;
        }
        if let Some(bars) = &self.bars {
            let bar = bars.add(ProgressBar::new(subjects.len() as u64));
            bar.set_style(style(
                "{prefix:>12.cyan.bold} [{bar:25}] {pos}/{len} {wide_msg:.dim}",
            ));
            bar.set_prefix("Compiling");
            bar.enable_steady_tick(Duration::from_millis(200));
            state.compile = Some(Compile {
                bar,
                running: Vec::new(),
            });
        }
    }

    /// A test is over; `all` there are.
    pub fn tested(&self, result: &TestResult, all: usize) {
        self.json("test", result);
        let mut state = self.state();
        if let (None, Some(bars)) = (&state.tests, &self.bars) {
            let bar = bars.add(ProgressBar::new(all as u64));
            bar.set_style(style(
                "{prefix:>12.cyan.bold} [{bar:25}] {pos}/{len} {wide_msg:.dim}",
            ));
            bar.set_prefix("Testing");
            state.tests = Some(bar);
        }
        if let Some(bar) = &state.tests {
            bar.inc(1);
            bar.set_message(
                printable::line(&format!("{}: {}", result.subject, result.name)).into_owned(),
            );
        }
        drop(state);
        if let Some(failure) = &result.failure {
            self.warning(&format!(
                "{}: {} failed: {failure}",
                result.subject, result.name
            ));
        }
    }

    /// What has been compiled so far.
    #[must_use]
    pub fn done(&self) -> Done {
        self.state().done
    }

    /// Takes the bars away: what is printed next stands alone.
    pub fn finish_bars(&self) {
        let mut state = self.state();
        if let Some(compile) = state.compile.take() {
            compile.bar.finish_and_clear();
        }
        for bar in std::mem::take(&mut state.downloads)
            .into_values()
            .chain(state.tests.take())
        {
            bar.finish_and_clear();
        }
    }

    /// What to do when a signal ends the process: the bars go, and none is drawn any more.
    pub fn last(&self) -> impl Fn() + Send + 'static {
        let bars = self.bars.clone();
        move || {
            if let Some(bars) = &bars {
                // A terminal that can't be written has nothing to clear.
                let _ = bars.clear();
                bars.set_draw_target(ProgressDrawTarget::hidden());
            }
        }
    }

    /// Where the log goes: to stderr, beside the bars.
    pub fn log(&self) -> impl Fn() -> Log + Send + Sync + 'static {
        let bars = self.bars.clone();
        move || Log { bars: bars.clone() }
    }

    /// All failures, each with its help; then how many there were.
    pub fn failures(&self, failures: &Failures) {
        self.finish_bars();
        for failure in failures.iter() {
            self.failure(failure, failures.exit_code());
        }
    }

    fn failure(&self, failure: &CliError, exit: u8) {
        let shown = Shown::of(failure);
        if self.is_json() {
            let help = shown.advice().map(ToOwned::to_owned);
            self.json_line(&ErrorLine::new(shown.to_string(), help, exit));
        }
        self.to_stderr(&format!(
            "{} {}\n",
            self.styled("error:", "31;1"),
            shown.drawn(self.color).trim()
        ));
    }

    /// The failure to write standard output, where there was one. A command that printed a part of
    /// its result has not done what it was asked for.
    pub fn lost_output(&self) -> Option<CliError> {
        self.output.lost().map(|source| CliError::Output { source })
    }

    fn state(&self) -> MutexGuard<'_, PrinterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line of progress: a verb that says what was done, and to what.
    fn line(&self, verb: &str, text: &str) {
        if !self.quiet && !self.is_json() {
            self.to_stderr(&format!(
                "{} {}\n",
                self.styled(&format!("{verb:>12}"), "32;1"),
                printable::line(text)
            ));
        }
    }

    /// What a user should see even with `--quiet`.
    fn warning(&self, text: &str) {
        if !self.is_json() {
            // Further lines are indented: none of them can be taken for one of ours.
            let text = printable::lines(text).replace('\n', "\n    ");
            self.to_stderr(&format!("{} {text}\n", self.styled("warning:", "33;1")));
        }
    }

    fn styled(&self, text: &str, code: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn json_line(&self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(line) => self.to_stdout(&format!("{}\n", printable::json(&line))),
            Err(error) => self.output.fail(error.into()),
        }
    }

    fn to_stdout(&self, text: &str) {
        self.output.write(|write| self.beside_bars(|| write(text)));
    }

    fn to_stderr(&self, text: &str) {
        // Who closes it, or sends it to a full disk, is not told: there is nowhere to do so. The
        // exit code says whether the command failed.
        let _ = self.beside_bars(|| io::stderr().lock().write_all(text.as_bytes()));
    }

    fn beside_bars(&self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    fn show(&self, event: Event) {
        match event {
            Event::DownloadStarted { subject, size, .. } => self.start_download(subject, size),
            Event::DownloadProgress { subject, bytes } => {
                if let Some(bar) = self.state().downloads.get(&subject) {
                    bar.set_position(bytes);
                }
            }
            Event::Downloaded {
                subject,
                origin,
                size,
                ..
            } => {
                self.stop_download(&subject);
                self.line(
                    "Downloaded",
                    &format!("{subject} from {origin} ({})", HumanBytes(size)),
                );
            }
            Event::OriginFailed {
                subject,
                origin,
                error,
            } => {
                self.stop_download(&subject);
                // Most errors name their origin themselves.
                let named = if error.contains(&origin) {
                    error
                } else {
                    format!("{origin}: {error}")
                };
                self.warning(&format!("{subject}: skipped: {named}"));
            }
            Event::Retrying {
                subject,
                origin,
                error,
                attempt,
                delay_ms,
            } => {
                self.line(
                    "Retrying",
                    &format!(
                        "{subject} from {origin} in {delay_ms} ms (attempt {attempt}): {error}"
                    ),
                );
            }
            Event::SourceReady {
                subject,
                files,
                cached,
                ..
            } => {
                self.line(
                    "Verified",
                    &format!(
                        "{subject} ({files} files{})",
                        if cached { ", unpacked before" } else { "" }
                    ),
                );
            }
            Event::CompileStarted { subject, file } => {
                if let Some(compile) = &mut self.state().compile {
                    compile.running.push((subject, file));
                    compile.show();
                }
            }
            Event::Compiled {
                subject,
                file,
                cached,
                seconds,
                warnings,
                command,
            } => {
                self.compiled(&subject, &file, cached, seconds, &warnings, &command);
            }
            Event::StepStarted { subject, step } => {
                self.line("Preparing", &format!("{subject}: {step}"));
            }
            Event::Unpacking { .. } | Event::StepFinished { .. } => {}
            Event::StoreRepaired { path, problem } => {
                self.warning(&format!("{path} was damaged and is made again: {problem}"));
            }
            event @ Event::RemoteCache { .. } => {
                self.line("Remote cache", &remote_cache_line(&event));
            }
            Event::Waiting { text } => self.line("Waiting", &format!("for {text}")),
            Event::Note { text } => self.line("Note", &text),
            Event::Warning { text } => self.warning(&text),
        }
    }

    fn start_download(&self, subject: String, size: Option<u64>) {
        let Some(bars) = &self.bars else { return };
        let bar = bars.add(size.map_or_else(ProgressBar::no_length, ProgressBar::new));
        bar.set_style(style(if size.is_some() {
            "{prefix:>12.cyan.bold} [{bar:25}] {bytes}/{total_bytes} {bytes_per_sec:.dim} {msg}"
        } else {
            "{prefix:>12.cyan.bold} {spinner} {bytes} {bytes_per_sec:.dim} {msg}"
        }));
        bar.set_prefix("Downloading");
        bar.set_message(printable::line(&subject).into_owned());
        self.state().downloads.insert(subject, bar);
    }

    fn stop_download(&self, subject: &str) {
        if let Some(bar) = self.state().downloads.remove(subject) {
            bar.finish_and_clear();
        }
    }

    fn compiled(
        &self,
        subject: &str,
        file: &str,
        cached: bool,
        seconds: f64,
        warnings: &str,
        command: &str,
    ) {
        let finished = {
            let mut state = self.state();
            let state = &mut *state;
            if let Some(compile) = &mut state.compile {
                compile.bar.inc(1);
                compile
                    .running
                    .retain(|(other, running)| other != subject || running != file);
                compile.show();
            }
            let source = state.per_source.entry(subject.to_owned()).or_default();
            for done in [&mut state.done, source] {
                if cached {
                    done.cached += 1;
                } else {
                    done.compiled += 1;
                    done.seconds += seconds;
                }
            }
            (state.totals.get(subject) == Some(&(source.compiled + source.cached)))
                .then_some(*source)
        };
        if !warnings.is_empty() {
            let repeat = if command.is_empty() {
                String::new()
            } else {
                format!("\nTo repeat it: {command}")
            };
            self.warning(&format!(
                "{subject}: {file}: clang says:\n{warnings}{repeat}"
            ));
        }
        if let Some(Done {
            compiled,
            cached,
            seconds,
        }) = finished
        {
            let text = match (compiled, cached) {
                (0, cached) => format!("{subject} ({cached} objects from the store)"),
                (1, 0) => format!("{subject} (1 file, {seconds:.1} CPU-s of clang)"),
                (compiled, 0) => {
                    format!("{subject} ({compiled} files, {seconds:.1} CPU-s of clang)")
                }
                (compiled, cached) => format!(
                    "{subject} ({compiled} files, {seconds:.1} CPU-s of clang; {cached} objects from the store)"
                ),
            };
            self.line("Compiled", &text);
        }
    }
}

/// What a remote cache was good for, as a line for people; nothing for another event.
fn remote_cache_line(event: &Event) -> String {
    let Event::RemoteCache {
        address,
        hits,
        misses,
        bytes_down,
        bytes_up,
        seconds_saved,
        sent,
        not_sent,
        off,
    } = event
    else {
        return String::new();
    };
    let sent_of = match sent + not_sent {
        0 => String::new(),
        all => format!(", {sent} of {all} compiles sent"),
    };
    let end = if off.is_some() {
        ", not used to the end"
    } else {
        ""
    };
    let (down, up) = (HumanBytes(*bytes_down), HumanBytes(*bytes_up));
    format!(
        "{address}: {hits} hits, {misses} misses, {down} down, {up} up, {seconds_saved:.1} CPU-s of clang saved{sent_of}{end}"
    )
}

/// Takes the lines of the log.
pub struct Log {
    bars: Option<MultiProgress>,
}

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // What it names came from the network, archives and file names.
        let text = String::from_utf8_lossy(line);
        let text = printable::lines(&text);
        let write = || io::stderr().lock().write_all(text.as_bytes());
        match &self.bars {
            Some(bars) => bars.suspend(write)?,
            None => write()?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Reporter for Printer {
    fn event(&self, event: Event) {
        if self.is_json() {
            if !matches!(event, Event::DownloadProgress { .. }) {
                self.json_line(&event);
            }
            // Counted all the same: the result says how many there were.
            if let Event::Compiled {
                subject,
                file,
                cached,
                seconds,
                warnings,
                command,
            } = &event
            {
                self.compiled(subject, file, *cached, *seconds, warnings, command);
            }
        } else {
            self.show(event);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
