//! The program starts, reports that it is healthy, and ends when it is stopped.

use crate::support::both_databases;
use crate::support::process::{SettingValues, run};

both_databases! {
    async fn server_starts_is_healthy_and_ends(app: App) {
        app.get("/healthz").await.expect(200);
        app.get("/readyz").await.expect(200);
        let service = app.get("/v1").await.expect(200).json();
        assert_eq!(service["version"], "v1");
        assert!(app.terminate().await, "SIGTERM is not a failure");
    }
}

both_databases! {
    async fn server_that_was_killed_starts_again_with_what_it_had(app: App) {
        let mut app = app;
        let page = app.page("Acme").with_component("acme/api").await;
        page.publish("acme/api", "v1.2.3").await;
        app.kill();
        app.restart().await;
        assert_eq!(page.latest("acme/api").await.as_deref(), Some("v1.2.3"));
    }
}

both_databases! {
    async fn subscriber_confirms_and_is_told_of_a_release(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        page.subscribe("reader@example.com").await.expect(200);
        app.inbox("reader@example.com").confirm().await;
        page.publish("acme/api", "v2.0.0").await;
        let mail = app.inbox("reader@example.com").mail("v2.0.0").await;
        assert!(mail.header("List-Unsubscribe-Post").is_some(), "{:?}", mail.text);
    }
}

#[test]
fn impossible_setting_ends_the_start_with_a_sentence() {
    let settings = SettingValues::from([("server.listen".to_owned(), "nowhere".to_owned())]);
    let output = run(&["serve"], &settings, "");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("RELEASEPAGE__SERVER__LISTEN") && told.contains("an IP address and a port"), "{told}");
}
