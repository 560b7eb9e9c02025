//! Subscribers: their requests, their preferences, and the addresses that refuse mail.

pub mod additions;
pub mod address_rules;
pub mod addresses;
pub mod changes;
pub mod erasure;
pub mod lists;
pub mod request_row;
pub mod requests;
pub mod row;
pub mod suppressions;
