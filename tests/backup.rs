//! `releasepage backup` and `restore`: a back-up holds all that was acknowledged, and a restored server sends no mail
//! until its queue is released.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::api::Api;
use crate::support::app::App;
use crate::support::page::Page;
use crate::support::process::{Process, SettingValues, fails, run, succeeds};
use crate::support::setup::{SECRET_KEY, Setup};
use crate::support::wait::eventually;

/// The settings of a server that is restored from a back-up of another one. It has a directory of its own.
fn elsewhere(settings: &SettingValues, directory: &Path) -> SettingValues {
    let mut settings = settings.clone();
    let data_dir = directory.join("restored");
    settings.insert("database.url".to_owned(), format!("sqlite://{}/releasepage.db", data_dir.display()));
    settings.insert("data_dir".to_owned(), data_dir.display().to_string());
    settings.remove("secret_key");
    settings
}

/// Publishes releases until it is stopped. Returns the acknowledged versions, in order.
async fn publish_until(page: Page, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for number in 1.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let version = format!("v1.{number}.0");
        page.publish("acme/api", &version).await;
        acknowledged.push(version);
    }
    acknowledged
}

/// Every version of the page's component, from `GET …/releases`.
async fn versions(api: &Api, page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = page.path("releases?limit=100");
    loop {
        let part = api.get(&path).await.expect(200).json();
        let releases = part["data"].as_array().expect("a list").iter();
        found.extend(releases.map(|release| release["version"].as_str().expect("a version").to_owned()));
        match part["next"].as_str() {
            Some(next) => path = page.path(&format!("releases?limit=100&cursor={next}")),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_up_taken_under_load_restores_with_integrity_and_resends_nothing_by_itself() {
    let mut app = Setup::on_sqlite().with("limits.token_requests_per_minute", 1_000_000).start().await;
    let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
    for number in 0..3 {
        app.subscriber(&page, &format!("reader{number}@example.com")).await;
    }
    // Mail is slow, so that some mail waits at every moment.
    app.sink().delay(Duration::from_millis(20));
    let stop = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn(publish_until(page.clone(), Arc::clone(&stop)));
    let mailed = app.sink().count();
    eventually("mail is on its way", async || (app.sink().count() > mailed).then_some(())).await;
    let before = versions(app.api(), &page).await;

    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("backup.db");
    let shown = file.display().to_string();
    let settings = app.settings().clone();
    let arguments = ["backup", shown.as_str()];
    let backed_up = tokio::task::spawn_blocking({
        let (settings, arguments) = (settings.clone(), arguments.map(str::to_owned));
        move || run(&arguments.each_ref().map(String::as_str), &settings, "")
    });
    assert!(succeeds(&backed_up.await.expect("it does not panic")).contains("and checked it"));
    let after = versions(app.api(), &page).await;
    stop.store(true, Ordering::Relaxed);
    let acknowledged = load.await.expect("every release was acknowledged");
    assert!(before.len() < acknowledged.len() && after.len() <= acknowledged.len());
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    // The first server is gone, together with the mail that it would have sent.
    app.kill();

    let settings = elsewhere(&settings, directory.path());
    let told = succeeds(&run(&["restore", &shown], &settings, ""));
    assert!(told.contains("The queue is held") && told.contains("releasepage jobs resume --cancel-mail"), "{told}");
    assert_eq!(fs::read_to_string(directory.path().join("restored/secret_key")).expect("the key").trim(), SECRET_KEY);
    let mailed = app.sink().count();
    let restored = Restored::start(&settings, directory.path()).await;
    let api = restored.api(&app.owner.token);
    let found = versions(&api, &page.through(&api)).await;
    for version in &before {
        assert!(found.contains(version), "{version} was acknowledged before the back-up began");
    }
    assert!(found.iter().all(|version| acknowledged.contains(version)));

    // The worker runs, logs that it waits, and sends nothing. New mail waits too.
    eventually("the worker tells that the queue is held", async || {
        restored.process.log().text().contains("the queue is held").then_some(())
    })
    .await;
    let page = page.through(&api);
    page.publish("acme/api", "v9.0.0").await;
    assert!(run(&["doctor"], &settings, "").status.code() == Some(1));
    let held = api.get("/v1/jobs").await.expect(200).json()["held"].clone();
    assert_eq!(held["because"], "the database was restored from a back-up");
    assert_eq!(app.sink().count(), mailed, "nothing is mailed by itself");

    succeeds(&run(&["jobs", "resume"], &settings, ""));
    for number in 0..3 {
        app.inbox(&format!("reader{number}@example.com")).mail("v9.0.0").await;
    }
    // A message that was sent twice is the same message, so that providers drop the second.
    let mut messages: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for received in app.sink().received() {
        let first = messages.entry(received.message_id()).or_insert_with(|| received.message.clone());
        assert_eq!(*first, received.message);
    }
}

/// A restored server, on the address of the first one, which its links name.
struct Restored {
    process: Process,
    address: SocketAddr,
}

impl Restored {
    async fn start(settings: &SettingValues, directory: &Path) -> Self {
        let process = Process::start(&["serve"], settings, &directory.join("restored.log"));
        let (process, address) = App::listening(process, 0).await;
        Self { process, address }
    }

    fn api(&self, token: &str) -> Api {
        Api::new(self.address, token)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_were_mailed_work_on_the_restored_server() {
    let mut app = Setup::on_sqlite().start().await;
    let page = app.page("Acme").with_component("acme/api").await;
    page.subscribe("reader@example.com").await.expect(200);
    let reader = app.inbox("reader@example.com");
    reader.wait_for(1).await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("backup.db").display().to_string();
    succeeds(&run(&["backup", &file], app.settings(), ""));
    app.kill();
    let settings = elsewhere(app.settings(), directory.path());
    succeeds(&run(&["restore", &file], &settings, ""));
    succeeds(&run(&["jobs", "resume", "--cancel-mail"], &settings, ""));
    let restored = Restored::start(&settings, directory.path()).await;
    reader.confirm().await;
    page.through(&restored.api(&app.owner.token)).publish("acme/api", "v1.0.0").await;
    reader.mail("v1.0.0").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_overwritten_and_nothing_half_is_left() {
    let app = Setup::on_sqlite().start().await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("backup.db").display().to_string();
    succeeds(&run(&["backup", &file], app.settings(), ""));
    fails(&run(&["backup", &file], app.settings(), ""), "exists already");
    fails(&run(&["restore", &file], app.settings(), ""), "exists already");
    app.get("/readyz").await.expect(200);

    let settings = elsewhere(app.settings(), directory.path());
    let nothing = directory.path().join("nothing.db").display().to_string();
    fails(&run(&["restore", &nothing], &settings, ""), "No such file");
    let log = directory.path().join("text").display().to_string();
    fs::write(&log, "a text").expect("a file can be written");
    fails(&run(&["restore", &log], &settings, ""), "is not a back-up");
    let mut other = settings.clone();
    other.insert("secret_key".to_owned(), "0123456789abcdef".repeat(4));
    fails(&run(&["restore", &file], &other, ""), "is not that of the back-up");
    assert!(!directory.path().join("restored/releasepage.db").exists());
    let mut same = settings.clone();
    same.insert("secret_key".to_owned(), SECRET_KEY.to_owned());
    succeeds(&run(&["restore", &file], &same, ""));
    assert!(!directory.path().join("restored/secret_key").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_up_that_was_altered_is_refused_before_anything_is_put_in_place() {
    let app = Setup::on_sqlite().start().await;
    app.page("A page to be altered").with_component("acme/api").await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("backup.db").display().to_string();
    succeeds(&run(&["backup", &file], app.settings(), ""));
    let settings = elsewhere(app.settings(), directory.path());
    let bytes = fs::read(&file).expect("the back-up can be read");
    let title = b"A page to be altered";
    let at = bytes.windows(title.len()).position(|window| window == title).expect("the title is in the back-up");
    let mut altered = bytes.clone();
    altered[at] = b'a';
    let without_end = &bytes[..bytes.len() - 1];
    for (other, sentence) in [
        (&altered[..], "was altered since it was made: its content is not that of the SHA-256 digest at its end"),
        (without_end, "lacks the digest at its end: it was cut short or added to"),
        (&[&bytes[..], b"\n"].concat(), "lacks the digest at its end: it was cut short or added to"),
    ] {
        fs::write(&file, other).expect("the back-up can be written");
        fails(&run(&["restore", &file], &settings, ""), sentence);
        assert!(!directory.path().join("restored").exists(), "nothing is put in place: {sentence}");
    }
    fs::write(&file, &bytes).expect("the back-up can be written");
    succeeds(&run(&["restore", &file], &settings, ""));
}

#[tokio::test]
async fn postgres_is_backed_up_by_its_own_tools() {
    let Some(setup) = Setup::on_postgres() else { return };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("backup.db").display().to_string();
    fails(&run(&["backup", &file], setup.settings(), ""), "pg_dump");
    fails(&run(&["restore", &file], setup.settings(), ""), "releasepage jobs hold");
    assert!(!Path::new(&file).exists());
}
