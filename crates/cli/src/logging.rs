//! The log: structured events on standard error. `docs/logging.md` says how to log.

use std::io::stderr;

use tracing_subscriber::fmt;

use crate::settings::{LogFormat, LogSettings};

/// Starts the log, which panics go to as well. Called once.
pub(crate) fn logging_start(settings: &LogSettings) {
    let builder = fmt().with_env_filter(settings.filter.filter()).with_writer(stderr);
    match settings.format {
        LogFormat::Pretty => builder.with_ansi(std::io::IsTerminal::is_terminal(&stderr())).init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        // Not what it says: that may be made of somebody's input.
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panicked");
    }));
}
