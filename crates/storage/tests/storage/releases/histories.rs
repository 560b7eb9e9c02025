//! Histories of releases: held against the rules, in any order, taken back, and all at once.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::{
    prelude::*,
    sample::subsequence,
    test_runner::{Config, TestCaseError, TestRunner},
};
use releasepage_domain::{
    bump::Bump,
    history::{ComponentRelease, HistoryRelease, component_history, component_latest},
    release::{Platforms, ReleaseArrival, ReleaseInput},
    tag::tag_component,
    version::VersionRule,
};
use releasepage_storage::{
    pages::snapshots::page_snapshot,
    releases::{
        edits::{release_arrive, release_withdraw},
        row::ReleaseOwner,
    },
};
use tokio::runtime::Runtime;

use crate::support::{Database, Site, both, context, now, release_ids, release_input};

/// What readers see of a component's releases: sort key, bump and whether it is a pre-release, by tag and platforms.
type Places = BTreeMap<(String, String), (String, String, bool)>;

/// Releases of a repository with a web part, each once. Versions and times are few, so that they meet.
fn history() -> impl Strategy<Value = Vec<ReleaseInput>> {
    let part = prop_oneof![3 => Just(""), 1 => Just("web-")];
    let version = prop_oneof![
        6 => (0..3_u8, 0..3_u8, 0..2_u8).prop_map(|(major, minor, patch)| format!("v{major}.{minor}.{patch}")),
        1 => (0..3_u8, 1..3_u8).prop_map(|(major, number)| format!("v{major}.0.0-rc.{number}")),
        1 => (0..3_u8).prop_map(|major| format!("v{major}")),
        1 => prop_oneof![Just("stable".to_owned()), Just("20240501".to_owned())],
    ];
    let platforms = subsequence(vec!["iOS", "Android"], 0..=2);
    let release = (part, version, platforms, 0..6_i64, prop::bool::weighted(0.1));
    let release = release.prop_map(|(part, version, platforms, days, prerelease)| ReleaseInput {
        platforms: Platforms::parse("platforms", platforms.into_iter().map(str::to_owned).collect()).unwrap(),
        published_at: now() - TimeDelta::days(days),
        prerelease: prerelease.then_some(true),
        notify: Some(false),
        ..release_input(&format!("{part}{version}"))
    });
    prop::collection::vec(release, 1..10).prop_map(|releases| {
        let distinct: BTreeMap<_, _> = releases.into_iter().map(|release| (identity(&release), release)).collect();
        distinct.into_values().collect()
    })
}

fn identity(release: &ReleaseInput) -> (String, String) {
    (release.tag.clone(), release.platforms.key())
}

/// What the rules say: the places in each component, and the latest of each.
fn expected(releases: &[ReleaseInput]) -> [(Places, Option<(String, String)>); 2] {
    let prefixes = [None, Some("web-")];
    let identities: Vec<_> = releases.iter().map(identity).collect();
    [0, 1].map(|component| {
        let members: Vec<_> = releases
            .iter()
            .zip(&identities)
            .filter(|(release, _)| tag_component(&release.tag, &prefixes) == Some(component))
            .map(|(release, (tag, platforms))| HistoryRelease {
                id: tag,
                tag,
                platforms,
                published_at: release.published_at,
                prerelease: release.prerelease,
                fixed: None,
            })
            .collect();
        let history = component_history(&members, prefixes[component], VersionRule::Lenient, Bump::Minor);
        let of = |place: &ComponentRelease<'_>| (place.release.tag.to_owned(), place.release.platforms.to_owned());
        let row = |place: &ComponentRelease<'_>| {
            (place.version_key.clone(), place.bump.as_str().to_owned(), place.prerelease)
        };
        let latest = component_latest(&history).map(of);
        (history.iter().map(|place| (of(place), row(place))).collect(), latest)
    })
}

/// A new repository on the page with a component for its web part and one for everything else.
struct Shop<'a> {
    database: &'a Database,
    page_id: String,
    repository_id: i64,
    components: [i64; 2],
}

impl<'a> Shop<'a> {
    async fn new(database: &'a Database, site: &Site) -> Self {
        let name = format!("acme/shop-{}", database.count("repositories").await);
        let repository_id = database.repository(site.organization_id, &name).await.id;
        let (organization_id, page_id) = (site.organization_id, site.page_id.clone());
        let all = database.component(organization_id, &page_id, &name, None).await;
        let web = database.component(organization_id, &page_id, &name, Some("web-")).await;
        Self { database, page_id, repository_id, components: [all, web] }
    }

    async fn load(&self, releases: impl IntoIterator<Item = &ReleaseInput>) {
        for release in releases {
            self.database.arrive(self.repository_id, release.clone()).await;
        }
    }

