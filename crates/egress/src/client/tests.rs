//! Tests of the client against real servers on this machine. Their address is private, so a request reaches only a
//! server that was allowed.

mod literals;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use hyper::header::{ACCEPT, AUTHORIZATION};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tower_service::Service as _;

use super::*;
use crate::resolver::Lookup;

/// Serves a connection and records the requests.
type Serve = dyn Fn(TcpStream, &Mutex<Vec<String>>) -> io::Result<()> + Send + Sync;

/// A server with one kind of answer. It records its requests.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers the first request of each connection, then closes it. `answer` gets the path and writes the answer.
    fn start(answer: impl Fn(&str, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start_with(Arc::new(move |stream: TcpStream, asked: &Mutex<Vec<String>>| serve(stream, asked, &answer)))
    }

    /// Starts the same server inside TLS. Returns it with its certificate, which is for `localhost`.
    fn start_tls(
        answer: impl Fn(&str, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static,
    ) -> (Self, RootCertStore) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let server = Self::start_with(Arc::new(move |stream: TcpStream, asked: &Mutex<Vec<String>>| {
            let connection = rustls::ServerConnection::new(config.clone()).map_err(io::Error::other)?;
            let mut stream = rustls::StreamOwned::new(connection, stream);
            serve(&mut stream, asked, &answer)?;
            stream.conn.send_close_notify();
            stream.flush()
        }));
        (server, roots)
    }

    fn start_with(serve: Arc<Serve>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let kept = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, kept) = (serve.clone(), kept.clone());
                // Some tests make the client leave early, which is an error here.
                thread::spawn(move || serve(stream, &kept));
            }
        });
        Self { address, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All requests so far, with their headers.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Settings that allow this server.
    fn settings(&self) -> EgressSettings {
        let allowed_hosts = vec![self.address.to_string().parse().unwrap()];
        EgressSettings { allowed_hosts, ..EgressSettings::default() }
    }
}

fn serve(
    stream: impl Read + Write,
    asked: &Mutex<Vec<String>>,
    answer: &impl Fn(&str, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if stream.read_line(&mut request)? == 0 {
            return Ok(());
        }
    }
    asked.lock().unwrap().push(request.clone());
    answer(request.split(' ').nth(1).unwrap_or_default(), stream.get_mut())
}

/// Writes an answer with the path as its body.
fn path_answer(path: &str, to: &mut dyn Write) -> io::Result<()> {
    write!(to, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{path}", path.len())
}

fn redirect(location: &str, to: &mut dyn Write) -> io::Result<()> {
    write!(to, "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// A resolver that gives these answers in order, one for each look-up. It repeats the last one.
struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    lookups: AtomicUsize,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { answers: answers.iter().map(parsed).collect(), lookups: AtomicUsize::new(0) })
    }
}

impl Resolve for Scripted {
    fn lookup(&self, _: &str) -> Lookup {
        let turn = self.lookups.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let answer = self.answers[turn].clone();
        Box::pin(async move { Ok(answer) })
    }
}

/// A resolver that never answers.
struct Silent;

impl Resolve for Silent {
    fn lookup(&self, _: &str) -> Lookup {
        Box::pin(std::future::pending())
    }
}

fn egress(settings: EgressSettings, resolver: Arc<dyn Resolve>) -> Egress {
    Egress::with_roots(settings, resolver, RootCertStore::empty())
}

fn request(url: &str) -> Request {
    Request::get(Url::parse(url).unwrap()).unwrap()
}

async fn get(egress: &Egress, url: &str) -> Result<Response, EgressError> {
    egress.get(request(url)).await
}

fn refused(host: impl Into<String>) -> EgressError {
    EgressError::Refused { host: host.into() }
}

