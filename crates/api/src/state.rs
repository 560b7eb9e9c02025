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
    signature::hook_secret_standard_new,
};
use releasepage_domain::time::UtcTime;
use releasepage_storage::{Store, database::clock::Clock, releases::row::ReleaseContext, sources::hooks::hook_row};
use tokio::sync::Semaphore;

use crate::{
    amplitude::idempotency::KeysInFlight, hooks::access::NOBODY, limits::Limits, metrics::SnapshotCounts,
    notices::Notices, operations::Operations, passwords::Passwords, settings::ApiSettings, snapshots::Snapshots,
};

/// How many imports are worked on at once: each holds a thread while it waits for its client.
const IMPORTS_MAX: usize = 16;

/// The server's shared state: one for all workers, behind an `Arc`.
#[derive(Debug)]
pub struct ApiState {
    /// The database.
    pub store: Store,
    /// The settings.
    pub settings: ApiSettings,
    /// The clock.
    pub clock: Clock,
    /// Checks and makes the links in mails.
    pub links: LinkSigner,
    /// Makes the keyed hashes of addresses.
    pub(crate) address_keys: AddressKeys,
    /// Seals and opens the secrets that are shared with forges.
    pub(crate) sealer: Sealer,
    /// A sealed secret of no repository, for deliveries to one that is unknown.
    pub(crate) hook_decoy: String,
    /// Protects forms.
    pub csrf: CsrfSigner,
    /// Knows browsers that signed in before.
    pub devices: DeviceSigner,
    /// Checks passwords, a few at once.
    pub passwords: Passwords,
    /// The pages in memory.
    pub snapshots: Snapshots,
    /// How often clients have asked.
    pub limits: Limits,
    /// As many permits as imports are worked on at once.
    pub(crate) imports: Semaphore,
    /// What the operator was told of wrong addresses and untrusted proxies.
    pub(crate) notices: Notices,
    /// The idempotency keys whose requests are being worked on.
    pub(crate) keys_in_flight: KeysInFlight,
    /// What the server tells those who watch it.
    pub(crate) operations: Arc<Operations>,
    /// The region as a header has it.
    pub(crate) region_header: HeaderValue,
}

impl ApiState {
    /// Puts the state together.
    pub fn new(store: Store, settings: ApiSettings, clock: Clock, secret_key: &SecretKey) -> Arc<Self> {
        let sealer = Sealer::new(secret_key);
        let counts = settings.metrics.then(Arc::<SnapshotCounts>::default);
        Arc::new(Self {
            snapshots: Snapshots::new(&settings.public_url, counts.clone()),
            operations: Operations::of_server(store.clone(), clock.clone(), counts),
            limits: Limits::new(),
            notices: Notices::default(),
            keys_in_flight: KeysInFlight::default(),
            imports: Semaphore::new(IMPORTS_MAX),
            region_header: HeaderValue::from_str(settings.region.as_str())
                .expect("a region is made of letters, digits and hyphens"),
            store,
            settings,
            clock,
            links: LinkSigner::new(secret_key),
            address_keys: AddressKeys::new(secret_key),
            hook_decoy: sealer.seal(&hook_row(NOBODY), &hook_secret_standard_new()),
            sealer,
            csrf: CsrfSigner::new(secret_key),
            devices: DeviceSigner::new(secret_key),
            passwords: Passwords::new(),
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
