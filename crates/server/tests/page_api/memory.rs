//! What is answered from memory, and for how long.

use std::sync::{Arc, Barrier};

use actix_web::{http::Method, rt::spawn};
use releasepage_storage::{
    database::change::Change,
    pages::edits::{PageChange, page_update},
};
use tokio::sync::mpsc::unbounded_channel;

use crate::support::{CONNECTIONS, TestServer};

/// A database that answers nobody, until it is let go.
struct Occupied(Arc<Barrier>);

impl Occupied {
    async fn take(server: &TestServer) -> Self {
        let barrier = Arc::new(Barrier::new(CONNECTIONS as usize + 1));
        let (taken, mut waiting) = unbounded_channel();
        for _ in 0..CONNECTIONS {
            let (store, barrier, taken) = (server.state.store.clone(), Arc::clone(&barrier), taken.clone());
            spawn(async move {
                let occupation = store.read(move |_| {
                    taken.send(()).unwrap();
                    barrier.wait();
                    Ok(())
                });
                occupation.await.unwrap();
            });
        }
        for _ in 0..CONNECTIONS {
            waiting.recv().await.unwrap();
        }
        Self(barrier)
    }

    fn release(self) {
        self.0.wait();
    }
}

#[actix_web::test]
async fn what_is_in_memory_outlives_the_database() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let cold = server.page("Cold").await;
    let before = server.get(&page.path("version"), &[]).await;
    assert_eq!(before.status, 200);
    let occupied = Occupied::take(&server).await;
    // Whatever was changed must be looked up before it is answered, and cannot be.
    server.state.changes.raise();
    for path in [page.path("version"), page.path("badge.svg"), page.path("version")] {
        assert_eq!(server.get(&path, &[]).await.status, 200, "{path}");
    }
    let answer = server.get(&cold.path("version"), &[]).await;
    answer.assert_error(503, "unavailable", &[]);
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
    occupied.release();
    assert_eq!(server.get(&cold.path("version"), &[]).await.status, 200);
}

#[actix_web::test]
async fn changes_on_this_server_show_at_once() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let api = server.component(&page, "acme/api", "API").await;
    for tag in ["v1.0.0", "v1.0.1", "v1.1.0"] {
        server.release(api, tag, "2024-05-01T10:00:00Z", "").await;
        let answer = server.get(&page.path("version"), &[]).await;
        assert_eq!(answer.json()["latest"][0]["version"], tag);
    }
    server.publish_page(&page, false).await;
    server.get(&page.path("version"), &[]).await.assert_error(404, "page-not-found", &[]);
}

#[actix_web::test]
async fn subscribers_leave_what_is_in_memory_as_it_is() {
    let server = TestServer::start().await;
    let page = server.page("Acme").await;
    let version = page.path("version");
    let body = r#"{"op":"add","data":{"type":"email","value":"reader@example.com"}}"#;
    let mut is_in_memory = false;
    // What is in memory is good for a second: a machine that stands still for that long gets another try.
    for _ in 0..10 {
        server.publish_page(&page, true).await;
        assert_eq!(server.get(&version, &[]).await.status, 200);
        // A change that nobody told this server of shows whether it looks at the database.
        let change = PageChange { published: Change::Set(false), ..PageChange::default() };
        let (store, now) = (&server.state.store, server.state.now());
        page_update(store, server.organization_id, page.id.clone(), change, now).await.unwrap();
        assert_eq!(server.subscribe(&page, body).await.status, 200);
        is_in_memory = server.get(&version, &[]).await.status == 200;
        if is_in_memory {
            break;
        }
    }
    assert!(is_in_memory);
    let headers = [("Authorization", format!("Bearer {}", server.token)), ("Content-Type", "application/json".into())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let path = format!("/v1/pages/{}", page.id);
    let renamed = server.send(Method::PATCH, &path, &headers, r#"{"title":"Other"}"#).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text());
    server.get(&version, &[]).await.assert_error(404, "page-not-found", &[]);
}
