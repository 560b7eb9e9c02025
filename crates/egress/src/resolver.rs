//! From names to addresses, and the check that is part of it.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    vec,
};

use hyper_util::client::legacy::connect::dns::Name;
use tokio::time;
use tower_service::Service;

use crate::{address::is_public, settings::CONNECT_TIMEOUT};

/// A look-up at work.
pub type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Finds the addresses of names.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a host, none of them checked.
    fn lookup(&self, host: &str) -> Lookup;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn lookup(&self, host: &str) -> Lookup {
        let host = host.to_owned();
        Box::pin(async move {
            // The port is the connector's affair.
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Which addresses a look-up may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those of the public internet.
    Public,
    /// All of them.
    Anywhere,
}

/// The resolver that connections are made from: what it does not give is not connected to.
#[derive(Clone)]
pub(crate) struct CheckedResolver {
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) reach: Reach,
}

impl CheckedResolver {
    async fn resolve(self, host: Name) -> Result<vec::IntoIter<SocketAddr>, ResolveError> {
        let found = time::timeout(CONNECT_TIMEOUT, self.resolver.lookup(host.as_str())).await;
        let found = found.map_err(|_| ResolveError::TimedOut)?.map_err(|_| ResolveError::Unknown)?;
        if found.is_empty() {
            return Err(ResolveError::Unknown);
        }
        // A public host may have a private address beside its public ones, such as one of its container's network.
        let reached = found.into_iter().filter(|address| self.reach == Reach::Anywhere || is_public(*address));
        let reached: Vec<_> = reached.map(|address| SocketAddr::new(address, 0)).collect();
        if reached.is_empty() { Err(ResolveError::Refused) } else { Ok(reached.into_iter()) }
    }
}

impl Service<Name> for CheckedResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, host: Name) -> Self::Future {
        Box::pin(self.clone().resolve(host))
    }
}

/// Why a name has no address that is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResolveError {
    /// Nobody knows it.
    Unknown,
    /// It took too long.
    TimedOut,
    /// All its addresses are private.
    Refused,
}

impl fmt::Display for ResolveError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unknown => "the name is not known",
            Self::TimedOut => "the look-up took too long",
            Self::Refused => "the addresses are private",
        })
    }
}

impl std::error::Error for ResolveError {}
