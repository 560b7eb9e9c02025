//! Passwords, keys, tokens and signatures of ReleasePage.
//!
//! This crate owns how secrets are made, written, recognized and compared: passwords (argon2id), page and project keys,
//! personal access tokens and their scopes, session tokens, and everything signed with the server's secret key (links
//! in mails, CSRF tokens, device cookies, keyed hashes of addresses).
//!
//! It never stores anything, reads no clock and knows no HTTP: what a token opens, whether it is revoked or too old, is
//! decided by who looks it up. Its only way out is the operating system's randomness. Secrets are
//! [`secrecy::SecretString`]s, so that no `Debug` output shows them.

pub mod address_key;
mod checksum;
mod hex;
pub mod link;
mod mac;
pub mod page_key;
pub mod password;
pub mod project_key;
pub mod random;
pub mod scope;
pub mod sealed;
pub mod secret_key;
pub mod session;
pub mod signature;
pub mod token;
