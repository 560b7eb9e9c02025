//! A mail server that keeps its messages and fails on demand. It is written by hand, because the tests need behaviour
//! that mail servers avoid: refusing after DATA, answering late, and hanging up in the middle.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A message as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The time when its last line arrived.
    pub(crate) at: Instant,
    /// True if it was answered with 250. False if the server refused it, was killed, or hung up.
    pub(crate) accepted: bool,
    /// The name of the client in EHLO.
    pub(crate) client: String,
    /// The sender of the envelope.
    pub(crate) from: String,
    /// The recipients of the envelope.
    pub(crate) to: Vec<String>,
    /// The message, with its dots unstuffed.
    pub(crate) message: Vec<u8>,
}

impl Received {
    /// The `Message-ID`, with its brackets. Empty if there is none.
    pub(crate) fn message_id(&self) -> String {
        let text = String::from_utf8_lossy(&self.message);
        let headers = text.split("\r\n\r\n").next().unwrap_or_default();
        let line = headers.lines().find(|line| line.to_ascii_lowercase().starts_with("message-id:"));
        line.and_then(|line| line.split_once(':')).map(|(_, id)| id.trim().to_owned()).unwrap_or_default()
    }
}

/// The treatment of a message after its last line.
#[derive(Clone, Debug, Default)]
pub(crate) enum AfterData {
    /// It is accepted with 250.
    #[default]
    Accept,
    /// It is refused with this answer, such as `451 4.3.0 later`.
    Answer(String),
    /// The connection ends without an answer. A server that dies after accepting a message does the same.
    HangUp,
}

/// The server. Clones share it. It ends with the last one.
#[derive(Clone)]
pub(crate) struct SmtpSink {
    server: Arc<Server>,
}

struct Server {
    address: SocketAddr,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    recipients: BTreeMap<String, String>,
    turned_away: Vec<String>,
    after_data: AfterData,
    delay: Duration,
    held: bool,
    held_for: Option<String>,
    senders: BTreeMap<String, String>,
    down: bool,
    most: Option<usize>,
    open: usize,
    refused: usize,
}

impl State {
    /// True if the answer to a message is held.
    fn holds(&self, index: usize) -> bool {
        self.held || self.held_for.as_ref().is_some_and(|held| self.received[index].to.contains(held))
    }
}

impl SmtpSink {
    /// Starts on a free port.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let server = Arc::new(Server { address, state: Mutex::default() });
        // Weak, so that the server ends with its users and not with its own thread.
        let weak = Arc::downgrade(&server);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some(server) = weak.upgrade() else { return };
                let is_up = !server.state().down;
                if let Some(stream) = stream.ok().filter(|_| is_up) {
                    std::thread::spawn(move || server.connection(stream));
                }
            }
        });
        Self { server }
    }

    /// The value for `mail.url`.
    pub(crate) fn url(&self) -> String {
        format!("smtp://{}?tls=none", self.server.address)
    }

    /// All complete messages in order, including those that were refused or not answered.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.server.state().received.clone()
    }

    /// The number of complete messages.
    pub(crate) fn count(&self) -> usize {
        self.server.state().received.len()
    }

    /// Answers this recipient with a refusal from now on, such as `550 5.1.1 nobody of this name`.
    pub(crate) fn refuse(&self, recipient: &str, answer: &str) {
        self.server.state().recipients.insert(recipient.to_owned(), answer.to_owned());
    }

    /// Accepts this recipient again from now on.
    pub(crate) fn welcome(&self, recipient: &str) {
        self.server.state().recipients.remove(recipient);
    }

    /// Sets the treatment of messages after their last line, from now on.
    pub(crate) fn after_data(&self, after_data: AfterData) {
        self.server.state().after_data = after_data;
    }

    /// The number of times this recipient was refused.
    pub(crate) fn turned_away(&self, recipient: &str) -> usize {
        self.server.state().turned_away.iter().filter(|refused| *refused == recipient).count()
    }

    /// Holds the answers to messages from now on, until [`SmtpSink::release`].
    pub(crate) fn hold(&self) {
        self.server.state().held = true;
    }

    /// Holds the answers to the messages to one recipient.
    pub(crate) fn hold_for(&self, recipient: &str) {
        self.server.state().held_for = Some(recipient.to_owned());
    }

    /// Sends the answers that were held.
    pub(crate) fn release(&self) {
        let mut state = self.server.state();
        state.held = false;
        state.held_for = None;
    }

    /// Answers this sender with a refusal from now on, such as `553 5.7.1 not your address`.
    pub(crate) fn refuse_sender(&self, sender: &str, answer: &str) {
        self.server.state().senders.insert(sender.to_owned(), answer.to_owned());
    }

    /// Ends every connection before the greeting from now on, until [`SmtpSink::start_again`].
    pub(crate) fn stop(&self) {
        self.server.state().down = true;
    }

    /// Accepts connections again.
    pub(crate) fn start_again(&self) {
        self.server.state().down = false;
    }

    /// Greets no more than this number of connections at once from now on. The others get `421 too many`.
    pub(crate) fn at_most(&self, connections: usize) {
        self.server.state().most = Some(connections);
    }

    /// The number of connections that were refused because there were too many.
    pub(crate) fn refused(&self) -> usize {
        self.server.state().refused
    }

    /// Delays the answer to each message by this time from now on.
    pub(crate) fn delay(&self, delay: Duration) {
        self.server.state().delay = delay;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Wakes the accepting thread so that it ends. An error means that it has ended already.
        let _ = TcpStream::connect(self.address);
    }
}

