//! The database of ReleasePage: pool, schema, migrations, every transaction.
//!
//! Domain decides, storage commits: each public function opens one transaction, loads what the rule needs, calls the
//! pure rule of `releasepage-domain`, and writes rows and jobs. Nothing slow happens inside a transaction, and nothing
//! is left to be done after the commit: what must follow a change is a job, written with it.
//!
//! Each aggregate has a folder:
//!
//! | folder | owns |
//! |---|---|
//! | [`accounts`] | organizations, users, memberships, sessions, access tokens |
//! | [`repositories`] | repositories and projects |
//! | [`sources`] | webhooks, their deliveries, the walks through the listings of forges |
//! | [`releases`] | releases, their words for search, imports, answers that are replayed |
//! | [`pages`] | pages, slugs, keys, components, and what readers see |
//! | [`groups`] | groups of releases and their members |
//! | [`subscribers`] | subscribers, requests, addresses that refuse mail |
//! | [`announcements`] | announcements, deliveries, the captured mailbox |
//! | [`annotations`] | annotations on charts and their categories |
//! | [`jobs`] | the queue, its holds, schedules, pruning |
//! | [`backup`] | the file of a back-up |
//! | [`database`] | connections, transactions, migrations, tables: what all of the above stand on |
//!
//! In each folder the types of rows and the loading of them are at the bottom, in files whose name ends in `row`. The
//! functions that change something stand above, and use the rows of other folders.
//!
//! This crate never speaks HTTP or SMTP, never hashes a password, and reads no clock by itself: the time is handed
//! in, and [`database::clock::Clock`] is there for those who hand it in.

pub mod accounts;
pub mod annotations;
pub mod announcements;
pub mod backup;
pub mod database;
pub mod groups;
pub mod jobs;
pub mod pages;
pub mod releases;
pub mod repositories;
pub mod sources;
pub mod subscribers;

pub use database::{
    backend::{AnyConnection, STATEMENT_TARGET},
    error::{QueryError, QueryResult, StoreError},
    migrate::{MigrateError, SchemaState, database_make, migrate, schema_is_new, schema_state},
    scope::Scope,
    settings::{DatabaseUrl, DatabaseUrlInvalid, StoreSettings},
    store::Store,
};
