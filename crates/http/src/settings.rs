//! The settings of the server.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use releasepage_auth::project_key::Region;
use releasepage_domain::repository_files::ForgeApis;
use url::Url;

use crate::client::Network;

/// How the server listens, what it is called, and how much it takes from one client.
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
