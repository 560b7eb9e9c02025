//! How long a delivery waits for the database. Forges wait less than people do: GitHub and GitLab give up after ten
//! seconds, and what they hear nothing of, they show as failed without a reason.

use std::time::Duration;

use releasepage_storage::StoreError;
use tokio::time::timeout;

/// The longest that one transaction is waited for, for a connection too. A delivery needs two: to know whose it is, and
/// to be stored.
const PATIENCE: Duration = Duration::from_secs(4);

/// Waits for a transaction, but no longer than a forge does.
///
/// The transaction that nobody waits for any more may still succeed. The forge was told 503 by then, so it counts as
/// failed there; delivered again, it is known and does nothing.
pub(super) async fn in_time<T>(transaction: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = || StoreError::Unavailable("the database did not answer within what a forge waits".into());
    timeout(PATIENCE, transaction).await.unwrap_or_else(|_| Err(late()))
}
