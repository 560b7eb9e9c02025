//! Tests of the sources, their order, and the sentence for each mistake.

use releasepage_mailer::mail_url::MailUrl;

use super::*;

/// A secret of 32 bytes. The tests search messages for a part of it.
const SECRET: &str = "00112233445566778899aabbccddeeff00112233deadbeef8899aabbccddeeff";

/// Loads settings from a file with this text and from these variables. In errors, the file's directory is cut off.
fn load(file: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("releasepage.toml");
    std::fs::write(&path, file).unwrap();
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
    let shown = format!("{}/", directory.path().display());
    SettingsSources::new(variables).with_file(&path).load().map_err(|error| error.to_string().replace(&shown, ""))
}

#[test]
fn defaults_are_those_of_the_contract() {
    let settings = SettingsSources::new(Vec::new()).load().unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    let public_url = settings.server.public_url(settings.server.listen);
    assert_eq!(public_url.to_string(), "http://127.0.0.1:8080");
    assert_eq!(settings.server.region.as_str(), "standard");
    assert!(settings.server.trusted_proxies.is_empty());
    assert_eq!(settings.data_dir, Path::new("./data"));
    assert_eq!(settings.database_url(), DatabaseUrl::Sqlite("./data/releasepage.db".to_owned()));
    assert_eq!(settings.mail.url, MailUrl::Mailbox);
    assert_eq!(settings.mail.from, Some("ReleasePage <releases@localhost>".parse().unwrap()));
    assert_eq!(settings.notify.delay_seconds, 60);
    assert_eq!((settings.jobs.lease_seconds, settings.jobs.heartbeat_seconds), (45, 10));
    assert!(settings.database.auto_migrate);
    assert!(settings.secret_key.is_none());
}

#[test]
fn environment_wins_over_file_and_file_over_defaults() {
    let file = "notify.delay_seconds = 5\n[server]\nlisten = \"127.0.0.1:1\"\nregion = \"eu\"\n";
    let settings = load(file, &[("RELEASEPAGE__SERVER__LISTEN", "127.0.0.1:2")]).unwrap();
    assert_eq!(settings.server.listen.port(), 2);
    assert_eq!(settings.server.region.as_str(), "eu");
    assert_eq!(settings.notify.delay_seconds, 5);
}

#[test]
fn default_of_a_command_loses_to_what_was_set() {
    let sources = |variables| SettingsSources::new(variables).with_default("server.listen", "127.0.0.1:3");
    assert_eq!(sources(Vec::new()).load().unwrap().server.listen.port(), 3);
    let variables = vec![("RELEASEPAGE__SERVER__LISTEN".into(), "127.0.0.1:4".into())];
    assert_eq!(sources(variables).load().unwrap().server.listen.port(), 4);
}

#[test]
fn what_a_command_fixes_wins_over_everything() {
    let variables = vec![("RELEASEPAGE__MAIL__URL".into(), "smtp://mail.example.com".into())];
    let settings = SettingsSources::new(variables).with_fixed("mail.url", "mailbox:").load().unwrap();
    assert_eq!(settings.mail.url, MailUrl::Mailbox);
}

