//! Reading stored names of enumerations straight into the rows that callers get.

use diesel::{
    backend::Backend,
    deserialize::{FromSql, Queryable},
    sql_types::Text,
};
use releasepage_domain::{
    bump::Bump,
    group::{GroupVersion, Grouping},
    page::CountedBy,
    repository::RepositoryOrigin,
    repository_source::{BackfillState, SourceWalk},
    text::UnknownName,
};

/// The stored name of an enumeration's value: what `#[diesel(deserialize_as = StoredName)]` reads before it is parsed.
pub struct StoredName(String);

impl<DB> Queryable<Text, DB> for StoredName
where
    DB: Backend,
    String: FromSql<Text, DB>,
{
    type Row = String;

    fn build(name: String) -> diesel::deserialize::Result<Self> {
        Ok(Self(name))
    }
}

macro_rules! read_from_stored_name {
    ($($type:ty),+ $(,)?) => {$(
        impl TryFrom<StoredName> for $type {
            type Error = UnknownName;

            fn try_from(stored: StoredName) -> Result<Self, UnknownName> {
                stored.0.parse()
            }
        }
    )+};
}
read_from_stored_name!(BackfillState, Bump, CountedBy, GroupVersion, Grouping, RepositoryOrigin, SourceWalk);