impl Server {
    /// Serves a connection, unless there are too many.
    fn connection(&self, mut stream: TcpStream) {
        let welcome = {
            let mut state = self.state();
            let welcome = state.most.is_none_or(|most| state.open < most);
            if welcome {
                state.open += 1;
            } else {
                state.refused += 1;
            }
            welcome
        };
        // An error means that the client went away.
        if welcome {
            let _ = Session::new(self, stream).and_then(Session::serve);
            self.state().open -= 1;
        } else {
            let _ = stream.write_all(b"421 4.7.0 too many connections\r\n");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection.
struct Session<'a> {
    server: &'a Server,
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    client: String,
    from: String,
    to: Vec<String>,
}

impl<'a> Session<'a> {
    fn new(server: &'a Server, stream: TcpStream) -> std::io::Result<Self> {
        let writer = stream.try_clone()?;
        let reader = BufReader::new(stream);
        Ok(Self { server, reader, writer, client: String::new(), from: String::new(), to: Vec::new() })
    }

    fn serve(mut self) -> std::io::Result<()> {
        self.answer("220 sink.example ESMTP")?;
        while let Some(line) = self.line()? {
            if self.server.state().down {
                break;
            }
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    self.client = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    self.answer("250-sink.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES")?;
                }
                "HELO" | "NOOP" => self.answer("250 OK")?,
                "MAIL" => {
                    self.from = path(&line);
                    self.to.clear();
                    let refused = self.server.state().senders.get(&self.from).cloned();
                    self.answer(refused.as_deref().unwrap_or("250 2.1.0 OK"))?;
                }
                "RCPT" => self.recipient(&path(&line))?,
                "DATA" if self.to.is_empty() => self.answer("554 5.5.1 no valid recipients")?,
                "DATA" => {
                    if !self.data()? {
                        return Ok(());
                    }
                }
                "RSET" => {
                    self.to.clear();
                    self.answer("250 OK")?;
                }
                "QUIT" => return self.answer("221 Bye"),
                _ => self.answer("502 5.5.2 unknown command")?,
            }
        }
        Ok(())
    }

    fn recipient(&mut self, address: &str) -> std::io::Result<()> {
        let refused = self.server.state().recipients.get(address).cloned();
        if let Some(answer) = refused {
            self.server.state().turned_away.push(address.to_owned());
            return self.answer(&answer);
        }
        self.to.push(address.to_owned());
        self.answer("250 2.1.5 OK")
    }

