//! Tests of the folder `database`.

mod meanwhile;
mod migrations;
mod queries;
mod readiness;
mod schema;
mod silence;
mod transactions;
