//! A page with its components, made by `app.page("Acme").with_component("acme/api").await`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::project::Project;

/// A page that is about to be made.
pub(crate) struct PageBuilder {
    api: Api,
    page: Value,
    components: Vec<Value>,
    api_access: Value,
    repositories: BTreeMap<String, String>,
}

impl PageBuilder {
    pub(super) fn new(api: Api, title: &str) -> Self {
        let slug = title.to_lowercase().replace(' ', "-");
        Self {
            api,
            page: json!({ "title": title, "slug": slug, "published": true }),
            components: Vec::new(),
            api_access: json!({ "enabled": true }),
            repositories: BTreeMap::new(),
        }
    }

    /// Adds a component of this repository, with the repository's name.
    pub(crate) fn with_component(self, repo: &str) -> Self {
        self.with_component_of(json!({ "repo": repo, "name": repo }))
    }

    /// Adds a component as the management API takes it: `repo`, `name`, `tag_prefix`.
    pub(crate) fn with_component_of(mut self, component: Value) -> Self {
        self.components.push(component);
        self
    }

    /// Adds a component of a project's releases.
    pub(crate) fn with_project(self, project: &Project) -> Self {
        self.with_project_part(project, json!({}))
    }

    /// Adds a component of all or some of a project's releases: `name`, `tag_prefix`.
    pub(crate) fn with_project_part(mut self, project: &Project, mut component: Value) -> Self {
        component["repo"] = project.repo().into();
        self.repositories.insert(project.repo().to_owned(), project.app_id().to_string());
        self.with_component_of(component)
    }

    /// Sets another member of the page: `description`, `grouping`.
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.page[member] = value.into();
        self
    }

    /// Leaves the page unpublished, so that readers cannot see it.
    pub(crate) fn unpublished(self) -> Self {
        self.with("published", false)
    }

    /// Sets the requests a minute for each key.
    pub(crate) fn with_rate_limit(mut self, requests: u32) -> Self {
        self.api_access["rate_limit"] = requests.into();
        self
    }

    async fn create(self) -> Page {
        let Self { api, page, components, api_access, mut repositories } = self;
        let page = api.post("/v1/pages", &page).await.expect(201).json();
        let id = text(&page, "id");
        for component in components {
            let repo = text(&component, "repo");
            if let Entry::Vacant(entry) = repositories.entry(repo) {
                let body = json!({ "name": entry.key(), "origin": "api" });
                let repository = api.post("/v1/repositories", &body).await.expect(201).json();
                entry.insert(text(&repository, "id"));
            }
            api.post(&format!("/v1/pages/{id}/components"), &component).await.expect(201);
        }
        let access = api.put(&format!("/v1/pages/{id}/api-access"), &api_access).await.expect(200).json();
        Page {
            slug: text(&page, "slug"),
            live_key: text(&access["keys"], "live"),
            test_key: text(&access["keys"], "test"),
            api,
            id,
            repositories,
        }
    }
}

impl IntoFuture for PageBuilder {
    type Output = Page;
    type IntoFuture = Pin<Box<dyn Future<Output = Page> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.create())
    }
}

/// A page with API access switched on.
#[derive(Clone)]
pub(crate) struct Page {
    /// The id in `/v1/pages/{id}`.
    pub(crate) id: String,
    /// The slug in `/p/{slug}`.
    pub(crate) slug: String,
    /// The live key.
    pub(crate) live_key: String,
    /// The test key, which causes no mail.
    pub(crate) test_key: String,
    /// The ids of its repositories, by name.
    pub(crate) repositories: BTreeMap<String, String>,
    api: Api,
}

impl Page {
    /// GET of a path below the page in the page API, with the live key: `version`, `releases?limit=2`.
    pub(crate) async fn get(&self, what: &str) -> Answer {
        self.with_key(&self.live_key).get(&self.path(what)).await
    }

    /// `GET …/version`.
    pub(crate) async fn version(&self) -> Value {
        self.get("version").await.expect(200).json()
    }

    /// The version of a component in `GET …/version`.
    pub(crate) async fn latest(&self, repo: &str) -> Option<String> {
        let version = self.version().await;
        let latest = version["latest"].as_array().expect("latest is a list");
        latest.iter().find(|entry| entry["repo"] == repo).map(|entry| text(entry, "version"))
    }

    /// Asks for a subscription to everything, with the live key.
    pub(crate) async fn subscribe(&self, address: &str) -> Answer {
        self.subscribe_with(json!({ "type": "email", "value": address })).await
    }

    /// Asks for a subscription with these data (`preferences`, `components`) and the live key.
    pub(crate) async fn subscribe_with(&self, data: Value) -> Answer {
        self.subscribers_patch(&json!({ "op": "add", "data": data })).await
    }

    /// `PATCH …/subscribers` with the live key.
    pub(crate) async fn subscribers_patch(&self, body: &Value) -> Answer {
        self.with_key(&self.live_key).patch(&self.path("subscribers"), body).await
    }

    /// Publishes a release of one of the page's repositories by hand.
    pub(crate) async fn publish(&self, repo: &str, version: &str) -> Value {
        self.publish_release(repo, &json!({ "version": version, "title": format!("Release {version}") })).await
    }

    /// Publishes a release as the management API takes it.
    pub(crate) async fn publish_release(&self, repo: &str, release: &Value) -> Value {
        self.publish_try(repo, release).await.expect(201).json()
    }

    /// Publishes a release and returns the answer, whatever it is.
    pub(crate) async fn publish_try(&self, repo: &str, release: &Value) -> Answer {
        let repository = self.repositories.get(repo).expect("the page was made with this repository");
        self.api.post(&format!("/v1/repositories/{repository}/releases"), release).await
    }

    /// The same page at another server.
    pub(crate) fn through(&self, api: &Api) -> Self {
        Self { api: api.clone(), ..self.clone() }
    }

    /// The page API with this key, or without a key, for other ways to send one.
    pub(crate) fn with_key(&self, key: &str) -> Api {
        self.api.with_token(key)
    }

    /// The path below the page in the page API.
    pub(crate) fn path(&self, what: &str) -> String {
        format!("/v1/pages/{}/{what}", self.id)
    }
}

/// A member that is text or a number, as text.
fn text(object: &Value, member: &str) -> String {
    match &object[member] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("`{member}` is {other} in {object}"),
    }
}
