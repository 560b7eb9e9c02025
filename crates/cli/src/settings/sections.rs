//! The settings as types, one struct for each section of the file. The catalogue says what each is for; here stand the
//! units and how what is not set follows from the rest.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use releasepage_auth::project_key::Region;
use releasepage_auth::secret_key::SecretKey;
use releasepage_egress::AllowedHost;
use releasepage_http::client::Network;
use releasepage_mailer::settings::MailSettings;
use releasepage_sources::forge_address::ForgeAddress;
use releasepage_storage::DatabaseUrl;
use serde::Deserialize;

use super::error::SettingsError;
use super::load::Origins;
use super::values::{LogFilter, PublicUrl, database_url, endpoints, listed, parsed, secret_key};

/// All settings of a process, checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The directory of the SQLite database and of the secret key.
    pub(crate) data_dir: PathBuf,
    /// The server's secret; where it is `None`, a file holds it, see [`Settings::secret_key_file`].
    #[serde(default, deserialize_with = "secret_key")]
    pub(crate) secret_key: Option<SecretKey>,
    /// The file of the secret, if it is not the one in `data_dir`; set where the database is Postgres and `secret_key`
    /// is `None`.
    pub(crate) secret_key_file: Option<PathBuf>,
    /// Where and as what the server answers.
    pub(crate) server: ServerSettings,
    /// Where the worker says how it is.
    #[serde(default)]
    pub(crate) worker: WorkerSettings,
    /// What the process measures of itself.
    pub(crate) metrics: MetricsSettings,
    /// The database and how it is used.
    pub(crate) database: DatabaseSettings,
    /// Where mail goes and whom it comes from.
    pub(crate) mail: MailSettings,
    /// When a release is announced.
    pub(crate) notify: NotifySettings,
    /// How jobs are claimed and run.
    pub(crate) jobs: JobSettings,
    /// The caps on what strangers can make the server mail.
    pub(crate) limits: LimitSettings,
    /// Where releases are fetched from.
    pub(crate) sources: SourcesSettings,
    /// Which addresses that users typed are asked.
    pub(crate) egress: EgressSettings,
    /// How long what is kept.
    pub(crate) retention: RetentionSettings,
    /// Form and amount of the log.
    pub(crate) log: LogSettings,
    /// Where each key was set, for what is found wrong later.
    #[serde(skip)]
    pub(super) origins: Origins,
}

impl Settings {
    /// The database: as set, or the SQLite file in `data_dir`.
    pub(crate) fn database_url(&self) -> DatabaseUrl {
        self.database.url.clone().unwrap_or_else(|| DatabaseUrl::in_directory(&self.data_dir))
    }

    /// The file that holds the secret key where `secret_key` does not: as set, or the one in `data_dir`.
    pub(crate) fn secret_key_file(&self) -> PathBuf {
        self.secret_key_file.clone().unwrap_or_else(|| self.data_dir.join("secret_key"))
    }

    /// The error for a value that looked right and turned out to be impossible in the crate that uses it: it names
    /// the key, where it was set and what is accepted.
    pub(crate) fn refusal(&self, key: &'static str) -> SettingsError {
        self.origins.impossible(key)
    }

    /// Checks that the mail server can take mail from the sender, as far as both names tell.
    ///
    /// # Errors
    ///
    /// The sentence for `mail.from` where it is an address of this machine and the mail server is another one.
    pub(crate) fn sender_check(&self) -> Result<(), SettingsError> {
        let Some(server) = self.mail.server_without_sender() else { return Ok(()) };
        let accepted = format!(
            "an address of yours that readers can answer to, such as Acme Releases <releases@example.com>, since the \
             mail server {} in mail.url is another machine and localhost is nobody there",
            server.host
        );
        Err(self.origins.impossible_because("mail.from", accepted))
    }
}

/// The section `server`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerSettings {
    /// Where the server listens; port 0 means a free one.
    pub(crate) listen: SocketAddr,
    /// The address that readers use, if it is not the one that is listened on.
    pub(crate) public_url: Option<PublicUrl>,
    /// The region of this server.
    #[serde(deserialize_with = "parsed")]
    pub(crate) region: Region,
    /// The addresses of other regions' servers.
    #[serde(deserialize_with = "endpoints")]
    pub(crate) endpoints: BTreeMap<String, PublicUrl>,
    /// The proxies whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "listed")]
    pub(crate) trusted_proxies: Vec<Network>,
    /// Threads that serve requests; `None` means one for each core.
    pub(crate) workers: Option<usize>,
    /// Seconds that the server goes on when it is told to stop.
    pub(crate) drain_seconds: u64,
}

