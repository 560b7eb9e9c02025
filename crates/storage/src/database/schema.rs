//! The tables, for diesel: one file for each part, and here how they are joined.
//!
//! A test holds them against both databases.

mod account_tables;
mod announcement_tables;
mod job_tables;
mod page_tables;
mod release_tables;
mod repository_tables;
mod subscriber_tables;

pub(crate) use self::{
    account_tables::{access_tokens, memberships, organizations, sessions, setup_links, users},
    announcement_tables::{announcements, deliveries, mailbox},
    job_tables::{job_holds, job_turns, jobs, schedules},
    page_tables::{component_releases, components, group_members, groups, page_keys, page_slugs, pages, slug_owners},
    release_tables::{annotation_categories, annotations, idempotency_keys, release_tokens, releases},
    repository_tables::{
        hook_deliveries, projects, repositories, repository_hooks, repository_sources, source_releases,
    },
    subscriber_tables::{address_mails, addresses, subscriber_components, subscribers, subscription_requests},
};

diesel::joinable!(memberships -> organizations (organization_id));
diesel::joinable!(memberships -> users (user_id));
diesel::joinable!(setup_links -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(access_tokens -> users (user_id));
diesel::joinable!(access_tokens -> organizations (organization_id));
diesel::joinable!(repositories -> organizations (organization_id));
diesel::joinable!(repository_hooks -> repositories (repository_id));
diesel::joinable!(repository_sources -> repositories (repository_id));
diesel::joinable!(hook_deliveries -> repositories (repository_id));
diesel::joinable!(source_releases -> repositories (repository_id));
diesel::joinable!(source_releases -> releases (release_id));
diesel::joinable!(projects -> repositories (repository_id));
diesel::joinable!(idempotency_keys -> repositories (repository_id));
diesel::joinable!(pages -> organizations (organization_id));
diesel::joinable!(page_slugs -> pages (page_id));
diesel::joinable!(slug_owners -> organizations (organization_id));
diesel::joinable!(page_keys -> pages (page_id));
diesel::joinable!(components -> pages (page_id));
diesel::joinable!(components -> repositories (repository_id));
diesel::joinable!(releases -> repositories (repository_id));
diesel::joinable!(component_releases -> components (component_id));
diesel::joinable!(component_releases -> releases (release_id));
diesel::joinable!(release_tokens -> releases (release_id));
diesel::joinable!(subscribers -> pages (page_id));
diesel::joinable!(subscriber_components -> subscribers (subscriber_id));
diesel::joinable!(subscriber_components -> components (component_id));
diesel::joinable!(subscription_requests -> pages (page_id));
diesel::joinable!(announcements -> pages (page_id));
diesel::joinable!(announcements -> releases (release_id));
diesel::joinable!(announcements -> groups (group_id));
diesel::joinable!(groups -> pages (page_id));
diesel::joinable!(group_members -> groups (group_id));
diesel::joinable!(group_members -> releases (release_id));
diesel::joinable!(group_members -> pages (page_id));
diesel::joinable!(deliveries -> announcements (announcement_id));
diesel::joinable!(mailbox -> pages (page_id));
diesel::joinable!(annotation_categories -> repositories (repository_id));
diesel::joinable!(annotations -> repositories (repository_id));
diesel::joinable!(annotations -> annotation_categories (category_id));

/// Lets all tables appear in one query, and lists their names.
macro_rules! tables {
    ($($table:ident,)+) => {
        diesel::allow_tables_to_appear_in_same_query!($($table,)+);

        /// The names of all tables.
        pub(crate) const TABLES: &[&str] = &[$(stringify!($table)),+];
    };
}

tables!(
    annotation_categories,
    annotations,
    organizations,
    users,
    memberships,
    setup_links,
    sessions,
    access_tokens,
    repositories,
    repository_hooks,
    repository_sources,
    hook_deliveries,
    source_releases,
    projects,
    idempotency_keys,
    pages,
    page_slugs,
    slug_owners,
    page_keys,
    components,
    releases,
    component_releases,
    release_tokens,
    subscribers,
    subscriber_components,
    subscription_requests,
    addresses,
    address_mails,
    announcements,
    groups,
    group_members,
    deliveries,
    mailbox,
    jobs,
    job_turns,
    job_holds,
    schedules,
);
