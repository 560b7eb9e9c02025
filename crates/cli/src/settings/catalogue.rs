//! The table of all settings.

use std::fmt;
use std::ops::RangeInclusive;

/// One setting: its key, its default and what it accepts.
pub(super) struct Entry {
    /// The key with dots; what stands before the last one is the section.
    pub(super) key: &'static str,
    /// The built-in default, as TOML writes it.
    pub(super) default: Fallback,
    /// What the setting may be.
    pub(super) accepts: Accepts,
    /// What it is for: sentences for the document.
    pub(super) about: &'static str,
}

/// The value of a setting that nobody set.
pub(super) enum Fallback {
    /// A fixed value, written as TOML.
    Fixed(&'static str),
    /// It depends on other settings or is none at all; the text, a TOML value or words, is for the document.
    Derived(&'static str),
}

/// What a setting may be.
pub(super) enum Accepts {
    /// `true` or `false`.
    Flag,
    /// A whole number in a range.
    Whole(RangeInclusive<u64>),
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// Text in a form which the type that reads it checks; described in words.
    Form(&'static str),
    /// Like `Form`, but its value is never printed, since it is or may contain a secret.
    Secret(&'static str),
    /// A table with keys of the user's own choice.
    Table(&'static str),
}

impl Accepts {
    /// Whether the value must not appear in a message.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }
}

impl fmt::Display for Accepts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("true or false"),
            Self::Whole(range) => write!(formatter, "a whole number from {} to {}", range.start(), range.end()),
            Self::OneOf(words) => write!(formatter, "one of {}", words.join(", ")),
            Self::Form(words) | Self::Secret(words) | Self::Table(words) => formatter.write_str(words),
        }
    }
}

/// The entry of a key.
pub(super) fn entry(key: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.key == key)
}

/// The table that a key like `server.endpoints.eu` belongs to.
pub(super) fn table_of(key: &str) -> Option<&'static Entry> {
    let (parent, _) = key.rsplit_once('.')?;
    entry(parent).filter(|entry| matches!(entry.accepts, Accepts::Table(_)))
}

