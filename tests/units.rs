//! The systemd units and their settings file. Every setting in them exists, and both units start with them.

use crate::support::app::App;
use crate::support::deployment::{Unit, file};
use crate::support::process::{Process, SettingValues, run, succeeds};
use crate::support::setup::Setup;
use crate::support::wait::eventually;

/// The settings file that the units name, and the file in the repository that becomes it.
const CONFIG: (&str, &str) = ("/etc/releasepage/releasepage.toml", "deploy/releasepage.toml");

#[test]
fn settings_of_units_are_accepted() {
    for name in ["releasepage", "releasepage-mailer"] {
        let unit = Unit::read(name);
        assert_eq!(unit.settings["data_dir"], "/var/lib/releasepage", "{name}: what StateDirectory= makes");
        // `health` reads all settings before it asks.
        let output = run(&["health", "--config", &config()], &unit.settings, "");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || errors.contains("/healthz cannot be reached"), "{name}: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_start_on_postgres() {
    let Some(setup) = Setup::on_postgres() else { return };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let [server, mailer] = ["releasepage", "releasepage-mailer"].map(|name| {
        let unit = Unit::read(name);
        let settings = settings_here(&setup, &unit, &directory.path().join("secret_key").display().to_string());
        (arguments_here(&unit), settings)
    });
    succeeds(&run(&["migrate", "--config", &config()], &server.1, ""));

    let start = |(arguments, settings): &(Vec<String>, SettingValues), log: &str| {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        Process::start(&arguments, settings, &directory.path().join(log))
    };
    let (mut running, address) = App::listening(start(&server, "server.log"), 0).await;
    let mut settings = server.1.clone();
    settings.insert("server.listen".to_owned(), address.to_string());
    succeeds(&run(&["health", "--config", &config()], &settings, ""));
    assert!(running.terminate().await.success());

    let mut running = start(&mailer, "mailer.log");
    let watched = eventually("the mailer says where it is watched", async || {
        let lines = running.log().lines();
        Some(lines.iter().find(|line| line.says("watched"))?.field("address")?.as_str()?.to_owned())
    })
    .await;
    let mut settings = mailer.1.clone();
    settings.insert("worker.listen".to_owned(), watched);
    succeeds(&run(&["health", "--worker", "--config", &config()], &settings, ""));
    assert!(running.terminate().await.success());
}

fn config() -> String {
    file(CONFIG.1).display().to_string()
}

/// The arguments of a unit, with the settings file of the repository.
fn arguments_here(unit: &Unit) -> Vec<String> {
    let (named, arguments): (Vec<_>, Vec<_>) =
        unit.arguments.iter().cloned().partition(|argument| argument == CONFIG.0);
    assert_eq!(named.len(), 1, "the unit names its settings file: {:?}", unit.arguments);
    // The settings file is the last argument.
    arguments.into_iter().chain([config()]).collect()
}

/// The settings of a unit. Hosts, ports and paths are those of the test. The time in which a proxy notices that the
/// server stops is removed.
fn settings_here(setup: &Setup, unit: &Unit, key_file: &str) -> SettingValues {
    let mut settings = unit.settings.clone();
    let mut change = |key: &str, value: &str| settings.insert(key.to_owned(), value.to_owned());
    for key in ["data_dir", "database.url", "mail.url"] {
        change(key, setup.setting(key).expect("it is set"));
    }
    change("secret_key_file", key_file);
    change("server.listen", "127.0.0.1:0");
    change("worker.listen", "127.0.0.1:0");
    change("server.drain_seconds", "0");
    settings
}
