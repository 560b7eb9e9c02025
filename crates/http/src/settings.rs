//! The settings of the server.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use releasepage_auth::project_key::Region;
use releasepage_domain::repository_files::ForgeApis;
use url::Url;

use crate::client::Network;

/// The settings of the server: addresses, limits and features. The defaults are those of the program, on one thread.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The address and port that the server listens on.
    pub listen: SocketAddr,
    /// The address that people and links use: `http` or `https`, without a path.
    pub public_url: Url,
    /// The name of this server's region.
    pub region: Region,
    /// The addresses of other regions' servers.
    pub endpoints: BTreeMap<String, Url>,
    /// The addresses of the APIs of forges, for repositories that name none.
    pub forges: ForgeApis,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// The delay before an announcement is sent. Until then, a release can be withdrawn without any email.
    pub notify_delay: Duration,
    /// The requests a minute without a valid key, for each client address.
    pub anonymous_per_minute: u32,
    /// The requests a minute with an access token.
    pub token_per_minute: u32,
    /// The requests to subscribe an hour, for each client address. The limit applies to forms and to keys that are
    /// counted per client.
    pub subscribe_per_hour: u32,
    /// The attempts to sign in per quarter of an hour, for each client address.
    pub sign_in_per_quarter: u32,
    /// True if the captured mailbox needs no sign-in: in the demo, for loopback addresses.
    pub mailbox_open: bool,
    /// The number of threads that serve requests.
    pub workers: usize,
    /// True if the server measures itself and answers `/metrics`.
    pub metrics: bool,
    /// The time for which a server that is ending still serves requests, but is no longer ready. At most 20 s.
    pub drain: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self {
            listen,
            public_url: Url::parse(&format!("http://{listen}")).expect("an address with a port is a valid authority"),
            region: "standard".parse().expect("it is the name of a region"),
            endpoints: BTreeMap::new(),
            forges: ForgeApis::default(),
            trusted_proxies: Vec::new(),
            notify_delay: Duration::from_secs(60),
            anonymous_per_minute: 60,
            token_per_minute: 600,
            subscribe_per_hour: 20,
            sign_in_per_quarter: 20,
            mailbox_open: false,
            workers: 1,
            metrics: false,
            drain: Duration::ZERO,
        }
    }
}
