//! The state that all handlers share.

use std::sync::Arc;

use actix_web::http::header::HeaderValue;
use chrono::Duration;
use releasepage_auth::{
    address_key::AddressKeys,
    link::LinkSigner,
    sealed::Sealer,
    secret_key::SecretKey,
    session::{CsrfSigner, DeviceSigner},
};
use releasepage_domain::time::UtcTime;
use releasepage_storage::{Store, database::clock::Clock, releases::row::ReleaseContext};

use crate::{
    change_counter::ChangeCounter, limits::Limits, metrics::CacheCounts, notices::Notices, operations::Operations,
    passwords::Passwords, settings::ServerSettings,
};

/// The server's shared state. All workers share one, behind an `Arc`.
#[derive(Debug)]
pub struct AppState {
    /// The database.
    pub store: Store,
    /// The settings.
    pub settings: ServerSettings,
    /// The clock.
    pub clock: Clock,
    /// Makes and checks the links in emails.
    pub links: LinkSigner,
    /// Computes the keyed hashes of addresses.
    pub address_keys: AddressKeys,
    /// Encrypts and decrypts the secrets that are shared with forges.
    pub sealer: Sealer,
    /// Makes and checks the tokens that protect forms.
    pub csrf: CsrfSigner,
    /// Recognizes browsers from which a user signed in before.
    pub devices: DeviceSigner,
    /// Hashes and verifies passwords, a few at once.
    pub passwords: Passwords,
    /// The changes on this server that readers may see.
    pub changes: Arc<ChangeCounter>,
    /// Counts the requests of clients.
    pub limits: Limits,
    /// The warnings about wrong addresses and untrusted proxies.
    pub notices: Notices,
    /// The answers to the monitoring of the server.
    pub operations: Arc<Operations>,
    /// The region as the value of a header.
    pub region_header: HeaderValue,
}

impl AppState {
    /// Creates the state from its parts.
    pub fn new(store: Store, settings: ServerSettings, clock: Clock, secret_key: &SecretKey) -> Arc<Self> {
        let sealer = Sealer::new(secret_key);
        let counts = settings.metrics.then(Arc::<CacheCounts>::default);
        Arc::new(Self {
            changes: Arc::default(),
            operations: Operations::of_server(store.clone(), clock.clone(), counts),
            limits: Limits::new(),
            notices: Notices::default(),
            region_header: HeaderValue::from_str(settings.region.as_str())
                .expect("a region is made of letters, digits and hyphens"),
            store,
            settings,
            clock,
            links: LinkSigner::new(secret_key),
            address_keys: AddressKeys::new(secret_key),
            sealer,
            csrf: CsrfSigner::new(secret_key),
            devices: DeviceSigner::new(secret_key),
            passwords: Passwords::default(),
        })
    }

    /// Returns the current time.
    pub fn now(&self) -> UtcTime {
        self.clock.now()
    }

    /// Returns the context that changes of releases need.
    pub fn release_context(&self) -> ReleaseContext {
        let notify_delay = Duration::from_std(self.settings.notify_delay).unwrap_or(Duration::MAX);
        ReleaseContext { notify_delay, now: self.now(), is_news: true }
    }
}
