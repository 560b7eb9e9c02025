//! `mail.url`: where mail goes.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr};

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use url::Url;

/// Where mail goes, as the setting `mail.url` says.
///
/// | URL | meaning |
/// |---|---|
/// | `mailbox:` | the captured mailbox; no mail leaves the server |
/// | `smtp://[user:password@]host[:port][?tls=…]` | SMTP, port 25, or 587 with a user; `tls` is `required`, `opportunistic` or `none` |
/// | `smtps://[user:password@]host[:port]` | SMTP inside TLS, port 465 |
/// | `file:///directory` | one `.eml` file for each message |
///
/// Without `tls`, STARTTLS is required where there is a password and the host is another machine, else it is used where it is offered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum MailUrl {
    /// Messages are kept in the database and read in the portal.
    Mailbox,
    /// Messages are handed to an SMTP server.
    Smtp(SmtpServer),
    /// Messages are written to a directory.
    Directory(PathBuf),
}

/// An SMTP server and how to speak to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name or address; an IPv6 address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When the connection is encrypted.
    pub tls: Tls,
    /// Who we are to it, where it asks.
    pub login: Option<Login>,
}

impl SmtpServer {
    /// Whether the server is this machine, so that what is sent to it crosses no network.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (RFC 8314, section 3.3).
    Implicit,
    /// By STARTTLS, and no mail without it.
    Required,
    /// By STARTTLS where the server offers it, whatever its certificate (RFC 7435).
    Opportunistic,
    /// Never, not even for the password.
    Never,
}

/// A user and a password. Shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Login(***)")
    }
}

/// A URL that mail cannot go to. Its text never holds the URL, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailUrlError {
    /// It is no URL, or of no known scheme.
    #[error(
        "mail goes to 'mailbox:', 'smtp://[user:password@]host[:port]', 'smtps://[user:password@]host[:port]' or 'file:///directory'"
    )]
    Scheme,
    /// There is something behind `mailbox:`.
    #[error("'mailbox:' stands alone")]
    Mailbox,
    /// `smtp://` without a host.
    #[error("an SMTP URL names a host: 'smtp://mail.example.com:587'")]
    Host,
    /// A user without a password, or the other way round.
    #[error(
        "an SMTP URL has a user and a password, or neither; what is special in a URL is percent-encoded: '@' is '%40'"
    )]
    Login,
    /// A path or a fragment.
    #[error("an SMTP URL ends after its host, port and '?tls=…'")]
    Path,
    /// An unknown query.
    #[error("an 'smtp:' URL takes '?tls=required', '?tls=opportunistic' or '?tls=none'; an 'smtps:' URL takes none")]
    Query,
    /// A file URL that is no absolute path.
    #[error("a directory is named by its absolute path: 'file:///var/mail/releasepage'")]
    Directory,
}

impl FromStr for MailUrl {
    type Err = MailUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim()).map_err(|error| match error {
            url::ParseError::EmptyHost => MailUrlError::Host,
            _ => MailUrlError::Scheme,
        })?;
        match url.scheme() {
            "mailbox" if url.as_str() == "mailbox:" => Ok(Self::Mailbox),
            "mailbox" => Err(MailUrlError::Mailbox),
            "smtp" | "smtps" => server_parse(&url).map(Self::Smtp),
            "file" => {
                let path = url.to_file_path().map_err(|()| MailUrlError::Directory)?;
                Ok(Self::Directory(path))
            }
            _ => Err(MailUrlError::Scheme),
        }
    }
}

impl TryFrom<String> for MailUrl {
    type Error = MailUrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for MailUrl {
    /// Where mail goes, without the login: for logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mailbox => formatter.write_str("mailbox:"),
            Self::Smtp(server) => {
                let scheme = if server.tls == Tls::Implicit { "smtps" } else { "smtp" };
                let login = if server.login.is_some() { "***@" } else { "" };
                let host = &server.host;
                if host.contains(':') {
                    write!(formatter, "{scheme}://{login}[{host}]:{}", server.port)
                } else {
                    write!(formatter, "{scheme}://{login}{host}:{}", server.port)
                }
            }
            Self::Directory(path) => write!(formatter, "file://{}", path.display()),
        }
    }
}

