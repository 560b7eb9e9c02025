//! The APIs that programs speak with credentials, on a server of each test's own: the Releases API and the management API.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../../../tests/support/conformity.rs"]
mod conformity;
mod jobs;
mod mailbox;
mod management;
mod management_faults;
mod management_input;
mod management_releases;
mod management_routes;
mod openapi;
mod releases_api;
mod releases_api_input;
mod releases_api_repeat;
mod support;
mod tokens;
