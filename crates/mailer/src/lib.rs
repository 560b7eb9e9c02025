//! The email of ReleasePage: its texts, its form on the wire, and its delivery.
//!
//! This crate owns:
//! - the messages and their templates ([`messages`]);
//! - their form on the wire ([`message`]);
//! - the transports, SMTP and a directory ([`transport`]);
//! - the rule for retries ([`retry`]);
//! - the settings for all of these ([`settings`]).
//!
//! It keeps these rules:
//! - A confirmation holds no text that a stranger could have typed.
//! - No text can become a header.
//! - A message depends on its input alone, not on the clock or on randomness. Every try sends the same bytes.
//! - A password goes to another machine in plain text only if the operator allowed it.

pub mod address;
pub mod mail_url;
pub mod message;
pub mod messages;
pub mod retry;
pub mod settings;
pub mod site;
pub mod text;
pub mod transport;
pub mod worker;
