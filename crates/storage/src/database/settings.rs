//! The address of the database, and the settings of its use.

use std::{fmt, path::Path, str::FromStr, time::Duration};

use url::Url;

/// The place of the database; the scheme decides which one it is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file on this machine: its path.
    Sqlite(String),
    /// A server: a libpq connection URL, TLS as it says (`sslmode`).
    Postgres(String),
}

/// A database address that cannot be used. It does not repeat the address, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be sqlite://PATH (sqlite:///absolute/path or sqlite://relative/path) or \
     postgres://USER:PASSWORD@HOST/DATABASE, with what is special in it percent-encoded: '%' is '%25', '@' is '%40', '#' is '%23', a blank '%20'"
)]
pub struct DatabaseUrlInvalid;

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlInvalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            let good =
                !path.is_empty() && !path.ends_with('/') && !path.contains(['\0', '?', '#']) && !path.starts_with(':');
            return if good { Ok(Self::Sqlite(path.to_owned())) } else { Err(DatabaseUrlInvalid) };
        }
        let postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        if postgres && Url::parse(text).is_ok() && postgres_is_plain(text) {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(DatabaseUrlInvalid)
    }
}

/// Tells whether libpq can read a URL, and reads it as this program does. What it cannot read it repeats in its errors,
/// a password among it.
fn postgres_is_plain(text: &str) -> bool {
    let (place, query) = text.split_once('?').unwrap_or((text, ""));
    let authority = place.split('/').nth(2).unwrap_or_default();
    let at_signs = |part: &str| part.matches('@').count();
    let is_bare = |character: char| character.is_whitespace() || character.is_control() || character == '#';
    let mut pairs = query.split('&').filter(|_| !query.is_empty());
    !text.contains(is_bare)
        && at_signs(authority) <= 1
        && at_signs(place) == at_signs(authority)
        && pairs.all(|pair| pair.matches('=').count() == 1)
        && text.split('%').skip(1).all(is_encoded)
}

/// Tells whether a text begins with the two digits of an encoded byte, which is not that of U+0000.
fn is_encoded(text: &str) -> bool {
    text.get(..2).is_some_and(|digits| digits != "00" && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

impl DatabaseUrl {
    /// The address of the default database: a file in the data directory.
    pub fn in_directory(data_dir: &Path) -> Self {
        Self::Sqlite(data_dir.join("releasepage.db").to_string_lossy().into_owned())
    }

    /// `sqlite` or `postgres`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "sqlite://{path}"),
            Self::Postgres(_) => formatter.write_str("postgres://…"),
        }
    }
}

/// The settings of the database.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// The address of the database.
    pub url: DatabaseUrl,
    /// Connections at once: all of them on Postgres, those that read on SQLite (one more writes).
    pub connections: u32,
    /// The time that a request waits for a free connection before it is told to come back later.
    pub wait: Duration,
    /// The time that a transaction may take before its caller is told to come back later, even if the database says
    /// nothing at all. On Postgres also the longest that the server works on one statement.
    pub timeout: Duration,
    /// The time that the database may say nothing at all before callers are told to come back later, until it speaks
    /// again.
    pub silence: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_strict() {
        assert_eq!("sqlite://data/a.db".parse(), Ok(DatabaseUrl::Sqlite("data/a.db".into())));
        assert_eq!("sqlite:///var/a.db".parse(), Ok(DatabaseUrl::Sqlite("/var/a.db".into())));
        assert!("postgres://u:p@localhost:5432/x?sslmode=require".parse::<DatabaseUrl>().is_ok());
        for bad in [
            "",
            "sqlite://",
            "sqlite:a.db",
            "sqllite://a.db",
            "postgre://x",
            "/var/a.db",
            "mysql://x",
            "sqlite://:memory:",
            "sqlite://dir/",
        ] {
            assert_eq!(bad.parse::<DatabaseUrl>(), Err(DatabaseUrlInvalid), "{bad}");
        }
    }

    #[test]
    fn what_libpq_would_repeat_is_refused_and_not_repeated() {
        for good in [
            "postgres://u:p%25ss%40%2F@localhost:5432/x",
            "postgresql://u:p@[::1]:5432/x?sslmode=require&application_name=a%20b",
            "postgres://localhost",
            "postgres:///x?host=/var/run/postgresql&user=a@b",
            "postgres://u:p@localhost/x?",
        ] {
            assert!(good.parse::<DatabaseUrl>().is_ok(), "{good}");
        }
        for bad in [
            "postgres://u:planted%@localhost/x",
            "postgres://u:planted%zz@localhost/x",
            "postgres://u:planted%0@localhost/x",
            "postgres://u:planted%00@localhost/x",
            "postgres://u:planted%ü@localhost/x",
            "postgres://u:planted@planted@localhost/x",
            "postgres://u:1#planted@localhost/x",
            "postgres://u:1?planted@localhost/x",
            "postgres://u:1/planted@localhost/x",
            "postgres://u:planted planted@localhost/x",
            "postgres://u:planted\n@localhost/x",
            "postgres://localhost/x?password=planted%",
            "postgres://localhost/x?password=a=planted",
            "postgres://localhost/x?sslmode=require&planted",
        ] {
            let refused = bad.parse::<DatabaseUrl>().expect_err(bad);
            assert!(!refused.to_string().contains("planted"), "{bad}");
        }
    }

    #[test]
    fn no_password_is_printed() {
        let url: DatabaseUrl = "postgres://u:hunter2@localhost/x".parse().expect("valid");
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
