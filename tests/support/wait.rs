//! Waiting for what happens soon, never for a fixed time.

use std::time::{Duration, Instant};

/// After this long, what should have happened counts as never happening. Generous, since machines are slow and a test
/// that passes does not wait for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer.
///
/// # Panics
///
/// After [`PATIENCE`], naming what never happened.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: this did not happen within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
