//! The log of requests that are not valid HTTP.

use std::fmt::{self, Write as _};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// The log target under which actix-http reports the end of a connection.
const TARGET: &str = "actix_http::h1::dispatcher";

/// The beginning of such a report. Reports that begin differently are faults of the server and keep their level.
const BEGINNING: &str = "stream error: ";

/// Lowers the errors that actix-http logs for unreadable requests to level `debug`.
///
/// A client that sends invalid HTTP or disconnects is not an error of this server. Nobody has to act, and strangers
/// must not be able to fill the log.
pub(super) struct MalformedRequests;

impl<S: Subscriber> Layer<S> for MalformedRequests {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        if event.metadata().target() != TARGET {
            return true;
        }
        let mut message = Message::default();
        event.record(&mut message);
        match message.0.strip_prefix(BEGINNING) {
            Some(error) => {
                tracing::debug!(error, "a connection ended in the middle of a request");
                false
            }
            None => true,
        }
    }
}

/// The message of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a text cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::Level;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Keeps the levels and messages of the events.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<(Level, String)>>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            // Other tests of this process write as well.
            if !["actix_http", "releasepage::logging"].iter().any(|ours| event.metadata().target().starts_with(ours)) {
                return;
            }
            let mut message = Message::default();
            event.record(&mut message);
            self.0.lock().unwrap().push((*event.metadata().level(), message.0));
        }
    }

    #[test]
    fn only_the_nonsense_of_clients_is_quiet() {
        let kept = Kept::default();
        // The global subscriber, as in the program: one event may be written while another is read.
        tracing::subscriber::set_global_default(
            tracing_subscriber::registry().with(kept.clone()).with(MalformedRequests),
        )
        .unwrap();
        tracing::error!(target: TARGET, "stream error: request parse error: invalid Header provided");
        tracing::error!(target: TARGET, "Response payload stream error: gone");
        tracing::error!(target: "releasepage::logging::elsewhere", "stream error: ours");
        let kept: Vec<_> = kept.0.lock().unwrap().clone();
        assert_eq!(
            kept,
            [
                (Level::DEBUG, "a connection ended in the middle of a request".to_owned()),
                (Level::ERROR, "Response payload stream error: gone".to_owned()),
                (Level::ERROR, "stream error: ours".to_owned()),
            ]
        );
    }
}
