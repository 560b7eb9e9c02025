//! A server that answers requests for releases as GitHub, GitLab and Gitea do. It has pages, entity tags, tokens and
//! limits, and produces faults on demand.

mod answer;
mod release;

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub(crate) use release::ForgeRelease;

use answer::{ForgeAnswer, answer};

/// The kinds of forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ForgeKind {
    Github,
    Gitlab,
    Gitea,
}

impl ForgeKind {
    /// The beginning of the paths of its API at this server.
    fn prefix(self) -> &'static str {
        match self {
            Self::Github => "/api/v3/",
            Self::Gitlab => "/api/v4/",
            Self::Gitea => "/api/v1/",
        }
    }
}

/// A fault in place of an answer.
#[derive(Clone, Debug)]
pub(crate) enum ForgeFault {
    /// A status alone.
    Status(u16),
    /// A status with the header `Retry-After`, in seconds.
    RetryAfter(u16, u32),
    /// A body that is not JSON.
    Garbage,
    /// The connection ends in the middle of the body.
    BreakOff,
    /// No answer before [`ForgeServer::release`]. Then the right one.
    Hold,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct ForgeRequest {
    /// The path with its query.
    pub(crate) target: String,
    /// The status of the answer. It is 0 if there was none.
    pub(crate) status: u16,
    headers: BTreeMap<String, String>,
}

impl ForgeRequest {
    /// A header's value, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// The server. Clones share it. It ends with the last one.
#[derive(Clone)]
pub(crate) struct ForgeServer {
    server: Arc<Server>,
}

struct Server {
    address: SocketAddr,
    state: Mutex<State>,
    released: Condvar,
}

#[derive(Default)]
struct State {
    repositories: BTreeMap<(ForgeKind, String), Listed>,
    faults: VecDeque<(usize, ForgeFault)>,
    held: bool,
    allowed: Option<Allowed>,
    requests: Vec<ForgeRequest>,
    ids: u64,
}

/// A repository of the server.
#[derive(Default)]
struct Listed {
    /// The releases, newest last.
    releases: Vec<ForgeRelease>,
    token: Option<String>,
}

/// The number of requests that are allowed, and the end of the limit.
#[derive(Clone, Copy)]
struct Allowed {
    remaining: u32,
    /// The end, in seconds since 1970.
    reset: i64,
}

impl ForgeServer {
    /// Starts on a free port.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let server = Arc::new(Server { address, state: Mutex::default(), released: Condvar::new() });
        // Weak, so that the server ends with its users and not with its own thread.
        let weak = Arc::downgrade(&server);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(server) = weak.upgrade() else { return };
                std::thread::spawn(move || {
                    // An error means that the client went away.
                    let _ = serve(&server, &stream);
                });
            }
        });
        Self { server }
    }

    /// Its host, for `egress.allowed_hosts`.
    pub(crate) fn host(&self) -> String {
        self.server.address.to_string()
    }

    /// The address of the API of one kind of forge.
    pub(crate) fn api_url(&self, kind: ForgeKind) -> String {
        format!("http://{}{}", self.server.address, kind.prefix())
    }

    /// Returns a repository. A missing one is made.
    pub(crate) fn repository(&self, kind: ForgeKind, name: &str) -> ForgeRepository {
        let key = (kind, name.to_owned());
        self.server.state().repositories.entry(key.clone()).or_default();
        ForgeRepository { server: self.clone(), key }
    }

    /// Lets the next request meet this fault.
    pub(crate) fn fail_next(&self, fault: ForgeFault) {
        self.fail_after(0, fault);
    }

    /// Lets a request meet this fault after the given number of good answers. They count from the fault before it, if
    /// there is one.
    pub(crate) fn fail_after(&self, answered: usize, fault: ForgeFault) {
        let mut state = self.server.state();
        state.held |= matches!(fault, ForgeFault::Hold);
        state.faults.push_back((answered, fault));
    }

    /// Sends the answers that were held.
    pub(crate) fn release(&self) {
        self.server.state().held = false;
        self.server.released.notify_all();
    }

    /// Limits the requests from now on, until a time in seconds since 1970.
    pub(crate) fn allow(&self, remaining: u32, reset: i64) {
        self.server.state().allowed = Some(Allowed { remaining, reset });
    }

    /// All requests, in order.
    pub(crate) fn requests(&self) -> Vec<ForgeRequest> {
        self.server.state().requests.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Wakes the accepting thread so that it ends. An error means that it has ended already.
        let _ = TcpStream::connect(self.address);
    }
}

