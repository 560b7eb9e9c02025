//! The log: structured events on standard error. `docs/logging.md` says how to log.

mod malformed;

use std::io::stderr;

use tracing_subscriber::{Layer as _, Registry, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use self::malformed::MalformedRequests;
use crate::settings::{LogFormat, LogSettings};

/// Starts the log, which also receives panics. Called once.
pub(crate) fn logging_start(settings: &LogSettings) {
    let lines = fmt::layer().with_writer(stderr);
    let lines = match settings.format {
        LogFormat::Pretty => lines.with_ansi(std::io::IsTerminal::is_terminal(&stderr())).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    };
    Registry::default().with(lines).with(settings.filter.filter()).with(MalformedRequests).init();
    std::panic::set_hook(Box::new(|panic| {
        // The message of the panic is left out: it may contain input of users.
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "panicked");
    }));
}
