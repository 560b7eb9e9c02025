//! Tests of the folder `releases`.

pub(crate) mod edits;
mod histories;
mod idempotency;
mod imports;
mod lists;
mod promotions;
mod sources;
mod unassigned;
mod version_rules;
