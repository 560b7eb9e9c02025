//! The badge: a version as an image.

use reqwest::Method;
use serde_json::json;

use crate::support::both_databases;
use crate::support::page::Page;

/// The colour of a badge without a version to show.
const GREY: &str = "#9aa1a9";

async fn badge(page: &Page, query: &str) -> String {
    let answer = page.get(&format!("badge.svg{query}")).await.expect(200);
    assert_eq!(answer.header("content-type"), "image/svg+xml", "{query}");
    answer.text()
}

both_databases! {
    async fn badge_shows_the_latest_version(app: App) {
        let page = app
            .page("Acme")
            .with_component_of(json!({ "repo": "acme/api", "name": "API" }))
            .with_component_of(json!({ "repo": "acme/app", "name": "App" }))
            .with_rate_limit(1_000)
            .await;
        assert!(badge(&page, "").await.contains("no release"));
        page.publish_release("acme/api", &json!({ "version": "v2.0.0", "published_at": "2024-01-02T00:00:00Z" })).await;
        page.publish_release("acme/app", &json!({ "version": "v0.9.0", "published_at": "2024-01-01T00:00:00Z" })).await;
        let plain = badge(&page, "").await;
        for part in ["role=\"img\"", "aria-label=\"Acme: v2.0.0\"", "<title>Acme: v2.0.0</title>"] {
            assert!(plain.contains(part), "{part}: {plain}");
        }
        for (query, name) in [
            ("?repo=acme/app", "App: v0.9.0"),
            ("?repo=acme/app&label=Stable", "Stable: v0.9.0"),
            ("?label=Ours&style=flat", "Ours: v2.0.0"),
            ("?label=%22%3E%3Cscript%3E", "&quot;&gt;&lt;script&gt;: v2.0.0"),
        ] {
            let drawn = badge(&page, query).await;
            assert!(drawn.contains(&format!("aria-label=\"{name}\"")), "{query}: {drawn}");
            assert!(!drawn.contains("<script"), "{query}: {drawn}");
        }
        assert!(badge(&page, "?color=123abc").await.contains("#123abc"));
        let mut drawn = Vec::new();
        for style in ["flat", "flat-square", "plastic", "for-the-badge"] {
            let svg = badge(&page, &format!("?style={style}")).await;
            assert!(svg.contains("aria-label=\"Acme: v2.0.0\"") && !drawn.contains(&svg), "{style}: {svg}");
            assert!(badge(&page, &format!("?style={style}&repo=acme/app&color=123abc")).await.contains("#123abc"));
            drawn.push(svg);
        }
        assert_eq!(drawn[0], plain);
        assert!(drawn[3].contains(">V2.0.0</text>"), "{}", drawn[3]);
    }
}

both_databases! {
    async fn badge_is_cacheable_and_escapes_what_people_typed(app: App) {
        let title = "<b>\"A\" & 'B'</b>";
        let page = app.page("Acme").with("title", title).with_component("acme/api").await;
        let version = "1.0.0<i>&";
        page.publish("acme/api", version).await;
        let answer = page.get("badge.svg").await.expect(200);
        assert_eq!(answer.header("cache-control"), "public, max-age=60");
        assert_eq!(answer.header("pragma"), "");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let text = answer.text();
        assert!(!text.contains("<b>") && !text.contains("<i>") && text.contains("&lt;i&gt;&amp;"), "{text}");
        let api = page.with_key(&page.live_key);
        let again = api.request(Method::GET, &page.path("badge.svg")).header("If-None-Match", answer.header("etag"));
        let again = api.send(again).await.expect(304);
        assert_eq!(again.header("cache-control"), "public, max-age=60");
        let in_query = app.get(&page.path(&format!("badge.svg?apiKey={}", page.live_key))).await.expect(200);
        assert_eq!(in_query.text(), text, "as an image in a README asks for it");
    }
}

both_databases! {
    async fn page_shows_its_own_badge_and_its_key_is_not_spent(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(3).await;
        page.publish("acme/api", "v1.0.0").await;
        let address = format!("/p/{}", page.slug);
        let path = format!("{address}/badge.svg");
        for _ in 0..10 {
            let shown = app.get(&address).await.expect(200).text();
            assert!(shown.contains(&format!("src=\"{path}\"")) && !shown.contains(&page.live_key), "{shown}");
            let drawn = app.get(&path).await.expect(200);
            assert_eq!(drawn.header("content-type"), "image/svg+xml");
            assert_eq!(drawn.header("cache-control"), "public, max-age=60");
            assert!(drawn.text().contains("aria-label=\"Acme: v1.0.0\""), "{}", drawn.text());
        }
        let known = app.get(&path).await.expect(200);
        let anonymous = app.api().anonymous();
        let again = anonymous.request(Method::GET, &path).header("If-None-Match", known.header("etag"));
        anonymous.send(again).await.expect(304);
        assert_eq!(page.get("version").await.expect(200).header("x-ratelimit-remaining"), "2");
        let hidden = app.page("Hidden").with_component("acme/app").unpublished().await;
        app.get(&format!("/p/{}/badge.svg", hidden.slug)).await.expect(404);
    }
}

both_databases! {
    async fn error_is_drawn_grey_and_keeps_its_status(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000).await;
        page.publish("acme/api", "v1.0.0").await;
        let api = page.with_key(&page.live_key);
        let (page_key, no_key) = (&api, &app.api().anonymous());
        for (api, path, status, says) in [
            (no_key, page.path("badge.svg"), 403, "key is missing"),
            (no_key, page.path("badge.svg?apiKey=live.nonsense"), 403, "key is invalid"),
            (page_key, "/v1/pages/0123456789ab/badge.svg".to_owned(), 404, "not found"),
            (page_key, page.path("badge.svg?repo=acme/none"), 404, "no such component"),
            (page_key, page.path("badge.svg?style=huge"), 400, "style"),
            (page_key, page.path("badge.svg?color=%23"), 400, "color"),
            (page_key, page.path("badge.svg?label=%00"), 400, "label"),
        ] {
            let answer = api.get(&path).await.expect(status);
            assert_eq!(answer.header("content-type"), "image/svg+xml", "{path}");
            assert!(answer.header("cache-control").contains("no-store"), "{path}: an error is not kept");
            let drawn = answer.text();
            assert!(drawn.contains(says) && drawn.contains(GREY), "{path}: {drawn}");
        }
    }
}
