//! Tests with answers of real forges. Their directory may be missing.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    thread,
};

use releasepage_domain::{source_event::SourceEventKind, time::time_parse};
use releasepage_egress::{Egress, EgressSettings};
use releasepage_sources::forge::{Forge, ForgeClient, ForgePage, ForgeRepository, PageAddress};
use releasepage_storage::database::clock::Clock;

/// Reads a file from the directory in `RELEASEPAGE_FIXTURES`, or from the default one.
#[expect(clippy::print_stdout, reason = "a skipped test prints the reason")]
fn fixture(name: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let path = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, PathBuf::from).join(name);
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("skipped: {name} is not there");
    }
    text
}

#[tokio::test]
async fn a_release_of_github_is_read() {
    let Some(release) = fixture("forges/github/rest.release.json") else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", release.len() + 2);
        stream.write_all(format!("{head}[{release}]").as_bytes()).unwrap();
    });
    let settings =
        EgressSettings { allowed_hosts: vec![address.to_string().parse().unwrap()], ..EgressSettings::default() };
    let client = ForgeClient::new(Egress::new(settings), Clock::system());
    let api_url = format!("http://{address}/").parse().unwrap();
    let repository = ForgeRepository { forge: Forge::Github, api_url, name: "acme/api".into(), token: None };
    let page = client.releases_page(&repository, &PageAddress::first(Forge::Github, 100), None).await;
    let Ok(ForgePage::Releases(page)) = page else { panic!("{page:?}") };
    let event = page.releases[0].as_ref().unwrap();
    assert_eq!((event.kind, event.release_id.as_str()), (SourceEventKind::Edited, "1000"));
    let text = event.shown.as_ref().unwrap();
    assert_eq!((text.tag.as_str(), text.title.as_str()), ("v1.0.0", "Version 1.0.0"));
    assert_eq!(
        (text.notes.as_deref(), text.author.as_deref()),
        (Some("Initial release"), Some("octokit-fixture-user-a"))
    );
    assert_eq!(text.published_at, time_parse("2017-10-10T16:00:00Z"));
}
