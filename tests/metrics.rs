//! The metrics of a server and of a worker, in the Prometheus format.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::support::api::{Answer, Api};
use crate::support::app::App;
use crate::support::both_databases;
use crate::support::process::run;
use crate::support::wait::eventually;

/// The values of the metrics, by name and labels.
struct Samples(BTreeMap<String, f64>);

impl Samples {
    fn of(answer: &Answer) -> Self {
        assert!(answer.header("content-type").starts_with("application/openmetrics-text"), "{:?}", answer.headers);
        let text = answer.text();
        assert!(text.ends_with("# EOF\n"), "{text}");
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
            (name.to_owned(), value.parse().unwrap_or_else(|error| panic!("{error}: {line}")))
        };
        Self(text.lines().filter(|line| !line.starts_with('#')).map(sample).collect())
    }

    async fn ask(api: &Api) -> Self {
        Self::of(&api.get("/metrics").await.expect(200))
    }

    /// The value of a sample. It is 0 if there is none.
    fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

const VERSION_COUNT: &str =
    "releasepage_http_requests_total{method=\"GET\",route=\"/v1/pages/{page_id}/version\",status=\"200\"}";
const VERSION_DURATION: &str =
    "releasepage_http_request_duration_seconds_count{method=\"GET\",route=\"/v1/pages/{page_id}/version\"}";
const VERSION_SLOWEST: &str = "releasepage_http_request_duration_seconds_bucket{le=\"+Inf\",method=\"GET\",route=\"/v1/pages/{page_id}/version\"}";
const DUE: &str = "releasepage_queue_jobs{lane=\"prompt\",state=\"due\"}";
const SENT: &str = "releasepage_deliveries_total{result=\"sent\"}";

both_databases! {
    async fn server_is_measured_where_that_is_switched_on(setup: Setup) {
        let app = setup.with("metrics.enabled", true).start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        page.publish("acme/api", "v2.0.0").await;
        reader.mail("v2.0.0").await;
        for _ in 0..3 {
            page.get("version").await.expect(200);
        }
        app.get("/v1/pages/planted-path/nothing?planted-query").await.expect(404);
        app.get("/planted-path").await.expect(404);
        let anonymous = app.api().anonymous();
        anonymous.send(anonymous.request("PLANTED".parse().expect("a method"), "/v1")).await.expect(405);

        let samples = eventually("the delivery is counted", async || {
            let samples = Samples::ask(&anonymous).await;
            (samples.get(SENT) == 1.0).then_some(samples)
        })
        .await;
        assert_eq!(samples.get(VERSION_COUNT), 3.0, "{:#?}", samples.0);
        assert_eq!(samples.get(VERSION_DURATION), 3.0);
        assert_eq!(samples.get(VERSION_SLOWEST), 3.0);
        assert_eq!(
            samples.get("releasepage_http_requests_total{method=\"other\",route=\"/v1\",status=\"405\"}"), 1.0
        );
        assert!(samples.get("releasepage_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"}") >= 2.0);
        assert!(samples.get("releasepage_snapshot_lookups_total{result=\"hit\"}") >= 2.0);
        assert!(samples.get("releasepage_snapshot_lookups_total{result=\"miss\"}") >= 1.0);
        assert!(samples.get("process_start_time_seconds") > 1.6e9);
        for lane in ["prompt", "delivery", "maintenance"] {
            for state in ["due", "waiting", "running", "dead"] {
                assert!(samples.has(&format!("releasepage_queue_jobs{{lane=\"{lane}\",state=\"{state}\"}}")));
            }
            assert!(samples.has(&format!("releasepage_queue_oldest_age_seconds{{lane=\"{lane}\"}}")));
        }
        let connections = |state: &str| {
            let of_pool = |name: &&String| name.starts_with("releasepage_database_connections{") && name.contains(state);
            samples.0.keys().filter(of_pool).map(|name| samples.get(name)).sum::<f64>()
        };
        assert!(connections("idle") + connections("in_use") >= 1.0, "{:#?}", samples.0);
        let text = app.get("/metrics").await.text();
        for planted in ["planted", "PLANTED", &page.id, "example.com"] {
            assert!(!text.contains(planted), "{planted} is in {text}");
        }
    }
}

both_databases! {
    async fn worker_tells_how_it_is_on_a_listener_of_its_own(setup: Setup) {
        let setup = setup.with("metrics.enabled", true).with("worker.listen", "127.0.0.1:0");
        let app = setup.without_worker().start().await;
        let page = app.page("Acme").with_component("acme/api").await;
        page.subscribe("reader@example.com").await.expect(200);
        let server = app.api().anonymous();
        eventually("the queue holds the confirmation", async || (Samples::ask(&server).await.get(DUE) == 1.0).then_some(()))
            .await;

        let mut worker = app.worker_start();
        let address = worker_address(&app).await;
        let watched = Api::new(address, "").anonymous();
        app.inbox("reader@example.com").confirm().await;
        page.publish("acme/api", "v2.0.0").await;
        app.inbox("reader@example.com").mail("v2.0.0").await;
        let samples = eventually("the worker counts its delivery, and the queue is empty", async || {
            let samples = Samples::ask(&watched).await;
            (samples.get(SENT) == 1.0 && samples.get(DUE) == 0.0).then_some(samples)
        })
        .await;
        assert!(samples.has(DUE) && !samples.has("releasepage_snapshot_lookups_total{result=\"hit\"}"));
        assert_eq!(Samples::ask(&server).await.get(SENT), 0.0, "the server sent nothing");
        assert_eq!(watched.get("/healthz").await.expect(200).json()["status"], "ok");
        assert_eq!(watched.get("/readyz").await.expect(200).json()["status"], "ready");
        watched.get("/").await.expect(404);

        let mut settings = app.settings().clone();
        settings.insert("worker.listen".to_owned(), address.to_string());
        assert!(run(&["health", "--worker"], &settings, "").status.success());
        assert!(worker.terminate().await.success());
        assert_eq!(run(&["health", "--worker"], &settings, "").status.code(), Some(1));
        settings.remove("worker.listen");
        let refused = run(&["health", "--worker"], &settings, "");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("worker.listen is not set"));
    }
}

both_databases! {
    async fn nothing_is_shown_where_it_is_not_switched_on(app: App) {
        app.get("/metrics").await.expect(404);
    }
}

/// The health address of the worker that was started last.
async fn worker_address(app: &App) -> SocketAddr {
    eventually("the worker says where it is watched", async || {
        let lines = app.log().lines();
        let line = lines.iter().rev().find(|line| line.says("watched"))?;
        line.field("address")?.as_str()?.parse().ok()
    })
    .await
}