    /// Takes a message. Returns true if the connection continues.
    fn data(&mut self) -> std::io::Result<bool> {
        self.answer("354 go ahead")?;
        let mut message = Vec::new();
        loop {
            match self.line()? {
                // The client broke off, so there is no message.
                None => return Ok(false),
                Some(line) if line == b".\r\n" => break,
                Some(line) => message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line)),
            }
        }
        let to = std::mem::take(&mut self.to);
        let (client, from) = (self.client.clone(), self.from.clone());
        let received = Received { at: Instant::now(), accepted: false, client, from, to, message };
        let (index, after_data, delay) = {
            let mut state = self.server.state();
            state.received.push(received);
            (state.received.len() - 1, state.after_data.clone(), state.delay)
        };
        std::thread::sleep(delay);
        while self.server.state().holds(index) {
            std::thread::sleep(Duration::from_millis(5));
        }
        match after_data {
            AfterData::HangUp => return Ok(false),
            AfterData::Answer(answer) => self.answer(&answer)?,
            AfterData::Accept => {
                self.answer("250 2.0.0 taken")?;
                self.server.state().received[index].accepted = true;
            }
        }
        Ok(true)
    }

    fn line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line)?;
        Ok(Some(line).filter(|_| read > 0))
    }

    fn answer(&mut self, text: &str) -> std::io::Result<()> {
        self.writer.write_all(format!("{text}\r\n").as_bytes())
    }
}

/// The address in the brackets of `MAIL FROM:<…>` or `RCPT TO:<…>`.
fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(address, _)| address.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends these lines to the server, one by one. Returns the status of each answer, or 0 if there is none.
    fn talk(sink: &SmtpSink, lines: &[&str]) -> Vec<u16> {
        let stream = TcpStream::connect(sink.server.address).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut answer = move || {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            line.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default()
        };
        let mut writer = stream;
        let mut statuses = vec![answer()];
        for line in lines {
            writer.write_all(format!("{line}\r\n").as_bytes()).unwrap();
            statuses.push(answer());
        }
        statuses
    }

    const MESSAGE: &str = "Message-ID: <1@example.com>\r\n\r\n..a line that begins with a dot\r\n.";

    #[test]
    fn messages_are_kept_as_they_were_meant() {
        let sink = SmtpSink::start();
        let envelope = ["HELO x", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com> NOTIFY=NEVER", "DATA", MESSAGE];
        assert_eq!(talk(&sink, &envelope), [220, 250, 250, 250, 354, 250]);
        let received = sink.received().remove(0);
        assert_eq!(
            (received.from.as_str(), received.to.as_slice()),
            ("a@example.com", &["b@example.com".to_owned()][..])
        );
        assert_eq!(received.message_id(), "<1@example.com>");
        assert!(received.message.ends_with(b"\r\n\r\n.a line that begins with a dot\r\n"));
    }

    #[test]
    fn refusals_are_said_and_the_session_goes_on() {
        let sink = SmtpSink::start();
        sink.refuse("b@example.com", "550 5.1.1 nobody");
        sink.after_data(AfterData::Answer("451 4.3.0 later".to_owned()));
        let lines = [
            "MAIL FROM:<a@example.com>",
            "RCPT TO:<b@example.com>",
            "DATA",
            "RCPT TO:<c@example.com>",
            "DATA",
            MESSAGE,
            "NOOP",
        ];
        assert_eq!(talk(&sink, &lines), [220, 250, 550, 554, 250, 354, 451, 250]);
        assert!(!sink.received()[0].accepted);
    }

    #[test]
    fn connection_ends_without_an_answer_on_demand() {
        let sink = SmtpSink::start();
        sink.after_data(AfterData::HangUp);
        let lines = ["MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA", MESSAGE];
        assert_eq!(talk(&sink, &lines), [220, 250, 250, 354, 0]);
        assert_eq!(sink.received().len(), 1);
    }
}
