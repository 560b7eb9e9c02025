//! The crate from outside: what the mails say, and how they leave.

mod directory;
mod lines;
mod messages;
mod smtp;
mod support;
mod tls;
