//! A site of a test's own, and browsers that look at it.

use std::{
    collections::BTreeMap,
    fs::File,
    net::SocketAddr,
    path::Path,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration as StdDuration,
};

use actix_web::{
    body::to_bytes,
    cookie::{Cookie, time},
    dev::{Service, ServiceResponse},
    http::header::{HeaderMap, LOCATION, SET_COOKIE},
    test::{TestRequest, init_service},
};
use chrono::Duration;
use futures_util::future::LocalBoxFuture;
use releasepage_api::ApiData;
use releasepage_auth::{
    link::{LinkPurpose, LinkSigner},
    secret_key::SecretKey,
    token::secret_hash,
};
use releasepage_domain::{
    environment::Environment,
    release::{Platforms, ReleaseInput},
    repository::{RepositoryName, RepositoryOrigin},
    subscriber::{Preferences, SubscriberAddress, SubscriberState},
    subscription::{RequestCaps, SubscriptionOp},
    time::{UtcTime, time_parse},
};
use releasepage_domain::{release::ReleaseArrival, version::VersionRule};
use releasepage_http::{settings::ServerSettings, state::AppState};
use releasepage_storage::{
    DatabaseUrl, Store, StoreSettings,
    accounts::{
        row::SetupLinkNew,
        users::{OwnerNew, owner_create},
    },
    announcements::mailbox::{MailboxNew, mailbox_put},
    database::clock::Clock,
    migrate,
    pages::{
        components::{ComponentNew, component_create},
        edits::{PageNew, page_create},
        row::{Page, PageGrouping},
    },
    releases::{
        edits::release_arrive,
        row::{Release, ReleaseContext},
    },
    repositories::edits::repository_create,
    subscribers::{
        changes::subscriber_get,
        requests::{RequestNew, request_decide, request_note},
        row::Subscriber,
    },
};
use tempfile::TempDir;
use url::Url;

/// The token of the owner's set-up link.
pub(crate) const SETUP_TOKEN: &str = "setup-token-of-the-owner";

/// The owner's address.
pub(crate) const OWNER: &str = "owner@example.com";

type Call = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>;

/// A server with one organization, a page `/p/acme` with one component, and a clock that stands still.
pub(crate) struct Site {
    pub(crate) state: Arc<AppState>,
    pub(crate) organization_id: i64,
    pub(crate) page: Page,
    pub(crate) repository_id: i64,
    clock: Arc<Mutex<UtcTime>>,
    call: Call,
    _directory: TempDir,
}

/// What a browser got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// A header's value; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where the answer sends the browser.
    pub(crate) fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    /// The value of a form's hidden token.
    pub(crate) fn csrf(&self) -> Option<String> {
        let (_, rest) = self.body.split_once("name=\"csrf\" value=\"")?;
        rest.split('"').next().map(str::to_owned)
    }

    /// The first link or form target in the body that begins like this.
    pub(crate) fn target(&self, beginning: &str) -> String {
        let at = self.body.find(&format!("\"{beginning}")).unwrap_or_else(|| panic!("no {beginning} in {}", self.body));
        self.body[at + 1..].split('"').next().unwrap_or_default().to_owned()
    }
}

