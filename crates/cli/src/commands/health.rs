//! `releasepage health`: the exit status of `/healthz`, for containers.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use ureq::Error;

use crate::{failure::Failure, settings::Settings};

/// The longest time for the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks the server on this machine, or the worker.
pub(super) fn health(settings: &Settings, worker: bool) -> Result<(), Failure> {
    let listen = if worker { worker_listen(settings)? } else { settings.server.listen };
    let url = format!("http://{}/healthz", reachable(listen));
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).proxy(None).build();
    let answered = ureq::Agent::new_with_config(config).get(&url).call();
    answered.map(drop).map_err(|error| Failure::Said(format!("{url} {}", problem(error))))
}

/// The problem, as the end of a sentence that begins with the address.
fn problem(error: Error) -> String {
    match error {
        Error::StatusCode(status) => format!("answers {status}"),
        Error::Timeout(_) => format!("does not answer within {} seconds", TIMEOUT.as_secs()),
        Error::Io(error) => format!("cannot be reached: {error}"),
        error => format!("does not answer as it should: {error}"),
    }
}

fn worker_listen(settings: &Settings) -> Result<SocketAddr, Failure> {
    let unset = || Failure::Said("worker.listen is not set: the worker cannot be asked".to_owned());
    settings.worker.listen.ok_or_else(unset)
}

/// The address at which this machine reaches a server that may listen on all addresses.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