#[test]
fn lists_and_tables_can_come_from_file_and_environment() {
    let networks = ["10.0.0.0/8", "::1"].map(|text| text.parse().unwrap());
    let file = "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nendpoints.eu = \"https://eu.example.com\"\n";
    let from_file = load(file, &[]).unwrap();
    let from_environment = load(
        "",
        &[
            ("RELEASEPAGE__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("RELEASEPAGE__SERVER__ENDPOINTS__EU", "https://eu.example.com"),
        ],
    )
    .unwrap();
    let as_in_the_file = load(
        "",
        &[
            ("RELEASEPAGE__SERVER__TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]"),
            ("RELEASEPAGE__SERVER__ENDPOINTS__EU", "https://eu.example.com"),
        ],
    )
    .unwrap();
    for settings in [from_file, from_environment, as_in_the_file] {
        assert_eq!(settings.server.trusted_proxies, networks);
        let endpoints: Vec<_> =
            settings.server.endpoints.iter().map(|(region, url)| (region.as_str(), url.to_string())).collect();
        assert_eq!(endpoints, [("eu", "https://eu.example.com".to_owned())]);
    }
}

#[test]
fn variables_that_are_empty_or_not_ours_are_left_alone() {
    let variables = [("RELEASEPAGE__SECRET_KEY", ""), ("RELEASEPAGE_TEST_POSTGRES", "postgres://"), ("PATH", "/bin")];
    assert!(load("", &variables).unwrap().secret_key.is_none());
}

#[test]
fn text_from_the_environment_is_not_taken_for_a_number() {
    let settings = load("", &[("RELEASEPAGE__SERVER__REGION", "007")]).unwrap();
    assert_eq!(settings.server.region.as_str(), "007");
}

#[test]
fn impossible_setting_is_told_with_place_and_accepted_form() {
    /// A file, the environment, and the error that they cause.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: &[Case<'_>] = &[
        (
            "[server]\nlisten = \"localhost\"",
            &[],
            "the setting `server.listen`, set in releasepage.toml, cannot be \"localhost\"; accepted is an IP address and \
             a port, such as 127.0.0.1:8080 or [::]:8080",
        ),
        (
            "server.listen = 8080",
            &[],
            "the setting `server.listen`, set in releasepage.toml, cannot be 8080; accepted is an IP address and a port, \
             such as 127.0.0.1:8080 or [::]:8080",
        ),
        (
            "",
            &[("RELEASEPAGE__SERVER__PUBLIC_URL", "https://example.com/releases")],
            "the setting `server.public_url`, set by the environment variable RELEASEPAGE__SERVER__PUBLIC_URL, cannot be \
             \"https://example.com/releases\"; accepted is an http or https URL of a host, without a path, such as \
             https://releases.example.com",
        ),
        (
            "server.trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/33\"]",
            &[],
            "the setting `server.trusted_proxies`, set in releasepage.toml, cannot be [\"127.0.0.1\", \"10.0.0.0/33\"]; \
             accepted is IP addresses and networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]",
        ),
        (
            "sources.github_api_url = \"git.internal\"",
            &[],
            "the setting `sources.github_api_url`, set in releasepage.toml, cannot be \"git.internal\"; accepted is the http \
             or https URL of a forge's API, such as https://git.example.com/api/v3",
        ),
        (
            "egress.allowed_hosts = [\"git.internal\", \"*.internal\"]",
            &[],
            "the setting `egress.allowed_hosts`, set in releasepage.toml, cannot be [\"git.internal\", \"*.internal\"]; \
             accepted is host names and IP addresses, with or without a port, such as [\"git.internal\", \"10.0.0.5:3000\"]",
        ),
        (
            "server.endpoints.eu = \"eu.example.com\"",
            &[],
            "the setting `server.endpoints.eu`, set in releasepage.toml, cannot be \"eu.example.com\"; accepted is a table \
             of regions and their URLs, such as { eu = \"https://eu.example.com\" }",
        ),
        (
            "",
            &[("RELEASEPAGE__NOTIFY__DELAY_SECONDS", "soon")],
            "the setting `notify.delay_seconds`, set by the environment variable RELEASEPAGE__NOTIFY__DELAY_SECONDS, \
             cannot be \"soon\"; accepted is a whole number from 0 to 604800",
        ),
        (
            "jobs.concurrency = 0",
            &[],
            "the setting `jobs.concurrency`, set in releasepage.toml, cannot be 0; accepted is a whole number from 1 to 64",
        ),
        (
            "jobs.lease_seconds = 5",
            &[],
            "the setting `jobs.heartbeat_seconds`, set by default, cannot be 10; accepted is at most half \
             of jobs.lease_seconds, which is 5",
        ),
        (
            "database.auto_migrate = \"perhaps\"",
            &[],
            "the setting `database.auto_migrate`, set in releasepage.toml, cannot be \"perhaps\"; accepted is true or false",
        ),
        (
            "log.format = \"xml\"",
            &[],
            "the setting `log.format`, set in releasepage.toml, cannot be \"xml\"; accepted is one of pretty, json",
        ),
        (
            "log = \"json\"",
            &[],
            "the setting `log`, set in releasepage.toml, does not exist; the section `log` accepts format, filter",
        ),
        (
            "",
            &[("RELEASEPAGE__DATABASE__URL", "postgres://localhost/releasepage")],
            "the setting `secret_key` is not set, but database.url names a Postgres database, whose servers and workers \
             need the same one; accepted is 32 bytes or more in hexadecimal or base64, as `openssl rand -hex 32` prints them; \
             or secret_key_file, the path of a file with a secret key",
        ),
    ];
    for (file, variables, sentence) in cases {
        assert_eq!(load(file, variables).err().as_deref(), Some(*sentence), "for {file:?} and {variables:?}");
    }
}

#[test]
fn unknown_setting_is_told_with_those_that_are_known() {
    let told = load("[server]\nlisen = \"127.0.0.1:1\"", &[]).unwrap_err();
    let expected = "the setting `server.lisen`, set in releasepage.toml, does not exist; the section `server` accepts ";
    assert_eq!(
        told.strip_prefix(expected).map(|names| names.starts_with("listen, public_url, ")),
        Some(true),
        "{told}"
    );

    let told = load("", &[("RELEASEPAGE__SERVERS__LISTEN", "127.0.0.1:1")]).unwrap_err();
    let expected = "the setting `servers.listen`, set by the environment variable RELEASEPAGE__SERVERS__LISTEN, does \
                    not exist; accepted are data_dir, secret_key, secret_key_file, server, ";
    assert!(told.starts_with(expected) && told.matches("mail").count() == 1, "{told}");
}

