//! Tests of the crate's public interface: the texts of the emails, and their delivery.

mod directory;
mod lines;
mod messages;
mod smtp;
mod support;
mod tls;
