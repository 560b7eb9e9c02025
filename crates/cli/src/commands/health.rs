//! `releasepage health`: the exit status of `/healthz`, for containers.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use crate::{failure::Failure, settings::Settings};

/// Asks the server on this machine.
pub(super) fn health(settings: &Settings) -> Result<(), Failure> {
    let url = format!("http://{}/healthz", reachable(settings.server.listen));
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).proxy(None).build();
    match ureq::Agent::new_with_config(config).get(&url).call() {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::Said(format!("{url}: {error}"))),
    }
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
