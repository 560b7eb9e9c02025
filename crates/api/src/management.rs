//! The management API under `/v1`: a program with an access token can do what the portal does (`management-v1.md`).
//!
//! Each resource is one file: its shape on the wire, and its handlers. A resource of another organization counts as not
//! found.

mod announcements;
mod api_access;
mod changelog_import;
mod components;
mod deliveries;
mod group_fields;
mod groups;
mod import_body;
mod import_rows;
mod jobs;
mod mailbox;
mod me;
mod pages;
mod projects;
mod release_fields;
mod releases;
mod repositories;
mod repository_sources;
mod resource;
mod subscriber_export;
mod subscriber_fields;
pub mod subscriber_import;
mod subscribers;
mod suppressions;
mod tokens;
mod unassigned_releases;

crate::operations! {
    /// The data of a token's organization: repositories, releases, projects, pages and the content of pages.
    pub struct Resources;
    me::me_read,
    repositories::repositories_read,
    repositories::repository_add,
    repositories::repository_read,
    repositories::repository_edit,
    repositories::repository_remove,
    repositories::repository_secret_rotate,
    repositories::repository_backfill,
    unassigned_releases::component_suggestions_read,
    releases::releases_read,
    releases::release_add,
    changelog_import::repository_changelog_import,
    releases::release_read,
    releases::release_change,
    releases::release_remove,
    projects::projects_read,
    projects::project_add,
    projects::project_read,
    projects::project_edit,
    projects::project_remove,
    projects::project_keys_rotate,
    pages::pages_read,
    pages::page_add,
    pages::page_read,
    pages::page_edit,
    pages::page_remove,
    subscribers::subscribers_read,
    subscribers::subscriber_add.readers_see_nothing(),
    subscriber_import::subscribers_import.readers_see_nothing(),
    subscriber_export::subscribers_export,
    subscribers::subscriber_read,
    subscribers::subscriber_remove.readers_see_nothing(),
    deliveries::page_deliveries_read,
    deliveries::release_deliveries_read,
    announcements::announcement_again,
    suppressions::suppressions_read,
    suppressions::suppression_remove,
    components::components_read,
    components::component_add,
    components::component_read,
    components::component_edit,
    components::component_remove,
    groups::groups_read,
    groups::group_add,
    groups::group_read,
    groups::group_change,
    groups::group_remove,
    unassigned_releases::unassigned_releases_read,
    api_access::api_access_read,
    api_access::api_access_write,
    api_access::api_access_keys_rotate,
}

crate::operations! {
    /// The operations that keep the server and its accounts running: tokens, captured mail and jobs.
    pub struct Administration;
    tokens::tokens_read,
    tokens::token_add.readers_see_nothing(),
    tokens::token_read,
    tokens::token_revoke.readers_see_nothing(),
    mailbox::mailbox_read,
    mailbox::mailbox_message_read,
    jobs::jobs_read,
    jobs::job_again.readers_see_nothing(),
}
