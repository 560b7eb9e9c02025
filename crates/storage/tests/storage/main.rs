//! The database, tried on SQLite and on a real Postgres.
//!
//! Each test runs on both. The Postgres half needs `RELEASEPAGE_TEST_POSTGRES`, the URL of a database on a server
//! where its user may create others (`postgres://postgres@127.0.0.1:5432/postgres`); without it, it says so and ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access_tokens;
mod account_access;
mod accounts;
mod annotations;
mod announcements;
mod api_access;
mod backup;
mod components;
mod deliveries;
mod delivery_lists;
mod group_announcements;
mod group_edits;
mod group_histories;
mod group_history;
mod group_lists;
mod group_site;
mod group_switching;
mod groups;
mod histories;
mod hook_deliveries;
mod idempotency;
mod job_hold;
mod job_list;
mod jobs;
mod mailbox;
mod meanwhile;
mod migrations;
mod page_deletion;
mod page_releases;
mod pages;
mod projects;
mod queries;
mod readiness;
mod release_imports;
mod release_lists;
mod release_promotions;
mod release_ranges;
mod release_sources;
mod releases;
mod repositories;
mod repository_search;
mod repository_sources;
mod request_links;
mod requests;
mod retention;
mod schema;
mod silence;
mod snapshots;
mod source_releases;
mod statements;
mod subscriber_additions;
mod subscriber_erasure;
mod subscriber_lists;
mod subscribers;
mod support;
mod suppressions;
mod transactions;
mod unassigned_releases;
mod version_rules;
