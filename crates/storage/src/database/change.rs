//! The effect of a partial edit (`PATCH`) on one member.

/// An edit of one member of a resource. Where the member can be cleared, `T` is an [`Option`] and `Set(None)` clears
/// it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The member was not named: it stays.
    #[default]
    Keep,
    /// The member gets this value.
    Set(T),
}

impl<T> Change<T> {
    /// The member was named.
    pub const fn is_set(&self) -> bool {
        matches!(self, Self::Set(_))
    }

    /// The new value, or `otherwise` where the member stays.
    pub fn or(self, otherwise: T) -> T {
        match self {
            Self::Keep => otherwise,
            Self::Set(value) => value,
        }
    }

    /// The change with its value converted.
    pub fn map<U>(self, map: impl FnOnce(T) -> U) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Set(value) => Change::Set(map(value)),
        }
    }

    /// The change with its value checked or converted.
    pub fn try_map<U, E>(self, map: impl FnOnce(T) -> Result<U, E>) -> Result<Change<U>, E> {
        match self {
            Self::Keep => Ok(Change::Keep),
            Self::Set(value) => map(value).map(Change::Set),
        }
    }
}
