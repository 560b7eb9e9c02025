//! The client for requests to addresses that users typed.

use std::{error::Error, fmt, io, sync::Arc};

use http_body_util::{BodyExt as _, Empty};
use hyper::{
    body::{Body as _, Bytes, Incoming},
    header::{ACCEPT_ENCODING, HeaderValue, USER_AGENT},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, Error as ClientError, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore};
use tokio::time;
use url::{Host, Url};

use crate::{
    address::is_public,
    error::EgressError,
    host::host_named,
    redirect::{location, redirected},
    request::{Request, Response},
    resolver::{CheckedResolver, Reach, Resolve, ResolveError, SystemResolver},
    settings::{BODY_BYTES_MAX, CONNECT_TIMEOUT, EgressSettings, REDIRECTS_MAX},
};

/// The value of the header `User-Agent`.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("ReleasePage/", env!("CARGO_PKG_VERSION")));

/// A client whose resolver checks every address before a connection.
type CheckedClient = Client<HttpsConnector<HttpConnector<CheckedResolver>>, Empty<Bytes>>;

/// The client for requests to addresses that users typed. Clones share its connections.
#[derive(Clone)]
pub struct Egress(Arc<Inner>);

struct Inner {
    settings: EgressSettings,
    /// The client that connects to public addresses only.
    public: CheckedClient,
    /// The client that connects to any address, for hosts that the operator allowed. It is separate, so that none of
    /// its connections is used for another host.
    allowed: CheckedClient,
}

impl fmt::Debug for Egress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Egress").field(&self.0.settings).finish()
    }
}

impl Egress {
    /// Makes a client with the system's resolver and the system's trusted certificates.
    pub fn new(settings: EgressSettings) -> Self {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// Makes a client with another resolver and the system's trusted certificates.
    pub fn with_resolver(settings: EgressSettings, resolver: Arc<dyn Resolve>) -> Self {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            tracing::warn!(errors = ?found.errors, "the system trusts no certificates: no https address can be reached");
        }
        Self::with_roots(settings, resolver, roots)
    }

    fn with_roots(settings: EgressSettings, resolver: Arc<dyn Resolve>, roots: RootCertStore) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has cipher suites for every TLS version of rustls")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = |reach| {
            let mut connector = HttpConnector::new_with_resolver(CheckedResolver { resolver: resolver.clone(), reach });
            connector.enforce_http(false);
            connector.set_nodelay(true);
            connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
            let connector = HttpsConnectorBuilder::new()
                .with_tls_config(tls.clone())
                .https_or_http()
                .enable_http1()
                .wrap_connector(connector);
            Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector)
        };
        Self(Arc::new(Inner { public: client(Reach::Public), allowed: client(Reach::Anywhere), settings }))
    }

    /// Sends a request, follows redirects, and reads the answer.
    ///
    /// # Errors
    ///
    /// Returns an [`EgressError`] if there is no answer. An answer with a status such as 404 or 500 is not an error.
    pub async fn get(&self, request: Request) -> Result<Response, EgressError> {
        let host = host_named(&request.url);
        let answer = time::timeout(self.0.settings.timeout, self.follow(request)).await;
        answer.unwrap_or(Err(EgressError::TimedOut { host }))
    }

    async fn follow(&self, mut request: Request) -> Result<Response, EgressError> {
        for _ in 0..=REDIRECTS_MAX {
            let answer = self.send(&request).await?;
            match location(answer.status(), answer.headers()) {
                Some(location) => request = redirected(request, location)?,
                None => return response_take(&request.url, answer).await,
            }
        }
        Err(EgressError::RedirectsTooMany { host: host_named(&request.url) })
    }

    async fn send(&self, request: &Request) -> Result<hyper::Response<Incoming>, EgressError> {
        let url = &request.url;
        let client = self.client_for(url)?;
        let mut asked = hyper::Request::get(url.as_str())
            .body(Empty::new())
            .map_err(|_| EgressError::Address("is not one that can be asked for"))?;
        let headers = asked.headers_mut();
        headers.extend(request.headers.clone());
        headers.extend(request.secrets.clone());
        headers.insert(USER_AGENT, AGENT);
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        client.request(asked).await.map_err(|error| failure(url, &error))
    }

    /// The client for an address. A host that is an IP address never reaches the resolver, so the check is here. `Url`
    /// has already normalized octal, hexadecimal and single-number forms of it.
    fn client_for(&self, url: &Url) -> Result<&CheckedClient, EgressError> {
        if self.0.settings.allowed_hosts.iter().any(|allowed| allowed.matches(url)) {
            return Ok(&self.0.allowed);
        }
        let is_refused = match url.host() {
            Some(Host::Ipv4(address)) => !is_public(address.into()),
            Some(Host::Ipv6(address)) => !is_public(address.into()),
            Some(Host::Domain(_)) | None => false,
        };
        if is_refused { Err(EgressError::Refused { host: host_named(url) }) } else { Ok(&self.0.public) }
    }
}

async fn response_take(url: &Url, answer: hyper::Response<Incoming>) -> Result<Response, EgressError> {
    let (head, mut incoming) = answer.into_parts();
    let too_large = || EgressError::TooLarge { host: host_named(url) };
    if incoming.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        // No trailer is used.
        let Ok(bytes) = frame.map_err(|error| failure(url, &error))?.into_data() else { continue };
        if body.len() + bytes.len() > BODY_BYTES_MAX {
            return Err(too_large());
        }
        body.extend_from_slice(&bytes);
    }
    Ok(Response { status: head.status.as_u16(), headers: head.headers, body })
}

/// The meaning of the HTTP client's error.
fn failure(url: &Url, error: &(dyn Error + 'static)) -> EgressError {
    let host = host_named(url);
    for cause in causes(error) {
        if let Some(error) = cause.downcast_ref::<ResolveError>() {
            return match error {
                ResolveError::Unknown => EgressError::Unresolved { host },
                ResolveError::TimedOut => EgressError::TimedOut { host },
                ResolveError::Refused => EgressError::Refused { host },
            };
        }
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return EgressError::Tls { host, reason: error.to_string() };
        }
    }
    let is_connect = error.downcast_ref::<ClientError>().is_some_and(ClientError::is_connect);
    let system = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).last();
    match system {
        Some(error) if error.kind() == io::ErrorKind::TimedOut => EgressError::TimedOut { host },
        Some(error) if is_connect => EgressError::Connect { host, reason: error.kind().to_string() },
        _ => EgressError::Broken { host },
    }
}

/// An error and its causes. An [`io::Error`] made from another error does not return that error as its source.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

#[cfg(test)]
mod tests;