/// The settings of most tests.
pub(crate) fn settings() -> ServerSettings {
    ServerSettings {
        public_url: "https://releases.example.com".parse().unwrap(),
        region: "eu".parse().unwrap(),
        notify_delay: StdDuration::from_secs(300),
        subscribe_per_hour: 3,
        sign_in_per_quarter: 3,
        ..ServerSettings::default()
    }
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: ServerSettings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        migrate(&DatabaseUrl::in_directory(directory.path())).unwrap();
        let store = store_in(directory.path());
        let now = time_parse("2024-05-01T12:00:00Z").unwrap();
        let clock = Arc::new(Mutex::new(now));
        let told = Arc::clone(&clock);
        let clock_handed = Clock::of(move || *told.lock().unwrap());
        let owner = OwnerNew {
            email: SubscriberAddress::parse("email", OWNER).unwrap(),
            organization: "Acme".into(),
            password_hash: None,
            setup_link: Some(SetupLinkNew {
                token_hash: secret_hash(SETUP_TOKEN),
                expires_at: now + Duration::days(7),
            }),
            access_token: None,
        };
        let organization_id = owner_create(&store, owner, now).await.unwrap().organization_id;
        let new = PageNew {
            slug: Some("acme".into()),
            title: "Acme".into(),
            description: String::new(),
            published: true,
            unversioned_as: None,
            grouping: PageGrouping::default(),
        };
        let page = page_create(&store, organization_id, new, || "0767f57acc44".into(), now).await.unwrap();
        let name = RepositoryName::parse("name", "acme/api").unwrap();
        let repository = repository_create(&store, organization_id, name, RepositoryOrigin::Api, now).await.unwrap();
        let component =
            ComponentNew { repo: "acme/api".into(), name: None, tag_prefix: None, versions: VersionRule::Lenient };
        component_create(&store, organization_id, page.id.clone(), component, now).await.unwrap();
        let state = AppState::new(store, settings, clock_handed, &SecretKey::generate());
        let call = call_of(&state).await;
        Self { state, organization_id, page, repository_id: repository.id, clock, call, _directory: directory }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.state.store
    }

    pub(crate) fn now(&self) -> UtcTime {
        *self.clock.lock().unwrap()
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, time: Duration) {
        *self.clock.lock().unwrap() += time;
    }

    /// A browser that has never been here, on another machine.
    pub(crate) fn browser(&self) -> Browser<'_> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let [_, a, b, c] = NUMBER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        self.browser_at(SocketAddr::from(([198, a, b, c], 4711)))
    }

    /// A browser at an address.
    pub(crate) fn browser_at(&self, peer: SocketAddr) -> Browser<'_> {
        Browser::new(&self.call, &self.state.settings.public_url, peer)
    }

    /// Publishes a release.
    pub(crate) async fn release(&self, tag: &str, notes: &str) -> Release {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let input = ReleaseInput {
            tag: tag.into(),
            platforms: Platforms::default(),
            title: String::new(),
            notes: Some(notes.into()),
            author: None,
            published_at: self.now(),
            ends_at: None,
            prerelease: None,
            draft: false,
            notify: Some(false),
            chart_visibility: true,
            params: serde_json::Map::new(),
        };
        let ids = || format!("r{:06}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let context = ReleaseContext { notify_delay: Duration::zero(), now: self.now(), is_news: true };
        let arrival = ReleaseArrival::Repeatable;
        let arrived = release_arrive(self.store(), self.repository_id, input, arrival, None, ids, context).await;
        match arrived.unwrap() {
            releasepage_storage::releases::idempotency::Replay::Fresh(release) => release,
            other => panic!("{other:?}"),
        }
    }

    /// Notes a request and decides it, as the API and the worker do; answers the token of the mail's link.
    pub(crate) async fn request(&self, op: SubscriptionOp, address: &str, kinds: &[&str]) -> String {
        let new = RequestNew {
            page_id: self.page.id.clone(),
            environment: Environment::Live,
            op,
            address: SubscriberAddress::parse("address", address).unwrap(),
            preferences: Preferences::parse("kind", kinds).unwrap(),
            components: None,
        };
        request_note(self.store(), new, self.now()).await.unwrap();
        let id = self.request_last().await;
        request_decide(self.store(), id, RequestCaps::default(), str::to_owned, self.now()).await.unwrap();
        self.link(LinkPurpose::Confirm, id, 0)
    }

    /// The number of the request that was noted last.
    pub(crate) async fn request_last(&self) -> i64 {
        let mut last = 0;
        while releasepage_storage::subscribers::requests::request_get(self.store(), last + 1).await.is_ok() {
            last += 1;
        }
        last
    }

    /// A confirmed subscriber.
    pub(crate) async fn subscriber(&self, address: &str) -> Subscriber {
        let token = self.request(SubscriptionOp::Add, address, &["major", "minor"]).await;
        let id = LinkSigner::row(&token).unwrap();
        let (_, request) =
            releasepage_storage::subscribers::requests::request_use(self.store(), id, self.now()).await.unwrap();
        subscriber_get(self.store(), request.subscriber_id.unwrap()).await.unwrap()
    }

    /// Where a subscriber stands.
    pub(crate) async fn standing(&self, id: i64) -> SubscriberState {
        subscriber_get(self.store(), id).await.unwrap().state
    }

    /// A link's token.
    pub(crate) fn link(&self, purpose: LinkPurpose, row: i64, generation: i32) -> String {
        self.state.links.token(purpose, row, generation)
    }

    /// Captures a message.
    pub(crate) async fn message(&self, subject: &str, html: &str) {
        let new = MailboxNew {
            page_id: self.page.id.clone(),
            environment: Environment::Test,
            message_id: format!("{subject}@example.com"),
            recipient: "reader@example.com".into(),
            subject: subject.into(),
            text: "text".into(),
            html: html.into(),
            source: "From: a@example.com\r\nX-Kept: yes\r\n\r\nbody".into(),
        };
        mailbox_put(self.store(), new, self.now()).await.unwrap();
    }
}

