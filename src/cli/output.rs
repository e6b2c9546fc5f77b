//! Standard output, of which nothing is lost without a word.

use std::io::{self, ErrorKind, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Standard output. After the first failure nothing more of the result is written: what is there is
/// its beginning, without holes.
#[derive(Default)]
pub struct Output(Mutex<OutputState>);

#[derive(Default)]
enum OutputState {
    #[default]
    Whole,
    /// Its reader went away, as `head` does: no failure of ours.
    Unread,
    /// Not all of it was written.
    Lost(io::Error),
    /// The same, and [`Output::lost`] has told of it: what follows is about the failure.
    Told,
}

impl Output {
    /// Writes a text, which `with` gives to the function that it is called with.
    pub fn write(&self, with: impl FnOnce(&dyn Fn(&str) -> io::Result<()>) -> io::Result<()>) {
        let mut state = self.state();
        let written = match *state {
            OutputState::Whole => with(&write_out),
            // On a line of its own behind what was cut, if there is room for it by now.
            OutputState::Told => with(&|text| write_out(&format!("\n{text}"))),
            OutputState::Unread | OutputState::Lost(_) => return,
        };
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => *state = OutputState::Unread,
            Err(error) => *state = OutputState::Lost(error),
        }
    }

    /// Takes note of `error`, which keeps a part of the result from being written.
    pub fn fail(&self, error: io::Error) {
        *self.state() = OutputState::Lost(error);
    }

    /// The failure, once.
    pub fn lost(&self) -> Option<io::Error> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, OutputState::Told) {
            OutputState::Lost(error) => Some(error),
            other => {
                *state = other;
                None
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, OutputState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Flushed each time: an error when the process ends would go unseen.
pub fn write_out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
