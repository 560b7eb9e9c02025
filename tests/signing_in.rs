//! Many sign-ins at once. Hashing is slow, and no other request waits for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::support::both_databases;
use crate::support::load::{Load, statuses};

/// The number of sign-ins at once. If each blocked a thread, they would block the whole server.
const AT_ONCE: usize = 600;

both_databases! {
    async fn many_who_sign_in_at_once_keep_nobody_else_waiting(setup: Setup) {
        let app = setup.with("limits.sign_ins_per_quarter_hour", 1_000_000).start().await;
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
        page.publish("acme/api", "v1.0.0").await;
        let browser = Arc::new(app.browser());
        let shown = Arc::new(browser.open("/sign-in").await.expect(200));
        let (api, read) = (app.api().anonymous(), page.clone());
        let mut others = Load::start("reading", 3, move |number| {
            let (api, read) = (api.clone(), read.clone());
            async move {
                match number % 4 {
                    0 => api.get("/readyz").await,
                    1 => api.get(&format!("/p/{}", read.slug)).await,
                    2 => read.get("releases").await,
                    _ => read.get("version").await,
                }
            }
        });
        let mut attempts = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (browser, shown, email) = (Arc::clone(&browser), Arc::clone(&shown), app.owner.email.clone());
            attempts.spawn(async move {
                let filled_in = [("email", email.as_str()), ("password", "a wrong password")];
                browser.submit("/sign-in", &shown, &filled_in).await
            });
        }
        let answers = attempts.join_all().await;
        let given: BTreeSet<u16> = answers.iter().map(|answer| answer.status.into()).collect();
        assert_eq!(given, BTreeSet::from([403, 429]), "some are looked at, some are told that the queue is full");
        for answer in answers.iter().filter(|answer| answer.status == 429) {
            assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        }
        others.go_on_until(10, 200).await;
        let answered = others.stop().await;
        assert_eq!(statuses(&answered).into_keys().collect::<Vec<_>>(), [200]);
        let signed_in = [("email", app.owner.email.as_str()), ("password", app.owner.password.as_str())];
        browser.submit("/sign-in", &shown, &signed_in).await.expect(303);
    }
}
