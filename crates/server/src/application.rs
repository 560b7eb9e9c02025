//! The server: listening, answering and shutting down.

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
    openapi::document::rendered_document,
    paced::work_begin,
    routes::{self, API_ROOTS},
    slash::slash_drop,
    unread::{body_hold, body_release},
};

/// The time for which a client may leave an answer unread.
const READING_TIMEOUT: Duration = Duration::from_secs(10);

/// The time that requests in progress may take to end, after the server stops accepting new ones.
const FINISH_TIMEOUT: Duration = Duration::from_secs(20);

/// The time limit for the whole shutdown. Supervisors kill the process after 30 seconds.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(28);

/// Opens a port. For port 0 the system chooses one.
///
/// The port is open before the state exists, because the server's own address may depend on the port. Connections wait
/// until [`serve`] answers them.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    // actix waits forever for a client that does not read. Every connection inherits this limit from its listener.
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(&listener).set_tcp_user_timeout(Some(READING_TIMEOUT))?;
    Ok(listener)
}

/// Answers requests on an open port until `shutdown` is ready, then shuts down.
///
/// First, `/readyz` answers at once that the server is not ready, so that load balancers send new requests elsewhere.
/// During `drain`, requests are still answered, each with `Connection: close`. After that, the server accepts nothing
/// new and waits for the requests in progress.
///
/// Fails if the threads that answer cannot be started.
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

/// Builds the application of each thread: all paths, and the parts that every request has. All threads share `data`.
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
                // This is done here and not around the scopes, to save one layer for every request.
                if route_is_below(response.request(), "/v1") || route_is_below(response.request(), "/hooks") {
                    response = finish(response);
                }
                request_end(passage, &mut response, &state);
                if API_ROOTS.iter().any(|root| route_is_below(response.request(), root)) {
                    response.headers_mut().insert(REGION, state.region_header.clone());
                }
                // Browsers must not guess another type than the declared one.
                response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
                if state.operations.is_draining() {
                    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
                }
                Ok(body_release(response, held, at_work))
            }
        })
        .app_data(Data::new(rendered_document()))
        .configure(|config| data.configure(config))
        .configure(routes::configure)
}
