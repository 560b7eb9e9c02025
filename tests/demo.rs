//! `releasepage demo`: its output is true.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::mailbox::Mailbox;
use crate::support::process::{Process, SettingValues, fails, run};
use crate::support::wait::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn demo_does_what_it_prints_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let outside = tempfile::tempdir().expect("a temporary directory");
    let mut demo = Process::demo_start(&SettingValues::new(), temporary.path(), &outside.path().join("printed"));
    let printed = printed(&demo).await;
    let lines = curl_lines(&printed);
    let [version, subscribe, publish] = lines.as_slice() else { panic!("three lines in {printed}") };
    let address = address_of(&printed);
    let browser = Browser::new(address);

    let latest = shell(version)["latest"].as_array().expect("latest is a list").clone();
    assert_eq!(latest.len(), 2, "a page of two components: {latest:?}");
    for url in printed.split_whitespace().filter(|word| word.starts_with("http") && !word.contains("/v1/")) {
        if !url.contains("/api/") {
            browser.open(url).await.expect(200);
        }
    }

    shell(subscribe);
    let mailbox = Mailbox::of_demo(address);
    let confirmation = mailbox.mail("you@example.com", "").await;
    let link = confirmation.link("/confirm").expect("the mail has a link to confirm");
    let shown = browser.open(&link).await.expect(200);
    browser.submit(&link, &shown, &[]).await.expect(200);

    shell(publish);
    mailbox.mail("you@example.com", "3.0.0").await;
    mailbox.mail("reader@example.com", "3.0.0").await;
    let latest = shell(version)["latest"].to_string();
    assert!(latest.contains("3.0.0"), "{latest}");

    assert!(demo.terminate().await.success(), "SIGTERM is not a failure");
    let left: Vec<_> = std::fs::read_dir(temporary.path()).expect("the directory is there").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn demos_run_where_they_are_told_beside_each_other_and_reach_nothing_real() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let outside = tempfile::tempdir().expect("a temporary directory");
    let real = outside.path().join("real");
    let settings = |listen: &str| {
        let settings = [
            ("server.listen", listen.to_owned()),
            ("database.url", format!("sqlite://{}/releasepage.db", real.display())),
            ("data_dir", real.display().to_string()),
            ("secret_key_file", real.join("secret_key").display().to_string()),
            ("mail.url", format!("file://{}", real.display())),
        ];
        SettingValues::from(settings.map(|(key, value)| (key.to_owned(), value)))
    };
    let start = |settings: &SettingValues, name: &str| {
        Process::demo_start(settings, temporary.path(), &outside.path().join(name))
    };
    let here = start(&settings("127.0.0.2:0"), "here");
    let mut named = settings("127.0.0.3:0");
    named.insert("server.public_url".to_owned(), "http://demo.example.com:8443".to_owned());
    let there = start(&named, "there");

    let address = address_of(&printed(&here).await);
    assert_eq!(address.ip().to_string(), "127.0.0.2");
    Browser::new(address).open("/mailbox").await.expect(200);
    let printed = printed(&there).await;
    assert!(printed.contains(" http://demo.example.com:8443/p/") && !printed.contains("127.0.0."), "{printed}");
    assert!(!Path::new(&real).exists(), "what is set for a real server is left alone");

    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a listener has an address").to_string();
    fails(&run(&["demo"], &settings(&address), ""), &format!("{address} cannot be listened on"));
}

/// The output of a running demo.
async fn printed(demo: &Process) -> String {
    eventually("the demo prints three curl lines", async || {
        let printed = demo.log().text();
        (curl_lines(&printed).len() == 3).then_some(printed)
    })
    .await
}

/// The commands that the demo prints to try.
fn curl_lines(printed: &str) -> Vec<String> {
    printed.lines().map(str::trim).filter(|line| line.starts_with("curl ")).map(str::to_owned).collect()
}

/// The address that the demo listens on. It is the first one in the output.
fn address_of(printed: &str) -> SocketAddr {
    let (_, rest) = printed.split_once("http://").expect("an address is printed");
    let authority = rest.split('/').next().unwrap_or_default();
    authority.parse().unwrap_or_else(|_| panic!("{authority} is no address"))
}

/// Runs a printed line in a shell and returns the JSON of its output.
fn shell(line: &str) -> Value {
    let output = Command::new("sh").args(["-c", line]).env("no_proxy", "*").output().expect("sh runs");
    let (answer, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{line}: {errors}");
    let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{line}: {answer}"));
    assert!(answer.get("code").is_none() && answer.get("type").is_none(), "{line}: {answer}");
    answer
}
