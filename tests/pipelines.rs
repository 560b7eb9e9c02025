//! `releasepage publish` in pipelines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::process::{fails, run_in, succeeds};

/// Runs `releasepage publish` in a directory, with the server's address, a token and the pipeline's own variables.
fn publish(app: &App, directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let url = format!("http://{}", app.address());
    let own = [("RELEASEPAGE_URL", url.as_str()), ("RELEASEPAGE_TOKEN", app.owner.token.as_str())];
    let variables: BTreeMap<&str, &str> = own.into_iter().chain(variables.iter().copied()).collect();
    run_in(directory, &[&["publish"], arguments].concat(), &variables)
}

both_databases! {
    async fn pipeline_publishes_what_its_tag_and_its_changelog_say(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let directory = tempfile::tempdir().expect("a directory");
        let changelog = "# Changelog\n\n## [1.2.0] - 2024-05-01\n\n- Search\n\n## [1.1.0] - 2024-04-01\n\n- Older\n";
        fs::write(directory.path().join("CHANGELOG.md"), changelog).expect("a file can be written");
        let github = [("GITHUB_REF_TYPE", "tag"), ("GITHUB_REF_NAME", "v1.2.0"), ("GITHUB_REPOSITORY", "acme/api")];

        let link = succeeds(&publish(&app, directory.path(), &[], &github));
        let releases = page.get("releases").await.expect(200).json();
        assert_eq!(link.trim_end(), releases["data"][0]["permalink"], "the link is all that is printed");
        assert_eq!(releases["data"][0]["version"], "v1.2.0");
        assert_eq!(releases["data"][0]["summary"], "Search");

        // A second run updates the same release.
        let again = publish(&app, directory.path(), &["--title", "Search"], &github);
        assert_eq!(succeeds(&again), link);
        let releases = page.get("releases").await.expect(200).json();
        assert_eq!(releases["data"].as_array().map(Vec::len), Some(1));
        assert_eq!((&releases["data"][0]["title"], &releases["data"][0]["summary"]), (&json!("Search"), &json!("Search")));

        // Without a tag, the newest version of the changelog is the same release, in any spelling.
        let untagged = publish(&app, directory.path(), &[], &[("GITHUB_REPOSITORY", "acme/api")]);
        assert_eq!(succeeds(&untagged), link);

        // Arguments win over values from the environment.
        fs::write(directory.path().join("notes.md"), "By *hand*").expect("a file can be written");
        let said = ["--version", "v2.0.0-rc.1", "--notes-file", "notes.md", "--author", "ada", "--no-notify"];
        succeeds(&publish(&app, directory.path(), &said, &github));
        let releases = page.get("releases").await.expect(200).json();
        let newest = &releases["data"][0];
        assert_eq!((&newest["version"], &newest["bump"]), (&json!("v2.0.0-rc.1"), &json!("prerelease")));
        assert_eq!((&newest["summary"], &newest["author"]), (&json!("By hand"), &json!("ada")));
    }
}

both_databases! {
    async fn pipeline_is_told_what_is_missing(app: App) {
        let page = app.page("Acme").with_component("acme/api").unpublished().await;
        let directory = tempfile::tempdir().expect("a directory");
        let told = |arguments: &[&str], variables: &[(&str, &str)], words: &str| {
            fails(&publish(&app, directory.path(), arguments, variables), words)
        };
        told(&["--repo", "acme/api"], &[], "no version");
        told(&["--version", "v1.0.0"], &[], "no repository");
        told(&["--repo", "", "--version", "v1.0.0"], &[], "no repository");
        told(&["--repo", "acme/none", "--version", "v1.0.0"], &[], "the server has no repository acme/none");
        told(&["--repo", "acme/api", "--version", " "], &[], "version must be one line");
        told(&["--repo", "acme/api", "--version", "refs/heads/main"], &[], "refs/heads/main is no tag");
        told(&["--repo", "acme/api", "--version", "v1.0.0", "--changelog", "NONE.md"], &[], "NONE.md cannot be read");
        fs::write(directory.path().join("log.md"), "## 0.9.0\n\n- Before\n").expect("a file can be written");
        told(&["--repo", "acme/api", "--version", "v1.0.0", "--changelog", "log.md"], &[], "has no section for v1.0.0");
        let secret = told(&["--repo", "acme/api", "--version", "v1"], &[("RELEASEPAGE_TOKEN", "rp_pat_wrong")], "(403)");
        assert!(!secret.contains("rp_pat_"), "{secret}");
        told(&["--repo", "acme/api", "--version", "v1"], &[("RELEASEPAGE_URL", "acme")], "RELEASEPAGE_URL must be");
        told(&["--repo", "acme/api", "--version", "v1"], &[("RELEASEPAGE_URL", "http://127.0.0.1:1")], "does not answer");

        for branch in [("BUILD_SOURCEBRANCH", "refs/heads/main"), ("CHANGE_ID", "4"), ("CIRRUS_BRANCH", "main")] {
            let words = "the pipeline runs for a branch or a pull request";
            told(&["--repo", "acme/api", "--changelog", "log.md"], &[branch], words);
        }

        // A release that no page shows has no link. The newest version of the changelog replaces a tag.
        let printed = succeeds(&publish(&app, directory.path(), &["--repo", "acme/api", "--changelog", "log.md"], &[]));
        assert_eq!(printed, "acme/api 0.9.0 is published; no published page shows it.\n");
        let repository = &page.repositories["acme/api"];
        let releases = app.api().get(&format!("/v1/repositories/{repository}/releases?version=0.9.0")).await;
        assert_eq!(releases.expect(200).json()["data"][0]["notes"], "- Before");
    }
}

