//! A balancer in front of several servers. It distributes requests like a reverse proxy.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use super::wait::PATIENCE;

/// The time between two checks of a server's readiness.
const CHECK_EVERY: Duration = Duration::from_millis(20);

/// A proxy that checks each server's `/readyz` and sends requests only to servers that are ready. It keeps connections
/// open. It repeats a request only if the connection itself was refused. If no server answers, it answers 502.
pub(crate) struct Balancer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    servers: Vec<Server>,
    turn: AtomicUsize,
}

struct Server {
    address: SocketAddr,
    is_ready: AtomicBool,
    /// Grows whenever the server stops being ready. Older connections are not used again.
    generation: AtomicU64,
}

/// A connection to a server, with the generation at its start.
type Kept = Option<(u64, BufReader<TcpStream>)>;

impl Balancer {
    /// Puts a balancer in front of these servers. None counts as ready yet.
    pub(crate) fn before(servers: &[SocketAddr]) -> Self {
        let server = |&address| Server { address, is_ready: AtomicBool::new(false), generation: AtomicU64::new(0) };
        let shared = Arc::new(Shared { servers: servers.iter().map(server).collect(), turn: AtomicUsize::new(0) });
        for index in 0..servers.len() {
            let shared = Arc::downgrade(&shared);
            thread::spawn(move || watch(&shared, index));
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let weak = Arc::downgrade(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Some(shared) = weak.upgrade() else { return };
                // An error means that the client went away.
                thread::spawn(move || serve(&shared, client));
            }
        });
        Self { address, shared }
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// True if it sends requests to this server.
    pub(crate) fn uses(&self, server: SocketAddr) -> bool {
        self.shared.servers.iter().any(|known| known.address == server && known.is_ready.load(Ordering::SeqCst))
    }
}

/// Checks repeatedly whether a server is ready, until the balancer is gone.
fn watch(shared: &Weak<Shared>, index: usize) {
    while let Some(shared) = shared.upgrade() {
        let server = &shared.servers[index];
        let is_ready = ready_ask(server.address).unwrap_or(false);
        if server.is_ready.swap(is_ready, Ordering::SeqCst) && !is_ready {
            server.generation.fetch_add(1, Ordering::SeqCst);
        }
        drop(shared);
        thread::sleep(CHECK_EVERY);
    }
}

fn ready_ask(server: SocketAddr) -> io::Result<bool> {
    let mut connection = connect(server)?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200 "))
}

fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect(server)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

/// Answers the requests of one client, one after the other.
fn serve(shared: &Shared, client: TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut requests = BufReader::new(client.try_clone()?);
    let mut client = client;
    let mut kept: Vec<Kept> = shared.servers.iter().map(|_| None).collect();
    while let Some(request) = Message::read(&mut requests)? {
        match forward(shared, &mut kept, &request) {
            Ok(answer) => client.write_all(&answer.bytes)?,
            Err(error) => {
                let why = format!("the balancer could not: {error}");
                let head = format!("HTTP/1.1 502 Bad Gateway\r\nContent-Length: {}\r\n\r\n", why.len());
                client.write_all((head + &why).as_bytes())?;
            }
        }
    }
    Ok(())
}

fn forward(shared: &Shared, kept: &mut [Kept], request: &Message) -> io::Result<Message> {
    let count = shared.servers.len();
    let first = shared.turn.fetch_add(1, Ordering::Relaxed);
    for index in (first..first + count).map(|turn| turn % count) {
        let server = &shared.servers[index];
        if !server.is_ready.load(Ordering::SeqCst) {
            continue;
        }
        let generation = server.generation.load(Ordering::SeqCst);
        let mut connection = match kept[index].take().filter(|(of, _)| *of == generation) {
            Some((_, connection)) => connection,
            None => match connect(server.address) {
                Ok(connection) => BufReader::new(connection),
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error),
            },
        };
        connection.get_mut().write_all(&request.bytes)?;
        let answer = Message::read(&mut connection)?.ok_or(ErrorKind::UnexpectedEof)?;
        if !answer.closes {
            kept[index] = Some((generation, connection));
        }
        return Ok(answer);
    }
    Err(io::Error::other("no server is ready"))
}

/// A request or an answer as it arrived.
struct Message {
    bytes: Vec<u8>,
    /// Nothing follows it.
    closes: bool,
}

impl Message {
    /// Reads one whole message. `None` if the other side ended before it began one. All messages of the tests declare
    /// their length.
    fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let (mut length, mut closes) = (0, false);
        loop {
            let start = bytes.len();
            if from.read_until(b'\n', &mut bytes)? == 0 {
                return if start == 0 { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
            let line = String::from_utf8_lossy(&bytes[start..]).trim_end().to_ascii_lowercase();
            match line.split_once(": ") {
                _ if line.is_empty() => break,
                Some(("content-length", value)) => length = value.parse().map_err(io::Error::other)?,
                Some(("connection", value)) => closes = value == "close",
                Some(("transfer-encoding", _)) => return Err(io::Error::other("a message of unknown length")),
                _ => {}
            }
        }
        let head = bytes.len();
        bytes.resize(head + length, 0);
        from.read_exact(&mut bytes[head..])?;
        Ok(Some(Self { bytes, closes }))
    }
}
