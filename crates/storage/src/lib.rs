//! The database of ReleasePage: pool, schema, migrations, one file for each aggregate, every transaction.
//!
//! Domain decides, storage commits: each public function opens one transaction, loads what the rule needs, calls the
//! pure rule of `releasepage-domain`, and writes rows and jobs. Nothing slow happens inside a transaction, and nothing
//! is left to be done after the commit: what must follow a change is a job, written with it.
//!
//! This crate never speaks HTTP or SMTP, never hashes a password, and reads no clock by itself: the time is handed
//! in, and [`clock::Clock`] is there for those who hand it in.

pub mod access_tokens;
pub mod account_access;
pub mod accounts;
pub mod addresses;
pub mod annotation_categories;
pub mod annotations;
mod announcement_audience;
pub mod announcement_retry;
pub mod announcements;
mod backend;
pub mod backup;
mod backup_digest;
pub mod change;
pub mod clock;
mod component_releases;
pub mod components;
pub mod cursor;
pub mod deliveries;
pub mod delivery_lists;
mod error;
pub mod examine;
pub mod group_closing;
pub mod group_edits;
pub mod group_history;
pub mod group_lists;
mod group_members;
mod group_switching;
pub mod groups;
pub mod hook_deliveries;
pub mod hook_repositories;
pub mod idempotency;
pub mod job_hold;
pub mod job_list;
pub mod jobs;
pub mod mailbox;
mod migrate;
mod name;
pub mod page_deletion;
pub mod page_keys;
pub mod page_releases;
pub mod page_slugs;
pub mod pages;
mod postgres_session;
pub mod projects;
pub mod queue;
pub mod readiness;
mod release_batch;
mod release_changes;
pub mod release_imports;
pub mod release_pages;
pub mod release_ranges;
pub mod release_sources;
mod release_tokens;
pub mod releases;
pub mod repositories;
pub mod repository_deletion;
pub mod repository_search;
pub mod repository_sources;
pub mod repository_tags;
pub mod requests;
pub mod retention;
pub mod schedules;
mod schema;
mod scope;
pub mod sealed_text;
pub mod sessions;
mod settings;
mod silence;
pub mod snapshots;
mod source_missing;
pub mod source_pages;
pub mod source_releases;
pub mod source_tokens;
pub mod source_walks;
mod store;
mod stored;
mod stored_name;
pub mod subscriber_additions;
pub mod subscriber_erasure;
pub mod subscriber_lists;
pub mod subscribers;
pub mod suppressions;
pub mod unassigned_releases;
pub mod usage;
pub mod version_rules;

pub use backend::{AnyConnection, STATEMENT_TARGET};
pub use error::{QueryError, QueryResult, StoreError};
pub use migrate::{MigrateError, SchemaState, database_make, migrate, schema_is_new, schema_state};
pub use scope::Scope;
pub use settings::{DatabaseUrl, DatabaseUrlInvalid, StoreSettings};
pub use store::Store;
