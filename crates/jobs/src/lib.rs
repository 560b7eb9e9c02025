//! The job runner. It claims jobs, renews their leases while their handlers run, and tries failed jobs again. A job
//! that fails for good becomes a dead letter.
//!
//! Each job runs at least once. If a worker dies, another one takes its job when the lease ends. The result of a worker
//! that lost its lease is refused. This crate owns no work but upkeep ([`upkeep`]), which needs only the database. The
//! handlers of email belong to the mailer.

pub mod handler;
pub mod runner;
pub mod settings;
pub mod upkeep;
