//! The management API under `/v1`: what the portal does, a program can do with a personal access token
//! (`management-v1.md`).
//!
//! Each resource is one file: its shape on the wire, and its handlers. Whatever another organization has is not found.

pub(crate) mod announcements;
pub(crate) mod api_access;
pub(crate) mod changelog_import;
pub(crate) mod components;
pub(crate) mod deliveries;
mod group_fields;
pub(crate) mod groups;
mod import_body;
mod import_rows;
pub(crate) mod jobs;
pub(crate) mod mailbox;
pub(crate) mod me;
pub(crate) mod pages;
pub(crate) mod projects;
mod release_fields;
pub(crate) mod releases;
pub(crate) mod repositories;
pub(crate) mod repository_sources;
mod resource;
pub(crate) mod subscriber_export;
mod subscriber_fields;
pub(crate) mod subscriber_import;
pub(crate) mod subscribers;
pub(crate) mod suppressions;
pub(crate) mod tokens;
pub(crate) mod unassigned_releases;
