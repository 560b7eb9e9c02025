//! The sample data: an organization with a page of two components, their history, keys, a project and a subscriber.

use std::collections::HashMap;

use chrono::Duration;
use releasepage_auth::{
    page_key::page_key_new,
    password::PasswordHasher,
    project_key::{project_api_key_new, project_secret_key_new},
    random::{page_id_new, release_id_new},
    scope::Scope,
    token::{secret_hash, token_new},
};
use releasepage_domain::{
    environment::Environment,
    group::{GroupVersion, Grouping},
    release::{Platforms, ReleaseInput},
    repository::{RepositoryName, RepositoryOrigin},
    subscriber::{Preferences, SubscriberAddress},
    subscription::SubscriptionOp,
};
use releasepage_domain::{release::ReleaseArrival, version::VersionRule};
use releasepage_storage::{
    accounts::{
        row::AccessTokenNew,
        users::{OwnerNew, owner_create},
    },
    database::change::Change,
    groups::edits::{GroupNew, group_create},
    pages::{
        components::{ComponentNew, component_create},
        edits::{PageChange, PageNew, page_create, page_update},
        keys::{ApiAccessChange, PageKeys, api_access_set},
        row::PageGrouping,
    },
    releases::{edits::release_arrive, idempotency::Replay, row::ReleaseContext},
    repositories::{
        edits::repository_create,
        projects::{ProjectKeys, ProjectNew, project_create},
    },
    subscribers::requests::{RequestNew, request_note, request_use},
};
use secrecy::{ExposeSecret as _, SecretString};

use super::history::{APP, GROUPS, GroupEntry, HistoryEntry, SERVER};
use crate::{failure::Failure, wiring::Wiring};

/// The data that the demo prints.
pub(super) struct Sample {
    pub(super) slug: String,
    pub(super) page_id: String,
    pub(super) live_key: String,
    pub(super) api_key: String,
    pub(super) secret_key: SecretString,
    pub(super) email: String,
    pub(super) password: SecretString,
    pub(super) token: SecretString,
}

