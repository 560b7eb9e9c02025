//! A server in memory, over a database of its own.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{
    body::to_bytes,
    http::{Method, StatusCode, header::HeaderMap},
    test::{TestRequest, call_service, init_service},
};
use releasepage_api::ApiData;
use releasepage_auth::{
    page_key::page_key_new,
    random::{page_id_new, release_id_new},
    secret_key::SecretKey,
    token::{secret_hash, token_new},
};
use releasepage_domain::{
    environment::Environment,
    page::CountedBy,
    release::{Platforms, ReleaseInput},
    repository::{RepositoryName, RepositoryOrigin},
    subscriber::SubscriberAddress,
    time::{UtcTime, time_parse},
};
use releasepage_domain::{release::ReleaseArrival, version::VersionRule};
use releasepage_http::{settings::ServerSettings, state::AppState};
use releasepage_server::app;
use releasepage_storage::{
    DatabaseUrl, Store, StoreSettings,
    accounts::{
        row::AccessTokenNew,
        users::{OwnerNew, owner_create},
    },
    database::{change::Change, clock::Clock},
    migrate,
    pages::{
        components::{ComponentNew, component_create},
        edits::{PageChange, PageNew, page_create, page_update},
        keys::{ApiAccessChange, PageKeys, api_access_set},
        row::PageGrouping,
    },
    releases::edits::release_arrive,
    repositories::edits::repository_create,
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::conformity::{Answered, conformity_check};

/// Connections that read the database.
pub(crate) const CONNECTIONS: u32 = 2;

/// A server with one organization.
pub(crate) struct TestServer {
    pub(crate) state: Arc<AppState>,
    data: ApiData,
    pub(crate) organization_id: i64,
    /// A personal access token of the owner's.
    pub(crate) token: String,
    clock: Arc<Mutex<UtcTime>>,
    _directory: TempDir,
}

/// A page with API access.
pub(crate) struct TestPage {
    pub(crate) id: String,
    pub(crate) keys: PageKeys,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The code of the error, and the fields at fault.
    pub(crate) fn error(&self) -> (u16, String, Vec<String>) {
        let body = self.json();
        for member in ["error", "error_description", "error_uri", "error_causes"] {
            assert!(body.get(member).is_some(), "{member} is missing: {body}");
        }
        let code = body["error"].as_str().unwrap().to_owned();
        assert_eq!(body["error_uri"], format!("https://releases.example.com/docs/errors#{code}"));
        let causes = body["error_causes"].as_array().unwrap();
        let fields = causes.iter().map(|cause| cause["field"].as_str().unwrap().to_owned()).collect();
        (self.status.as_u16(), code, fields)
    }

    #[track_caller]
    pub(crate) fn assert_error(&self, status: u16, code: &str, fields: &[&str]) {
        assert_eq!(self.error(), (status, code.to_owned(), fields.iter().map(ToString::to_string).collect()));
    }
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::in_directory(directory.path());
        migrate(&url).unwrap();
        let store = Store::new(&StoreSettings {
            url,
            connections: CONNECTIONS,
            wait: Duration::from_secs(1),
            timeout: Duration::from_secs(60),
            silence: Duration::from_secs(60),
        });
        let clock = Arc::new(Mutex::new(at("2024-05-10T12:00:00Z")));
        let hand = Arc::clone(&clock);
        let secret_key = SecretKey::parse(&"2a".repeat(32)).unwrap();
        let state = AppState::new(store, settings(), Clock::of(move || *hand.lock().unwrap()), &secret_key);
        let token = token_new().expose_secret().to_owned();
        let new = OwnerNew {
            email: SubscriberAddress::parse("email", "owner@example.com").unwrap(),
            organization: "Acme".into(),
            password_hash: None,
            setup_link: None,
            access_token: Some(AccessTokenNew {
                token_hash: secret_hash(&token),
                name: "test".into(),
                scopes: "read publish manage admin".into(),
                expires_at: None,
            }),
        };
        let organization_id = owner_create(&state.store, new, state.now()).await.unwrap().organization_id;
        let data = ApiData::new(&state);
        Self { state, data, organization_id, token, clock, _directory: directory }
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: i64) {
        *self.clock.lock().unwrap() += chrono::Duration::seconds(seconds);
    }

    /// Another organization on the same server.
    pub(crate) async fn organization(&self, email: &str) -> i64 {
        let new = OwnerNew {
            email: SubscriberAddress::parse("email", email).unwrap(),
            organization: "Other".into(),
            password_hash: None,
            setup_link: None,
            access_token: None,
        };
        owner_create(&self.state.store, new, self.state.now()).await.unwrap().organization_id
    }

    /// A published page of the server's organization, with API access.
    pub(crate) async fn page(&self, title: &str) -> TestPage {
        self.page_of(self.organization_id, title).await
    }

    pub(crate) async fn page_of(&self, organization_id: i64, title: &str) -> TestPage {
        let new = PageNew {
            slug: None,
            title: title.into(),
            description: String::new(),
            published: true,
            unversioned_as: None,
            grouping: PageGrouping::default(),
        };
        let page = page_create(&self.state.store, organization_id, new, page_id_new, self.state.now()).await.unwrap();
        let keys = PageKeys { live: page_key_new(Environment::Live), test: page_key_new(Environment::Test) };
        self.access_of(organization_id, &page.id, true, None, None, &keys).await;
        TestPage { id: page.id, keys }
    }

    /// Switches API access on or off, and sets its limits.
    pub(crate) async fn access(
        &self,
        page: &TestPage,
        enabled: bool,
        rate_limit: Option<i32>,
        counted_by: Option<CountedBy>,
    ) {
        self.access_of(self.organization_id, &page.id, enabled, rate_limit, counted_by, &page.keys).await;
    }

    async fn access_of(
        &self,
        organization_id: i64,
        page_id: &str,
        enabled: bool,
        rate_limit: Option<i32>,
        counted_by: Option<CountedBy>,
        keys: &PageKeys,
    ) {
        let change = ApiAccessChange { enabled, rate_limit, counted_by };
        let now = self.state.now();
        api_access_set(&self.state.store, organization_id, page_id.to_owned(), change, keys.clone(), now)
            .await
            .unwrap();
        self.state.changes.raise();
    }

    /// Shows or hides a page.
    pub(crate) async fn publish_page(&self, page: &TestPage, published: bool) {
        let change = PageChange { published: Change::Set(published), ..PageChange::default() };
        let now = self.state.now();
        page_update(&self.state.store, self.organization_id, page.id.clone(), change, now).await.unwrap();
        self.state.changes.raise();
    }

    /// Puts a new repository on a page; the answer is for [`TestServer::release`].
    pub(crate) async fn component(&self, page: &TestPage, repo: &str, name: &str) -> i64 {
        let (store, now) = (&self.state.store, self.state.now());
        let repository = RepositoryName::parse("name", repo).unwrap();
        let id =
            repository_create(store, self.organization_id, repository, RepositoryOrigin::Api, now).await.unwrap().id;
        let new = ComponentNew {
            repo: repo.into(),
            name: Some(name.into()),
            tag_prefix: None,
            versions: VersionRule::Lenient,
        };
        component_create(store, self.organization_id, page.id.clone(), new, now).await.unwrap();
        self.state.changes.raise();
        id
    }

    /// Publishes a release.
    pub(crate) async fn release(&self, repository_id: i64, tag: &str, published_at: &str, notes: &str) {
        let input = ReleaseInput {
            tag: tag.into(),
            platforms: Platforms::default(),
            title: String::new(),
            notes: Some(notes.into()),
            author: None,
            published_at: at(published_at),
            ends_at: None,
            prerelease: None,
            draft: false,
            notify: Some(false),
            chart_visibility: true,
            params: Map::new(),
        };
        let context = self.state.release_context();
        let arrival = ReleaseArrival::Repeatable;
        release_arrive(&self.state.store, repository_id, input, arrival, None, release_id_new, context).await.unwrap();
        self.state.changes.raise();
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers, "").await
    }

    /// Sends a request from 198.51.100.1.
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send_bytes(method, path, headers, body.as_bytes().to_vec()).await
    }

    pub(crate) async fn send_bytes(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let service = init_service(app(&self.state, &self.data)).await;
        let mut request = TestRequest::with_uri(path).method(method).peer_addr("198.51.100.1:4711".parse().unwrap());
        for header in headers {
            request = request.append_header(*header);
        }
        if !body.is_empty() {
            request = request.set_payload(body);
        }
        let (request, response) = call_service(&service, request.to_request()).await.into_parts();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("a body")).to_vec();
        conformity_check(&Answered {
            method: request.method().as_str(),
            path: request.path(),
            status: status.as_u16(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: &body,
        });
        Answer { status, headers, body }
    }

    /// Asks for a subscription with a page's live key.
    pub(crate) async fn subscribe(&self, page: &TestPage, body: &str) -> Answer {
        let headers = [("Authorization", page.keys.live.as_str()), ("Content-Type", "application/json")];
        self.send(Method::PATCH, &format!("/v1/pages/{}/subscribers", page.id), &headers, body).await
    }
}

impl TestPage {
    /// A path below the page, with its live key.
    pub(crate) fn path(&self, rest: &str) -> String {
        let sign = if rest.contains('?') { '&' } else { '?' };
        format!("/v1/pages/{}/{rest}{sign}apiKey={}", self.id, self.keys.live)
    }
}

fn settings() -> ServerSettings {
    ServerSettings {
        public_url: "https://releases.example.com".parse().unwrap(),
        trusted_proxies: vec!["198.51.100.1".parse().unwrap()],
        subscribe_per_hour: 3,
        sign_in_per_quarter: 10,
        workers: 2,
        ..ServerSettings::default()
    }
}

pub(crate) fn at(time: &str) -> UtcTime {
    time_parse(time).unwrap()
}
