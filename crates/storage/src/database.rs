//! The ground that every aggregate stands on: connections, transactions, migrations, tables, and the types of columns.
//!
//! Nothing here knows an aggregate. [`crate::Store`] is the only way to the database, and its two methods `read` and
//! `write` are the only transactions.

pub(crate) mod backend;
pub mod change;
pub mod clock;
pub mod cursor;
pub(crate) mod error;
pub mod examine;
pub(crate) mod migrate;
pub(crate) mod name;
pub(crate) mod postgres_session;
pub mod readiness;
pub(crate) mod schema;
pub(crate) mod scope;
pub mod sealed_text;
pub(crate) mod settings;
pub(crate) mod silence;
pub(crate) mod store;
pub(crate) mod stored;
pub(crate) mod stored_name;
pub mod usage;
