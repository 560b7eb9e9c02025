//! Which statements run: captured by span, so that tests at the same time do not meet.

use std::{
    collections::HashMap,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use releasepage_storage::STATEMENT_TARGET;
use tracing::{
    Event, Instrument as _, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

/// The statements of each capture.
static CAPTURED: LazyLock<Mutex<HashMap<u64, Vec<String>>>> = LazyLock::new(|| {
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Capturing)).unwrap();
    Mutex::default()
});

/// Runs something and gives the statements that it ran, besides those that begin, end and lock.
pub(crate) async fn statements_of<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    LazyLock::force(&CAPTURED);
    let capture = NUMBER.fetch_add(1, Ordering::Relaxed);
    let answer = work.instrument(tracing::info_span!(target: STATEMENT_TARGET, "captured", capture)).await;
    let mut statements = CAPTURED.lock().unwrap().remove(&capture).unwrap_or_default();
    let kinds = ["SELECT", "INSERT", "UPDATE", "DELETE"];
    statements
        .retain(|statement| kinds.iter().any(|kind| statement.starts_with(kind)) && !statement.contains("advisory"));
    (answer, statements)
}

struct Capturing;

/// The number of a span's capture.
struct Capture(u64);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capturing {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == STATEMENT_TARGET
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let (Some(capture), Some(span)) = (fields.capture, context.span(id)) {
            span.extensions_mut().insert(Capture(capture));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Some(span) = context.event_span(event) else { return };
        if let (Some(&Capture(capture)), Some(statement)) = (span.extensions().get(), fields.statement) {
            CAPTURED.lock().unwrap().entry(capture).or_default().push(statement);
        }
    }
}

#[derive(Default)]
struct Fields {
    capture: Option<u64>,
    statement: Option<String>,
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "capture" {
            self.capture = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "statement" {
            self.statement = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