#[tokio::test]
async fn an_allowed_server_is_asked() {
    let server = Server::start(|_, to| {
        write!(
            to,
            "HTTP/1.1 404 Not Found\r\nETag: \"a\"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        )
    });
    let egress = egress(server.settings(), Arc::new(SystemResolver));
    let asked = request(&server.url("/api?page=2#part"))
        .header(ACCEPT, HeaderValue::from_static("application/json"))
        .secret(AUTHORIZATION, "Bearer ", &"sesame".into())
        .unwrap();
    let answer = egress.get(asked).await.unwrap();
    assert_eq!((answer.status, answer.header("etag"), answer.body.as_slice()), (404, Some("\"a\""), &b"abc"[..]));
    let asked = &server.asked()[0];
    assert!(asked.starts_with("GET /api?page=2 HTTP/1.1\r\n"), "{asked}");
    let version = env!("CARGO_PKG_VERSION");
    for line in [
        format!("host: {}", server.address),
        format!("user-agent: ReleasePage/{version}"),
        "accept: application/json".to_owned(),
        "authorization: Bearer sesame".to_owned(),
        "accept-encoding: identity".to_owned(),
    ] {
        assert!(asked.lines().any(|asked| asked == line), "{line} in {asked}");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_in_every_spelling() {
    let server = Server::start(path_answer);
    let port = server.address.port();
    let egress = egress(EgressSettings::default(), Arc::new(SystemResolver));
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.01",
        "127.1",
        "127.0.0.1.",
        "１２７.0.0.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "localhost",
        "LOCALHOST",
    ] {
        let url = Url::parse(&format!("http://{host}:{port}/")).unwrap();
        let expected = refused(host_named(&url));
        assert_eq!(egress.get(Request::get(url).unwrap()).await.unwrap_err(), expected, "{host}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn names_of_private_addresses_are_refused() {
    for address in ["169.254.169.254", "10.0.0.1", "fd00::1", "::1", "::ffff:192.168.0.1"] {
        let egress = egress(EgressSettings::default(), Scripted::new(&[&[address]]));
        let error = get(&egress, "http://forge.example:1/?token=secret").await.unwrap_err();
        assert_eq!(error, refused("forge.example:1"), "{address}");
        assert_eq!(
            error.to_string(),
            "forge.example:1 is or resolves to a private address; the operator can allow it with egress.allowed_hosts"
        );
    }
}

#[tokio::test]
async fn an_answer_that_changes_gains_nothing() {
    // A client that resolved the name twice, to check it and to connect, would connect to the second answer. The first
    // answer counts as public but belongs to nobody. IANA has not given it to any registry.
    let server = Server::start(path_answer);
    let resolver = Scripted::new(&[&["2d00::1"], &["127.0.0.1"]]);
    let settings = EgressSettings { timeout: Duration::from_millis(200), ..EgressSettings::default() };
    let egress = egress(settings, resolver.clone());
    let host = format!("forge.example:{}", server.address.port());
    let url = format!("http://{host}/");
    let error = get(&egress, &url).await.unwrap_err();
    assert!(matches!(error, EgressError::Connect { .. } | EgressError::TimedOut { .. }), "{error:?}");
    assert_eq!(resolver.lookups.load(Ordering::SeqCst), 1);
    assert_eq!(get(&egress, &url).await.unwrap_err(), refused(host));
    assert_eq!(resolver.lookups.load(Ordering::SeqCst), 2);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let resolver = Scripted::new(&[&["127.0.0.1", "140.82.121.6", "10.0.0.1", "::1", "2606:4700::1111"]]);
    let found = |reach| CheckedResolver { resolver: resolver.clone(), reach }.call("forge.example".parse().unwrap());
    let public: Vec<IpAddr> = found(Reach::Public).await.unwrap().map(|address| address.ip()).collect();
    assert_eq!(public, ["140.82.121.6", "2606:4700::1111"].map(|address| address.parse::<IpAddr>().unwrap()));
    assert_eq!(found(Reach::Anywhere).await.unwrap().count(), 5);
}

#[tokio::test]
async fn only_the_allowed_host_may_be_private() {
    let server = Server::start(path_answer);
    let port = server.address.port();
    let allowed_hosts = vec!["forge.example".parse().unwrap(), format!("git.example:{port}").parse().unwrap()];
    let settings = EgressSettings { allowed_hosts, ..EgressSettings::default() };
    let egress = egress(settings, Scripted::new(&[&["127.0.0.1"]]));
    for (host, is_reached) in
        [("forge.example", true), ("git.example", true), ("api.forge.example", false), ("127.0.0.1", false)]
    {
        let reached = get(&egress, &format!("http://{host}:{port}/")).await;
        assert_eq!(reached.is_ok(), is_reached, "{host}");
    }
    assert_eq!(get(&egress, "http://git.example:1/").await.unwrap_err(), refused("git.example:1"));
}

#[tokio::test]
async fn redirects_are_checked_like_what_was_typed() {
    let inside = Server::start(path_answer);
    let target = inside.url("/secret");
    let server = Server::start(move |path, to| match path {
        "/private" => redirect(&target, to),
        "/name" => redirect("http://localhost:1/", to),
        "/file" => redirect("file:///etc/passwd", to),
        "/near" => redirect("far", to),
        _ => path_answer(path, to),
    });
    let egress = egress(server.settings(), Arc::new(SystemResolver));
    assert_eq!(get(&egress, &server.url("/near")).await.unwrap().body, b"/far");
    assert_eq!(get(&egress, &server.url("/private")).await.unwrap_err(), refused(inside.address.to_string()));
    assert_eq!(get(&egress, &server.url("/name")).await.unwrap_err(), refused("localhost:1"));
    assert!(matches!(get(&egress, &server.url("/file")).await, Err(EgressError::Redirect { .. })));
    assert!(inside.asked().is_empty());
}

#[tokio::test]
async fn a_token_is_not_told_to_another_server() {
    let other = Server::start(path_answer);
    let target = other.url("/other");
    let server = Server::start(move |path, to| match path {
        "/away" => redirect(&target, to),
        "/home" => redirect("/there", to),
        _ => path_answer(path, to),
    });
    let mut settings = server.settings();
    settings.allowed_hosts.extend(other.settings().allowed_hosts);
    let egress = egress(settings, Arc::new(SystemResolver));
    for path in ["/away", "/home"] {
        let asked = request(&server.url(path)).secret(AUTHORIZATION, "token ", &"sesame".into()).unwrap();
        assert_eq!(egress.get(asked).await.unwrap().status, 200);
    }
    assert!(!other.asked()[0].contains("sesame"));
    assert!(server.asked().iter().all(|asked| asked.contains("sesame")));
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start(|path, to| match path.strip_prefix('/').and_then(|left| left.parse::<u32>().ok()) {
        Some(0) | None => path_answer(path, to),
        Some(left) => redirect(&format!("/{}", left - 1), to),
    });
    let egress = egress(server.settings(), Arc::new(SystemResolver));
    assert_eq!(get(&egress, &server.url("/5")).await.unwrap().body, b"/0");
    let host = server.address.to_string();
    assert_eq!(get(&egress, &server.url("/6")).await.unwrap_err(), EgressError::RedirectsTooMany { host });
    assert_eq!(server.asked().len(), 12);
}

#[tokio::test]
async fn large_answers_are_not_taken_in() {
    let server = Server::start(|path, to| {
        let megabyte = vec![b'x'; 1024 * 1024];
        match path {
            "/announced" => write!(to, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY_BYTES_MAX + 1),
            "/endless" => {
                write!(to, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                loop {
                    to.write_all(&megabyte)?;
                }
            }
            _ => {
                write!(to, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {BODY_BYTES_MAX}\r\n\r\n")?;
                (0..10).try_for_each(|_| to.write_all(&megabyte))
            }
        }
    });
    let egress = egress(server.settings(), Arc::new(SystemResolver));
    let too_large = EgressError::TooLarge { host: server.address.to_string() };
    assert_eq!(get(&egress, &server.url("/announced")).await.unwrap_err(), too_large);
    assert_eq!(get(&egress, &server.url("/endless")).await.unwrap_err(), too_large);
    assert_eq!(get(&egress, &server.url("/just")).await.unwrap().body.len(), BODY_BYTES_MAX);
    assert_eq!(too_large.to_string(), format!("the answer of {} is larger than 10 MiB", server.address));
}

#[tokio::test]
async fn slow_answers_are_given_up() {
    let server = Server::start(|path, to| {
        match path {
            "/drips" => {
                write!(to, "HTTP/1.1 200 OK\r\n\r\n")?;
                loop {
                    to.write_all(b"x")?;
                    to.flush()?;
                    thread::sleep(Duration::from_millis(5));
                }
            }
            "/loops" => {
                thread::sleep(Duration::from_millis(60));
                redirect("/silent", to)
            }
            // This thread ends with the test.
            _ => loop {
                thread::park();
            },
        }
    });
    let settings = EgressSettings { timeout: Duration::from_millis(100), ..server.settings() };
    let egress_slow = egress(settings.clone(), Arc::new(SystemResolver));
    for path in ["/silent", "/drips", "/loops"] {
        let host = server.address.to_string();
        assert_eq!(get(&egress_slow, &server.url(path)).await.unwrap_err(), EgressError::TimedOut { host }, "{path}");
    }
    let egress = egress(settings, Arc::new(Silent));
    let host = "forge.example".to_owned();
    assert_eq!(get(&egress, "http://forge.example/").await.unwrap_err(), EgressError::TimedOut { host });
}

#[tokio::test]
async fn what_goes_wrong_is_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start(|path, to| match path {
        "/short" => write!(to, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
        "/nothing" => Ok(()),
        _ => to.write_all(b"220 mail.example ESMTP\r\n"),
    });
    let mut settings = server.settings();
    settings.allowed_hosts.push(closed.to_string().parse().unwrap());
    let egress_local = egress(settings, Arc::new(SystemResolver));
    for path in ["/short", "/nothing", "/other"] {
        let host = server.address.to_string();
        assert_eq!(get(&egress_local, &server.url(path)).await.unwrap_err(), EgressError::Broken { host }, "{path}");
    }
    let error = get(&egress_local, &format!("http://{closed}/")).await.unwrap_err();
    assert_eq!(error.to_string(), format!("no connection to {closed} can be made: connection refused"));
    let error =
        get(&egress(EgressSettings::default(), Scripted::new(&[&[]])), "http://nobody.example/").await.unwrap_err();
    assert_eq!(error.to_string(), "nobody.example cannot be resolved to an address");
}

#[tokio::test]
async fn certificates_are_checked() {
    let (server, roots) = Server::start_tls(|path, to| match path {
        "/down" => redirect("http://localhost/", to),
        _ => path_answer(path, to),
    });
    let port = server.address.port();
    let allowed_hosts = vec!["localhost".parse().unwrap(), "other.example".parse().unwrap()];
    let settings = EgressSettings { allowed_hosts, ..EgressSettings::default() };
    let resolver = Scripted::new(&[&["127.0.0.1"]]);
    let trusting = Egress::with_roots(settings.clone(), resolver.clone(), roots);
    let url = format!("https://localhost:{port}/x");
    assert_eq!(get(&trusting, &url).await.unwrap().body, b"/x");
    let down = get(&trusting, &format!("https://localhost:{port}/down")).await.unwrap_err();
    let host = format!("localhost:{port}");
    assert_eq!(down, EgressError::Redirect { host: host.clone(), reason: "is not an https one" });
    let error = get(&trusting, &format!("https://other.example:{port}/")).await.unwrap_err();
    assert!(matches!(error, EgressError::Tls { .. }), "{error:?}");
    let error = get(&egress(settings, resolver), &url).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no secure connection to {host} can be made: invalid peer certificate: UnknownIssuer")
    );
}