/// Runs the script of the GitHub Action with its inputs, as `action.yml` passes them.
fn action(app: &App, inputs: &[(&str, &str)]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/github-action/publish.sh");
    let url = format!("http://{}/", app.address());
    let given = [
        ("RELEASEPAGE_URL", url.as_str()),
        ("RELEASEPAGE_TOKEN", app.owner.token.as_str()),
        ("REPOSITORY", "acme/api"),
    ];
    let mut command = Command::new(script);
    command.env_remove("GITHUB_OUTPUT").envs(given).envs(inputs.iter().copied());
    command.output().expect("the script can be run")
}

both_databases! {
    async fn action_publishes_what_the_workflow_runs_for(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let output = tempfile::NamedTempFile::new().expect("a file");
        let notes = "Faster \"reads\"\n\n- $HOME & `more`\n";
        let inputs = [
            ("VERSION", "v1.2.0"),
            ("TITLE", "It's here"),
            ("NOTES", notes),
            ("GITHUB_OUTPUT", output.path().to_str().expect("a path in UTF-8")),
        ];
        let printed = succeeds(&action(&app, &inputs));
        let release = &page.get("releases").await.expect(200).json()["data"][0];
        let link = release["permalink"].as_str().expect("a link");
        assert_eq!(printed, format!("acme/api v1.2.0 is published: {link}\n"));
        assert_eq!(fs::read_to_string(output.path()).expect("the outputs"), format!("link={link}\n"));
        assert_eq!((&release["version"], &release["title"]), (&json!("v1.2.0"), &json!("It's here")));
        let id = release["id"].as_str().expect("an id");
        assert_eq!(app.api().get(&format!("/v1/releases/{id}")).await.expect(200).json()["notes"], notes);

        // A second run updates the same release. Fields that it does not give stay.
        assert_eq!(succeeds(&action(&app, &[("VERSION", "refs/tags/v1.2.0"), ("TITLE", "It is here")])), printed);
        let again = app.api().get(&format!("/v1/releases/{id}")).await.expect(200).json();
        assert_eq!((&again["title"], &again["notes"]), (&json!("It is here"), &json!(notes)));

        for (inputs, words) in [
            (&[][..], "no version"),
            (&[("VERSION", "v1"), ("REPOSITORY", "acme/none")], "the server has no repository acme/none"),
            (&[("VERSION", "v1"), ("REPOSITORY", "")], "the input repository is empty"),
            (&[("VERSION", "v1"), ("NOTES_FILE", "/none.md")], "there is no file /none.md"),
            (&[("VERSION", "v1"), ("PRERELEASE", "yes")], "prerelease must be true or false"),
            (&[("VERSION", " ")], "version must be one line"),
            (&[("VERSION", "refs/heads/main")], "refs/heads/main is no tag"),
            (&[("VERSION", "v1"), ("RELEASEPAGE_TOKEN", "rp_pat_wrong")], "the server refused (403)"),
        ] {
            let refused = action(&app, inputs);
            let told = String::from_utf8_lossy(&refused.stdout).into_owned();
            assert_eq!(refused.status.code(), Some(1), "{told}");
            assert!(told.starts_with("::error::") && told.contains(words), "{told}\nlacks: {words}");
            assert!(!told.contains("rp_pat_"), "{told}");
        }
    }
}
