//! Bad input to the documents that browsers open: pages, forms, and links of emails.

use reqwest::Method;

use super::{Target, bad_ids};
use crate::support::both_databases;

both_databases! {
    async fn paths_that_lead_nowhere(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let api = target.app.api().anonymous();
        for id in bad_ids() {
            for path in [
                format!("/p/{id}"),
                format!("/p/{}/releases/{id}", target.page.slug),
                format!("/confirm/{id}"),
                format!("/preferences/{id}"),
                format!("/unsubscribe/{id}"),
                format!("/setup/{id}"),
                format!("/assets/{id}/{id}"),
                format!("/{id}"),
            ] {
                let answer = api.get(&path).await;
                assert!(matches!(answer.status.as_u16(), 400 | 404 | 410), "{path:.60}: {}", answer.status);
                assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path:.60}");
            }
        }
        target.expect_untouched(&before).await;
    }
}

both_databases! {
    async fn forms_that_are_none(setup: Setup) {
        let target = Target::start(setup).await;
        let before = target.stored().await;
        let api = target.app.api().anonymous();
        let large = format!("address={}", "x".repeat(65 * 1024));
        let (form, json) = ("application/x-www-form-urlencoded", "application/json");
        for path in [
            format!("/p/{}/subscribe", target.page.slug),
            "/sign-in".to_owned(),
            "/sign-out".to_owned(),
            "/setup/nothing".to_owned(),
            "/confirm/nothing".to_owned(),
            "/preferences/nothing".to_owned(),
            "/unsubscribe/nothing".to_owned(),
        ] {
            for (content_type, body) in [
                (form, &b""[..]),
                (form, b"address=reader%40example.com&kind=major"),
                (form, b"address=%ff"),
                (form, b"address=%00&csrf=%00"),
                (form, b"csrf=nonsense&address=a%0d%0aBcc:b%40example.com"),
                (form, b"%%%=&&&==%"),
                (form, large.as_bytes()),
                (json, b"{}"),
                ("text/plain", b"address=reader%40example.com"),
                ("nonsense", b"\xff\x00"),
            ] {
                let request = api.request(Method::POST, &path).header("Content-Type", content_type).body(body.to_vec());
                let answer = api.send(request).await;
                let what = format!("{path}: {:.40}", String::from_utf8_lossy(body));
                assert!(answer.status.is_client_error(), "{what}: {}", answer.status);
                assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{what}");
            }
        }
        target.expect_untouched(&before).await;
    }
}
