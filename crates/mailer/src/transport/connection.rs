//! The wire of SMTP: it sends commands and reads replies.
//!
//! Only the three digits of a reply count (RFC 5321, section 4.2). Its text may be missing, long, or in any encoding. A
//! message that the server accepted with such a reply must not be sent again.

use std::{
    fmt::Display,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    time::Duration,
};

use lettre::transport::smtp::{
    self,
    authentication::{Credentials, Mechanism},
    commands::{Auth, Data, Ehlo, Noop, Quit, Starttls},
    extension::{ClientId, Extension, ServerInfo},
    response::{Category, Code, Detail, Response, Severity},
};

use super::stream::{Stream, TlsParameters};

/// The most octets kept of one line of a reply. The rest of the line is read and dropped.
const LINE_LENGTH: usize = 4_096;

/// The longest reply, in octets. A server that says more does not speak SMTP.
const REPLY_LENGTH: u64 = 1_048_576;

/// The most challenges of a server in one login.
const CHALLENGES: u32 = 10;

/// The reason why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// The server refused. The fields are the code and the text.
    #[error("{1} ({0})")]
    Refused(u16, String),
    /// The reply is positive, but of a class that does not answer the command. The fields are the code and the text.
    #[error("a reply that does not fit the command: {1}")]
    Unfit(u16, String),
    /// The server's answer is not an SMTP reply.
    #[error("the server closed the connection or answered what is not SMTP: {0}")]
    NotSmtp(String),
    /// The connection broke or timed out.
    #[error(transparent)]
    Broken(#[from] io::Error),
    /// lettre could not build the command or read the server's answer.
    #[error(transparent)]
    Smtp(#[from] smtp::Error),
    /// The server offers no login that we support.
    #[error("no way to log in")]
    NoLogin,
}

/// A reply that lets the conversation go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    /// The text of each line, without the code.
    pub(super) fn message(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// The text in one line. An enhanced status appears once, though it may begin each line (RFC 2034, section 4).
    fn text(&self) -> String {
        let mut lines = self.message();
        let first = lines.next().unwrap_or_default();
        let status = first.split(' ').next().filter(|word| word.contains('.'));
        lines.fold(first.to_owned(), |text, line| {
            let rest = status.and_then(|status| line.strip_prefix(status)?.strip_prefix(' '));
            format!("{text} {}", rest.unwrap_or(line))
        })
    }

    /// The reply as lettre's type, under the given code. It holds all that lettre needs from this reply.
    fn as_lettre(&self, code: Code) -> Response {
        Response::new(code, self.lines.clone())
    }
}

/// A connection to a server whose greeting and answer to `EHLO` were read.
pub(super) struct SmtpConnection {
    stream: BufReader<Stream>,
    server_info: ServerInfo,
}

impl SmtpConnection {
    /// Connects, reads the greeting, and says `EHLO`.
    pub(super) fn connect(
        server: (&str, u16),
        timeout: Duration,
        hello: &ClientId,
        implicit: Option<&TlsParameters>,
    ) -> Result<Self, WireError> {
        let mut stream = Stream::connect(server, timeout)?;
        stream.set_timeout(Some(timeout))?;
        if let Some(tls) = implicit {
            stream = stream.encrypt(tls)?;
        }
        let mut connection = Self { stream: BufReader::new(stream), server_info: ServerInfo::default() };
        connection.reply(is_completion)?;
        connection.hello(hello)?;
        Ok(connection)
    }

    /// The extensions that the server offers.
    pub(super) fn server_info(&self) -> &ServerInfo {
        &self.server_info
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.stream.get_ref().is_encrypted()
    }

    pub(super) fn can_starttls(&self) -> bool {
        !self.is_encrypted() && self.server_info.supports_feature(Extension::StartTls)
    }

    /// Encrypts the connection and says `EHLO` again.
    pub(super) fn starttls(mut self, tls: &TlsParameters, hello: &ClientId) -> Result<Self, WireError> {
        self.command(Starttls)?;
        if !self.stream.buffer().is_empty() {
            // Somebody between us and the server could have added this text.
            return Err(WireError::NotSmtp("more than a reply before TLS".to_owned()));
        }
        let stream = self.stream.into_inner().encrypt(tls)?;
        let mut connection = Self { stream: BufReader::new(stream), server_info: ServerInfo::default() };
        connection.hello(hello)?;
        Ok(connection)
    }

    /// Logs in with the first mechanism that the server offers.
    pub(super) fn auth(&mut self, ways: &[Mechanism], credentials: &Credentials) -> Result<(), WireError> {
        let way = self.server_info.get_auth_mechanism(ways).ok_or(WireError::NoLogin)?;
        let challenge = Code::new(Severity::PositiveIntermediate, Category::Unspecified3, Detail::Four);
        let mut step = Auth::new(way, credentials.clone(), None)?;
        for _ in 0..=CHALLENGES {
            let reply = self.exchange(step, |code| is_completion(code) || code == 334)?;
            if reply.code != 334 {
                return Ok(());
            }
            step = Auth::new_from_response(way, credentials.clone(), &reply.as_lettre(challenge))?;
        }
        Err(WireError::NotSmtp("one challenge after the other".to_owned()))
    }

    /// Asks the server if the connection still works.
    pub(super) fn test_connected(&mut self) -> bool {
        self.command(Noop).is_ok()
    }

    pub(super) fn quit(&mut self) -> Result<Reply, WireError> {
        self.command(Quit)
    }

    /// Asks the server to take a message.
    pub(super) fn data(&mut self) -> Result<Reply, WireError> {
        self.exchange(Data, |code| code / 100 == 3)
    }

    /// Sends a message and its final dot in one write. A line that begins with a dot gets one more (RFC 5321, section
    /// 4.5.2).
    pub(super) fn message(&mut self, message: &[u8]) -> Result<Reply, WireError> {
        let mut dotted = Vec::with_capacity(message.len() + message.len() / 64 + 8);
        let mut begins = true;
        for &byte in message {
            if begins && byte == b'.' {
                dotted.push(b'.');
            }
            dotted.push(byte);
            begins = byte == b'\n';
        }
        if !begins || message.is_empty() {
            dotted.extend_from_slice(b"\r\n");
        }
        dotted.extend_from_slice(b".\r\n");
        self.write(&dotted)?;
        self.reply(is_completion)
    }

    /// Sends a command that the server carries out at once, and waits for the reply. The command holds its own line
    /// ending.
    pub(super) fn command(&mut self, command: impl Display) -> Result<Reply, WireError> {
        self.exchange(command, is_completion)
    }

    pub(super) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.get_ref().set_timeout(timeout)
    }

    fn hello(&mut self, hello: &ClientId) -> Result<(), WireError> {
        let reply = self.command(Ehlo::new(hello.clone()))?;
        let ok = Code::new(Severity::PositiveCompletion, Category::MailSystem, Detail::Zero);
        self.server_info = ServerInfo::from_response(&reply.as_lettre(ok))?;
        Ok(())
    }

    /// Sends a command and waits for a reply with a code that `fits` it.
    fn exchange(&mut self, command: impl Display, fits: impl FnOnce(u16) -> bool) -> Result<Reply, WireError> {
        self.write(command.to_string().as_bytes())?;
        self.reply(fits)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    fn reply(&mut self, fits: impl FnOnce(u16) -> bool) -> Result<Reply, WireError> {
        let reply = reply_read(&mut self.stream)?;
        match reply.code {
            400.. => Err(WireError::Refused(reply.code, reply.text())),
            code if fits(code) => Ok(reply),
            code => Err(WireError::Unfit(code, reply.text())),
        }
    }
}

/// True for a code that says that a command was carried out (RFC 5321, section 4.2.1). Only such a reply accepts a
/// sender, a recipient or a message. A reply of the class 3yz means that the server waits for more.
fn is_completion(code: u16) -> bool {
    code / 100 == 2
}

/// Reads a reply of one or more lines.
fn reply_read(stream: &mut impl io::BufRead) -> Result<Reply, WireError> {
    let mut stream = stream.take(REPLY_LENGTH);
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Err(WireError::NotSmtp("incomplete response".to_owned()));
        }
        let said = line.trim_ascii_end();
        let (digits, rest) = said.split_at_checked(3).unwrap_or((said, &[][..]));
        let code = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u16>().ok());
        let Some(code) = code.filter(|code| (200..600).contains(code)) else {
            return Err(WireError::NotSmtp(text_of(said)));
        };
        lines.push(text_of(rest.get(1..).unwrap_or_default()));
        if rest.first() != Some(&b'-') {
            return Ok(Reply { code, lines });
        }
    }
}

