//! `releasepage doctor` and `releasepage config`: faults with their remedies, and settings with their origins.

use std::net::TcpListener;

use crate::support::both_databases;
use crate::support::process::{SettingValues, fails, run, succeeds};

both_databases! {
    async fn doctor_finds_a_healthy_server_well_and_sends_nothing(app: App) {
        let told = succeeds(&run(&["doctor"], app.settings(), ""));
        for subject in ["settings", "secret key", "schema", "database", "clock", "queue", "mail"] {
            assert!(told.lines().any(|line| line.starts_with(&format!("ok     {subject} "))), "{subject}: {told}");
        }
        assert!(!told.contains("FAULT"), "{told}");
        assert_eq!(app.sink().count(), 0);
    }
}

both_databases! {
    async fn doctor_tells_each_fault_and_its_cure(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        succeeds(&run(&["jobs", "hold", "--reason", "a test looks"], app.settings(), ""));
        page.subscribe("reader@example.com").await.expect(200);
        app.execute("UPDATE jobs SET state = 'dead' WHERE payload LIKE '%subscription_answer%'");
        app.sink().stop();
        let output = run(&["doctor"], app.settings(), "");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{told}");
        for words in ["a test looks", "jobs resume", "1 dead letter", "jobs retry --all", "FAULT  mail", "check host and port"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(errors.contains("releasepage: 3 faults were found"), "{errors}");
    }
}

both_databases! {
    async fn doctor_changes_nothing_before_the_first_start(setup: Setup) {
        let setup = setup.with("server.listen", "127.0.0.1:8080");
        let told = succeeds(&run(&["doctor"], setup.settings(), ""));
        assert!(told.contains("note"), "{told}");
        let made = std::fs::read_dir(setup.setting("data_dir").expect("it is set")).expect("a directory").count();
        assert_eq!(made, 0, "{told}");
    }
}

both_databases! {
    async fn doctor_tells_of_a_database_that_refuses_writes(app: App) {
        let mut settings = app.settings().clone();
        let url = settings["database.url"].clone();
        if !url.starts_with("postgres") {
            return;
        }
        let mark = if url.contains('?') { '&' } else { '?' };
        for (option, words) in [
            ("default_transaction_read_only%3Don", "switch default_transaction_read_only off"),
            ("role%3Dpg_read_all_data", "grant it SELECT, INSERT, UPDATE and DELETE"),
        ] {
            settings.insert("database.url".to_owned(), format!("{url}{mark}options=-c%20{option}"));
            let output = run(&["doctor"], &settings, "");
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert!(told.contains("the database refuses writes") && told.contains(words), "{told}");
        }
    }
}

#[test]
fn doctor_says_why_a_database_cannot_be_reached() {
    let password = "planted-password";
    let settings = SettingValues::from([
        ("database.url".to_owned(), format!("postgres://app:{password}@127.0.0.1:1/releasepage")),
        ("secret_key".to_owned(), "0123456789abcdef".repeat(4)),
    ]);
    let output = run(&["doctor"], &settings, "");
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("FAULT  database") && told.contains("check database.url"), "{told}");
    assert!(!told.contains(password), "{told}");
}

#[test]
fn password_that_a_url_cannot_hold_as_it_is_is_told_and_not_printed() {
    for place in ["postgres://app:planted%@127.0.0.1:1/x", "postgres://app@127.0.0.1:1/x?password=%planted"] {
        let settings = SettingValues::from([
            ("database.url".to_owned(), place.to_owned()),
            ("secret_key".to_owned(), "0123456789abcdef".repeat(4)),
        ]);
        for command in ["doctor", "migrate", "serve", "config"] {
            let told = fails(&run(&[command], &settings, ""), "database.url");
            assert!(!told.contains("planted") && told.contains("%25"), "{command}: {told}");
        }
    }
}

#[test]
fn config_prints_what_counts_and_who_said_so() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("releasepage.toml");
    std::fs::write(&file, "[server]\nregion = \"eu\"\n").expect("the file can be written");
    let path = file.display().to_string();
    let secret = "0123456789abcdef".repeat(4);
    let settings = SettingValues::from([
        ("secret_key".to_owned(), secret.clone()),
        ("database.url".to_owned(), "postgres://app:planted@db/releasepage".to_owned()),
        ("mail.url".to_owned(), "smtp://app:planted@mail.example.com".to_owned()),
    ]);
    let told = succeeds(&run(&["config", "--config", &path], &settings, ""));
    let line =
        |key: &str| told.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap_or_default().to_owned();
    assert!(
        line("server.region").contains("\"eu\"") && line("server.region").ends_with(&format!("# set in {path}")),
        "{told}"
    );
    assert!(line("server.listen").ends_with("# set by default"), "{told}");
    assert!(line("database.url").contains("postgres://app:***@db/releasepage"), "{told}");
    assert!(line("database.url").ends_with("# set by the environment variable RELEASEPAGE__DATABASE__URL"), "{told}");
    assert!(!told.contains("planted") && !told.contains(&secret), "{told}");
}

#[test]
fn address_that_is_taken_is_told_with_who_set_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a listener has an address").to_string();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let settings = SettingValues::from([
        ("data_dir".to_owned(), directory.path().display().to_string()),
        ("server.listen".to_owned(), address.clone()),
        ("log.filter".to_owned(), "off".to_owned()),
    ]);
    let place = "the setting `server.listen`, set by the environment variable RELEASEPAGE__SERVER__LISTEN";
    fails(&run(&["serve"], &settings, ""), &format!("{place}: {address} cannot be listened on"));
}

#[test]
fn sender_of_this_machine_is_refused_where_the_mail_server_is_another() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("a listener has an address").port();
    for (command, from) in [("serve", None), ("work", None), ("serve", Some("releases@mail.localhost"))] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut settings = SettingValues::from([
            ("data_dir".to_owned(), directory.path().display().to_string()),
            ("mail.url".to_owned(), "smtp://me:planted@mail.example.com".to_owned()),
            // A start without a fault would not return.
            ("server.listen".to_owned(), format!("127.0.0.1:{port}")),
            ("worker.listen".to_owned(), format!("127.0.0.1:{port}")),
            ("log.filter".to_owned(), "off".to_owned()),
        ]);
        // `work` makes no database.
        let migrated = run(&["migrate"], &settings, "");
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        settings.extend(from.map(|from| ("mail.from".to_owned(), from.to_owned())));
        let told = fails(&run(&[command], &settings, ""), "the setting `mail.from`");
        for words in ["mail.example.com in mail.url is another machine", "Acme Releases <releases@example.com>"] {
            assert!(told.contains(words), "{told}");
        }
        assert!(!told.contains("planted"), "{told}");
        settings.insert("mail.from".to_owned(), "releases@acme.example".to_owned());
        fails(&run(&[command], &settings, ""), "cannot be listened on");
    }
}

both_databases! {
    async fn doctor_tells_of_a_sender_that_the_mail_server_refuses(app: App) {
        app.sink().refuse_sender("releases@acme.example", "553 5.7.1 not your address");
        let output = run(&["doctor"], app.settings(), "");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{told}");
        for words in ["FAULT  mail", "MAIL FROM: 5.7.1 not your address (553)", "set mail.from"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert_eq!(app.sink().count(), 0);
    }
}
