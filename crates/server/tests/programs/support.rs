//! A server of a test's own, and programs that call it.

use std::{
    collections::BTreeMap,
    fs::File,
    rc::Rc,
    sync::{Arc, Mutex},
    time::Duration as StdDuration,
};

use actix_web::{
    body::to_bytes,
    dev::{Service, ServiceResponse},
    http::{
        Method,
        header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap},
    },
    test::{TestRequest, init_service},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::Duration;
use futures_util::future::LocalBoxFuture;
use releasepage_api::ApiData;
use releasepage_auth::{
    secret_key::SecretKey,
    token::{secret_hash, token_new},
};
use releasepage_domain::{
    job::JobPayload,
    subscriber::SubscriberAddress,
    time::{UtcTime, time_parse},
};
use releasepage_http::{settings::ServerSettings, state::AppState};
use releasepage_storage::{
    DatabaseUrl, Store, StoreSettings,
    accounts::{
        row::AccessTokenNew,
        tokens::access_token_create,
        users::{OwnerCreated, OwnerNew, owner_create},
    },
    database::clock::Clock,
    jobs::claims::job_claim,
    migrate,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::conformity::{Answered, conformity_check};

type Call = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>;

/// A server with two organizations, Acme and Other, and a clock that stands still at noon of 1 May 2024.
pub(crate) struct Server {
    pub(crate) state: Arc<AppState>,
    url: DatabaseUrl,
    acme: Option<OwnerCreated>,
    clock: Arc<Mutex<UtcTime>>,
    call: Call,
    tokens: [String; 2],
    _directory: TempDir,
}

/// What a program got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// A header's value; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub(crate) fn with(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The fields that a management error names.
    pub(crate) fn causes(&self) -> Vec<String> {
        let body = self.json();
        let causes = body["error_causes"].as_array().cloned().unwrap_or_default();
        causes.iter().map(|cause| cause["field"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// The settings of most tests.
pub(crate) fn settings() -> ServerSettings {
    ServerSettings {
        public_url: "https://releases.example.com".parse().unwrap(),
        endpoints: BTreeMap::from([("eu".to_owned(), "https://eu.example.com".parse().unwrap())]),
        anonymous_per_minute: 1_000,
        token_per_minute: 10_000,
        sign_in_per_quarter: 10,
        ..ServerSettings::default()
    }
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: ServerSettings) -> Self {
        let mut server = Self::without_tables_with(settings).await;
        migrate(&server.url).unwrap();
        let (store, now) = (&server.state.store, server.now());
        let (acme, other) = (owner(store, "Acme", now).await, owner(store, "Other", now).await);
        let tokens = [token(store, acme, "admin", now).await, token(store, other, "admin", now).await];
        server.acme = Some(acme);
        server.tokens = tokens;
        server
    }

    /// A server whose database has nothing in it, so that every query fails.
    pub(crate) async fn without_tables() -> Self {
        let server = Self::without_tables_with(settings()).await;
        // An empty file is a database with nothing in it.
        let DatabaseUrl::Sqlite(path) = &server.url else { unreachable!("the server has a directory") };
        File::create(path).unwrap();
        server
    }

    async fn without_tables_with(settings: ServerSettings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::in_directory(directory.path());
        let connections = StoreSettings {
            url: url.clone(),
            connections: 4,
            wait: StdDuration::from_secs(30),
            timeout: StdDuration::from_secs(60),
            silence: StdDuration::from_secs(60),
        };
        let clock = Arc::new(Mutex::new(time_parse("2024-05-01T12:00:00Z").unwrap()));
        let told = Arc::clone(&clock);
        let clock_handed = Clock::of(move || *told.lock().unwrap());
        let state = AppState::new(Store::new(&connections), settings, clock_handed, &SecretKey::generate());
        let call = call_of(&state).await;
        Self { state, url, acme: None, clock, call, tokens: Default::default(), _directory: directory }
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, time: Duration) {
        *self.clock.lock().unwrap() += time;
    }

    pub(crate) fn now(&self) -> UtcTime {
        *self.clock.lock().unwrap()
    }

    /// A program of Acme that may do everything.
    pub(crate) fn acme(&self) -> Program<'_> {
        self.bearer(&self.tokens[0])
    }

    /// A program of the other organization that may do everything there.
    pub(crate) fn other(&self) -> Program<'_> {
        self.bearer(&self.tokens[1])
    }

    /// A program of Acme whose token has these scopes.
    pub(crate) async fn acme_with(&self, scopes: &str) -> Program<'_> {
        let token = token(&self.state.store, self.acme.unwrap(), scopes, self.now()).await;
        self.bearer(&token)
    }

    /// A program with a token.
    pub(crate) fn bearer(&self, token: &str) -> Program<'_> {
        Program { server: self, authorization: format!("Bearer {token}") }
    }

    /// A program with a key pair.
    pub(crate) fn pair(&self, api_key: &str, secret_key: &str) -> Program<'_> {
        let encoded = STANDARD.encode(format!("{api_key}:{secret_key}"));
        Program { server: self, authorization: format!("Basic {encoded}") }
    }

    /// A program without credentials.
    pub(crate) fn stranger(&self) -> Program<'_> {
        Program { server: self, authorization: String::new() }
    }

    /// A new project of Acme, and a pipeline that holds its key pair.
    pub(crate) async fn project(&self, name: &str) -> (Value, Program<'_>) {
        let project = self.acme().post("/v1/projects", json!({ "name": name })).await.with(201).json();
        let text = |name: &str| project[name].as_str().unwrap().to_owned();
        let pipeline = self.pair(&text("api_key"), &text("secret_key"));
        (project, pipeline)
    }

    /// A published page of Acme with this repository on it; answers the page's id.
    pub(crate) async fn page_with(&self, repo: &str) -> String {
        let new = json!({ "title": "Acme", "published": true });
        let page = self.acme().post("/v1/pages", new).await.with(201).json();
        let id = page["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/pages/{id}/components");
        self.acme().post(&path, json!({ "repo": repo })).await.with(201);
        id
    }

    /// The page API's `latest` of a page: pairs of repository and version.
    pub(crate) async fn latest(&self, page: &str) -> Vec<(String, String)> {
        let version = self.acme().get(&format!("/v1/pages/{page}/version")).await.with(200).json();
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let latest = version["latest"].as_array().unwrap();
        latest.iter().map(|entry| (text(entry, "repo"), text(entry, "version"))).collect()
    }

    /// Takes every job that was ever written and not taken yet.
    pub(crate) async fn jobs(&self) -> Vec<JobPayload> {
        let late = self.now() + Duration::days(3_650);
        let mut jobs = Vec::new();
        while let Some(job) = job_claim(&self.state.store, late, late + Duration::days(1)).await.unwrap() {
            jobs.push(job.payload);
        }
        jobs
    }

    /// How many announcements were made since the last look.
    pub(crate) async fn announcements(&self) -> usize {
        self.jobs().await.iter().filter(|job| matches!(job, JobPayload::AnnouncementSpread { .. })).count()
    }
}

