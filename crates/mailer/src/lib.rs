//! The mail of ReleasePage: what it says, how it is written, how it leaves.
//!
//! This crate owns the messages ([`messages`]) with their templates, their form on the wire ([`message`]), the
//! transports ([`transport`]: SMTP, a directory), the rule for trying again ([`retry`]), and the settings of all of
//! it ([`settings`]).
//!
//! It never puts text that a stranger could have typed into a confirmation, never lets any text become a header of
//! its own, never reads the clock or randomness for a message (the same input is the same bytes on every try), and
//! never sends a password in plain text to another machine unless the operator said so.

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