/// Writes the sample data.
pub(super) async fn sample_write(wiring: &Wiring) -> Result<Sample, Failure> {
    let (store, now) = (&wiring.store, wiring.clock.now());
    let address =
        |text: &str| SubscriberAddress::parse("address", text).map_err(|fault| Failure::Said(fault.to_string()));
    let password = SecretString::from("demo-password");
    let hashed = PasswordHasher::new().hash(&password).map_err(|error| Failure::Said(error.to_string()))?;
    let token = token_new();
    let owner = OwnerNew {
        email: address("owner@example.com")?,
        organization: "Lighthouse".into(),
        password_hash: Some(hashed),
        setup_link: None,
        access_token: Some(AccessTokenNew {
            token_hash: secret_hash(token.expose_secret()),
            name: "demo".into(),
            scopes: Scope::Admin.as_str().into(),
            expires_at: None,
        }),
    };
    let organization = owner_create(store, owner, now).await?.organization_id;

    let page = PageNew {
        slug: None,
        title: "Lighthouse".into(),
        description: "What is new in Lighthouse, the open weather station for sailors.".into(),
        published: true,
        unversioned_as: None,
        // The groups of the history are made explicitly.
        grouping: PageGrouping { mode: Grouping::Manual, ..PageGrouping::default() },
    };
    let page = page_create(store, organization, page, page_id_new, now).await?;
    let server =
        RepositoryName::parse("name", "lighthouse/server").map_err(|fault| Failure::Said(fault.to_string()))?;
    let server = repository_create(store, organization, server, RepositoryOrigin::Api, now).await?;
    let secret_key = project_secret_key_new();
    let api_key = project_api_key_new(&wiring.settings.server.region);
    let keys = ProjectKeys { api_key: api_key.clone(), secret_hash: secret_hash(secret_key.expose_secret()) };
    let app = project_create(store, organization, ProjectNew { name: "App".into(), keys }, now).await?;
    for (repo, name) in [(&server.name, "Server"), (&app.repo, "App")] {
        let component = ComponentNew {
            repo: repo.clone(),
            name: Some(name.into()),
            tag_prefix: None,
            versions: VersionRule::Lenient,
        };
        component_create(store, organization, page.id.clone(), component, now).await?;
    }
    let mut published = HashMap::new();
    for (repository, history) in [(server.id, SERVER), (app.app_id, APP)] {
        for entry in history {
            if let Some(id) = entry_publish(wiring, repository, entry).await? {
                published.insert((repository, entry.tag), id);
            }
        }
    }
    for entry in GROUPS {
        let server = entry.server.iter().filter_map(|&tag| published.get(&(server.id, tag)));
        let app = entry.app.iter().filter_map(|&tag| published.get(&(app.app_id, tag)));
        group_make(wiring, (organization, &page.id), (entry, server.chain(app).cloned().collect())).await?;
    }
    // From now on, published releases join their group automatically.
    let change = PageChange { grouping: Change::Set(Grouping::Auto), ..PageChange::default() };
    page_update(store, organization, page.id.clone(), change, now).await?;

    let live_key = page_key_new(Environment::Live);
    let keys = PageKeys { live: live_key.clone(), test: page_key_new(Environment::Test) };
    let access = ApiAccessChange { enabled: true, rate_limit: None, counted_by: None };
    api_access_set(store, organization, page.id.clone(), access, keys, now).await?;
    let subscription = RequestNew {
        page_id: page.id.clone(),
        environment: Environment::Live,
        op: SubscriptionOp::Add,
        address: address("reader@example.com")?,
        preferences: Preferences::default(),
        components: None,
    };
    let request = request_note(store, subscription, now).await?;
    request_use(store, request, now).await?;
    Ok(Sample {
        slug: page.slug,
        page_id: page.id,
        live_key,
        api_key,
        secret_key,
        email: "owner@example.com".into(),
        password,
        token,
    })
}

/// Publishes a release of the history and returns its id.
async fn entry_publish(wiring: &Wiring, repository: i64, entry: &HistoryEntry) -> Result<Option<String>, Failure> {
    let now = wiring.clock.now();
    let input = ReleaseInput {
        tag: entry.tag.into(),
        platforms: Platforms::default(),
        title: entry.title.into(),
        notes: Some(entry.notes.into()),
        author: Some(entry.author.into()),
        published_at: now - Duration::days(entry.days_ago) - Duration::minutes(entry.days_ago * 37 % 600),
        ends_at: None,
        prerelease: None,
        draft: false,
        // The releases of the history are not announced.
        notify: Some(false),
        chart_visibility: true,
        params: serde_json::Map::new(),
    };
    let context = ReleaseContext { notify_delay: Duration::zero(), now, is_news: true };
    let arrival = ReleaseArrival::ByHand;
    Ok(match release_arrive(&wiring.store, repository, input, arrival, None, release_id_new, context).await? {
        Replay::Fresh(release) => Some(release.id),
        // Without an idempotency key, no answer is replayed.
        Replay::Before(_) | Replay::Other => None,
    })
}

/// Groups releases of the history without an announcement.
async fn group_make(
    wiring: &Wiring,
    (organization, page): (i64, &str),
    (entry, releases): (&GroupEntry, Vec<String>),
) -> Result<(), Failure> {
    let version = GroupVersion::parse("version", entry.version).map_err(|fault| Failure::Said(fault.to_string()))?;
    let new = GroupNew { version, releases, notes: entry.notes.map(ToOwned::to_owned), notify: false };
    let context = ReleaseContext { notify_delay: Duration::zero(), now: wiring.clock.now(), is_news: true };
    group_create(&wiring.store, organization, page.to_owned(), new, context).await?;
    Ok(())
}