/// Reads an `smtp:` or `smtps:` URL.
fn server_parse(url: &Url) -> Result<SmtpServer, MailUrlError> {
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(MailUrlError::Host)?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(MailUrlError::Path);
    }
    let login = login_parse(url)?;
    let implicit = url.scheme() == "smtps";
    let default_port = match (implicit, &login) {
        (true, _) => 465,
        (false, Some(_)) => 587,
        (false, None) => 25,
    };
    let mut server = SmtpServer {
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: url.port().unwrap_or(default_port),
        tls: Tls::Implicit,
        login,
    };
    server.tls = match (implicit, url.query()) {
        (true, None) => Tls::Implicit,
        (false, None) if server.login.is_some() && !server.is_loopback() => Tls::Required,
        (false, None | Some("tls=opportunistic")) => Tls::Opportunistic,
        (false, Some("tls=required")) => Tls::Required,
        (false, Some("tls=none")) => Tls::Never,
        _ => return Err(MailUrlError::Query),
    };
    Ok(server)
}

/// Reads the user and the password of a URL: both, or neither.
fn login_parse(url: &Url) -> Result<Option<Login>, MailUrlError> {
    let decoded = |text| percent_decode_str(text).decode_utf8().map_err(|_| MailUrlError::Login);
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(MailUrlError::Login),
        (user, Some(password)) => {
            Ok(Some(Login { user: decoded(user)?.into_owned(), password: decoded(password)?.into_owned() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> SmtpServer {
        match text.parse() {
            Ok(MailUrl::Smtp(server)) => server,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn servers() {
        for (url, host, port, tls) in [
            ("smtp://mail.example.com", "mail.example.com", 25, Tls::Opportunistic),
            ("smtp://mail.example.com:2525/", "mail.example.com", 2525, Tls::Opportunistic),
            ("smtp://u:p@mail.example.com", "mail.example.com", 587, Tls::Required),
            ("smtp://u:p@mail.example.com?tls=opportunistic", "mail.example.com", 587, Tls::Opportunistic),
            ("smtp://u:p@mail.example.com?tls=none", "mail.example.com", 587, Tls::Never),
            ("smtp://u:p@localhost:1025", "localhost", 1025, Tls::Opportunistic),
            ("smtp://[::1]:1025?tls=required", "::1", 1025, Tls::Required),
            ("smtps://u:p@mail.example.com", "mail.example.com", 465, Tls::Implicit),
        ] {
            let server = server(url);
            assert_eq!((server.host.as_str(), server.port, server.tls), (host, port, tls), "{url}");
        }
    }

    #[test]
    fn passwords_are_decoded_and_never_shown() {
        let url = "smtp://me%40example.com:p%C3%A4ss%2Fw+rd@mail.example.com";
        let login = server(url).login.expect("a login");
        assert_eq!((login.user.as_str(), login.password.as_str()), ("me@example.com", "päss/w+rd"));
        let parsed: MailUrl = url.parse().expect("a URL");
        assert_eq!(parsed.to_string(), "smtp://***@mail.example.com:587");
        assert!(!format!("{parsed:?}").contains("rd"), "{parsed:?}");
    }

    #[test]
    fn other_places() {
        assert_eq!("mailbox:".parse(), Ok(MailUrl::Mailbox));
        assert_eq!("file:///var/mail".parse(), Ok(MailUrl::Directory(PathBuf::from("/var/mail"))));
    }

    #[test]
    fn what_is_refused_is_told_without_the_password() {
        for (url, error) in [
            ("", MailUrlError::Scheme),
            ("mail.example.com", MailUrlError::Scheme),
            ("http://mail.example.com", MailUrlError::Scheme),
            ("mailbox:x", MailUrlError::Mailbox),
            ("smtp:", MailUrlError::Host),
            ("smtp://", MailUrlError::Host),
            ("smtp://secret@mail.example.com", MailUrlError::Login),
            ("smtp://:secret@mail.example.com", MailUrlError::Login),
            ("smtp://u:%FFsecret@mail.example.com", MailUrlError::Login),
            ("smtp://u:secret@mail.example.com/inbox", MailUrlError::Path),
            ("smtp://u:secret@mail.example.com?tls=maybe", MailUrlError::Query),
            ("smtps://u:secret@mail.example.com?tls=none", MailUrlError::Query),
            ("file://host/directory", MailUrlError::Directory),
        ] {
            assert_eq!(url.parse::<MailUrl>(), Err(error), "{url}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
