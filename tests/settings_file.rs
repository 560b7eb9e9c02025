//! The choice of the settings file. No command makes a database in the wrong place.

use std::collections::BTreeMap;
use std::fs;

use crate::support::process::{fails, run, run_in, succeeds};
use crate::support::setup::Setup;

#[test]
fn file_is_the_one_that_is_named() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, region: &str| {
        let file = directory.path().join(name);
        fs::write(&file, format!("[server]\nregion = \"{region}\"\n")).expect("the file can be written");
        file.display().to_string()
    };
    let (variable, named) = (write("variable.toml", "eu"), write("named.toml", "us"));
    let of_variable = BTreeMap::from([("RELEASEPAGE_CONFIG", variable.as_str())]);
    let told = succeeds(&run_in(directory.path(), &["config"], &of_variable));
    assert!(told.starts_with(&format!("# the settings file {variable} was read\n")), "{told}");
    assert!(told.contains("server.region = \"eu\""), "{told}");
    let told = succeeds(&run_in(directory.path(), &["config", "--config", &named], &of_variable));
    assert!(told.starts_with(&format!("# the settings file {named} was read\n")), "{told}");

    let gone = BTreeMap::from([("RELEASEPAGE_CONFIG", "gone.toml")]);
    fails(&run_in(directory.path(), &["config"], &gone), "the settings file gone.toml cannot be read");
}

#[test]
fn commands_make_no_database() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("CHANGELOG.md"), "## 1.0.0\n\n- all\n").expect("the file can be written");
    let nothing = BTreeMap::new();
    for arguments in [
        &["jobs", "list"][..],
        &["jobs", "hold"],
        &["groups", "list", "--page", "acme"],
        &["import", "changelog", "CHANGELOG.md", "--repository", "acme/api"],
        &["backup", "today.db"],
        &["work"],
    ] {
        let told =
            fails(&run_in(directory.path(), arguments, &nothing), "there is no database at ./data/releasepage.db");
        assert!(told.contains("no settings file was read") && told.contains("releasepage migrate"), "{told}");
    }
    for arguments in [&["doctor"][..], &["config"], &["health"]] {
        run_in(directory.path(), arguments, &nothing);
    }
    let left = fs::read_dir(directory.path()).expect("the directory is there").count();
    assert_eq!(left, 1, "nothing but the changelog");

    let owner = ["owner", "create", "--email", "ada@example.com", "--organization", "Acme"];
    let made = run_in(directory.path(), &owner, &nothing);
    succeeds(&made);
    let told = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(told.contains("Making a new database at ./data/releasepage.db"), "{told}");
    succeeds(&run_in(directory.path(), &["jobs", "list"], &nothing));
}

#[tokio::test]
async fn empty_postgres_is_not_begun_by_looking_at_it() {
    let Some(setup) = Setup::on_postgres() else { return };
    let told = fails(&run(&["jobs", "list"], setup.settings(), ""), "is empty");
    assert!(told.contains("releasepage migrate"), "{told}");
    run(&["doctor"], setup.settings(), "");
    let database = setup.postgres().expect("it is on Postgres");
    database.execute("CREATE TABLE __diesel_schema_migrations (none INTEGER); DROP TABLE __diesel_schema_migrations");
    succeeds(&run(&["migrate"], setup.settings(), ""));
    succeeds(&run(&["jobs", "list"], setup.settings(), ""));
}
