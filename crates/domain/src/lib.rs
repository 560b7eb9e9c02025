//! Types and rules of ReleasePage.
//!
//! This crate decides: what a version is, which bump a release is, who hears of it, which state follows which. It
//! owns the words that all other crates use. It never does IO, reads no clock and makes no randomness: the time, ids
//! and what was found in the database are handed in, so that every rule is a function that a table can test.

pub mod account;
pub mod announcement;
pub mod bump;
pub mod changes;
pub mod component;
pub mod consent;
pub mod csv_cell;
pub mod environment;
pub mod fault;
pub mod history;
pub mod job;
pub mod masking;
pub mod page;
pub mod release;
pub mod repository;
pub mod search;
pub mod source_event;
pub mod subscriber;
pub mod subscription;
pub mod tag;
pub mod text;
pub mod time;
pub mod version;
