//! The server: listening, answering, and coming to an end.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App, Error, HttpServer,
    body::MessageBody,
    dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse},
    web::Data,
};
use tracing::Instrument;

use crate::{
    request::{request_begin, request_end, route_is_below},
    routes,
    state::ApiState,
    v1::response::finish,
};

/// How long a client may take to send the headers of a request.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection is kept open without a request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long requests that are being answered may take to end, once the server is told to.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 20;

/// Opens a port. The system chooses one where the address has port 0.
///
/// It is open before the state exists, since what the server is called may depend on the port: connections wait until
/// [`serve`] answers them.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
}

/// Answers requests on an open port until `shutdown` is ready, then lets those end that have begun.
///
/// Fails where the threads that answer cannot be started.
pub async fn serve(listener: TcpListener, state: Arc<ApiState>, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let address = listener.local_addr()?;
    let workers = state.settings.workers.max(1);
    let shared = Arc::clone(&state);
    let server = HttpServer::new(move || app(&shared))
        .workers(workers)
        .client_request_timeout(HEADERS_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
        .disable_signals()
        .listen(listener)?
        .run();
    tracing::info!(%address, "listening");
    let handle = server.handle();
    let refreshing = state.snapshots.refresh_forever(&state.store);
    let stopping = async {
        shutdown.await;
        tracing::info!("the server ends");
        handle.stop(true).await;
    };
    tokio::select! {
        ended = server => ended,
        () = refreshing => Ok(()),
        () = stopping => Ok(()),
    }
}

/// The application that each thread runs: all routes, and what every request gets.
pub fn app(
    state: &Arc<ApiState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let state = Data::from(Arc::clone(state));
    let shared = state.clone();
    App::new()
        .app_data(shared)
        .wrap_fn(move |request, service| {
            let passage = request_begin(&request, &state);
            let answer = service.call(request).instrument(passage.span.clone());
            let state = state.clone();
            async move {
                let mut response = answer.await?;
                // Here rather than around the scope of `/v1`: one layer less on the way of every request.
                if route_is_below(response.request(), "/v1") {
                    response = finish(response);
                }
                request_end(passage, &mut response, &state);
                Ok(response)
            }
        })
        .configure(routes::configure)
}
