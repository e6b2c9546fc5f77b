//! The log of `-v`: the library's tracing events as lines on stderr. Without the option nothing
//! listens to them.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use super::printer::Printer;

/// Begins to write the events of this program, not those of the crates that it uses: debug ones for
/// `-v`, all of them for `-vv`.
pub fn start(verbose: u8, printer: &Printer) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Each line is written with one call. The time is that since the start.
    let lines = fmt::layer()
        .with_writer(printer.log())
        .with_ansi(false)
        .with_timer(fmt::time::uptime())
        .with_thread_names(false);
    let ours = Targets::new().with_target(env!("CARGO_PKG_NAME"), level);
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(ours));
    // Another is there only where a program that uses this library has called `main` twice: the
    // first one goes on.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
