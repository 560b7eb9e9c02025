//! Scopes: the things that a transaction's decision depends on.

use sha2::{Digest, Sha256};

/// The thing that two writers must not decide on at the same time.
///
/// A transaction that names several takes them in ascending order, so that two transactions never wait for each
/// other: everything is locked before the pages, the pages before the repositories, the repositories before the groups.
/// A change that several pages show takes their groups in the order of the pages' ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// An organization: its names, slugs and members.
    Organization(i64),
    /// All organizations, users, page slugs: rare changes to what must be unique on the server.
    Server,
    /// A page: its components, keys and settings.
    Page(String),
    /// A repository: its releases and what is told of them.
    Repository(i64),
    /// The groups of a page, and what its readers see of each release.
    Groups(String),
    /// An address on a page.
    Subscriber(String),
    /// A person's address on the whole server.
    Address(String),
}

impl Scope {
    /// The key of the advisory lock on Postgres: 64 bits of the scope's hash. Two scopes that share a key only wait
    /// for each other without need.
    pub(crate) fn lock_key(&self) -> i64 {
        let digest = Sha256::digest(format!("releasepage {self:?}"));
        let mut key = [0; 8];
        key.copy_from_slice(&digest[..8]);
        i64::from_be_bytes(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_have_keys_of_their_own() {
        assert_ne!(Scope::Repository(1).lock_key(), Scope::Organization(1).lock_key());
        assert_eq!(Scope::Page("a".into()).lock_key(), Scope::Page("a".into()).lock_key());
    }
}
