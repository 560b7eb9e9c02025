//! The scopes of an access token (`management-v1.md`).

use std::{cmp::min, fmt, str::FromStr};

use releasepage_domain::account::Role;
use thiserror::Error;

/// A permission of an access token. Each scope includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// See everything, including unpublished pages.
    Read,
    /// Publish, edit and withdraw releases.
    Publish,
    /// Change pages, subscribers and keys.
    Manage,
    /// Change members, tokens and the organization.
    Admin,
}

impl Scope {
    /// Every scope, the lowest first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Publish, Self::Manage, Self::Admin];

    /// Returns the name in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = ScopesError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name).ok_or(ScopesError::Unknown)
    }
}

/// The scopes of an access token: at least one, with all that it includes.
///
/// Each scope includes the lower ones, so only the highest is kept. The text form names them all: `read publish`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scopes {
    highest: Scope,
}

/// The reasons why a text is not a scope or a list of scopes.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ScopesError {
    /// The list is empty.
    #[error("at least one scope is needed: read, publish, manage or admin")]
    Empty,
    /// The list has a word that is not a scope.
    #[error("a scope is one of read, publish, manage and admin")]
    Unknown,
}

impl Scopes {
    /// Returns the scopes of a role. An owner or admin may do everything, an editor up to [`Scope::Manage`], a viewer
    /// only read.
    pub const fn of_role(role: Role) -> Self {
        let highest = match role {
            Role::Owner | Role::Admin => Scope::Admin,
            Role::Editor => Scope::Manage,
            Role::Viewer => Scope::Read,
        };
        Self { highest }
    }

    /// Returns the part of these scopes that the role allows. Call it on every use of a token, not only when the token
    /// is made, since the role may have been lowered since.
    pub fn limited_to(self, role: Role) -> Self {
        Self { highest: min(self.highest, Self::of_role(role).highest) }
    }

    /// True if a holder of these scopes has this one.
    pub fn contains(self, scope: Scope) -> bool {
        scope <= self.highest
    }

    /// Iterates over the scopes, the lowest first.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |&scope| self.contains(scope))
    }
}

impl From<Scope> for Scopes {
    fn from(highest: Scope) -> Self {
        Self { highest }
    }
}

impl FromStr for Scopes {
    type Err = ScopesError;

    /// Reads names separated by spaces, commas or both, in any order.
    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let mut highest: Option<Scope> = None;
        for name in list.split([' ', ',']).filter(|name| !name.is_empty()) {
            highest = highest.max(Some(name.parse()?));
        }
        highest.map(Self::from).ok_or(ScopesError::Empty)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_written() {
        for (list, written) in [
            ("read", "read"),
            ("publish", "read publish"),
            ("publish,read", "read publish"),
            (" manage,  read ", "read publish manage"),
            ("admin", "read publish manage admin"),
            ("read admin read", "read publish manage admin"),
        ] {
            let scopes: Scopes = list.parse().unwrap();
            assert_eq!(scopes.to_string(), written, "{list}");
            assert_eq!(written.parse(), Ok(scopes));
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for (list, error) in [
            ("", ScopesError::Empty),
            (" , ", ScopesError::Empty),
            ("write", ScopesError::Unknown),
            ("read write", ScopesError::Unknown),
            ("write read", ScopesError::Unknown),
            ("Read", ScopesError::Unknown),
            ("read;publish", ScopesError::Unknown),
        ] {
            assert_eq!(list.parse::<Scopes>(), Err(error), "{list:?}");
        }
    }

    #[test]
    fn a_scope_includes_those_before_it() {
        for (index, highest) in Scope::ALL.into_iter().enumerate() {
            assert!(Scopes::from(highest).iter().eq(Scope::ALL[..=index].iter().copied()), "{highest:?}");
        }
    }

    #[test]
    fn a_token_never_exceeds_its_users_role() {
        for (role, most) in [
            (Role::Owner, "read publish manage admin"),
            (Role::Admin, "read publish manage admin"),
            (Role::Editor, "read publish manage"),
            (Role::Viewer, "read"),
        ] {
            assert_eq!(Scopes::from(Scope::Admin).limited_to(role).to_string(), most, "{role:?}");
            assert_eq!(Scopes::from(Scope::Read).limited_to(role).to_string(), "read", "{role:?}");
        }
    }
}
