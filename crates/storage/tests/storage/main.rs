//! The database, tried on SQLite and on a real Postgres.
//!
//! Each test runs on both. The Postgres half needs `RELEASEPAGE_TEST_POSTGRES`, the URL of a database on a server
//! where its user may create others (`postgres://postgres@127.0.0.1:5432/postgres`); without it, it says so and ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod annotations;
mod announcements;
mod backup;
mod database;
mod groups;
mod jobs;
mod pages;
mod releases;
mod repositories;
mod sources;
mod statements;
mod subscribers;
mod support;
