//! An SMTP server that answers as a test tells it to, and remembers what it was told.

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What the server does instead of its usual answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reply<'a> {
    /// Answers this.
    Say(&'a str),
    /// Closes the connection.
    Close,
    /// Says nothing, until the client gives up.
    Hang,
}

impl Reply<'_> {
    fn is_positive(self) -> bool {
        matches!(self, Self::Say(reply) if reply.starts_with(['2', '3']))
    }

    /// `None` where the connection ends with it.
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
    /// A server with these extensions that takes everything.
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
                    // A client that leaves in the middle is what some tests are about.
                    let _ = converse(&stream, &shared);
                    change(&shared, |shared| shared.open -= 1);
                });
            }
        });
        Self { address, shared }
    }

    /// Does `reply` once, when `verb` comes next (`GREETING`, `MAIL`, …; `.` is the end of a message).
    pub(crate) fn next(self, verb: &'static str, reply: Reply<'static>) -> Self {
        change(&self.shared, |shared| shared.replies.entry(verb).or_default().push_back(reply));
        self
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        change(&self.shared, |shared| shared.connections)
    }

    /// How many there were at once.
    pub(crate) fn most_open(&self) -> usize {
        change(&self.shared, |shared| shared.most_open)
    }

    /// The commands so far, without `QUIT`, which may still be on its way.
    pub(crate) fn commands(&self) -> Vec<String> {
        change(&self.shared, |shared| shared.commands.iter().filter(|command| *command != "QUIT").cloned().collect())
    }

    /// The messages that were taken.
    pub(crate) fn messages(&self) -> Vec<String> {
        change(&self.shared, |shared| shared.messages.clone())
    }
}

fn change<T>(shared: &Mutex<Shared>, change: impl FnOnce(&mut Shared) -> T) -> T {
    change(&mut shared.lock().expect("no test thread panicked"))
}

/// One connection. `None` at its end, whoever ends it.
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
            // Kept before it is answered: the client may look as soon as it has the answer.
            if reply.is_positive() {
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

/// Answers as told, or as usual; whether that was good news. `None` where the connection ends here.
fn answer(stream: &TcpStream, shared: &Mutex<Shared>, verb: &'static str, usual: &str) -> Option<bool> {
    let reply = reply_to(shared, verb, usual);
    reply.give(stream)?;
    Some(reply.is_positive())
}

/// What was told for this verb, or the usual answer.
fn reply_to<'a>(shared: &Mutex<Shared>, verb: &'static str, usual: &'a str) -> Reply<'a> {
    let told = change(shared, |shared| shared.replies.get_mut(verb).and_then(VecDeque::pop_front));
    told.unwrap_or(Reply::Say(usual))
}

/// A message up to its final dot, without the dots that transparency adds (RFC 5321, section 4.5.2).
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
