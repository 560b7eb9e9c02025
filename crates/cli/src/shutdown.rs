//! The signals that end the process: SIGTERM and SIGINT.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::failure::Failure;

/// A switch that the first SIGTERM or SIGINT throws.
pub(crate) fn shutdown_switch() -> Result<watch::Receiver<bool>, Failure> {
    let listen = |kind| signal(kind).map_err(Failure::io("signals cannot be received"));
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let (thrown, switch) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        thrown.send_replace(true);
        // The switch stays thrown for as long as it has receivers.
        thrown.closed().await;
    });
    Ok(switch)
}
