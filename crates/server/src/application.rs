//! The server: listening, answering, and coming to an end.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{Server, Service, ServiceFactory, ServiceRequest, ServiceResponse},
    http::{
        ConnectionType,
        header::{HeaderValue, X_CONTENT_TYPE_OPTIONS},
    },
    web::Data,
};
use releasepage_api::ApiData;
use releasepage_http::{
    request::{REGION, request_begin, request_end, route_is_below},
    response::finish,
    state::AppState,
};
use tracing::Instrument;

use crate::{
    connections::connections_max,
    listening::connections_serve,
    openapi::document::RENDERED,
    paced::work_begin,
    routes::{self, API_ROOTS},
    slash::slash_drop,
    unread::{body_hold, body_release},
};

/// How long a client may leave what it was sent unread.
const READING_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests that are being answered may take to end, once nothing more is accepted.
const FINISH_TIMEOUT: Duration = Duration::from_secs(20);

/// How long the end of the server may take altogether. Who started it kills it after 30 seconds.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(28);

/// Opens a port. The system chooses one where the address has port 0.
///
/// It is open before the state exists, since what the server is called may depend on the port: connections wait until
/// [`serve`] answers them.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // actix waits forever for a client that does not read; every connection inherits this from its listener.
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(&listener).set_tcp_user_timeout(Some(READING_TIMEOUT))?;
    Ok(listener)
}

/// Answers requests on an open port until `shutdown` is ready. Then comes the end: `/readyz` says at once that the server
/// is not ready, so that whoever balances sends new requests elsewhere; for as long as `drain` says, requests are still
/// answered, each with `Connection: close`; after that nothing more is accepted, and those end that have begun.
///
/// Fails where the threads that answer cannot be started.
pub async fn serve(listener: TcpListener, state: Arc<AppState>, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let address = listener.local_addr()?;
    let workers = state.settings.workers.max(1);
    let drain = state.settings.drain;
    let data = ApiData::new(&state);
    let shared = (Arc::clone(&state), data.clone());
    let builder = Server::build();
    let ending = builder.graceful_shutdown_signal();
    let server = builder
        .workers(workers)
        .max_concurrent_connections((connections_max() / workers).max(1))
        .shutdown_timeout(FINISH_TIMEOUT.min(SHUTDOWN_TIMEOUT.saturating_sub(drain)).as_secs())
        .disable_signals()
        .listen("http", listener, move || {
            let ending = ending.clone();
            connections_serve(app(&shared.0, &shared.1), address, move || {
                let ending = ending.clone();
                async move { ending.notified().await }
            })
        })?
        .run();
    tracing::info!(%address, "listening");
    let handle = server.handle();
    let refreshing = data.page_cache.refresh_forever(&state.store);
    let stopping = async {
        shutdown.await;
        state.operations.drain_begin();
        tracing::info!(seconds = drain.as_secs(), "the server drains");
        tokio::time::sleep(drain).await;
        tracing::info!("the server ends");
        handle.stop(true).await;
    };
    tokio::select! {
        ended = server => ended,
        () = refreshing => Ok(()),
        () = stopping => Ok(()),
    }
}

/// The application that each thread runs: all paths, and what every request gets. `data` is shared by all threads.
pub fn app(
    state: &Arc<AppState>,
    data: &ApiData,
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
    let operations = Data::from(Arc::clone(&state.operations));
    App::new()
        .app_data(shared)
        .app_data(operations)
        .wrap_fn(move |mut request, service| {
            slash_drop(&mut request);
            let held = body_hold(&mut request);
            let at_work = work_begin(&request);
            let passage = request_begin(&request, &state);
            let answer = service.call(request).instrument(passage.span.clone());
            let state = state.clone();
            async move {
                let mut response = answer.await?;
                // Here rather than around the scopes: one layer less on the way of every request.
                if route_is_below(response.request(), "/v1") || route_is_below(response.request(), "/hooks") {
                    response = finish(response);
                }
                request_end(passage, &mut response, &state);
                if API_ROOTS.iter().any(|root| route_is_below(response.request(), root)) {
                    response.headers_mut().insert(REGION, state.region_header.clone());
                }
                // What is served is what its type says: no browser guesses another.
                response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
                if state.operations.is_draining() {
                    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
                }
                Ok(body_release(response, held, at_work))
            }
        })
        .app_data(RENDERED.clone())
        .configure(|config| data.configure(config))
        .configure(routes::configure)
}
