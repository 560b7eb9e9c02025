//! The setting `mail.url`: the destination of all email.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr};

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use url::Url;

/// The destination of all email, from the setting `mail.url`.
///
/// | URL | meaning |
/// |---|---|
/// | `mailbox:` | the captured mailbox; no email leaves the server |
/// | `smtp://[user:password@]host[:port][?tls=…]` | SMTP on port 25, or on port 587 with a user |
/// | `smtps://[user:password@]host[:port]` | SMTP inside TLS, port 465 |
/// | `file:///directory` | one `.eml` file for each message |
///
/// `tls` is `required`, `opportunistic` or `none`. Without `tls`, STARTTLS is required if there is a password and the
/// host is another machine. Otherwise it is used if the server offers it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum MailUrl {
    /// The captured mailbox: messages stay in the database and are read in the portal.
    Mailbox,
    /// An SMTP server.
    Smtp(SmtpServer),
    /// A directory for `.eml` files.
    Directory(PathBuf),
}

/// An SMTP server and the way to connect to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpServer {
    /// The name or address of the server. An IPv6 address has no brackets.
    pub host: String,
    /// The port of the server.
    pub port: u16,
    /// The encryption of the connection.
    pub tls: Tls,
    /// The login, if the server needs one.
    pub login: Option<Login>,
}

impl SmtpServer {
    /// True if the server runs on this machine. Messages to it cross no network then.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// The encryption of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Encrypted from the first byte (RFC 8314, section 3.3).
    Implicit,
    /// Encrypted by STARTTLS. Without it no email is sent.
    Required,
    /// Encrypted by STARTTLS if the server offers it, with any certificate (RFC 7435).
    Opportunistic,
    /// Never encrypted, not even for the password.
    Never,
}

/// A user and a password. Debug output shows neither.
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

/// A URL that is no valid destination for email. The error text never holds the URL, because it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailUrlError {
    /// The text is not a URL, or its scheme is unknown.
    #[error(
        "mail goes to 'mailbox:', 'smtp://[user:password@]host[:port]', 'smtps://[user:password@]host[:port]' or 'file:///directory'"
    )]
    Scheme,
    /// Text follows after `mailbox:`.
    #[error("'mailbox:' stands alone")]
    Mailbox,
    /// An `smtp:` URL has no host.
    #[error("an SMTP URL names a host: 'smtp://mail.example.com:587'")]
    Host,
    /// The URL has a user without a password, or a password without a user.
    #[error(
        "an SMTP URL has a user and a password, or neither; what is special in a URL is percent-encoded: '@' is '%40'"
    )]
    Login,
    /// The URL has a path or a fragment.
    #[error("an SMTP URL ends after its host, port and '?tls=…'")]
    Path,
    /// The URL has an unknown query.
    #[error("an 'smtp:' URL takes '?tls=required', '?tls=opportunistic' or '?tls=none'; an 'smtps:' URL takes none")]
    Query,
    /// The `file:` URL has no absolute path.
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
    /// Writes the destination without the login, for logs.
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

/// Reads the user and the password of a URL. Both or neither must be present.
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