#[test]
fn unreadable_file_is_told() {
    let error =
        SettingsSources::new(Vec::new()).with_file(Path::new("/nonexistent/releasepage.toml")).load().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the settings file /nonexistent/releasepage.toml cannot be read (No such file or directory (os error 2)); \
         --config and RELEASEPAGE_CONFIG accept the path of a TOML file"
    );
}

#[test]
fn malformed_file_is_told_with_the_place_and_without_the_line() {
    let error = load(&format!("secret_key = \"{SECRET}"), &[]).unwrap_err();
    assert!(error.starts_with("the settings file releasepage.toml is not TOML (at line 1, column "), "{error}");
    assert!(!error.contains("deadbeef"), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn secrets_are_in_no_message_and_no_debug_text() {
    let password = "hunter2-planted";
    let mistakes: &[(&str, &str)] = &[
        ("RELEASEPAGE__SECRET_KEY", "short-planted"),
        ("RELEASEPAGE__DATABASE__URL", &format!("mysql://user:{password}@host/db")),
        ("RELEASEPAGE__MAIL__URL", &format!("imap://user:{password}@host")),
    ];
    for mistake in mistakes {
        let error = load("", &[*mistake]).unwrap_err();
        assert!(error.contains(mistake.0) && error.contains("is not shown, as it may hold a secret"), "{error}");
        assert!(!error.contains("planted"), "{error}");
    }
    let settings = load(
        "",
        &[
            ("RELEASEPAGE__SECRET_KEY", SECRET),
            ("RELEASEPAGE__DATABASE__URL", &format!("postgres://user:{password}@host/db")),
            ("RELEASEPAGE__MAIL__URL", &format!("smtps://user:{password}@host")),
        ],
    )
    .unwrap();
    let shown = format!("{settings:?}");
    assert!(!shown.contains("planted") && !shown.contains("deadbeef"), "{shown}");
    let refusal = settings.refusal("mail.url").to_string();
    assert!(refusal.contains("RELEASEPAGE__MAIL__URL") && !refusal.contains("planted"), "{refusal}");
}

#[test]
fn forms_of_values() {
    let accepted: &[(&str, &[&str], &[&str])] = &[
        (
            "RELEASEPAGE__SERVER__PUBLIC_URL",
            &["http://localhost:8080", "https://example.com/", "https://[::1]:1"],
            &["example.com", "ftp://example.com", "https://example.com/?a", "https://u@example.com", "https://"],
        ),
        (
            "RELEASEPAGE__SERVER__REGION",
            &["standard", "eu", "us-east-1"],
            &["EU", "a b", "e\u{fc}", "r23456789012345678901234567890123"],
        ),
        (
            "RELEASEPAGE__DATABASE__URL",
            &["sqlite:///var/lib/releasepage.db", "sqlite://data.db", "postgresql://host/db"],
            &["releasepage.db", "sqlite:releasepage.db", "postgre://host/db", "sqlite://"],
        ),
        (
            "RELEASEPAGE__MAIL__URL",
            &["mailbox:", "smtp://localhost:25", "smtps://u:p@mail.example.com", "file:///tmp/mail"],
            &["mailbox", "smtp:", "http://localhost", "/tmp/mail"],
        ),
        ("RELEASEPAGE__SERVER__TRUSTED_PROXIES", &["::1/128", "10.0.0.1"], &["proxy", "10.0.0.0/", "1.2.3.4,"]),
        (
            "RELEASEPAGE__EGRESS__ALLOWED_HOSTS",
            &["git.internal", "10.0.0.5:3000, fd00::1", "[::1]:3000,[::2]", "[\"git.internal\"]", "[]"],
            &["*.internal", "http://git.internal", "git.internal,"],
        ),
        ("RELEASEPAGE__LOG__FILTER", &["debug", "info,releasepage_mailer=trace"], &["a=b=c", "info,x=loud"]),
    ];
    let secret = ("RELEASEPAGE__SECRET_KEY", SECRET);
    for (name, good, bad) in accepted {
        for value in *good {
            load("", &[secret, (name, value)]).unwrap_or_else(|error| panic!("{value:?}: {error}"));
        }
        for value in *bad {
            assert!(load("", &[secret, (name, value)]).is_err(), "{name}={value:?} was accepted");
        }
    }
}

#[test]
fn every_setting_has_an_accepted_default_and_says_what_it_is_for() {
    // Deserializing refuses an unknown key in a struct of another crate.
    SettingsSources::new(Vec::new()).load().unwrap();
    for entry in entries() {
        assert!(entry.about.trim().len() > 1 && entry.about.ends_with('.'), "{}", entry.key);
    }
}