/// A server whose database has no tables, or is not there.
pub(crate) struct BrokenSite {
    call: Call,
    public_url: Url,
    _directory: TempDir,
}

impl BrokenSite {
    pub(crate) async fn without_tables() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // An empty file is a database with nothing in it.
        File::create(directory.path().join("releasepage.db")).unwrap();
        Self::with(store_in(directory.path()), directory).await
    }

    pub(crate) async fn without_database() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self::with(store_in(&directory.path().join("gone")), directory).await
    }

    async fn with(store: Store, directory: TempDir) -> Self {
        let settings = settings();
        let public_url = settings.public_url.clone();
        let state = AppState::new(store, settings, Clock::system(), &SecretKey::generate());
        Self { call: call_of(&state).await, public_url, _directory: directory }
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(&self.call, &self.public_url, SocketAddr::from(([192, 0, 2, 1], 4711)))
    }
}

fn store_in(directory: &Path) -> Store {
    let url = DatabaseUrl::in_directory(directory);
    Store::new(&StoreSettings {
        url,
        connections: 4,
        wait: StdDuration::from_secs(1),
        timeout: StdDuration::from_secs(60),
        silence: StdDuration::from_secs(60),
    })
}

async fn call_of(state: &Arc<AppState>) -> Call {
    let service = Rc::new(init_service(releasepage_server::app(state, &ApiData::new(state))).await);
    Box::new(move |request: TestRequest| {
        let service = Rc::clone(&service);
        Box::pin(async move {
            let response: ServiceResponse<_> = service.call(request.to_request()).await.unwrap();
            let (_, response) = response.into_parts();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = to_bytes(response.into_body()).await.map_err(|_| "body").unwrap();
            Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
        })
    })
}

/// A browser: keeps cookies, and says where its forms come from.
pub(crate) struct Browser<'site> {
    call: &'site Call,
    peer: SocketAddr,
    pub(crate) host: String,
    pub(crate) origin: Option<String>,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl<'site> Browser<'site> {
    fn new(call: &'site Call, public_url: &Url, peer: SocketAddr) -> Self {
        Self {
            call,
            peer,
            host: public_url.authority().to_owned(),
            origin: Some(public_url.origin().ascii_serialization()),
            cookies: Mutex::new(BTreeMap::new()),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    /// Posts fields as they are.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post_body(path, "application/x-www-form-urlencoded", body).await
    }

    pub(crate) async fn post_body(&self, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let request = TestRequest::post().uri(path).insert_header(("content-type", content_type));
        let request = match &self.origin {
            Some(origin) => request.insert_header(("origin", origin.as_str())),
            None => request,
        };
        self.send(request.set_payload(body.into())).await
    }

    /// Fills in the form that a path shows.
    pub(crate) async fn fill_in(&self, shown_at: &str, post_to: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.get(shown_at).await.csrf().unwrap_or_default();
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        self.post(post_to, &fields).await
    }

    /// Follows the set-up link, after which this browser is signed in.
    pub(crate) async fn set_up(&self, password: &str) -> Answer {
        let path = format!("/setup/{SETUP_TOKEN}");
        self.fill_in(&path, &path, &[("password", password), ("password_again", password)]).await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.fill_in("/sign-in", "/sign-in", &[("email", email), ("password", password)]).await
    }

    /// The names of its cookies.
    pub(crate) fn cookie_names(&self) -> Vec<String> {
        self.cookies.lock().unwrap().keys().cloned().collect()
    }

    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let mut request = request.peer_addr(self.peer).insert_header(("host", self.host.as_str()));
        for (name, value) in self.cookies.lock().unwrap().iter() {
            request = request.cookie(Cookie::new(name.clone(), value.clone()));
        }
        let answer = (self.call)(request).await;
        for set in answer.headers.get_all(SET_COOKIE) {
            let cookie = Cookie::parse(set.to_str().unwrap().to_owned()).unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if cookie.max_age() == Some(time::Duration::ZERO) {
                cookies.remove(cookie.name());
            } else {
                cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        answer
    }
}