    /// What readers see: the places in each component, and the latest of each.
    async fn seen(&self) -> [(Places, Option<(String, String)>); 2] {
        let snapshot = page_snapshot(&self.database.store, self.page_id.clone()).await.unwrap().unwrap();
        let mut seen = [(Places::new(), None), (Places::new(), None)];
        for (component, (places, latest)) in self.components.into_iter().zip(&mut seen) {
            let rows = format!(
                "SELECT r.tag || '|' || r.platforms_key || '|' || c.version_key || '|' || c.bump || '|' \
                 || CASE WHEN c.prerelease THEN 'true' ELSE 'false' END AS text \
                 FROM component_releases c JOIN releases r ON r.id = c.release_id \
                 WHERE c.component_id = {component} AND c.visible"
            );
            for row in self.database.texts(rows).await {
                let [tag, platforms, key, bump, prerelease] = row.split('|').collect::<Vec<_>>()[..] else {
                    panic!("five columns: {row}")
                };
                places.insert((tag.into(), platforms.into()), (key.into(), bump.into(), prerelease == "true"));
            }
            *latest =
                snapshot.latest.iter().find(|release| release.component.id == component).map(|release| {
                    (release.tag.clone(), Platforms::parse("", release.platforms.clone()).unwrap().key())
                });
        }
        seen
    }
}

/// Tries a property on a database. A case of Postgres takes longer.
fn each_case<S: Strategy>(
    strategy: &S,
    property: impl AsyncFn(&Database, &Site, S::Value) -> Result<(), TestCaseError>,
) {
    let runtime = Runtime::new().unwrap();
    // Entered, since a database is made outside of any task.
    let _entered = runtime.enter();
    for (database, cases) in [(Some(Database::sqlite()), 24), (Database::postgres(), 8)] {
        let Some(database) = database else { continue };
        let site = runtime.block_on(database.site());
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        TestRunner::new(config).run(strategy, |value| runtime.block_on(property(&database, &site, value))).unwrap();
    }
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let histories = history().prop_flat_map(|history| (Just(history.clone()), Just(history).prop_shuffle()));
    each_case(&histories, async |database, site, (history, shuffled)| {
        for order in [&history, &shuffled] {
            let shop = Shop::new(database, site).await;
            shop.load(order).await;
            prop_assert_eq!(shop.seen().await, expected(&history));
        }
        Ok(())
    });
}

#[test]
fn publishing_and_withdrawing_restores_what_was_before() {
    let histories = history().prop_flat_map(|history| {
        let count = history.len();
        (Just(history), 0..count)
    });
    each_case(&histories, async |database, site, (mut history, index)| {
        let shop = Shop::new(database, site).await;
        let extra = history.remove(index);
        shop.load(&history).await;
        let before = shop.seen().await;
        let release = database.arrive(shop.repository_id, extra.clone()).await;
        let owner = ReleaseOwner::Repository(shop.repository_id);
        release_withdraw(&database.store, owner, release.id.clone(), context(now())).await.unwrap();
        prop_assert_eq!(shop.seen().await, before);
        // And back it is where it had been.
        prop_assert_eq!(database.arrive(shop.repository_id, extra.clone()).await.id, release.id);
        history.push(extra);
        prop_assert_eq!(shop.seen().await, expected(&history));
        Ok(())
    });
}

both! {
    async fn a_hundred_copies_at_once_make_one_release(database: &Database) {
        let site = database.site().await;
        let second = database.page(site.organization_id, "Second").await.id;
        database.component(site.organization_id, &second, "acme/api", None).await;
        // Two pools, as two processes have them.
        let stores = [database.store_with(8), database.store_with(8)];
        let copies: Vec<_> = (0..100)
            .map(|number| {
                let (store, repository_id) = (stores[number % 2].clone(), site.repository_id);
                tokio::spawn(async move {
                    let (input, again) = (release_input("v1.0.0"), ReleaseArrival::Repeatable);
                    release_arrive(&store, repository_id, input, again, None, release_ids(), context(now())).await
                })
            })
            .collect();
        for copy in copies {
            copy.await.unwrap().unwrap();
        }
        assert_eq!(database.texts("SELECT tag || ' ' || revision AS text FROM releases").await, ["v1.0.0 1"]);
        let told = database.texts("SELECT page_id AS text FROM announcements ORDER BY page_id").await;
        let mut pages = vec![site.page_id, second];
        pages.sort_unstable();
        assert_eq!(told, pages);
        assert_eq!(database.jobs("announcement_spread").await.len(), 2);
    }

    async fn many_releases_at_once_are_one_history(database: &Database) {
        let site = database.site().await;
        let shop = Shop::new(database, &site).await;
        let releases: Vec<_> = (0..50)
            .map(|number| ReleaseInput {
                published_at: now() - TimeDelta::hours(50 - number),
                notify: Some(false),
                ..release_input(&format!("{}v{}.{}.0", ["", "web-"][usize::from(number % 3 == 0)], number / 10, number))
            })
            .collect();
        let arrivals: Vec<_> = releases
            .iter()
            .cloned()
            .map(|input| {
                let (store, repository_id) = (database.store.clone(), shop.repository_id);
                tokio::spawn(async move {
                    let hand = ReleaseArrival::ByHand;
                    release_arrive(&store, repository_id, input, hand, None, release_ids(), context(now())).await
                })
            })
            .collect();
        for arrival in arrivals {
            arrival.await.unwrap().unwrap();
        }
        assert_eq!(shop.seen().await, expected(&releases));
    }
}
