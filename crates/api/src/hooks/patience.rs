//! The time limit of deliveries for the database. Forges wait less than people do. GitHub and GitLab give up after ten
//! seconds and then show the delivery as failed without a reason.

use std::time::Duration;

use releasepage_storage::StoreError;
use tokio::time::timeout;

/// The longest wait for one transaction, including the wait for a connection. A delivery needs two transactions: one
/// finds its repository, the other stores it.
const PATIENCE: Duration = Duration::from_secs(4);

/// Waits for a transaction, but no longer than a forge does.
///
/// A transaction that was given up may still succeed. The forge was answered 503 by then and shows the delivery as
/// failed. If it is delivered again, it is known and does nothing.
pub(super) async fn in_time<T>(transaction: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = || StoreError::Unavailable("the database did not answer within what a forge waits".into());
    timeout(PATIENCE, transaction).await.unwrap_or_else(|_| Err(late()))
}
