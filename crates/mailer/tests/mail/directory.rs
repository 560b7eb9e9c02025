//! Tests of email that is written to a directory.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::support::{Sending, letter, site};
use releasepage_domain::reply::ReplyMeaning;
use releasepage_mailer::{
    settings::MailSettings,
    transport::{OpenError, Phase, Transport},
};
use serde_json::json;

fn settings(path: &std::path::Path) -> MailSettings {
    serde_json::from_value(json!({ "url": format!("file://{}", path.display()) })).expect("settings")
}

#[test]
fn another_try_replaces_the_file() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("not/yet/there");
    let transport = Sending::new(&settings(&path));
    let letter_one = letter("delivery-1", "reader@example.org");
    for letter in [&letter_one, &letter_one, &letter("delivery-2", "reader@example.org")] {
        transport.send(letter).expect("accepted");
    }
    let mut names: Vec<_> =
        fs::read_dir(&path).expect("a directory").flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, ["delivery-1@releases.example.com.eml", "delivery-2@releases.example.com.eml"]);
    for name in &names {
        let mode = fs::metadata(path.join(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name:?}");
    }
    assert_eq!(fs::read(path.join(&names[0])).expect("a file"), letter_one.bytes());
}

#[test]
fn a_directory_that_went_away_is_tried_again() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("mail");
    let transport = Sending::new(&settings(&path));
    fs::remove_dir(&path).expect("an empty directory");
    let error = transport.send(&letter("delivery-1", "reader@example.org")).expect_err("an error");
    assert_eq!((error.about, error.phase), (ReplyMeaning::Later, Phase::File));
}

#[test]
fn a_file_in_the_place_of_the_directory_is_told_at_once() {
    let place = tempfile::NamedTempFile::new().expect("a file");
    let opened = Transport::open(&settings(place.path()), &site());
    assert!(matches!(opened, Err(OpenError::Directory { .. })));
}

#[test]
fn the_mailbox_is_no_transport() {
    let settings: MailSettings = serde_json::from_value(json!({ "url": "mailbox:" })).expect("settings");
    assert!(Transport::open(&settings, &site()).expect("no error").is_none());
}
