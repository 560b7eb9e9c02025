//! The job runner: claims jobs one by one, holds their leases while their handlers run, tries failed ones again, and
//! leaves dead letters where that does not help.
//!
//! At least once: a job whose worker died is taken by another one when its lease ends, and the late answer of a worker
//! that was only asleep is refused. This crate owns no kind of work but upkeep ([`upkeep`]), which needs nothing but
//! the database; the handlers of mail live in the mailer.

pub mod handler;
pub mod runner;
pub mod settings;
pub mod upkeep;
