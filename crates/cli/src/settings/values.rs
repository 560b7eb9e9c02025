//! The values of settings that are more than a number. A value of these types always has the accepted form.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use releasepage_auth::project_key::Region;
use releasepage_auth::secret_key::SecretKey;
use releasepage_storage::DatabaseUrl;
use serde::{Deserialize, Deserializer, de};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use url::{Host, Url};

/// The error for text that is not a value. The message for people comes from the catalogue, which knows the setting.
#[derive(Debug, thiserror::Error)]
#[error("not of the accepted form")]
pub(crate) struct MalformedValue;

/// An http or https URL of a host. It has no path, query, fragment or user, so that a path can be appended.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PublicUrl(Url);

impl PublicUrl {
    /// The URL of a server that readers reach on the address it listens on.
    pub(super) fn of_address(address: SocketAddr) -> Self {
        Self(Url::parse(&format!("http://{address}")).expect("an IP address with a port is a valid authority"))
    }

    /// True if the host is the unspecified address, such as `0.0.0.0`. No reader can open such a URL.
    pub(crate) fn is_unspecified(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(address)) => address.is_unspecified(),
            Some(Host::Ipv6(address)) => address.is_unspecified(),
            Some(Host::Domain(_)) | None => false,
        }
    }

    /// The URL; its path is `/`.
    pub(crate) fn as_url(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for PublicUrl {
    /// The URL without a slash at the end.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = MalformedValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let url = Url::parse(&text).map_err(|_| MalformedValue)?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if matches!(url.scheme(), "http" | "https") && bare { Ok(Self(url)) } else { Err(MalformedValue) }
    }
}

/// Reads a value whose type another crate parses.
pub(super) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

/// Reads the database's address, if there is one.
pub(super) fn database_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DatabaseUrl>, D::Error> {
    parsed(deserializer).map(Some)
}

/// Reads the server's secret, if there is one.
pub(super) fn secret_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretKey>, D::Error> {
    SecretKey::parse(&String::deserialize(deserializer)?).map(Some).map_err(de::Error::custom)
}

/// Reads values from a list, as in a file, or from text separated by commas, as in an environment variable. The text
/// may have the brackets and quotes of the file.
pub(super) fn listed<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Listed {
        List(Vec<String>),
        Text(String),
    }
    let listed = match Listed::deserialize(deserializer)? {
        Listed::List(list) => list,
        Listed::Text(text) => match bracketless(text.trim()).trim() {
            "" => Vec::new(),
            text => text.split(',').map(|part| part.trim().trim_matches(['"', '\'']).to_owned()).collect(),
        },
    };
    listed.iter().map(|text| text.parse().map_err(de::Error::custom)).collect()
}

/// The list without its brackets. The first and the last bracket may also belong to two IPv6 addresses in it.
fn bracketless(text: &str) -> &str {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let are_a_pair = |inner: &&str| inner.find(']') >= inner.find('[');
    inner.filter(are_a_pair).unwrap_or(text)
}

/// Reads the addresses of other regions' servers, by region name.
pub(super) fn endpoints<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, PublicUrl>, D::Error> {
    let endpoints = BTreeMap::<String, PublicUrl>::deserialize(deserializer)?;
    match endpoints.keys().find_map(|name| name.parse::<Region>().err()) {
        Some(error) => Err(de::Error::custom(error)),
        None => Ok(endpoints),
    }
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for people.
    Pretty,
    /// One JSON object in each line.
    Json,
}

/// The levels of the log, as filter directives of `tracing`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct LogFilter(String);

impl LogFilter {
    /// The filter for the subscriber.
    pub(crate) fn filter(&self) -> EnvFilter {
        EnvFilter::try_new(self.directives()).expect("the directives were parsed when the setting was read")
    }

    /// The directives. A level without a target applies to the program alone. Below `info`, libraries log what people
    /// typed, so they must be named to do so.
    fn directives(&self) -> String {
        let directives = self.0.split(',').map(|directive| match directive.parse::<LevelFilter>() {
            Ok(level) if level > LevelFilter::INFO => format!("info,releasepage={level}"),
            _ => directive.to_owned(),
        });
        directives.collect::<Vec<_>>().join(",")
    }
}

impl TryFrom<String> for LogFilter {
    type Error = MalformedValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        EnvFilter::try_new(&text).map_err(|_| MalformedValue)?;
        Ok(Self(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_alone_is_that_of_the_program() {
        for (given, used) in [
            ("info", "info"),
            ("warn,releasepage_mailer=debug", "warn,releasepage_mailer=debug"),
            ("debug", "info,releasepage=debug"),
            ("TRACE,html5ever=debug", "info,releasepage=trace,html5ever=debug"),
            ("debug,releasepage::statement=trace", "info,releasepage=debug,releasepage::statement=trace"),
        ] {
            let filter = LogFilter::try_from(given.to_owned()).expect("a filter");
            assert_eq!(filter.directives(), used);
            // The directives that the program uses must parse too.
            filter.filter();
        }
        assert!(LogFilter::try_from("releasepage=loud".to_owned()).is_err());
    }

    #[test]
    fn brackets_of_a_list_are_told_from_those_of_addresses() {
        for (text, inner) in [
            ("a,b", "a,b"),
            ("[a,b]", "a,b"),
            ("[]", ""),
            ("[::1]:3000,b", "[::1]:3000,b"),
            ("[::1]:3000,[::2]", "[::1]:3000,[::2]"),
            ("[\"[::1]:3000\",\"[::2]\"]", "\"[::1]:3000\",\"[::2]\""),
        ] {
            assert_eq!(bracketless(text), inner, "{text}");
        }
    }
}
