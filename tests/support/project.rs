//! A project of the Releases API and the requests of its pipelines.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::api::{Answer, Api};

/// A project with its pair of keys.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// The answer to `POST /v1/projects`.
    pub(crate) created: Value,
    api: Api,
}

impl Project {
    pub(super) fn new(api: &Api, created: Value) -> Self {
        Self { created, api: api.anonymous() }
    }

    /// The repository of the project, as components name it.
    pub(crate) fn repo(&self) -> &str {
        self.text("repo")
    }

    /// The id of the project's repository.
    pub(crate) fn app_id(&self) -> i64 {
        self.created["app_id"].as_i64().expect("a project is answered with its number")
    }

    /// Publishes a release, given as JSON.
    pub(crate) async fn release(&self, release: &Value) -> Answer {
        self.api.send(self.request(Method::POST, "/api/2/release").json(release)).await
    }

    /// A request with the project's credentials. The test completes it and sends it with [`Project::send`].
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.api.request(method, path).basic_auth(self.text("api_key"), Some(self.text("secret_key")))
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        self.api.send(request).await
    }

    fn text(&self, member: &str) -> &str {
        self.created[member].as_str().expect("a project is answered with repo and keys")
    }
}
