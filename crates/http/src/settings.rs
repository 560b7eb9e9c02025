//! The settings of the server.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use releasepage_auth::project_key::Region;
use releasepage_domain::repository_files::ForgeApis;
use url::Url;

use crate::client::Network;

/// How the server listens, what it is called, and how much it takes from one client. Its default is that of the program,
/// on one thread.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Where it listens.
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
    /// How long a release can be taken back before anyone is mailed.
    pub notify_delay: Duration,
    /// Requests without a valid key, a minute, for each client address.
    pub anonymous_per_minute: u32,
    /// Requests a minute with a personal access token.
    pub token_per_minute: u32,
    /// Requests to subscribe, an hour, for each client address, on forms and with keys counted per client.
    pub subscribe_per_hour: u32,
    /// Attempts to sign in, in a quarter of an hour, for each client address.
    pub sign_in_per_quarter: u32,
    /// Whether the captured mailbox is shown without signing in: in the demo, to loopback addresses.
    pub mailbox_open: bool,
    /// Threads that serve requests.
    pub workers: usize,
    /// Whether the server measures itself and shows it on `/metrics`.
    pub metrics: bool,
    /// How long the server goes on when it is told to end, no longer ready; at most 20 s.
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
