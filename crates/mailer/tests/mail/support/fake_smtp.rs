//! An SMTP server that gives scripted answers and records its commands and messages.

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// A scripted action in place of the server's usual answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply<'a> {
    /// Answers with this text.
    Say(&'a str),
    /// Closes the connection.
    Close,
    /// Sends nothing until the client gives up.
    Hang,
}

impl Reply<'_> {
    fn is_positive(self) -> bool {
        matches!(self, Self::Say(reply) if reply.starts_with(['2', '3']))
    }

    fn accepts(self) -> bool {
        matches!(self, Self::Say(reply) if reply.starts_with('2'))
    }

    /// Carries out the action. Returns `None` if the connection ends with it.
    fn give(self, mut stream: &TcpStream) -> Option<()> {
        match self {
            Self::Say(reply) => stream.write_all(format!("{reply}\r\n").as_bytes()).ok(),
            Self::Close => None,
            Self::Hang => {
                let mut rest = String::new();
                while BufReader::new(stream).read_line(&mut rest).ok()? > 0 {}
                None
            }
        }
    }
}

/// A server that listens until the test ends.
pub(crate) struct FakeSmtp {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    extensions: Vec<&'static str>,
    replies: HashMap<&'static str, VecDeque<Reply<'static>>>,
    connections: usize,
    open: usize,
    most_open: usize,
    commands: Vec<String>,
    messages: Vec<String>,
}

impl FakeSmtp {
    /// Starts a server with these extensions. It accepts everything.
    pub(crate) fn start(extensions: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Mutex::new(Shared { extensions: extensions.to_vec(), ..Shared::default() }));
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&server);
                thread::spawn(move || {
                    change(&shared, |shared| {
                        shared.connections += 1;
                        shared.open += 1;
                        shared.most_open = shared.most_open.max(shared.open);
                    });
                    // Some tests leave the conversation in the middle, so an early end is no failure.
                    let _ = converse(&stream, &shared);
                    change(&shared, |shared| shared.open -= 1);
                });
            }
        });
        Self { address, shared }
    }

    /// Gives `reply` once, to the next `verb`. `GREETING` is the start, `.` the end of a message.
    pub(crate) fn next(self, verb: &'static str, reply: Reply<'static>) -> Self {
        change(&self.shared, |shared| shared.replies.entry(verb).or_default().push_back(reply));
        self
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        change(&self.shared, |shared| shared.connections)
    }

    /// The most connections at the same time.
    pub(crate) fn most_open(&self) -> usize {
        change(&self.shared, |shared| shared.most_open)
    }

    /// The commands so far, without `QUIT`, which may still be on its way.
    pub(crate) fn commands(&self) -> Vec<String> {
        change(&self.shared, |shared| shared.commands.iter().filter(|command| *command != "QUIT").cloned().collect())
    }

    /// The accepted messages.
    pub(crate) fn messages(&self) -> Vec<String> {
        change(&self.shared, |shared| shared.messages.clone())
    }
}

fn change<T>(shared: &Mutex<Shared>, change: impl FnOnce(&mut Shared) -> T) -> T {
    change(&mut shared.lock().expect("no test thread panicked"))
}

/// Serves one connection. Returns `None` at its end.
fn converse(stream: &TcpStream, shared: &Mutex<Shared>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    answer(stream, shared, "GREETING", "220 fake ready")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        change(shared, |shared| shared.commands.push(line.clone()));
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let (name, usual) = match verb.as_str() {
            "EHLO" => ("EHLO", hello(shared)),
            "MAIL" => ("MAIL", "250 2.1.0 ok".to_owned()),
            "RCPT" => ("RCPT", "250 2.1.5 ok".to_owned()),
            "DATA" => ("DATA", "354 go on".to_owned()),
            "AUTH" => ("AUTH", "235 2.7.0 welcome".to_owned()),
            "STARTTLS" => ("STARTTLS", "454 4.7.0 not now".to_owned()),
            _ => ("OTHER", "250 ok".to_owned()),
        };
        let positive = answer(stream, shared, name, &usual)?;
        if name == "DATA" && positive {
            let message = message_read(&mut reader)?;
            let reply = reply_to(shared, ".", "250 2.0.0 queued as 4F2");
            // Recorded before the answer, because the client may check as soon as it has the answer.
            if reply.accepts() {
                change(shared, |shared| shared.messages.push(message));
            }
            reply.give(stream)?;
        }
        if verb == "QUIT" {
            return None;
        }
    }
}

/// The usual answer to `EHLO`.
fn hello(shared: &Mutex<Shared>) -> String {
    let extensions = change(shared, |shared| shared.extensions.clone());
    let lines: Vec<String> = extensions.iter().map(|extension| format!("250-{extension}\r\n")).collect();
    format!("250-fake\r\n{}250 HELP", lines.concat())
}

/// Gives the scripted or the usual answer. Returns true if it was positive, `None` if the connection ends.
fn answer(stream: &TcpStream, shared: &Mutex<Shared>, verb: &'static str, usual: &str) -> Option<bool> {
    let reply = reply_to(shared, verb, usual);
    reply.give(stream)?;
    Some(reply.is_positive())
}

/// The scripted reply to this verb, or the usual answer.
fn reply_to<'a>(shared: &Mutex<Shared>, verb: &'static str, usual: &'a str) -> Reply<'a> {
    let told = change(shared, |shared| shared.replies.get_mut(verb).and_then(VecDeque::pop_front));
    told.unwrap_or(Reply::Say(usual))
}

/// Reads a message up to its final dot, without the dots added for transparency (RFC 5321, section 4.5.2).
fn message_read(reader: &mut impl BufRead) -> Option<String> {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == ".\r\n" {
            return Some(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
