//! Import and export of subscribers as CSV.

use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::support::api::Answer;
use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;

const VOUCHED: &str = "?consent_source=old%20system&consent_time=2024-01-01T00:00:00Z";

async fn import(app: &App, page: &Page, query: &str, csv: impl Into<Body>) -> Answer {
    let path = page.path(&format!("subscribers/import{query}"));
    let request = app.api().request(Method::POST, &path).header("Content-Type", "text/csv").body(csv);
    app.api().send(request).await
}

async fn export(app: &App, page: &Page, query: &str) -> String {
    app.api().get(&page.path(&format!("subscribers/export{query}"))).await.expect(200).text()
}

/// The counts of an import.
fn counts(imported: &Value) -> [i64; 4] {
    ["rows", "added", "known", "refused"].map(|member| imported[member].as_i64().expect("a number"))
}

/// The parts of an export that are equal on two servers. The times of creation and confirmation are removed.
fn comparable(export: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        export.lines().map(|line| line.split("\",\"").take(7).collect::<Vec<_>>().join("|")).collect();
    lines.sort();
    lines
}

both_databases! {
    async fn imported_readers_hear_of_releases_and_get_no_other_mail(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let csv = "\u{feff}Email;Name;Preferences\r\nada@example.com;\"Lovelace; Ada\";major minor\r\nnot an address;;\r\n\
                   bob@example.com;;huge\r\nada@EXAMPLE.com;;\r\n";
        let expected = json!({
            "dry_run": true,
            "rows": 4,
            "added": 1,
            "known": 1,
            "refused": 2,
            "ignored_columns": ["name"],
            "faults": [
                {
                    "line": 3,
                    "field": "email",
                    "error": "invalid",
                    "description": "must be one email address of at most 254 octets, such as reader@example.com",
                },
                {
                    "line": 4,
                    "field": "preferences",
                    "error": "invalid",
                    "description": "must be at least one of major, minor, patch and prerelease, none twice",
                },
            ],
        });
        let dry = import(&app, &page, &format!("{VOUCHED}&dry_run=true"), csv).await.expect(200).json();
        assert_eq!(dry, expected);
        assert_eq!(export(&app, &page, "").await.lines().count(), 1, "a dry run stores nothing");
        let done = import(&app, &page, VOUCHED, csv).await.expect(200).json();
        assert_eq!((counts(&done), &done["dry_run"]), ([4, 1, 1, 2], &json!(false)));
        let again = import(&app, &page, VOUCHED, csv).await.expect(200).json();
        assert_eq!(counts(&again), [4, 0, 2, 2]);
        page.publish("acme/api", "v1.0.0").await;
        let ada = app.inbox("ada@example.com");
        ada.mail("v1.0.0").await;
        assert_eq!(app.sink().received().len(), 1, "an import mails nobody");

        let asked = import(&app, &page, "?confirm=mail", "email\nada@example.com\neve@example.com\n").await.expect(200);
        assert_eq!(counts(&asked.json()), [2, 1, 1, 0]);
        app.inbox("eve@example.com").confirm().await;
        assert_eq!(ada.subjects().len(), 1, "whoever is known is not asked");
    }
}

