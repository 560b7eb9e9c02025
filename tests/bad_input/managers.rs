//! Bad input to the management API.

use reqwest::Method;
use serde_json::{Value, json};

use super::{BAD_LIST_QUERIES, BadField, JsonEndpoint, Target, bad_ids, each, long, nul, v1_refusal_check};
use crate::support::both_databases;

/// The largest body, in bytes.
const LIMIT: usize = 1536 * 1024;

fn endpoint(target: &Target, method: Method, path: String, valid: Value) -> JsonEndpoint {
    JsonEndpoint { api: target.app.api().clone(), method, path, valid, limit: LIMIT }
}

/// A line of text that must be there.
fn bad_line() -> Vec<Value> {
    vec![json!(7), json!(""), json!(" "), json!([]), json!({}), json!("two\nlines"), long(), nul()]
}

/// A line of text that may be empty.
fn bad_optional_line() -> Vec<Value> {
    vec![json!(7), json!([]), json!(true), json!("two\r\nlines"), long(), nul()]
}

/// A word of an enumeration.
fn bad_word() -> Vec<Value> {
    vec![json!(7), json!(""), json!("unknown"), json!([]), long(), nul()]
}

fn bad_flag() -> Vec<Value> {
    vec![json!("true"), json!(1), json!([]), json!("")]
}

fn bad_revision() -> impl Iterator<Item = BadField> {
    each("revision", [json!("1"), json!(1.5), json!([]), json!("")])
}

both_databases! {
    async fn pages(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let fields = || {
            each("title", bad_line())
                .chain(each("slug", [json!(7), json!(""), json!("Upper"), json!("a--b"), json!("-a"), long(), nul()]))
                .chain(each("description", [json!(7), json!([]), json!("bell \u{7}"), long(), nul()]))
                .chain(each("published", bad_flag()))
                .chain(each("grouping", bad_word()))
                .chain(each("unversioned_as", bad_word()))
        };
        let together =
            [("title", json!(1)), ("slug", json!(1)), ("published", json!(1)), ("unversioned_as", json!("huge"))];
        let valid = json!({ "title": "Another", "slug": "another" });
        let add = endpoint(&target, Method::POST, "/v1/pages".to_owned(), valid);
        add.refuses_bad_bodies().await;
        add.refuses_bad_fields(fields().chain([("title", None)])).await;
        add.refuses_together(&together).await;
        let edit = endpoint(&target, Method::PATCH, format!("/v1/pages/{}", target.page.id), json!({}));
        edit.refuses_bad_bodies().await;
        edit.refuses_bad_fields(fields().chain(bad_revision()).chain(each("title", [json!(null)]))).await;
        edit.refuses_together(&together).await;
        let mixed = [("title", json!(5)), ("slug", json!("A B")), ("description", json!("\u{7}")), ("revision", json!("1"))];
        add.refuses_together(&mixed[..3]).await;
        edit.refuses_together(&mixed).await;
        let taken = json!({ "title": "Another", "slug": "acme" });
        let answer = target.app.api().post("/v1/pages", &taken).await;
        v1_refusal_check("a slug twice", &answer, 409, "conflict", &json!([{ "field": "slug", "error": "taken" }]));
        target.expect_untouched(&before).await;
    }
}

both_databases! {
    async fn repositories_components_and_projects(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let valid = json!({ "name": "acme/new", "origin": "api" });
        let repositories = endpoint(&target, Method::POST, "/v1/repositories".to_owned(), valid);
        let names = [json!("noslash"), json!("a/../b"), json!("a/b c"), json!("/a"), json!("a//b")];
        let fields = each("name", bad_line()).chain(each("name", names)).chain(each("origin", bad_word()));
        repositories.refuses_bad_bodies().await;
        repositories.refuses_bad_fields(fields.chain([("name", None), ("origin", None)])).await;
        repositories.refuses_together(&[("name", json!(1)), ("origin", json!(1))]).await;

        let path = format!("/v1/repositories/{}", target.page.repositories["acme/api"]);
        let edit = endpoint(&target, Method::PATCH, path, json!({}));
        let numbers = each("source_id", [json!(0), json!(-1), json!("7"), json!(1.5), json!(true)]);
        edit.refuses_bad_bodies().await;
        edit.refuses_bad_fields(each("name", bad_line()).chain(numbers).chain(bad_revision())).await;
        edit.refuses_together(&[("name", json!("x")), ("source_id", json!(0)), ("revision", json!("1"))]).await;

        let components = format!("/v1/pages/{}/components", target.page.id);
        let valid = json!({ "repo": "acme/api", "name": "Web", "tag_prefix": "web-" });
        let add = endpoint(&target, Method::POST, components.clone(), valid);
        let fields = each("repo", bad_line())
            .chain(each("repo", [json!("acme/none")]))
            .chain(each("name", bad_optional_line()))
            .chain(each("tag_prefix", [json!(7), json!(""), json!("a b"), json!("~"), json!("--"), long(), nul()]));
        add.refuses_bad_bodies().await;
        add.refuses_bad_fields(fields.chain([("repo", None)])).await;
        add.refuses_together(&[("repo", json!(1)), ("name", json!(1)), ("tag_prefix", json!(1))]).await;
        let listed = target.app.api().get(&components).await.expect(200).json();
        let edit = endpoint(&target, Method::PATCH, format!("{components}/{}", listed["data"][0]["id"]), json!({}));
        edit.refuses_bad_bodies().await;
        let fixed = each("repo", [json!("acme/other")]).chain(each("tag_prefix", [json!("web-"), json!(null)]));
        edit.refuses_bad_fields(each("name", bad_optional_line()).chain(fixed).chain(bad_revision())).await;

        let projects = endpoint(&target, Method::POST, "/v1/projects".to_owned(), json!({ "name": "Another" }));
        projects.refuses_bad_bodies().await;
        projects.refuses_bad_fields(each("name", bad_line()).chain([("name", None)])).await;
        let path = format!("/v1/projects/{}", target.project.app_id());
        let rename = endpoint(&target, Method::PATCH, path, json!({}));
        rename.refuses_bad_bodies().await;
        rename.refuses_bad_fields(each("name", bad_line()).chain(each("name", [Value::Null])).chain(bad_revision())).await;
        rename.refuses_together(&[("name", json!(" ")), ("revision", json!("1"))]).await;
        target.expect_untouched(&before).await;
    }
}

