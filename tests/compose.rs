//! The compose file and the image. Every setting in them exists, and the services work together with them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::support::browser::Browser;
use crate::support::deployment::{Compose, image_settings, text};
use crate::support::process::{SettingValues, run, succeeds};
use crate::support::setup::Setup;
use crate::support::wait::eventually;

/// The services that run the program.
const OURS: [&str; 4] = ["migrate", "owner", "api", "mailer"];
/// The address of the server for readers, to which the links in emails lead.
const PUBLIC: &str = "http://localhost:8080";

#[test]
fn settings_of_compose_file_and_image_are_accepted() {
    let compose = Compose::read();
    for name in OURS {
        settings_are_accepted(name, &compose.service(name).settings());
    }
    settings_are_accepted("the image", &image_settings());
}

/// `health` reads all settings before it asks. The answer does not matter here.
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

#[test]
fn one_service_builds_the_image_of_all() {
    let compose = Compose::read();
    let building: Vec<_> = compose.services().iter().filter(|(_, service)| service.builds()).collect();
    assert_eq!(building.len(), 1, "{building:?}");
    for name in OURS {
        let service = compose.service(name);
        // A registry might have another image with this name.
        assert_eq!((service.image.as_str(), service.pull_policy.as_deref()), ("releasepage", Some("never")), "{name}");
    }
}

/// `up --wait` fails if a service ends, even with success. The next `up` of another image makes a service that ended
/// anew, and all services that wait for it.
#[test]
fn what_compose_brings_up_stays_up() {
    let compose = Compose::read();
    for (name, service) in compose.services() {
        let stays = service.profiles.is_empty();
        assert_eq!(stays, !["migrate", "owner"].contains(&name.as_str()), "{name}");
        assert_eq!(service.restart.as_deref(), Some(if stays { "unless-stopped" } else { "no" }), "{name}");
        assert_eq!(service.is_watched(), stays, "{name}");
        for (other, condition) in service.dependencies() {
            assert_eq!(condition, "service_healthy", "{name} waits for {other}");
            assert!(compose.service(other).profiles.is_empty(), "{name} waits for {other}");
        }
    }
}

#[test]
fn printed_upgrade_stops_where_a_step_fails() {
    let document = text("deploy/README.md");
    let (_, upgrade) = document.split_once("\n## Upgrade\n").expect("the document says how to upgrade");
    let block = upgrade.split("```").find(|block| block.contains("docker compose")).expect("with compose, too");
    let steps: Vec<&str> = block.lines().filter(|line| line.starts_with("docker compose ")).collect();
    let expected = ["build", "run --rm --no-deps migrate", "--no-deps mailer", "--wait --no-deps api"];
    assert_eq!(steps.len(), expected.len(), "{block}");
    for (step, words) in steps.iter().zip(expected) {
        assert!(step.trim_end_matches(" &&").ends_with(words), "{step} lacks {words}");
    }
    assert!(steps[..3].iter().all(|step| step.ends_with(" &&")), "{block}");
}

/// A runner passes a shell to the entrypoint of the image. A shell is no argument of the program.
#[test]
fn gitlab_job_of_the_readme_has_a_shell() {
    #[derive(Deserialize)]
    struct Job {
        image: Image,
        script: Vec<String>,
    }
    #[derive(Deserialize)]
    struct Image {
        name: String,
        entrypoint: Vec<String>,
    }
    let document = text("README.md");
    let (_, rest) = document.split_once("```yaml\n# .gitlab-ci.yml").expect("the README has a job of GitLab");
    let (block, _) = rest.split_once("\n```").expect("a block ends");
    let (_, job) = block.split_once('\n').expect("a block has lines");
    let jobs: BTreeMap<String, Job> = serde_saphyr::from_str(job).expect("the job is YAML of this shape");
    for job in jobs.values() {
        assert!(job.image.name.ends_with("/releasepage") && job.script[0].starts_with("releasepage publish"));
        assert_eq!(job.image.entrypoint, [""]);
    }
    assert_eq!(jobs.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_of_the_compose_file_work_together_on_postgres() {
    let Some(setup) = Setup::on_postgres() else { return };
    let compose = Compose::read();
    let secret = tempfile::tempdir().expect("a temporary directory");
    let key_file = secret.path().join("secret_key");
    let setup = with_settings_of(setup, &compose, &key_file);

    // The steps of the first `docker compose up`: the server makes the schema and the key.
    assert_eq!(compose.service("api").arguments(), ["serve", "--no-worker"]);
    assert_eq!(compose.service("mailer").arguments(), ["work"]);
    let app = setup.without_worker().start().await;
    let key = std::fs::read_to_string(&key_file).expect("the server makes the key");
    let command = |name: &str| succeeds(&run(&compose.service(name).arguments(), app.settings(), ""));
    let links = [(); 2].map(|()| path_of(&command("owner")));
    succeeds(&run(&["token", "create", "--email", "owner@example.com"], app.settings(), ""));

    // The step before each upgrade.
    assert!(command("migrate").contains("already"));
    assert_eq!(std::fs::read_to_string(&key_file).expect("the key stays"), key);
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

/// The settings of the services. Hosts, ports and paths are those of the test. The minute in which a release can be
/// taken back is removed.
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
        // The server logs its port to this file.
        .with("log.format", "json")
}

/// The path of the only link in a text. The link must begin with the address that the compose file gives to readers.
fn path_of(text: &str) -> String {
    let link =
        text.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_else(|| panic!("no link: {text}"));
    link.strip_prefix(PUBLIC).unwrap_or_else(|| panic!("{link} does not begin with {PUBLIC}")).to_owned()
}