/// The text of a line in UTF-8. Other bytes are read as Latin-1, because it has a character for every byte.
fn text_of(line: &[u8]) -> String {
    let line = &line[..line.len().min(LINE_LENGTH)];
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|&byte| char::from(byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut reply: &[u8]) -> Result<(u16, String), WireError> {
        reply_read(&mut reply).map(|reply| (reply.code, reply.text()))
    }

    #[test]
    fn three_digits_decide() {
        let long = format!("250 {}\r\n", "x".repeat(100_000));
        let kept = "x".repeat(LINE_LENGTH);
        for (reply, code, text) in [
            ("250 2.0.0 taken\r\n", 250, "2.0.0 taken"),
            ("250\r\n", 250, ""),
            ("250 \r\n", 250, ""),
            ("250\n", 250, ""),
            ("250-one\r\n250-two\r\n250 three\r\n", 250, "one two three"),
            ("550-5.1.1 gone\r\n550 5.1.1 for good\r\n", 550, "5.1.1 gone for good"),
            ("250 accept\u{e9}\r\n", 250, "accept\u{e9}"),
            ("571 odd\r\n", 571, "odd"),
            (long.as_str(), 250, kept.as_str()),
        ] {
            let (found, said) = read(reply.as_bytes()).expect("a reply");
            assert_eq!((found, said.as_str()), (code, text));
        }
        let (found, said) = read(b"250 Message accept\xe9\r\n").expect("a reply");
        assert_eq!((found, said.as_str()), (250, "Message accept\u{e9}"));
    }

    #[test]
    fn what_is_no_reply_is_told_apart() {
        let endless = "2".repeat(2_000_000);
        for reply in
            ["", "250 cut", "hello\r\n", "25\r\n", "\r\n", "150 odd\r\n", "999 odd\r\n", "250-one\r\n", &endless]
        {
            assert!(matches!(read(reply.as_bytes()), Err(WireError::NotSmtp(_))));
        }
    }
}
