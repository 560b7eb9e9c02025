//! `releasepage work`: the worker alone.

use std::{future::Future, net::TcpListener};

use releasepage_http::operations::Operations;
use releasepage_server::operations_serve;
use tokio::sync::watch;

use super::{
    block_on,
    serve::{listener_open, public_url_look},
};
use crate::{
    failure::Failure,
    settings::Settings,
    shutdown::shutdown_switch,
    wiring::{Wiring, database_demand},
};

/// Works until SIGTERM or SIGINT.
pub(super) fn work(settings: Settings) -> Result<(), Failure> {
    // Without a server there is nothing to do. An empty database would be the wrong one.
    database_demand(&settings)?;
    settings.sender_check()?;
    let wiring = Wiring::prepare(settings)?;
    let listen = wiring.settings.worker.listen;
    let listener = listen.map(|address| listener_open(&wiring.settings, "worker.listen", address)).transpose()?;
    public_url_look(&wiring.settings, wiring.settings.server.listen);
    // A worker has no address for readers. Its links lead to the server's public URL.
    let public_url = wiring.settings.server.public_url(wiring.settings.server.listen).as_url().clone();
    block_on(async move {
        let runner = wiring.runner(public_url)?;
        let shutdown = shutdown_switch()?;
        tracing::info!("working");
        match listener {
            Some(listener) => watched(&wiring, listener, shutdown.clone(), runner.run(shutdown)).await,
            None => {
                runner.run(shutdown).await;
                Ok(())
            }
        }
    })
}

/// Runs the jobs until the switch is thrown. Serves the health checks and metrics meanwhile.
async fn watched(
    wiring: &Wiring,
    listener: TcpListener,
    mut shutdown: watch::Receiver<bool>,
    working: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let measured = wiring.settings.metrics.enabled;
    let operations = Operations::of_worker(wiring.store.clone(), wiring.clock.clone(), measured);
    let (ended, end) = watch::channel(false);
    let working = async {
        working.await;
        ended.send_replace(true);
    };
    let draining = async {
        // A dropped switch counts as thrown.
        let _ = shutdown.wait_for(|stop| *stop).await;
        operations.drain_begin();
    };
    let serving = operations_serve(listener, operations.clone(), ended_wait(end));
    let ((), (), served) = tokio::join!(working, draining, serving);
    served.map_err(Failure::io("worker.listen: the listener ended early"))
}

async fn ended_wait(mut end: watch::Receiver<bool>) {
    let _ = end.wait_for(|ended| *ended).await;
}
