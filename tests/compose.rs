//! The compose file and the image: every setting in them exists, and the services work together with them.

use std::path::Path;

use crate::support::browser::Browser;
use crate::support::deployment::{Compose, image_settings};
use crate::support::process::{SettingValues, run, succeeds};
use crate::support::setup::Setup;
use crate::support::wait::eventually;

/// The services that run the program.
const OURS: [&str; 4] = ["migrate", "owner", "api", "mailer"];
/// Where readers find the server, and so where the links in mails lead.
const PUBLIC: &str = "http://localhost:8080";

#[test]
fn settings_of_compose_file_and_image_are_accepted() {
    let compose = Compose::read();
    for name in OURS {
        settings_are_accepted(name, &compose.service(name).settings());
    }
    settings_are_accepted("the image", &image_settings());
}

/// `health` reads all settings before it asks; whether anybody answers is not what is asked here.
fn settings_are_accepted(whose: &str, settings: &SettingValues) {
    assert!(!settings.is_empty(), "{whose} has settings");
    let output = run(&["health"], settings, "");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || errors.contains("/healthz cannot be reached"), "{whose}: {errors}");
}

#[test]
fn services_of_the_compose_file_share_their_settings() {
    let compose = Compose::read();
    let settings = OURS.map(|name| compose.service(name).settings());
    assert!(settings.iter().all(|other| *other == settings[0]), "one key, one database, one address: {settings:#?}");
    assert_eq!(settings[0]["server.public_url"], PUBLIC);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_of_the_compose_file_work_together_on_postgres() {
    let Some(setup) = Setup::on_postgres() else { return };
    let compose = Compose::read();
    let secret = tempfile::tempdir().expect("a temporary directory");
    let key_file = secret.path().join("secret_key");
    let setup = with_settings_of(setup, &compose, &key_file);
    let command = |name: &str| succeeds(&run(&compose.service(name).arguments(), setup.settings(), ""));

    // As at the first `docker compose up`, and as at every later one.
    assert!(command("migrate").starts_with("Applied "));
    let key = std::fs::read_to_string(&key_file).expect("migrate makes the key");
    assert!(command("migrate").contains("already"));
    assert_eq!(std::fs::read_to_string(&key_file).expect("the key stays"), key);
    let links = [(); 2].map(|()| path_of(&command("owner")));

    assert_eq!(compose.service("api").arguments(), ["serve", "--no-worker"]);
    assert_eq!(compose.service("mailer").arguments(), ["work"]);
    let app = setup.without_worker().start().await;
    succeeds(&run(&compose.service("api").health_arguments(), app.settings(), ""));
    let browser = Browser::new(app.address());
    browser.open(&links[0]).await.expect(404);
    browser.open(&links[1]).await.expect(200);

    let mut mailer = app.worker_start();
    let watched = eventually("the mailer says where it is watched", async || {
        let lines = app.log().lines();
        Some(lines.iter().find(|line| line.says("watched"))?.field("address")?.as_str()?.to_owned())
    })
    .await;
    let mut settings = app.settings().clone();
    settings.insert("worker.listen".to_owned(), watched);
    succeeds(&run(&compose.service("mailer").health_arguments(), &settings, ""));

    let page = app.page("Acme").with_component("acme/api").await;
    page.subscribe("reader@example.com").await.expect(200);
    let inbox = app.inbox("reader@example.com");
    let link = path_of(&inbox.mail("Confirm").await.link("/confirm").expect("a confirmation has its link"));
    let shown = inbox.open(&link).await;
    inbox.press(&link, &shown).await.expect(200);
    page.publish("acme/api", "v2.0.0").await;
    let told = inbox.mail("v2.0.0").await;
    assert!(told.links().iter().all(|link| link.starts_with(PUBLIC)), "{:?}", told.links());

    assert!(mailer.terminate().await.success());
    assert!(app.terminate().await);
}

/// The settings of the services, with only those hosts, ports and paths changed that are other ones here; and without
/// the minute in which a release can be taken back.
fn with_settings_of(setup: Setup, compose: &Compose, key_file: &Path) -> Setup {
    let here = ["database.url", "mail.url"].map(|key| (key, setup.setting(key).expect("it is set").to_owned()));
    let mut setup = setup.with_only(compose.service("api").settings());
    for (key, value) in here {
        setup = setup.with(key, value);
    }
    setup
        .with("secret_key_file", key_file.display())
        .with("server.listen", "127.0.0.1:0")
        .with("worker.listen", "127.0.0.1:0")
        .with("notify.delay_seconds", 0)
        // In which the server says what port it got.
        .with("log.format", "json")
}

/// The path of the one link in a text, which leads to where the compose file says that readers come.
fn path_of(text: &str) -> String {
    let link =
        text.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_else(|| panic!("no link: {text}"));
    link.strip_prefix(PUBLIC).unwrap_or_else(|| panic!("{link} does not begin with {PUBLIC}")).to_owned()
}
