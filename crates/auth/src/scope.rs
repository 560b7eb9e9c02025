//! What a personal access token may do (`management-v1.md`).

use std::{cmp::min, fmt, str::FromStr};

use releasepage_domain::account::Role;
use thiserror::Error;

/// One thing that a token may do. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// See everything, unpublished pages included.
    Read,
    /// Publish, edit and withdraw releases.
    Publish,
    /// Change pages, subscribers and keys.
    Manage,
    /// Change members, tokens and the organization.
    Admin,
}

impl Scope {
    /// Every scope, the least first.
    pub const ALL: [Self; 4] = [Self::Read, Self::Publish, Self::Manage, Self::Admin];

    /// The name on the wire and in the database.
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

/// The scopes of a token: at least one, and all that those include.
///
/// Since each scope includes those before it, the highest says it all. Printed, all are named: `read publish`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scopes {
    highest: Scope,
}

/// Why a text is no scope, or no list of scopes.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ScopesError {
    /// The list names none.
    #[error("at least one scope is needed: read, publish, manage or admin")]
    Empty,
    /// The list has a word that is no scope.
    #[error("a scope is one of read, publish, manage and admin")]
    Unknown,
}

impl Scopes {
    /// All that a role may do: an owner or admin everything, an editor up to [`Scope::Manage`], a viewer read.
    pub const fn of_role(role: Role) -> Self {
        let highest = match role {
            Role::Owner | Role::Admin => Scope::Admin,
            Role::Editor => Scope::Manage,
            Role::Viewer => Scope::Read,
        };
        Self { highest }
    }

    /// What is left of these scopes for a user of this role. Asked on every use of a token, not only when it is made:
    /// the role may have been lowered since.
    pub fn limited_to(self, role: Role) -> Self {
        Self { highest: min(self.highest, Self::of_role(role).highest) }
    }

    /// Whether a holder of these scopes may do this.
    pub fn contains(self, scope: Scope) -> bool {
        scope <= self.highest
    }

    /// The scopes, the least first.
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
