//! What holds for every route of the management API. Which there are, and what scope each takes, says the document that
//! the server gives of itself, so that no route can be forgotten here.

use actix_web::{http::Method, test::TestRequest};
use releasepage_auth::scope::Scope;
use serde_json::{Value, json};

use crate::support::{Answer, Program, Server};

/// An operation that takes a personal access token.
#[derive(Debug)]
struct Route {
    method: Method,
    path: String,
    scope: Scope,
    /// The type of the body that it takes.
    content_type: Option<String>,
}

/// Every route that a token, and nothing else, opens.
async fn routes(server: &Server) -> Vec<Route> {
    let document = server.stranger().get("/v1/openapi.json").await.with(200).json();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let [security] = operation["security"].as_array().map(Vec::as_slice).unwrap_or_default() else { continue };
            let Some(scope) = security["token"][0].as_str() else { continue };
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                scope: scope.parse().unwrap(),
                content_type: operation["requestBody"]["content"]
                    .as_object()
                    .and_then(|content| content.keys().next().cloned()),
            });
        }
    }
    assert!(routes.len() > 20, "the document is complete: {routes:?}");
    routes
}

/// Sends a body of the type that the route takes: this one, where it is JSON.
async fn ask(program: &Program<'_>, route: &Route, path: &str, body: &Value) -> Answer {
    let method = route.method.clone();
    match route.content_type.as_deref() {
        Some("application/json") => program.json(method, path, body.clone()).await,
        Some("text/markdown") => program.body(method, path, "text/markdown", "## 1.0.0 - 2024-05-01\n\n- Mine\n").await,
        Some(content_type) => program.body(method, path, content_type, "email\nmine@example.com\n").await,
        None => program.send(TestRequest::with_uri(path).method(method)).await,
    }
}

/// A path whose ids are those of nothing.
fn path_of_nothing(path: &str) -> String {
    path.replace("{page_id}", "000000000000").replace("{release_id}", "0000000").replace(['{', '}'], "")
}

#[actix_web::test]
async fn a_route_is_open_to_its_scope_and_those_above() {
    let server = Server::new().await;
    let routes = routes(&server).await;
    for held in Scope::ALL {
        let program = server.acme_with(held.as_str()).await;
        for route in &routes {
            // An empty list is no body that anything takes: nothing is changed, whoever asks.
            let answer = ask(&program, route, &path_of_nothing(&route.path), &json!([])).await;
            let refused = answer.status == 403 && answer.json()["error"] == "forbidden";
            assert_eq!(refused, held < route.scope, "{held:?} {route:?}: {answer:?}");
        }
    }
}

#[actix_web::test]
async fn no_route_is_open_without_a_token() {
    let server = Server::new().await;
    let page = server.acme().post("/v1/pages", json!({ "title": "Acme" })).await.with(201).json();
    let access = format!("/v1/pages/{}/api-access", page["id"].as_str().unwrap());
    let keys = server.acme().put(&access, json!({ "enabled": true })).await.with(200).json()["keys"].clone();
    let (project, pipeline) = server.project("App").await;
    let reader = server.bearer(keys["live"].as_str().unwrap());
    let secret = server.bearer(project["secret_key"].as_str().unwrap());
    let nobody =
        [(server.stranger(), "key-missing"), (reader, "forbidden"), (pipeline, "key-missing"), (secret, "key-invalid")];
    for route in routes(&server).await {
        for (program, code) in &nobody {
            let answer = ask(program, &route, &path_of_nothing(&route.path), &json!({})).await;
            assert_eq!((answer.status, &answer.json()["error"]), (403, &json!(code)), "{route:?}");
        }
    }
}

/// The ids of what Acme has, by the parameters of paths.
struct Acme {
    ids: Vec<(&'static str, String)>,
}

impl Acme {
    async fn with_everything(server: &Server) -> Self {
        let acme = server.acme();
        let (project, _) = server.project("App").await;
        let repository = project["app_id"].to_string();
        let page = server.page_with("acme/app").await;
        let components = acme.get(&format!("/v1/pages/{page}/components")).await.json();
        let release = json!({ "version": "v1.0.0", "notify": true });
        let release = acme.post(&format!("/v1/repositories/{repository}/releases"), release).await.with(201).json();
        acme.patch(&format!("/v1/pages/{page}"), json!({ "grouping": "manual" })).await.with(200);
        let group = json!({ "version": "v1.0.0", "release_ids": [release["id"]] });
        let group = acme.post(&format!("/v1/pages/{page}/groups"), group).await.with(201).json();
        let ids = vec![
            ("{group_id}", group["id"].to_string()),
            ("{page_id}", page),
            // The first of the server, which the release made.
            ("{announcement_id}", "1".to_owned()),
            ("{component_id}", components["data"][0]["id"].to_string()),
            ("{repository_id}", repository.clone()),
            ("{app_id}", repository),
            ("{release_id}", release["id"].as_str().unwrap().to_owned()),
        ];
        Self { ids }
    }

    /// The path to what Acme has; `None` where it leads to something that this Acme has nothing of.
    fn path(&self, path: &str) -> Option<String> {
        let filled = self.ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
        (!filled.contains('{')).then_some(filled)
    }
}

/// A body that each route with a body accepts, so that nothing but whose it is stands in the way.
fn body_of(route: &Route) -> Value {
    let mut body = json!({ "name": "Mine", "title": "Mine", "enabled": true, "version": "v9.0.0", "repo": "acme/app" });
    if route.path.ends_with("/components") {
        body["tag_prefix"] = json!("web-");
    }
    if route.path == "/v1/repositories/{repository_id}" {
        body = json!({ "name": "acme/mine" });
    }
    if route.path.ends_with("/groups") {
        body["release_ids"] = json!(["xbcehyc"]);
    }
    if route.path.contains("{component_id}") {
        body = json!({ "name": "Mine" });
    }
    body
}

#[actix_web::test]
async fn what_another_organization_has_is_not_found() {
    let server = Server::new().await;
    let acme = Acme::with_everything(&server).await;
    let own_page = server.other().post("/v1/pages", json!({ "title": "Own" })).await.with(201).json();
    let own_page = own_page["id"].as_str().unwrap();
    let routes = routes(&server).await;
    let (mut reached, mut compared) = (0, Vec::new());
    for route in routes.iter().filter(|route| route.path.contains('{')) {
        let Some(path) = acme.path(&route.path) else { continue };
        if route.method == Method::GET {
            compared.push((path.clone(), server.acme().get(&path).await.with(200).text));
        }
        let mut paths = vec![path];
        if route.path.contains("{page_id}/") && route.path.matches('{').count() > 1 {
            paths.extend(acme.path(&route.path.replace("{page_id}", own_page)));
        }
        for path in paths {
            let answer = ask(&server.other(), route, &path, &body_of(route)).await;
            assert_eq!((answer.status, &answer.json()["error"]), (404, &json!("not-found")), "{route:?} {path}");
            reached += 1;
        }
    }
    assert!(reached >= 24, "{reached}");
    for (path, before) in compared {
        assert_eq!(server.acme().get(&path).await.with(200).text, before, "{path}");
    }
}
