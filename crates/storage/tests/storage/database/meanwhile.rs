//! Two transactions at one moment.

use std::sync::{Mutex, mpsc};

use diesel::connection::SimpleConnection as _;

use crate::support::Database;

impl Database {
    /// Runs `change` while another transaction has written `sql` and has not committed yet. It commits once the change
    /// waits for it, so that the change has seen the state before. Only Postgres lets two write at once.
    pub(crate) async fn during<T: Send + 'static>(
        &self,
        sql: &'static str,
        change: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let (wrote, writes) = mpsc::channel();
        let (waited, waits) = mpsc::channel::<()>();
        // The closure would run again where the database asks for it; it has one end of each channel.
        let waits = Mutex::new(waits);
        let store = self.store_with(1);
        let writer = tokio::spawn(async move {
            store
                .write(&[], move |connection| {
                    connection.batch_execute(sql)?;
                    wrote.send(()).unwrap();
                    waits.lock().unwrap().recv().unwrap();
                    Ok(())
                })
                .await
        });
        tokio::task::spawn_blocking(move || writes.recv().unwrap()).await.unwrap();
        let change = tokio::spawn(change);
        let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while self.count(waiting).await == 0 && !change.is_finished() {
            tokio::task::yield_now().await;
        }
        waited.send(()).unwrap();
        writer.await.unwrap().unwrap();
        change.await.unwrap()
    }
}
