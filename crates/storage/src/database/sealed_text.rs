//! Secrets as they are stored: sealed, and never shown.

use std::fmt;

use diesel::{
    backend::Backend,
    deserialize::{FromSql, FromSqlRow},
    sql_types::Text,
};

/// A sealed secret. Only who has the server's secret key can open it; it is no part of any log all the same.
#[derive(Clone, PartialEq, Eq, FromSqlRow)]
pub struct SealedText(String);

impl SealedText {
    /// Returns what is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SealedText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealedText([REDACTED])")
    }
}

impl<DB> FromSql<Text, DB> for SealedText
where
    DB: Backend,
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        String::from_sql(bytes).map(Self)
    }
}
