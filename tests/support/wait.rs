//! Waiting for a condition, never for a fixed time.

use std::time::{Duration, Instant};

/// The longest wait. After it, the condition counts as never met. It is generous for slow machines, and a test that
/// passes does not wait for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks repeatedly until there is an answer.
///
/// # Panics
///
/// After [`PATIENCE`], with the name of the condition.
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
