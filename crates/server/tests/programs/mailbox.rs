//! `/v1/mailbox`.

use releasepage_domain::environment::Environment;
use releasepage_storage::announcements::mailbox::{MailboxNew, mailbox_put};
use serde_json::{Value, json};

use crate::support::Server;

async fn capture(server: &Server, page: &str, number: u32) {
    let new = MailboxNew {
        page_id: page.to_owned(),
        environment: Environment::Test,
        message_id: format!("<{number}@example.com>"),
        recipient: format!("reader{number}@example.com"),
        subject: format!("Confirm {number}"),
        text: format!(
            "Confirm:\nhttps://releases.example.com/confirm/{number}\n\nhttps://releases.example.com/p/acme\n"
        ),
        html: "<p>Confirm".to_owned(),
        source: format!("To: reader{number}@example.com\r\nList-Id:\r\n <x.example.com>\r\n\r\nbody"),
    };
    mailbox_put(&server.state.store, new, server.now()).await.unwrap();
}

/// A page of Acme with a repository on it.
async fn page_of_repository(server: &Server) -> String {
    server.acme().post("/v1/repositories", json!({ "name": "acme/api", "origin": "api" })).await.with(201);
    server.page_with("acme/api").await
}

#[actix_web::test]
async fn messages_are_read_newest_first_by_their_organization() {
    let server = Server::new().await;
    let page = page_of_repository(&server).await;
    for number in 1..=3 {
        capture(&server, &page, number).await;
    }
    let reader = server.acme_with("manage").await;
    let first = reader.get("/v1/mailbox?limit=2").await.with(200).json();
    let subjects = |list: &Value| -> Vec<String> {
        list["data"].as_array().unwrap().iter().map(|entry| entry["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(subjects(&first), ["Confirm 3", "Confirm 2"]);
    let next = format!("/v1/mailbox?limit=2&cursor={}", first["next"].as_str().unwrap());
    let second = reader.get(&next).await.with(200).json();
    assert_eq!((subjects(&second), &second["next"]), (vec!["Confirm 1".to_owned()], &Value::Null));

    let entry = &second["data"][0];
    let path = format!("/v1/mailbox/{}", entry["id"]);
    let message = reader.get(&path).await.with(200).json();
    let expected = json!({
        "id": entry["id"], "page_id": page, "environment": "test", "to": "reader1@example.com", "subject": "Confirm 1",
        "created_at": "2024-05-01T12:00:00Z",
        "headers": [
            { "name": "To", "value": "reader1@example.com" },
            { "name": "List-Id", "value": "<x.example.com>" },
        ],
        "text": "Confirm:\nhttps://releases.example.com/confirm/1\n\nhttps://releases.example.com/p/acme\n",
        "html": "<p>Confirm",
        "links": ["https://releases.example.com/confirm/1", "https://releases.example.com/p/acme"],
    });
    assert_eq!(message, expected);
    server.other().get(&path).await.with(404);
    assert_eq!(server.other().get("/v1/mailbox").await.with(200).json()["data"], json!([]));
    let powerless = server.acme_with("publish").await;
    for path in ["/v1/mailbox", &path] {
        powerless.get(path).await.with(403);
    }
    for path in ["/v1/mailbox/0", "/v1/mailbox/x", "/v1/mailbox/-1"] {
        reader.get(path).await.with(404);
    }
}
