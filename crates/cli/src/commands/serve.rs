//! `releasepage serve`: the server, with a worker inside unless an option says otherwise.

use std::net::{SocketAddr, TcpListener};

use releasepage_jobs::runner::hold_tell;
use releasepage_server as server;
use tokio::sync::watch;

use super::block_on;
use crate::{failure::Failure, settings::Settings, shutdown::shutdown_switch, wiring::Wiring};

/// Serves until SIGTERM or SIGINT.
pub(super) fn serve(settings: Settings, with_worker: bool) -> Result<(), Failure> {
    settings.sender_check()?;
    let wiring = Wiring::prepare(settings)?;
    let listener = listener_open(&wiring.settings, "server.listen", wiring.settings.server.listen)?;
    block_on(async move { run(&wiring, listener, with_worker, false, shutdown_switch()?).await })
}

/// Warns about links that nobody can open. `bound` is the address that the server listens on.
pub(super) fn public_url_look(settings: &Settings, bound: SocketAddr) {
    let public_url = settings.server.public_url(bound);
    if public_url.is_unspecified() {
        tracing::warn!(
            %public_url,
            "server.public_url is no address that readers can open: set it to the one that they use"
        );
    }
}

/// Opens the address of a setting before the program reports that it listens there.
pub(super) fn listener_open(settings: &Settings, key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    let origin = settings.origin(key);
    server::bind(address)
        .map_err(Failure::io(format!("the setting `{key}`, set {origin}: {address} cannot be listened on")))
}

/// Runs the server and the worker until the switch is thrown. Then waits for both to end.
pub(super) async fn run(
    wiring: &Wiring,
    listener: TcpListener,
    with_worker: bool,
    mailbox_open: bool,
    shutdown: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let listen = listener.local_addr().map_err(Failure::io("the listening address cannot be read"))?;
    public_url_look(&wiring.settings, listen);
    let state = wiring.api_state(listen, mailbox_open);
    let runner = if with_worker { Some(wiring.runner(state.settings.public_url.clone())?) } else { None };
    if runner.is_none() {
        // A worker reports a held queue itself.
        hold_tell(&wiring.store, false).await;
    }
    let worker = runner.map(|runner| tokio::spawn(runner.run(shutdown.clone())));
    let mut stopped = shutdown;
    let served = server::serve(listener, state, async move {
        // A dropped switch counts as thrown.
        let _ = stopped.wait_for(|stop| *stop).await;
    })
    .await;
    if let Some(worker) = worker {
        worker.await.map_err(|error| Failure::Said(format!("the worker ended early: {error}")))?;
    }
    served.map_err(Failure::io("the server ended early"))
}
