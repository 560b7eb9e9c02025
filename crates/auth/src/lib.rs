//! Passwords, keys, tokens and signatures of ReleasePage.
//!
//! This crate makes, writes, recognizes and compares secrets:
//!
//! - passwords (argon2id);
//! - page keys and the key pairs of projects;
//! - access tokens and their scopes;
//! - session tokens;
//! - everything signed with the server's secret key: links in emails, CSRF tokens, device cookies, keyed hashes of
//!   addresses.
//!
//! It stores nothing, reads no clock and knows no HTTP. Its callers look a token up and decide whether it is revoked or
//! too old. The only thing it takes from outside is the operating system's randomness. Secrets are
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
