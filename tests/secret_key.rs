//! The place of the secret key, and the cases in which one is made.

use std::fs;

use crate::support::both_databases;
use crate::support::process::{fails, run, succeeds};

both_databases! {
    async fn key_of_a_new_database_is_made_into_its_file_and_stays(setup: Setup) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("key");
        let setup = setup
            .without("secret_key")
            .with("secret_key_file", file.display())
            .with("jobs.lease_seconds", 2)
            .with("jobs.heartbeat_seconds", 1);
        succeeds(&run(&["migrate"], setup.settings(), ""));
        let key = fs::read_to_string(&file).expect("the key is there");
        assert_eq!(key.trim().len(), 64, "32 bytes in hexadecimal");

        let mut app = setup.start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        page.subscribe("reader@example.com").await.expect(200);
        app.restart().await;
        // The link was signed before the restart.
        app.inbox("reader@example.com").confirm().await;
        assert_eq!(fs::read_to_string(&file).expect("the key is there"), key);
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1, "no draft is left");
    }
}

both_databases! {
    async fn key_in_the_settings_wins_over_the_file(setup: Setup) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let setup = setup.with("secret_key_file", directory.path().join("key").display());
        setup.start().await.get("/readyz").await.expect(200);
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 0);
    }
}

both_databases! {
    async fn file_that_holds_no_key_ends_the_start(setup: Setup) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("key");
        let setup = setup.without("secret_key").with("secret_key_file", file.display());
        fs::write(&file, "planted").expect("the file can be written");
        for command in ["migrate", "serve", "work"] {
            let told = fails(&run(&[command], setup.settings(), ""), "cannot be used: the secret key must be at least");
            assert!(!told.contains("planted"), "{told}");
        }
        fs::remove_file(&file).expect("the file can be removed");
        let setup = setup.with("secret_key_file", directory.path().join("missing/key").display());
        fails(&run(&["migrate"], setup.settings(), ""), "missing/key");
    }
}

both_databases! {
    async fn no_other_key_is_made_for_a_database_in_use(setup: Setup) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("key");
        let setup = setup.without("secret_key").with("secret_key_file", file.display());
        succeeds(&run(&["migrate"], setup.settings(), ""));
        let key = fs::read(&file).expect("the key is there");
        fs::remove_file(&file).expect("the key can be removed");
        for command in ["migrate", "serve", "work"] {
            let told = fails(&run(&[command], setup.settings(), ""), "but the database is in use: copy the file");
            assert!(told.contains(&file.display().to_string()), "{told}");
        }
        assert!(!file.exists());
        fs::write(&file, key).expect("the key can be written");
        succeeds(&run(&["migrate"], setup.settings(), ""));
    }
}
