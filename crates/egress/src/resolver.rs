//! The resolver of host names, which also checks the addresses.

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

/// A running look-up.
pub type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// A resolver of host names.
pub trait Resolve: Send + Sync + 'static {
    /// Looks up the addresses of a host. They are not checked yet.
    fn lookup(&self, host: &str) -> Lookup;
}

/// The operating system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn lookup(&self, host: &str) -> Lookup {
        let host = host.to_owned();
        Box::pin(async move {
            // The connector sets the port later.
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The addresses that a look-up may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only addresses of the public internet.
    Public,
    /// All addresses.
    Anywhere,
}

/// The resolver for connections. A connection goes only to an address that it returned.
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
        // A public host may also have a private address, such as one of its container's network.
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

/// The reason why a name has no address to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResolveError {
    /// The name is unknown.
    Unknown,
    /// The look-up took too long.
    TimedOut,
    /// All addresses are private.
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
