//! Serving of HTTP/1.1 over connections that are read no faster than they are answered.

use std::{fmt, future::Future, net::SocketAddr, time::Duration};

use actix_http::{HttpService, Protocol, Request, Response, error::DispatchError};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{body::MessageBody, dev::AppConfig, rt::net::TcpStream};

use crate::paced::Paced;

/// The time that a client may take to send the headers of a request.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(5);

/// The time for which a connection without a request is kept open.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The time that a client may take to close its side.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves an application on every connection. It works like `HttpServer` of actix, but limits the pace of reading.
/// `draining` makes futures that are ready when no more requests may begin.
pub(crate) fn connections_serve<F, S, B, Draining>(
    application: F,
    address: SocketAddr,
    draining: impl Fn() -> Draining + 'static,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    F: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    S::Service: 'static,
    <S::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
    Draining: Future<Output = ()> + 'static,
{
    let application = application.into_factory().map_err(|error: actix_web::Error| error.error_response());
    let http = HttpService::build()
        .graceful_shutdown_signal(draining)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEADERS_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .local_addr(address)
        .on_connect_ext(|connection: &Paced<TcpStream>, data| {
            data.insert(connection.pace());
        })
        .finish(map_config(application, |()| AppConfig::default()));
    fn_service(|stream: TcpStream| async move {
        let peer = stream.peer_addr().ok();
        Ok((Paced::new(stream), Protocol::Http1, peer))
    })
    .and_then(http)
}