async fn owner(store: &Store, organization: &str, now: UtcTime) -> OwnerCreated {
    let email = format!("owner@{}.example.com", organization.to_lowercase());
    let new = OwnerNew {
        email: SubscriberAddress::parse("email", &email).unwrap(),
        organization: organization.to_owned(),
        password_hash: None,
        setup_link: None,
        access_token: None,
    };
    owner_create(store, new, now).await.unwrap()
}

async fn token(store: &Store, owner: OwnerCreated, scopes: &str, now: UtcTime) -> String {
    let token = token_new();
    let new = AccessTokenNew {
        token_hash: secret_hash(token.expose_secret()),
        name: "tests".into(),
        scopes: scopes.into(),
        expires_at: Some(now + Duration::days(30)),
    };
    access_token_create(store, owner.organization_id, owner.user_id, new, now).await.unwrap();
    token.expose_secret().to_owned()
}

async fn call_of(state: &Arc<AppState>) -> Call {
    let service = Rc::new(init_service(releasepage_server::app(state, &ApiData::new(state))).await);
    Box::new(move |request: TestRequest| {
        let service = Rc::clone(&service);
        Box::pin(async move {
            let response: ServiceResponse<_> = service.call(request.to_request()).await.unwrap();
            let (request, response) = response.into_parts();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = to_bytes(response.into_body()).await.map_err(|_| "body").unwrap();
            conformity_check(&Answered {
                method: request.method().as_str(),
                path: request.path(),
                status,
                headers: headers
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .collect(),
                body: &body,
            });
            Answer { status, headers, text: String::from_utf8(body.to_vec()).unwrap() }
        })
    })
}

/// A program with its credentials.
pub(crate) struct Program<'server> {
    server: &'server Server,
    authorization: String,
}

impl Program<'_> {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(TestRequest::delete().uri(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PATCH, path, body).await
    }

    pub(crate) async fn json(&self, method: Method, path: &str, body: Value) -> Answer {
        self.body(method, path, "application/json", body.to_string()).await
    }

    pub(crate) async fn body(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let request = TestRequest::with_uri(path).method(method).insert_header((CONTENT_TYPE, content_type));
        self.send(request.set_payload(body.into())).await
    }

    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let request = request.peer_addr(([198, 51, 100, 7], 4711).into());
        let request = match self.authorization.as_str() {
            "" => request,
            authorization => request.insert_header((AUTHORIZATION, authorization)),
        };
        (self.server.call)(request).await
    }
}

/// A JSON object of this many levels.
pub(crate) fn deep(levels: usize) -> String {
    format!("{{\"title\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
}
