//! What every handler shares.

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

/// The server's shared state: one for all workers, behind an `Arc`.
#[derive(Debug)]
pub struct AppState {
    /// The database.
    pub store: Store,
    /// The settings.
    pub settings: ServerSettings,
    /// The clock.
    pub clock: Clock,
    /// Checks and makes the links in mails.
    pub links: LinkSigner,
    /// Makes the keyed hashes of addresses.
    pub address_keys: AddressKeys,
    /// Seals and opens the secrets that are shared with forges.
    pub sealer: Sealer,
    /// Protects forms.
    pub csrf: CsrfSigner,
    /// Knows browsers that signed in before.
    pub devices: DeviceSigner,
    /// Checks passwords, a few at once.
    pub passwords: Passwords,
    /// The changes on this server that readers may see.
    pub changes: Arc<ChangeCounter>,
    /// How often clients have asked.
    pub limits: Limits,
    /// What the operator was told of wrong addresses and untrusted proxies.
    pub notices: Notices,
    /// What the server tells those who watch it.
    pub operations: Arc<Operations>,
    /// The region as a header has it.
    pub region_header: HeaderValue,
}

impl AppState {
    /// Puts the state together.
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

    /// The present.
    pub fn now(&self) -> UtcTime {
        self.clock.now()
    }

    /// What a change of a release needs.
    pub fn release_context(&self) -> ReleaseContext {
        let notify_delay = Duration::from_std(self.settings.notify_delay).unwrap_or(Duration::MAX);
        ReleaseContext { notify_delay, now: self.now(), is_news: true }
    }
}