impl ServerSettings {
    /// The address that links are built from: as set, or the one that the server listens on. `bound` is the address
    /// after binding, which differs from `listen` where its port is 0.
    pub(crate) fn public_url(&self, bound: SocketAddr) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl::of_address(bound))
    }
}

/// The section `worker`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkerSettings {
    /// Where `work` answers those who watch it; `None` means nowhere.
    pub(crate) listen: Option<SocketAddr>,
}

/// The section `metrics`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetricsSettings {
    /// Whether anything is measured.
    pub(crate) enabled: bool,
}

/// The section `database`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseSettings {
    /// The database, if it is not the one in `data_dir`; see [`Settings::database_url`].
    #[serde(default, deserialize_with = "database_url")]
    pub(crate) url: Option<DatabaseUrl>,
    /// Whether `serve` migrates.
    pub(crate) auto_migrate: bool,
    /// The most connections of this process.
    pub(crate) connections: u32,
    /// Seconds that work waits for a free connection.
    pub(crate) wait_seconds: u64,
    /// Seconds that a transaction may take.
    pub(crate) timeout_seconds: u64,
    /// Seconds that the database may say nothing.
    pub(crate) silence_seconds: u64,
}

/// The section `notify`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotifySettings {
    /// Seconds from a publication to its fan-out.
    pub(crate) delay_seconds: u32,
}

/// The section `jobs`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobSettings {
    /// Seconds after which a silent worker loses its jobs.
    pub(crate) lease_seconds: u64,
    /// Seconds between two signs of life; at most half of the lease.
    pub(crate) heartbeat_seconds: u64,
    /// Milliseconds between two looks for jobs.
    pub(crate) poll_milliseconds: u64,
    /// Jobs that run at once.
    pub(crate) concurrency: usize,
    /// Seconds that running jobs have when the worker is told to stop.
    pub(crate) drain_seconds: u64,
}

/// The section `limits`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitSettings {
    /// Minutes in which a subscriber gets one confirmation.
    pub(crate) confirmation_interval_minutes: u32,
    /// Confirmations to one subscriber in a day.
    pub(crate) confirmations_per_subscriber_per_day: u32,
    /// Confirmations to one address in a day, on the whole server.
    pub(crate) confirmations_per_address_per_day: u32,
    /// Confirmations of one page in a day.
    pub(crate) confirmations_per_page_per_day: u32,
    /// Subscription requests of one client address in an hour.
    pub(crate) requests_per_client_per_hour: u32,
    /// Requests a minute of one client address without a valid key.
    pub(crate) anonymous_requests_per_minute: u32,
    /// Requests a minute with one personal access token.
    pub(crate) token_requests_per_minute: u32,
    /// Attempts to sign in of one client address in a quarter of an hour.
    pub(crate) sign_ins_per_quarter_hour: u32,
}

/// The section `sources`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourcesSettings {
    /// GitHub's API.
    #[serde(deserialize_with = "parsed")]
    pub(crate) github_api_url: ForgeAddress,
    /// GitLab's API.
    #[serde(deserialize_with = "parsed")]
    pub(crate) gitlab_api_url: ForgeAddress,
    /// The API of Gitea or Forgejo.
    #[serde(deserialize_with = "parsed")]
    pub(crate) gitea_api_url: ForgeAddress,
    /// Minutes between two polls of a repository.
    pub(crate) poll_minutes: u32,
}

/// The section `egress`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EgressSettings {
    /// The hosts that may be private.
    #[serde(deserialize_with = "listed")]
    pub(crate) allowed_hosts: Vec<AllowedHost>,
    /// Seconds that a request may take.
    pub(crate) timeout_seconds: u64,
}

/// The section `retention`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionSettings {
    /// Days that an unconfirmed request is kept.
    pub(crate) unconfirmed_days: u32,
    /// Days that a delivery is kept.
    pub(crate) deliveries_days: u32,
    /// Days that a captured message is kept.
    pub(crate) mailbox_days: u32,
}

/// The section `log`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    /// For people or for machines.
    pub(crate) format: LogFormat,
    /// What is logged.
    pub(crate) filter: LogFilter,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for people.
    Pretty,
    /// One JSON object in each line.
    Json,
}
