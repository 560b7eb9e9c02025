//! The events of a release in every order. The result is always the same.

use chrono::Duration;
use serde_json::Value;
use tokio::task::{JoinSet, LocalSet};

use super::forge::Forge;
use super::kind::{Kind, Told, What};
use crate::support::app::App;
use crate::support::both_databases;

/// Every order of these items.
fn orders<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    (0..of.len())
        .flat_map(|index| {
            let mut rest = of.to_vec();
            let first = rest.remove(index);
            orders(&rest).into_iter().map(move |order| [vec![first.clone()], order].concat())
        })
        .collect()
}

/// The titles of the releases that readers see.
async fn titles(forge: &Forge) -> Vec<String> {
    let releases = forge.releases().await.into_iter();
    let shown = releases.filter(|release| release["state"] == "published");
    shown.map(|release| release["title"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Delivers the events of a release in every order, each in a repository of its own. Checks what readers see in the
/// end.
async fn every_order_ends_in(app: &App, kind: Kind, payloads: &[(&'static str, Value)], expected: &[&str]) {
    let (local, mut tellings) = (LocalSet::new(), JoinSet::new());
    for (number, order) in orders(payloads).into_iter().enumerate() {
        let name = format!("acme/{kind:?}-{}-{number}", payloads.len());
        let forge = Forge::of(app, kind, &name).await;
        let telling = async move {
            for (_, payload) in &order {
                forge.tell(&renamed(payload, &name)).await;
            }
            let order: Vec<&str> = order.iter().map(|(name, _)| *name).collect();
            (order.join(", "), titles(&forge).await)
        };
        tellings.spawn_local_on(telling, &local);
    }
    for (order, titles) in local.run_until(tellings.join_all()).await {
        assert_eq!(titles, expected, "{kind:?}: {order}");
    }
}

/// The same payload, for a repository with this name.
fn renamed(payload: &Value, name: &str) -> Value {
    serde_json::from_str(&payload.to_string().replace("acme/api", name)).expect("the payload stays JSON")
}

/// The events of a release, in the order of time.
fn life(kind: Kind, told: &Told, until: What) -> Vec<(&'static str, Value)> {
    let source = (186_853_002, "acme/api".to_owned());
    let named = |(second, what): (i64, What)| {
        let name = ["created", "published", "edited", "deleted"][what as usize];
        let at = told.at + Duration::seconds(second);
        (name, kind.payload(what, &Told { title: format!("{} {name}", told.title), at, ..told.clone() }, &source))
    };
    let vocabulary = kind.vocabulary().iter().copied();
    let end = vocabulary.clone().position(|what| what == until).expect("it is told of");
    (0..).zip(vocabulary.take(end + 1)).map(named).collect()
}

both_databases! {
    async fn every_order_comes_to_the_same(setup: Setup) {
        let app = setup.with("limits.token_requests_per_minute", 1_000_000).with("limits.anonymous_requests_per_minute", 1_000_000).start().await;
        for kind in Kind::ALL {
            let told = Told { title: "One".into(), ..Told::new("v1.0.0") };
            every_order_ends_in(&app, kind, &life(kind, &told, What::Edited), &["One edited"]).await;
            every_order_ends_in(&app, kind, &life(kind, &told, What::Deleted), &[]).await;
        }
    }
}

both_databases! {
    async fn release_that_gitlab_makes_anew_is_the_one_that_counts(setup: Setup) {
        let app = setup.with("limits.token_requests_per_minute", 1_000_000).with("limits.anonymous_requests_per_minute", 1_000_000).start().await;
        let anew = Told { title: "Anew".into(), ..Told::new("v1.0.0") };
        let first = Told { title: "First".into(), made_at: anew.made_at - Duration::seconds(90), ..anew.clone() };
        let mut payloads = life(Kind::Gitlab, &first, What::Deleted);
        // Published and deleted. Four events have 24 orders.
        payloads.remove(1);
        payloads.extend(life(Kind::Gitlab, &anew, What::Edited));
        every_order_ends_in(&app, Kind::Gitlab, &payloads, &["Anew edited"]).await;
    }
}
