//! The crate from outside: what the mails say, and how they leave.

mod directory;
mod messages;
mod smtp;
mod support;
mod tls;