/// A repository of the server.
pub(crate) struct ForgeRepository {
    server: ForgeServer,
    key: (ForgeKind, String),
}

impl ForgeRepository {
    /// Adds this number of releases: `v0.1.0`, `v0.2.0` and so on. The last one is the newest.
    pub(crate) fn with_releases(self, count: usize) -> Self {
        self.change(|state, key| {
            for _ in 0..count {
                let minor = state.repositories[key].releases.len() + 1;
                state.release_add(key, &format!("v0.{minor}.0"));
            }
        });
        self
    }

    /// Shows the repository to this token only, from now on.
    pub(crate) fn with_token(self, token: &str) -> Self {
        self.change(|state, key| state.listed(key).token = Some(token.to_owned()));
        self
    }

    /// Publishes a release now.
    pub(crate) fn publish(&self, tag: &str) {
        self.change(|state, key| state.release_add(key, tag));
    }

    /// Changes a release.
    pub(crate) fn edit(&self, tag: &str, edit: impl FnOnce(&mut ForgeRelease)) {
        self.change(|state, key| {
            let mut releases = state.listed(key).releases.iter_mut();
            edit(releases.find(|release| release.tag == tag).expect("a release of this tag"));
        });
    }

    /// Deletes a release.
    pub(crate) fn delete(&self, tag: &str) {
        self.change(|state, key| state.listed(key).releases.retain(|release| release.tag != tag));
    }

    fn change(&self, change: impl FnOnce(&mut State, &(ForgeKind, String))) {
        change(&mut self.server.server.state(), &self.key);
    }
}

impl State {
    fn listed(&mut self, key: &(ForgeKind, String)) -> &mut Listed {
        self.repositories.get_mut(key).expect("the repository was made")
    }

    fn release_add(&mut self, key: &(ForgeKind, String), tag: &str) {
        self.ids += 1;
        let release = ForgeRelease::new(self.ids, tag);
        self.listed(key).releases.push(release);
    }

    /// Takes the fault for the next request, if there is one.
    fn fault_take(&mut self) -> Option<ForgeFault> {
        let (answered, _) = self.faults.front_mut()?;
        if *answered > 0 {
            *answered -= 1;
            return None;
        }
        self.faults.pop_front().map(|(_, fault)| fault)
    }
}

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers the requests of one connection.
fn serve(server: &Server, mut stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some((target, headers)) = request_read(&mut reader)? {
        let request = ForgeRequest { target, status: 0, headers };
        let (index, fault) = {
            let mut state = server.state();
            state.requests.push(request.clone());
            (state.requests.len() - 1, state.fault_take())
        };
        if matches!(fault, Some(ForgeFault::Hold)) {
            let held = server.released.wait_while(server.state(), |state| state.held);
            drop(held.unwrap_or_else(PoisonError::into_inner));
        }
        let answer = match fault {
            None | Some(ForgeFault::Hold) => answer(&mut server.state(), server.address, &request),
            Some(ForgeFault::Status(status)) => ForgeAnswer::new(status, "{\"message\":\"no\"}"),
            Some(ForgeFault::RetryAfter(status, seconds)) => {
                ForgeAnswer::new(status, "{\"message\":\"later\"}").with("Retry-After", seconds)
            }
            Some(ForgeFault::Garbage) => ForgeAnswer::new(200, "<html>Sign in</html>"),
            Some(ForgeFault::BreakOff) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{\"id\":")?;
                return Ok(());
            }
        };
        server.state().requests[index].status = answer.status;
        stream.write_all(answer.to_string().as_bytes())?;
    }
    Ok(())
}

/// Reads the target and the headers of a request. Header names are in lower case. `None` if the client has ended.
fn request_read(reader: &mut impl BufRead) -> std::io::Result<Option<(String, BTreeMap<String, String>)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).ok_or(ErrorKind::InvalidData)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    Ok(Some((target, headers)))
}

#[cfg(test)]
mod tests;