both_databases! {
    async fn export_is_safe_and_comes_back_whole(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_component("acme/web").await;
        let csv = "email,preferences,components,state,consent_source\n\
                   '=cmd|'/c@example.com,prerelease,acme/web acme/api,,\n\
                   +plus@example.com,,,,'=1+1;2\n\
                   '-dash@example.com,patch,,unsubscribed,\n\
                   o'neill@example.com,,,,\"said \"\"yes\"\", twice\"\n";
        assert_eq!(counts(&import(&app, &page, VOUCHED, csv).await.expect(200).json()), [4, 4, 0, 0]);
        app.subscriber(&page, "mail@example.com").await;
        let answer = app.api().get(&page.path("subscribers/export")).await.expect(200);
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
        let disposition = format!("attachment; filename=\"subscribers-{}.csv\"", page.id);
        assert_eq!(answer.header("content-disposition"), disposition);
        let exported = answer.text();
        for line in exported.lines() {
            for cell in line.trim_matches('"').split("\",\"") {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{line}");
            }
        }
        assert!(exported.contains("\"'=cmd|'/c@example.com\",\"confirmed\",\"live\",\"prerelease\",\"acme/api acme/web\""));

        let copy = app.page("Copy").with("slug", "copy").await;
        for component in ["acme/api", "acme/web"] {
            app.api().post(&copy.path("components"), &json!({ "repo": component })).await.expect(201);
        }
        let back = import(&app, &copy, "", exported.clone()).await.expect(200).json();
        assert_eq!(counts(&back), [5, 5, 0, 0], "{back}");
        assert_eq!(comparable(&export(&app, &copy, "").await), comparable(&exported));
        let gone = export(&app, &page, "?state=unsubscribed").await;
        assert_eq!(gone.lines().count(), 2, "{gone}");
        app.api().get(&page.path("subscribers/export?state=x")).await.expect(400);
    }
}

both_databases! {
    async fn large_files_flow_in_and_out(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let rows: String = (0..1_501).map(|number| format!("reader{number}@example.com\n")).collect();
        let done = import(&app, &page, VOUCHED, format!("email\n{rows}")).await.expect(200).json();
        assert_eq!(counts(&done), [1_501, 1_501, 0, 0]);
        let exported = export(&app, &page, "").await;
        assert_eq!(exported.lines().count(), 1_502);
        let again = import(&app, &page, "", exported).await.expect(200).json();
        assert_eq!(counts(&again), [1_501, 0, 1_501, 0]);
    }
}

both_databases! {
    async fn files_that_cannot_be_read_are_refused(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let too_large = "x".repeat(17 * 1024 * 1024);
        for (query, body, status, field) in [
            (VOUCHED, "", 400, Some("email")),
            (VOUCHED, "name,mail\n", 400, Some("email")),
            (VOUCHED, "email,Email\na@example.com,a@example.com\n", 400, Some("email")),
            ("?dry_run=perhaps", "email\n", 400, Some("dry_run")),
            ("?confirm=no", "email\n", 400, Some("confirm")),
            ("?environment=staging", "email\n", 400, Some("environment")),
            ("?consent_time=2999-01-01T00:00:00Z", "email\n", 400, Some("consent_time")),
            ("?consent_source=%00", "email\n", 400, Some("consent_source")),
        ] {
            let answer = import(&app, &page, query, body.to_owned()).await.expect(status).json();
            assert_eq!(answer["error_causes"][0]["field"].as_str(), field, "{query} {body}");
        }
        for (what, body, status, code, told) in [
            ("a row without end", format!("email\n\"{too_large}"), 413, "body-too-large", "begins in line 2"),
            ("a first line without end", too_large.clone(), 413, "body-too-large", "begins in line 1"),
            ("a file without end", format!("email\n{}", "x\n".repeat(9 * 1024 * 1024)), 413, "body-too-large", "rows"),
            ("UTF-16", "\u{0}e\u{0}m\u{0}a\u{0}i\u{0}l\u{0}\n".to_owned(), 400, "request-invalid", "line 1"),
        ] {
            let answer = import(&app, &page, VOUCHED, body).await.expect(status).json();
            assert_eq!(answer["error"], code, "{what}");
            let description = answer["error_description"].as_str().expect("a sentence");
            assert!(description.contains(told), "{what}: {description}");
        }
        let path = page.path("subscribers/import");
        let json = app.api().post(&path, &json!({ "email": "a@example.com" })).await.expect(415).json();
        assert_eq!(json["error"], "content-type-unsupported");
        let packed = app.api().request(Method::POST, &path).header("Content-Type", "text/csv").header("Content-Encoding", "gzip");
        let packed = app.api().send(packed.body("email\n")).await.expect(415).json();
        assert!(packed["error_description"].as_str().is_some_and(|told| told.contains("uncompressed only")), "{packed}");
        assert_eq!(export(&app, &page, "").await.lines().count(), 1, "nothing was stored");
    }
}
