//! A field of a wrong type hides no bad value in another one: both are named, whichever they are.

use std::collections::BTreeSet;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::{
    management_input::{paths, snapshot},
    support::Server,
};

/// The fields of a body, each with a value of a wrong type and, where its type has one, a bad value of the right type.
fn bad_fields(method: &Method, path: &str) -> Vec<(&'static str, Value, Option<Value>)> {
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    let line = || Some(json!("a\nb"));
    let mut fields = match parts[..] {
        ["repositories"] => vec![("name", json!(5), Some(json!("A B"))), ("origin", json!(5), Some(json!("unknown")))],
        ["repositories", _] => vec![("name", json!(5), Some(json!("A B")))],
        ["projects", ..] => vec![("name", json!(5), Some(json!(" ")))],
        ["pages"] | ["pages", _] => vec![
            ("title", json!(5), line()),
            ("slug", json!(5), Some(json!("A B"))),
            ("description", json!(5), Some(json!("\u{7}"))),
            ("published", json!(5), None),
            ("grouping", json!(5), Some(json!("unknown"))),
            ("unversioned_as", json!(5), Some(json!("unknown"))),
        ],
        ["pages", _, "api-access"] => vec![
            ("enabled", json!(5), None),
            ("rate_limit", json!("5"), Some(json!(0))),
            ("counted_by", json!(5), Some(json!("unknown"))),
        ],
        ["pages", _, "components"] => vec![
            ("repo", json!(5), Some(json!("A B"))),
            ("name", json!(5), line()),
            ("tag_prefix", json!(5), Some(json!("a b"))),
        ],
        ["pages", _, "components", _] => {
            vec![("name", json!(5), line()), ("repo", json!(5), None), ("tag_prefix", json!(5), None)]
        }
        ["repositories", _, "releases"] | ["releases", _] => vec![
            ("version", json!(5), line()),
            ("title", json!(5), line()),
            ("notes", json!(5), Some(json!("a\u{0}"))),
            ("author", json!(5), line()),
            ("published_at", json!(5), Some(json!("yesterday"))),
            ("prerelease", json!(5), None),
            ("draft", json!(5), None),
            ("notify", json!(5), None),
        ],
        _ => panic!("say what is wrong with the fields of {method} {path}"),
    };
    if method == Method::PATCH {
        fields.push(("revision", json!("5"), None));
    }
    fields
}

#[actix_web::test]
async fn a_wrong_type_hides_no_bad_value() {
    let server = Server::new().await;
    let paths = paths(&server).await;
    server.jobs().await;
    let before = snapshot(&server, &paths).await;
    for (method, path, good) in &paths.cases {
        let fields = bad_fields(method, path);
        for (one, wrong_type, _) in &fields {
            for (other, _, bad_value) in fields.iter().filter(|(other, ..)| other != one) {
                let Some(bad_value) = bad_value else { continue };
                let mut body = good.clone();
                body[one] = wrong_type.clone();
                body[other] = bad_value.clone();
                let shown = format!("{method} {path} {one}: {wrong_type}, {other}: {bad_value}");
                let refusal = server.acme().json(method.clone(), path, body).await;
                assert_eq!(refusal.status, 400, "{shown}");
                let named: BTreeSet<String> = refusal.causes().into_iter().collect();
                assert_eq!(named, BTreeSet::from([(*one).to_owned(), (*other).to_owned()]), "{shown}");
            }
        }
    }
    assert_eq!(snapshot(&server, &paths).await, before);
    assert_eq!(server.jobs().await, []);
}
