//! `releasepage health`: the exit status of `/healthz`, for containers.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use crate::{failure::Failure, settings::Settings};

/// Asks the server on this machine, or the worker.
pub(super) fn health(settings: &Settings, worker: bool) -> Result<(), Failure> {
    let listen = if worker { worker_listen(settings)? } else { settings.server.listen };
    let url = format!("http://{}/healthz", reachable(listen));
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).proxy(None).build();
    match ureq::Agent::new_with_config(config).get(&url).call() {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::Said(format!("{url}: {error}"))),
    }
}

fn worker_listen(settings: &Settings) -> Result<SocketAddr, Failure> {
    let unset = || Failure::Said("worker.listen is not set: the worker cannot be asked".to_owned());
    settings.worker.listen.ok_or_else(unset)
}

/// Where a server that listens on all addresses is reached from this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
