//! A repository of several parts: the components that its tags suggest, and tags that no component takes.

use serde_json::json;

use crate::support::both_databases;

both_databases! {
    async fn parts_are_suggested_and_what_nobody_takes_is_shown_to_the_owner(app: App) {
        let page = app.page("Acme").with_component_of(json!({ "repo": "acme/mono", "tag_prefix": "web-v" })).await;
        for version in ["v1.0.0", "web-v1.0.0", "web-v1.1.0", "cmd/tool/v0.1.0"] {
            page.publish("acme/mono", version).await;
        }
        let repository = &page.repositories["acme/mono"];
        let suggested = app.api().get(&format!("/v1/repositories/{repository}/component-suggestions")).await;
        let suggested = suggested.expect(200).json();
        let parts: Vec<_> = suggested["data"].as_array().expect("a list").iter().map(|part| {
            (part["tag_prefix"].as_str(), part["repo"].as_str(), part["releases"].as_u64(), part["latest"].as_str())
        }).collect();
        assert_eq!(parts, [
            (None, Some("acme/mono"), Some(1), Some("v1.0.0")),
            (Some("web-v"), Some("acme/mono/web"), Some(2), Some("web-v1.1.0")),
            (Some("cmd/tool/v"), Some("acme/mono/cmd/tool"), Some(1), Some("cmd/tool/v0.1.0")),
        ]);

        // A tag that no component takes is not lost. The owner sees it. Readers see it as soon as it has a component.
        let path = format!("/v1/pages/{}/unassigned-releases", page.id);
        let unassigned = app.api().get(&path).await.expect(200).json();
        let tags: Vec<_> = unassigned["data"].as_array().expect("a list").iter().map(|release| {
            (release["version"].as_str(), release["tag_prefix"].as_str())
        }).collect();
        assert_eq!(tags, [(Some("cmd/tool/v0.1.0"), Some("cmd/tool/")), (Some("v1.0.0"), None)]);
        let component = json!({ "repo": "acme/mono", "tag_prefix": "cmd/tool/v" });
        app.api().post(&format!("/v1/pages/{}/components", page.id), &component).await.expect(201);
        assert_eq!(page.latest("acme/mono/cmd/tool").await.as_deref(), Some("v0.1.0"));
        let unassigned = app.api().get(&path).await.expect(200).json();
        assert_eq!(unassigned["data"].as_array().map(Vec::len), Some(1));

        // A page key does not open this list.
        page.get("unassigned-releases").await.expect(403);
    }
}
