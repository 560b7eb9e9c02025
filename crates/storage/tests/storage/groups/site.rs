//! A page of two components that are released together, as the tests of groups begin with it.

use chrono::TimeDelta;
use releasepage_domain::{
    group::Grouping,
    release::{ReleaseArrival, ReleaseInput},
    time::UtcTime,
};
use releasepage_storage::{
    database::change::Change,
    groups::{closing::group_close_due, lists::groups_list, row::Group},
    pages::{
        edits::{PageChange, page_update},
        row::Page,
    },
    releases::{
        edits::release_withdraw,
        row::{Release, ReleaseOwner},
    },
};

use crate::support::{Database, context, now, release_input};

/// So many minutes after the tests' present.
pub(crate) fn minute(minutes: i64) -> UtcTime {
    now() + TimeDelta::minutes(minutes)
}

/// A page with the components `acme/api` and `acme/web`.
pub(crate) struct GroupSite {
    pub(crate) organization_id: i64,
    pub(crate) page_id: String,
    /// The repositories.
    pub(crate) api: i64,
    pub(crate) web: i64,
    /// The component of the former.
    pub(crate) api_component: i64,
}

impl GroupSite {
    /// A page that puts nothing together yet, without releases.
    pub(crate) async fn off(database: &Database) -> Self {
        let site = database.site().await;
        let web = database.repository(site.organization_id, "acme/web").await.id;
        database.component(site.organization_id, &site.page_id, "acme/web", None).await;
        Self {
            organization_id: site.organization_id,
            page_id: site.page_id,
            api: site.repository_id,
            web,
            api_component: site.component_id,
        }
    }

    /// The same with `auto` grouping and a window.
    pub(crate) async fn auto(database: &Database, window_minutes: i32) -> Self {
        let site = Self::off(database).await;
        let change = PageChange { group_window_minutes: Change::Set(window_minutes), ..PageChange::default() };
        site.update(database, PageChange { grouping: Change::Set(Grouping::Auto), ..change }, 0).await;
        site
    }

    /// The same with `manual` grouping.
    pub(crate) async fn manual(database: &Database) -> Self {
        let site = Self::off(database).await;
        site.switch(database, Grouping::Manual, 0).await;
        site
    }

    /// Edits the page at that minute.
    pub(crate) async fn update(&self, database: &Database, change: PageChange, at: i64) -> Page {
        page_update(&database.store, self.organization_id, self.page_id.clone(), change, minute(at)).await.unwrap()
    }

    /// Switches the page's grouping at that minute.
    pub(crate) async fn switch(&self, database: &Database, grouping: Grouping, at: i64) {
        let change = PageChange { grouping: Change::Set(grouping), ..PageChange::default() };
        self.update(database, change, at).await;
    }

    /// What comes of a release that is published at that minute.
    pub(crate) async fn publish(&self, database: &Database, repository_id: i64, tag: &str, at: i64) -> Release {
        let input = ReleaseInput { published_at: minute(at), ..release_input(tag) };
        self.arrive(database, repository_id, input, at).await
    }

    /// What comes of a release that its source sends at that minute.
    pub(crate) async fn arrive(
        &self,
        database: &Database,
        repository_id: i64,
        input: ReleaseInput,
        at: i64,
    ) -> Release {
        database.arrive_at(repository_id, input, ReleaseArrival::Repeatable, minute(at)).await.unwrap()
    }

    /// Takes a release back at that minute.
    pub(crate) async fn withdraw(&self, database: &Database, release: &Release, at: i64) {
        let owner = ReleaseOwner::Repository(release.repository_id);
        release_withdraw(&database.store, owner, release.id.clone(), context(minute(at))).await.unwrap();
    }

    /// Runs the job that closes a group at that minute. Answers how many minutes it is put off for from the tests' present
    /// on.
    pub(crate) async fn close(&self, database: &Database, group_id: i64, at: i64) -> Option<i64> {
        let again = group_close_due(&database.store, group_id, context(minute(at))).await.unwrap();
        again.map(|again| (again - now()).num_minutes())
    }

    /// The groups of the page, oldest first.
    pub(crate) async fn list(&self, database: &Database) -> Vec<Group> {
        let list = groups_list(&database.store, self.organization_id, self.page_id.clone(), None, None, 100);
        let mut groups = list.await.unwrap().rows;
        groups.reverse();
        groups
    }

    /// The groups in words, oldest first: `closed v0.1.0: api v1.0.0, web v1.0.0`. A member that readers do not see stands
    /// in brackets.
    pub(crate) async fn groups(&self, database: &Database) -> Vec<String> {
        let in_words = |group: Group| {
            let members: Vec<String> = group
                .members
                .iter()
                .map(|member| match &member.shown {
                    Some(shown) => format!("{} {}", shown.component.name, shown.version),
                    None => format!("[{}]", member.tag),
                })
                .collect();
            format!("{} {}: {}", group.state, group.version.as_deref().unwrap_or("-"), members.join(", "))
        };
        self.list(database).await.into_iter().map(in_words).collect()
    }

    /// The announcements, oldest first: state, the group's version or `-`, and the tag of the release in whose name it is.
    pub(crate) async fn announcements(&self, database: &Database) -> Vec<String> {
        let rows = "SELECT a.state || ' ' || COALESCE(g.version, '-') || ' ' || r.tag AS text FROM announcements a \
                    JOIN releases r ON r.id = a.release_id LEFT JOIN groups g ON g.id = a.group_id ORDER BY a.id";
        database.texts(rows).await
    }
}
