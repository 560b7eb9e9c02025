//! Every setting, declared once; `docs/adding-a-setting.md` says how. Each comment is what the document says of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;

use releasepage_auth::project_key::Region;
use releasepage_auth::secret_key::SecretKey;
use releasepage_egress::AllowedHost;
use releasepage_http::client::Network;
use releasepage_mailer::address::Sender;
use releasepage_mailer::mail_url::MailUrl;
use releasepage_mailer::settings::{HelloName, MailSettings, MailTimeouts};
use releasepage_sources::forge_address::ForgeAddress;
use releasepage_storage::DatabaseUrl;

use super::declare::{entries, fallback, section_type, settings};
use super::masked::MASK;
use super::setting::Accepts::{Flag, Form, OneOf, Secret, Table, Whole};
use super::setting::{Entry, Fallback, Section};
use super::values::{LogFilter, LogFormat, PublicUrl, database_url, endpoints, listed, parsed, secret_key};

const API_URL: &str = "the http or https URL of a forge's API, such as https://git.example.com/api/v3";

settings! {
    /// All settings of a process, checked.
    struct Settings {
        /// The directory of what the server keeps: the SQLite database and the secret key.
        data_dir: PathBuf = "./data", Form("the path of a directory, which is made if it is missing");

        /// The secret that signs the links in mails and encrypts the secrets in the database. All servers and workers
        /// of one database need the same. If it is lost, every link that was mailed is invalid.
        #[serde(default, deserialize_with = "secret_key")]
        secret_key: Option<SecretKey> = derived("what secret_key_file holds"),
            Secret(
                "32 bytes or more in hexadecimal or base64, as `openssl rand -hex 32` prints them",
                |_| MASK.to_owned(),
            );

        /// The file of the secret key, unless secret_key itself is set. For a new database, a missing file is made;
        /// all servers and workers need a copy of it.
        secret_key_file: Option<PathBuf> = derived(
                "{data_dir}/secret_key on SQLite; on Postgres, this or secret_key is required",
                |settings| Some(settings.secret_key_file().display().to_string())
            ),
            Form("the path of a file with a secret key");
    }

    /// The address of the server and its way of answering.
    own server: ServerSettings {
        /// The address on which the server listens. Port 0 takes a free one, which is logged.
        listen: SocketAddr = "127.0.0.1:8080", Form("an IP address and a port, such as 127.0.0.1:8080 or [::]:8080");

        /// The address under which readers reach the server. Every link is built from it.
        public_url: Option<PublicUrl> = derived(
                "http://{server.listen}",
                |settings| Some(settings.server.public_url(settings.server.listen).to_string())
            ),
            Form("an http or https URL of a host, without a path, such as https://releases.example.com");

        /// The region of this server. Keys of a project carry it and are refused elsewhere.
        #[serde(deserialize_with = "parsed")]
        region: Region = "standard", Form("1 to 32 lower-case letters, digits and hyphens, such as eu");

        /// The servers of other regions. A client with a key of another region is pointed to its server. In the
        /// environment: RELEASEPAGE__SERVER__ENDPOINTS__EU.
        #[serde(deserialize_with = "endpoints")]
        endpoints: BTreeMap<String, PublicUrl> = {},
            Table("a table of regions and their URLs, such as { eu = \"https://eu.example.com\" }");

        /// The proxies whose X-Forwarded-For is believed. In the environment: separated by commas.
        #[serde(deserialize_with = "listed")]
        trusted_proxies: Vec<Network> = [], Form("IP addresses and networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]");

        /// The number of threads that serve requests.
        workers: Option<usize> = derived("one for each core", |settings| Some(settings.server.workers().to_string())),
            Whole(1..=256);

        /// The time that the server goes on answering after it is told to stop, while /readyz says 503. If it is
        /// longer than a balancer takes to notice, no request fails while servers are restarted one after the other.
        drain_seconds: u64 = 0, Whole(0..=20);
    }

    /// The worker's own listener.
    own worker: WorkerSettings {
        /// The address on which `work` answers /healthz, /readyz and /metrics, and which `health --worker` asks.
        listen: Option<SocketAddr> = derived("nowhere"), Form("an IP address and a port, such as 127.0.0.1:8081");
    }

    /// The figures that the process takes of itself.
    own metrics: MetricsSettings {
        /// Measures the process and shows the figures on /metrics, for Prometheus. `serve` shows them where the server
        /// listens, `work` on worker.listen. Everyone who reaches the port can read them: a proxy in front of it
        /// should not pass that path on.
        enabled: bool = false, Flag;
    }

    /// The database and its use.
    own database: DatabaseSettings {
        /// The database.
        #[serde(default, deserialize_with = "database_url")]
        url: Option<DatabaseUrl> = derived(
                "sqlite://{data_dir}/releasepage.db",
                |settings| Some(settings.database_url_shown())
            ),
            Secret(
                "sqlite://PATH (an absolute one: sqlite:///PATH) or postgres://USER:PASSWORD@HOST/DATABASE, where '%' \
                 is written '%25' and '@' '%40'",
                Settings::database_url_shown,
            );

        /// Lets `serve` bring the database to this binary's schema. If it is off, `migrate` must do so first.
        auto_migrate: bool = true, Flag;

        /// The most connections that one process opens to the database.
        connections: u32 = 10, Whole(2..=500);

        /// The time that a request waits for a free connection before it is answered with 503.
        wait_seconds: u64 = 5, Whole(1..=60);

        /// The time that the database may take for one transaction before the request is answered with 503.
        timeout_seconds: u64 = 30, Whole(1..=3600);

        /// The time that the database may say nothing at all before requests are answered with 503.
        silence_seconds: u64 = 2, Whole(1..=60);
    }

    /// The way of mail and its sender.
    foreign mail: MailSettings {
        /// The place that mail goes to: the captured mailbox, which the portal shows; an SMTP server, where
        /// ?tls=required, opportunistic or none says whether STARTTLS must, may or must not be used; an SMTP server
        /// inside TLS; or a directory with one .eml file for each message.
        url: MailUrl = "mailbox:",
            Secret(
                "mailbox:, smtp://USER:PASSWORD@HOST:PORT, smtps://USER:PASSWORD@HOST or file:///DIRECTORY",
                |settings| settings.mail.url.to_string(),
            );

        /// The sender of every mail. Readers see the page's title as its name. Where mail.url is a mail server on
        /// another machine, it has to be an address of yours: nobody takes mail from localhost.
        from: Option<Sender> = "ReleasePage <releases@localhost>",
            Form("one mail address, with or without a name, such as Acme <releases@example.com>");

        /// The name that is said to SMTP servers (EHLO).
        hello_name: Option<HelloName> = derived(
                "the host of server.public_url",
                |settings| settings.server.public_url(settings.server.listen).as_url().host_str().map(ToOwned::to_owned)
            ),
            Form("a host name, or an address in brackets, such as releases.example.com or [192.0.2.1]");

        /// The number of SMTP connections that one worker has open at once. An answer that somebody waits for gets the
        /// next free one. Where the mail server takes fewer, fewer are used.
        connections: NonZeroU16 = 4, Whole(1..=64);

        /// The number of messages that one SMTP connection carries before it is closed.
        messages_per_connection: NonZeroU16 = 100, Whole(1..=10_000);

        /// The time that an SMTP connection without work is kept.
        idle_seconds: u64 = 60, Whole(0..=3_600);

        /// The time until a message that the mail server did not take is tried again. Each further wait is twice as
        /// long, up to 4 hours.
        retry_seconds: u64 = 60, Whole(1..=3_600);
    }
    with timeouts: MailTimeouts {
        /// The time to wait for the connection to an SMTP server, its greeting and its answer to EHLO.
        connect_milliseconds: u64 = 60000, Whole(1..=3_600_000);

        /// The time to wait for each other answer but the last (RFC 5321, section 4.5.3.2).
        command_milliseconds: u64 = 300000, Whole(1..=3_600_000);

        /// The time to wait for the answer to a whole message. Giving up early makes duplicates: a server that answers
        /// late has often taken the message all the same.
        message_milliseconds: u64 = 600000, Whole(1..=3_600_000);
    }

    /// The time of announcements.
    own notify: NotifySettings {
        /// The time to take a release back before anyone is mailed.
        delay_seconds: u32 = 60, Whole(0..=604_800);
    }

    /// The worker's way with jobs.
    own jobs: JobSettings {
        /// The time that a silent worker keeps its jobs.
        lease_seconds: u64 = 45, Whole(1..=3_600);

        /// The time between two signs of life of a worker; at most half of jobs.lease_seconds.
        heartbeat_seconds: u64 = 10, Whole(1..=1_200);

        /// The time after which an idle worker looks for jobs again.
        poll_milliseconds: u64 = 250, Whole(10..=60_000);

        /// The number of jobs that one worker runs at once. Beside them it runs as many that somebody waits for.
        concurrency: usize = 4, Whole(1..=64);

        /// The time that running jobs have to end when the program is told to stop.
        drain_seconds: u64 = 25, Whole(0..=600);
    }

    /// The caps on what strangers can make the server do.
    own limits: LimitSettings {
        /// The time in which a subscriber gets one confirmation mail at most.
        confirmation_interval_minutes: u32 = 15, Whole(0..=1_440);

        /// The most confirmation mails to one subscriber in a day.
        confirmations_per_subscriber_per_day: u32 = 3, Whole(1..=1_000_000);

        /// The most confirmation mails to one address in a day, of all pages, its aliases counted together.
        confirmations_per_address_per_day: u32 = 10, Whole(1..=1_000_000);

        /// The most confirmation mails of one page in a day.
        confirmations_per_page_per_day: u32 = 5000, Whole(1..=100_000_000);

        /// The most subscription requests of one client address in an hour, on forms and with page keys.
        requests_per_client_per_hour: u32 = 20, Whole(1..=100_000_000);

        /// The most requests of one client address (IPv6: one /64) in a minute without a valid key.
        anonymous_requests_per_minute: u32 = 60, Whole(1..=100_000_000);

        /// The most requests with one personal access token in a minute.
        token_requests_per_minute: u32 = 600, Whole(1..=100_000_000);

        /// The most attempts to sign in of one client address in a quarter of an hour.
        sign_ins_per_quarter_hour: u32 = 20, Whole(1..=100_000_000);
    }

    /// The forges that releases are fetched from.
    own sources: SourcesSettings {
        /// The API from which releases of repositories of origin github are fetched. A repository can name another
        /// address.
        #[serde(deserialize_with = "parsed")]
        github_api_url: ForgeAddress = "https://api.github.com", Form(API_URL);

        /// The same for the origin gitlab.
        #[serde(deserialize_with = "parsed")]
        gitlab_api_url: ForgeAddress = "https://gitlab.com/api/v4", Form(API_URL);

        /// The same for the origin gitea.
        #[serde(deserialize_with = "parsed")]
        gitea_api_url: ForgeAddress = "https://codeberg.org/api/v1", Form(API_URL);

        /// The time after which a forge is asked again for what its webhook missed.
        poll_minutes: u32 = 30, Whole(1..=1_440);
    }

    /// The requests to addresses that users typed.
    own egress: EgressSettings {
        /// The hosts which the server may ask for releases although their addresses are private. Users type the
        /// addresses of forges, and whatever answers inside the network is not theirs to reach. A host is meant as a
        /// URL has it, without those below it. In the environment: separated by commas.
        #[serde(deserialize_with = "listed")]
        allowed_hosts: Vec<AllowedHost> = [],
            Form("host names and IP addresses, with or without a port, such as [\"git.internal\", \"10.0.0.5:3000\"]");

        /// The time that a request to an address that a user typed may take as a whole.
        timeout_seconds: u64 = 30, Whole(1..=300);
    }

    /// The times for which data is kept.
    own retention: RetentionSettings {
        /// The time that a request which nobody confirmed is kept. It is never shorter than its link is good.
        unconfirmed_days: u32 = 7, Whole(3..=3_650);

        /// The time that the record of what was sent to whom is kept.
        deliveries_days: u32 = 400, Whole(1..=3_650);

        /// The time that the captured mailbox keeps its messages.
        mailbox_days: u32 = 7, Whole(1..=3_650);
    }

    /// The form and the amount of the log.
    own log: LogSettings {
        /// The form of the log on standard error: for people, or one JSON object in each line.
        format: LogFormat = "pretty", OneOf(&["pretty", "json"]);

        /// The messages that are logged. A level alone is that of the program. Libraries log more than info only where
        /// they are named, since they log what people typed.
        filter: LogFilter = "info",
            Form("a level (error, warn, info, debug, trace) or directives such as info,releasepage_mailer=debug");
    }
}