/// Whether some setting lies below this key.
pub(super) fn is_section(key: &str) -> bool {
    ENTRIES.iter().any(|entry| entry.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

/// The names that exist where an unknown key was put, for its message.
pub(super) fn neighbours(key: &str) -> String {
    let section = key.split('.').next().unwrap_or(key);
    if is_section(section) {
        let prefix = format!("{section}.");
        let names: Vec<_> = ENTRIES.iter().filter_map(|entry| entry.key.strip_prefix(&prefix)).collect();
        format!("the section `{section}` accepts {}", names.join(", "))
    } else {
        let mut names: Vec<_> = ENTRIES.iter().filter_map(|entry| entry.key.split('.').next()).collect();
        names.dedup();
        format!("accepted are {}", names.join(", "))
    }
}

const ADDRESS: &str = "an IP address and a port, such as 127.0.0.1:8080 or [::]:8080";
const PUBLIC_URL: &str = "an http or https URL of a host, without a path, such as https://releases.example.com";
const API_URL: &str = "the http or https URL of a forge's API, such as https://git.example.com/api/v3";
const REGION: &str = "1 to 32 lower-case letters, digits and hyphens, such as eu";

/// Every setting, section by section, in the order of the document.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        key: "data_dir",
        default: Fallback::Fixed("\"./data\""),
        accepts: Accepts::Form("the path of a directory, which is made if it is missing"),
        about: "The directory of what the server keeps: the SQLite database and the secret key.",
    },
    Entry {
        key: "secret_key",
        default: Fallback::Derived("what secret_key_file holds"),
        accepts: Accepts::Secret("32 bytes or more in hexadecimal or base64, as `openssl rand -hex 32` prints them"),
        about: "What links in mails are signed and secrets at rest are encrypted with. All servers and workers of one \
                database need the same. Whoever loses it invalidates every link that was mailed.",
    },
    Entry {
        key: "secret_key_file",
        default: Fallback::Derived("{data_dir}/secret_key on SQLite; on Postgres, this or secret_key is required"),
        accepts: Accepts::Form("the path of a file with a secret key"),
        about: "Where the secret key is, unless secret_key itself is set. For a new database, a missing file is made; all \
                servers and workers need a copy of it.",
    },
    Entry {
        key: "server.listen",
        default: Fallback::Fixed("\"127.0.0.1:8080\""),
        accepts: Accepts::Form(ADDRESS),
        about: "Where the server listens. Port 0 takes a free one, which is logged.",
    },
    Entry {
        key: "server.public_url",
        default: Fallback::Derived("http://{server.listen}"),
        accepts: Accepts::Form(PUBLIC_URL),
        about: "The address under which readers reach the server; every link is built from it.",
    },
    Entry {
        key: "server.region",
        default: Fallback::Fixed("\"standard\""),
        accepts: Accepts::Form(REGION),
        about: "The region of this server. Keys of a project carry it and are refused elsewhere.",
    },
    Entry {
        key: "server.endpoints",
        default: Fallback::Fixed("{}"),
        accepts: Accepts::Table("a table of regions and their URLs, such as { eu = \"https://eu.example.com\" }"),
        about: "The servers of other regions, which a client with a key of theirs is pointed to. In the environment: \
                RELEASEPAGE__SERVER__ENDPOINTS__EU.",
    },
    Entry {
        key: "server.trusted_proxies",
        default: Fallback::Fixed("[]"),
        accepts: Accepts::Form("IP addresses and networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]"),
        about: "The proxies whose X-Forwarded-For is believed. In the environment: separated by commas.",
    },
    Entry {
        key: "server.workers",
        default: Fallback::Derived("one for each core"),
        accepts: Accepts::Whole(1..=256),
        about: "How many threads serve requests.",
    },
    Entry {
        key: "server.drain_seconds",
        default: Fallback::Fixed("0"),
        accepts: Accepts::Whole(0..=20),
        about: "How long the server goes on answering when it is told to stop, while /readyz says 503. Longer than a \
                balancer before it takes to notice, no request fails when servers are restarted one after the other.",
    },
    Entry {
        key: "worker.listen",
        default: Fallback::Derived("nowhere"),
        accepts: Accepts::Form("an IP address and a port, such as 127.0.0.1:8081"),
        about: "Where `work` answers /healthz, /readyz and /metrics, and `health --worker` asks.",
    },
    Entry {
        key: "metrics.enabled",
        default: Fallback::Fixed("false"),
        accepts: Accepts::Flag,
        about: "Whether the process measures itself and shows it on /metrics, for Prometheus: in `serve` where the server \
                listens, in `work` on worker.listen. Whoever reaches the port can read it: let a proxy before it not \
                pass that path.",
    },
    Entry {
        key: "database.url",
        default: Fallback::Derived("sqlite://{data_dir}/releasepage.db"),
        accepts: Accepts::Secret(
            "sqlite://PATH (an absolute one: sqlite:///PATH) or postgres://USER:PASSWORD@HOST/DATABASE, where '%' is \
             written '%25' and '@' '%40'",
        ),
        about: "The database.",
    },
    Entry {
        key: "database.auto_migrate",
        default: Fallback::Fixed("true"),
        accepts: Accepts::Flag,
        about: "Whether `serve` brings the database to this binary's schema; if not, `migrate` must have done so.",
    },
    Entry {
        key: "database.connections",
        default: Fallback::Fixed("10"),
        accepts: Accepts::Whole(2..=500),
        about: "The most connections that one process opens to the database.",
    },
    Entry {
        key: "database.wait_seconds",
        default: Fallback::Fixed("5"),
        accepts: Accepts::Whole(1..=60),
        about: "How long a request waits for a free connection before it is answered with 503.",
    },
    Entry {
        key: "database.timeout_seconds",
        default: Fallback::Fixed("30"),
        accepts: Accepts::Whole(1..=3600),
        about: "How long the database may take for one transaction before the request is answered with 503.",
    },
    Entry {
        key: "database.silence_seconds",
        default: Fallback::Fixed("2"),
        accepts: Accepts::Whole(1..=60),
        about: "How long the database may say nothing at all before requests are answered with 503.",
    },
    Entry {
        key: "mail.url",
        default: Fallback::Fixed("\"mailbox:\""),
        accepts: Accepts::Secret(
            "mailbox:, smtp://USER:PASSWORD@HOST:PORT, smtps://USER:PASSWORD@HOST or file:///DIRECTORY",
        ),
        about: "Where mail goes: the captured mailbox, which the portal shows; an SMTP server, where ?tls=required, \
                opportunistic or none says whether STARTTLS must, may or must not be used; an SMTP server inside TLS; or \
                a directory of one .eml file for each message.",
    },
    Entry {
        key: "mail.from",
        default: Fallback::Fixed("\"ReleasePage <releases@localhost>\""),
        accepts: Accepts::Form("one mail address, with or without a name, such as Acme <releases@example.com>"),
        about: "The sender of every mail. Readers see the page's title as its name. Where mail.url is a mail server on \
                another machine, it has to be an address of yours: nobody takes mail from localhost.",
    },
    Entry {
        key: "mail.hello_name",
        default: Fallback::Derived("the host of server.public_url"),
        accepts: Accepts::Form("a host name, or an address in brackets, such as releases.example.com or [192.0.2.1]"),
        about: "The name that is said to SMTP servers (EHLO).",
    },
    Entry {
        key: "mail.connections",
        default: Fallback::Fixed("4"),
        accepts: Accepts::Whole(1..=64),
        about: "How many SMTP connections one worker has open at once, of which deliveries leave one to answers that \
                people wait for. Where the mail server takes fewer, fewer are used.",
    },
    Entry {
        key: "mail.messages_per_connection",
        default: Fallback::Fixed("100"),
        accepts: Accepts::Whole(1..=10_000),
        about: "How many messages one SMTP connection carries before it is closed.",
    },
    Entry {
        key: "mail.idle_seconds",
        default: Fallback::Fixed("60"),
        accepts: Accepts::Whole(0..=3_600),
        about: "How long an SMTP connection without work is kept.",
    },
    Entry {
        key: "mail.retry_seconds",
        default: Fallback::Fixed("60"),
        accepts: Accepts::Whole(1..=3_600),
        about: "How long until a message that the mail server did not take is tried again; each further wait is twice \
                as long, up to 4 hours.",
    },
    Entry {
        key: "mail.timeouts.connect_milliseconds",
        default: Fallback::Fixed("60000"),
        accepts: Accepts::Whole(1..=3_600_000),
        about: "How long the connection to an SMTP server, its greeting and its answer to EHLO are waited for.",
    },
    Entry {
        key: "mail.timeouts.command_milliseconds",
        default: Fallback::Fixed("300000"),
        accepts: Accepts::Whole(1..=3_600_000),
        about: "How long each other answer but the last is waited for (RFC 5321, section 4.5.3.2).",
    },
    Entry {
        key: "mail.timeouts.message_milliseconds",
        default: Fallback::Fixed("600000"),
        accepts: Accepts::Whole(1..=3_600_000),
        about: "How long the answer to a whole message is waited for. Giving up early makes duplicates: a server that \
                answers late has often taken the message all the same.",
    },
    Entry {
        key: "notify.delay_seconds",
        default: Fallback::Fixed("60"),
        accepts: Accepts::Whole(0..=604_800),
        about: "The time to take a release back before anyone is mailed.",
    },
    Entry {
        key: "jobs.lease_seconds",
        default: Fallback::Fixed("45"),
        accepts: Accepts::Whole(1..=3_600),
        about: "How long a worker that was not heard of keeps its jobs.",
    },
    Entry {
        key: "jobs.heartbeat_seconds",
        default: Fallback::Fixed("10"),
        accepts: Accepts::Whole(1..=1_200),
        about: "How often a worker says that it lives; at most half of jobs.lease_seconds.",
    },
    Entry {
        key: "jobs.poll_milliseconds",
        default: Fallback::Fixed("250"),
        accepts: Accepts::Whole(10..=60_000),
        about: "How often an idle worker looks for jobs.",
    },
    Entry {
        key: "jobs.concurrency",
        default: Fallback::Fixed("4"),
        accepts: Accepts::Whole(1..=64),
        about: "How many jobs one worker runs at once, and beside them as many that somebody waits for.",
    },
    Entry {
        key: "jobs.drain_seconds",
        default: Fallback::Fixed("25"),
        accepts: Accepts::Whole(0..=600),
        about: "How long running jobs may take to end when the program is told to stop.",
    },
    Entry {
        key: "limits.confirmation_interval_minutes",
        default: Fallback::Fixed("15"),
        accepts: Accepts::Whole(0..=1_440),
        about: "The time in which a subscriber gets one confirmation mail at most.",
    },
    Entry {
        key: "limits.confirmations_per_subscriber_per_day",
        default: Fallback::Fixed("3"),
        accepts: Accepts::Whole(1..=1_000_000),
        about: "The most confirmation mails to one subscriber in a day.",
    },
    Entry {
        key: "limits.confirmations_per_address_per_day",
        default: Fallback::Fixed("10"),
        accepts: Accepts::Whole(1..=1_000_000),
        about: "The most confirmation mails to one address in a day, of all pages, its aliases counted together.",
    },
    Entry {
        key: "limits.confirmations_per_page_per_day",
        default: Fallback::Fixed("5000"),
        accepts: Accepts::Whole(1..=100_000_000),
        about: "The most confirmation mails of one page in a day.",
    },
    Entry {
        key: "limits.requests_per_client_per_hour",
        default: Fallback::Fixed("20"),
        accepts: Accepts::Whole(1..=100_000_000),
        about: "The most subscription requests of one client address in an hour, on forms and with page keys.",
    },
    Entry {
        key: "limits.anonymous_requests_per_minute",
        default: Fallback::Fixed("60"),
        accepts: Accepts::Whole(1..=100_000_000),
        about: "The most requests of one client address (IPv6: one /64) in a minute without a valid key.",
    },
    Entry {
        key: "limits.token_requests_per_minute",
        default: Fallback::Fixed("600"),
        accepts: Accepts::Whole(1..=100_000_000),
        about: "The most requests with one personal access token in a minute.",
    },
    Entry {
        key: "limits.sign_ins_per_quarter_hour",
        default: Fallback::Fixed("20"),
        accepts: Accepts::Whole(1..=100_000_000),
        about: "The most attempts to sign in of one client address in a quarter of an hour.",
    },
    Entry {
        key: "sources.github_api_url",
        default: Fallback::Fixed("\"https://api.github.com\""),
        accepts: Accepts::Form(API_URL),
        about: "Where releases of repositories of origin github are fetched from; a repository can name another address.",
    },
    Entry {
        key: "sources.gitlab_api_url",
        default: Fallback::Fixed("\"https://gitlab.com/api/v4\""),
        accepts: Accepts::Form(API_URL),
        about: "The same for the origin gitlab.",
    },
    Entry {
        key: "sources.gitea_api_url",
        default: Fallback::Fixed("\"https://codeberg.org/api/v1\""),
        accepts: Accepts::Form(API_URL),
        about: "The same for the origin gitea.",
    },
    Entry {
        key: "sources.poll_minutes",
        default: Fallback::Fixed("30"),
        accepts: Accepts::Whole(1..=1_440),
        about: "How often a forge is asked for what its webhook missed.",
    },
    Entry {
        key: "egress.allowed_hosts",
        default: Fallback::Fixed("[]"),
        accepts: Accepts::Form(
            "host names and IP addresses, with or without a port, such as [\"git.internal\", \"10.0.0.5:3000\"]",
        ),
        about: "The hosts which the server may ask for releases although their addresses are private: users type the \
                addresses of forges, and whatever answers inside the network is not theirs to reach. A host is meant as \
                a URL has it, without those below it. In the environment: separated by commas.",
    },
    Entry {
        key: "egress.timeout_seconds",
        default: Fallback::Fixed("30"),
        accepts: Accepts::Whole(1..=300),
        about: "How long a request to an address that a user typed may take as a whole.",
    },
    Entry {
        key: "retention.unconfirmed_days",
        default: Fallback::Fixed("7"),
        accepts: Accepts::Whole(3..=3_650),
        about: "How long a request that nobody confirmed is kept; never shorter than its link is good.",
    },
    Entry {
        key: "retention.deliveries_days",
        default: Fallback::Fixed("400"),
        accepts: Accepts::Whole(1..=3_650),
        about: "How long it is kept what was sent to whom.",
    },
    Entry {
        key: "retention.mailbox_days",
        default: Fallback::Fixed("7"),
        accepts: Accepts::Whole(1..=3_650),
        about: "How long the captured mailbox keeps its messages.",
    },
    Entry {
        key: "log.format",
        default: Fallback::Fixed("\"pretty\""),
        accepts: Accepts::OneOf(&["pretty", "json"]),
        about: "The form of the log on standard error: for people, or one JSON object in each line.",
    },
    Entry {
        key: "log.filter",
        default: Fallback::Fixed("\"info\""),
        accepts: Accepts::Form(
            "a level (error, warn, info, debug, trace) or directives such as info,releasepage_mailer=debug",
        ),
        about: "What is logged. A level alone is that of the program; libraries log more than info only where they are \
                named, since they log what people typed.",
    },
];
