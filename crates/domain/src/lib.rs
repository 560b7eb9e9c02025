//! Types and rules of ReleasePage.
//!
//! This crate decides what a version is, which bump a release has, who is told of it, and which state follows another.
//! It owns the words that all other crates use. It does no IO, reads no clock and makes no randomness. Callers pass in
//! the time, ids and rows of the database, so that tables of cases can test every rule.

pub mod account;
pub mod annotation;
pub mod announcement;
pub mod bump;
pub mod changes;
pub mod component;
pub mod component_suggestion;
pub mod conflict;
pub mod consent;
pub mod csv_cell;
pub mod csv_rows;
pub mod environment;
pub mod fault;
pub mod fields;
pub mod group;
pub mod history;
pub mod hook_binding;
pub mod hook_delivery;
pub mod job;
mod mailbox;
pub mod masking;
pub mod page;
pub mod release;
pub mod release_consequences;
pub mod release_import;
pub mod reply;
pub mod repository;
pub mod repository_files;
pub mod repository_source;
pub mod search;
pub mod source_event;
pub mod source_listing;
pub mod subscriber;
pub mod subscriber_import;
pub mod subscription;
pub mod tag;
pub mod text;
pub mod time;
pub mod version;
