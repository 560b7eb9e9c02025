//! tmp
#![allow(clippy::all, missing_docs)]
#[path = "../tests/page_api/support.rs"]
mod support;
use support::TestServer;
#[actix_web::main]
async fn main() {
    tracing::subscriber::set_global_default(tracing::subscriber::NoSubscriber::default()).unwrap();
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    server.access(&page, true, Some(1_000_000), None).await;
    let api = server.component(&page, "acme/api", "Public API").await;
    server.release(api, "v2.0.0", "2024-05-01T10:00:00Z", "").await;
    let portal = server.component(&page, "acme/portal", "Portal").await;
    server.release(portal, "v2.0.0", "2024-05-01T10:00:00Z", "").await;
    let listener = releasepage_api::server::bind("127.0.0.1:8099".parse().unwrap()).unwrap();
    println!("/v1/pages/{}/version?apiKey={}", page.id, page.keys.live);
    if std::env::args().any(|a| a == "log") {
    }
    releasepage_api::server::serve(listener, server.state.clone(), std::future::pending()).await.unwrap();
}
