//! Tests of the folder `subscribers`.

mod additions;
mod address_rules;
mod changes;
mod erasure;
mod lists;
mod request_links;
mod requests;
mod suppressions;