both_databases! {
    async fn releases_by_hand(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let times = [json!(7), json!(""), json!("yesterday"), json!("2024-13-01T00:00:00Z"), json!("2024-01-01"), long(), nul()];
        let fields = || {
            each("version", bad_line())
                .chain(each("title", bad_optional_line()))
                .chain(each("notes", [json!(7), json!([]), nul(), "x".repeat(1024 * 1024 + 1).into()]))
                .chain(each("author", bad_optional_line()))
                .chain(each("published_at", times.clone()))
                .chain(each("prerelease", bad_flag()))
                .chain(each("draft", bad_flag()))
                .chain(each("notify", bad_flag()))
        };
        let together = [("version", json!("")), ("title", json!(1)), ("published_at", json!(1)), ("notify", json!(1))];
        let repository = &target.page.repositories["acme/api"];
        let path = format!("/v1/repositories/{repository}/releases");
        let add = endpoint(&target, Method::POST, path, json!({ "version": "v2.0.0" }));
        add.refuses_bad_bodies().await;
        add.refuses_bad_fields(fields().chain([("version", None)])).await;
        add.refuses_together(&together).await;
        let edit = endpoint(&target, Method::PATCH, format!("/v1/releases/{}", target.release), json!({}));
        edit.refuses_bad_bodies().await;
        let never_null = ["version", "published_at", "prerelease", "draft"].map(|field| (field, Some(Value::Null)));
        let no_draft = each("draft", [json!(true)]);
        edit.refuses_bad_fields(fields().chain(bad_revision()).chain(never_null).chain(no_draft)).await;
        edit.refuses_together(&together).await;
        target.expect_untouched(&before).await;
    }
}

both_databases! {
    async fn api_access(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let path = format!("/v1/pages/{}/api-access", target.page.id);
        let write = endpoint(&target, Method::PUT, path, json!({ "enabled": false }));
        let limits = [json!(0), json!(-1), json!(1_000_001), json!("60"), json!(1.5), json!([]), json!(u64::MAX)];
        let fields = each("enabled", bad_flag()).chain(each("rate_limit", limits)).chain(each("counted_by", bad_word()));
        write.refuses_bad_bodies().await;
        write.refuses_bad_fields(fields.chain([("enabled", None)])).await;
        write.refuses_together(&[("enabled", json!(1)), ("rate_limit", json!("1")), ("counted_by", json!(1))]).await;
        target.expect_untouched(&before).await;
    }
}

both_databases! {
    async fn ids_and_lists(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let api = target.app.api();
        let repository = &target.page.repositories["acme/api"];
        for list in [
            "/v1/pages".to_owned(),
            "/v1/repositories".to_owned(),
            "/v1/projects".to_owned(),
            format!("/v1/pages/{}/components", target.page.id),
            format!("/v1/repositories/{repository}/releases"),
        ] {
            for (query, field) in BAD_LIST_QUERIES {
                let answer = api.get(&format!("{list}?{query}")).await;
                let causes = json!([{ "field": field, "error": "invalid" }]);
                v1_refusal_check(&format!("{list}?{query}"), &answer, 400, "request-invalid", &causes);
            }
        }
        let page = &target.page.id;
        for id in bad_ids() {
            let (get, put, post, patch, delete) = (Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE);
            for (method, path) in [
                (get.clone(), format!("/v1/repositories/{id}")),
                (get.clone(), format!("/v1/repositories/{id}/releases")),
                (post.clone(), format!("/v1/repositories/{id}/releases")),
                (get.clone(), format!("/v1/releases/{id}")),
                (patch.clone(), format!("/v1/releases/{id}")),
                (delete.clone(), format!("/v1/releases/{id}")),
                (get.clone(), format!("/v1/projects/{id}")),
                (patch.clone(), format!("/v1/projects/{id}")),
                (delete.clone(), format!("/v1/projects/{id}")),
                (post.clone(), format!("/v1/projects/{id}/rotate")),
                (get.clone(), format!("/v1/pages/{id}")),
                (patch.clone(), format!("/v1/pages/{id}")),
                (delete.clone(), format!("/v1/pages/{id}")),
                (get.clone(), format!("/v1/pages/{id}/components")),
                (post.clone(), format!("/v1/pages/{id}/components")),
                (get.clone(), format!("/v1/pages/{page}/components/{id}")),
                (patch, format!("/v1/pages/{page}/components/{id}")),
                (delete, format!("/v1/pages/{page}/components/{id}")),
                (get, format!("/v1/pages/{id}/api-access")),
                (put, format!("/v1/pages/{id}/api-access")),
                (post, format!("/v1/pages/{id}/api-access/rotate")),
            ] {
                // The rest of the body is right, so that the id alone is at fault.
                let body = json!({ "version": "v9.0.0", "repo": "acme/api", "tag_prefix": "x-", "enabled": true });
                let body = if method == Method::PATCH { json!({}) } else { body };
                let answer = api.send(api.request(method.clone(), &path).json(&body)).await;
                v1_refusal_check(&format!("{method} {path:.60}"), &answer, 404, "not-found", &json!([]));
            }
        }
        target.expect_untouched(&before).await;
    }
}
