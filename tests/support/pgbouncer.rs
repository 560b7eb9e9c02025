//! A PgBouncer for one test, in front of the test's own Postgres.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::postgres_server::{PostgresServer, unprivileged_user};
use super::wait::eventually;

/// The path of the program on Debian. It may be missing in the PATH.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// A running PgBouncer. It ends when this value is dropped.
pub(crate) struct Pgbouncer {
    child: Child,
    port: u16,
    _directory: TempDir,
}

impl Pgbouncer {
    /// Starts a PgBouncer with two connections for each database. Every transaction gets the next free one. `None` if
    /// the program is not installed.
    #[expect(clippy::print_stderr, reason = "who reads the output of the tests shall know what did not run")]
    pub(crate) async fn start(server: &PostgresServer) -> Option<Self> {
        if !Path::new(PROGRAM).exists() {
            eprintln!("skipped: PgBouncer is not installed");
            return None;
        }
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let file = directory.path().join("pgbouncer.ini");
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 200\n",
            server.port()
        );
        fs::write(&file, settings).expect("the file can be written");
        let mut command = Command::new(PROGRAM);
        command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // PgBouncer refuses to run as root.
        if directory.path().metadata().expect("the directory is there").uid() == 0 {
            let (user, group) = unprivileged_user();
            for path in [directory.path(), &file] {
                chown(path, Some(user), Some(group)).expect("root may give files away");
            }
            command.uid(user).gid(group);
        }
        let child = command.spawn().expect("PgBouncer starts");
        eventually("PgBouncer listens", async || TcpStream::connect(("127.0.0.1", port)).ok()).await;
        Some(Self { child, port, _directory: directory })
    }

    /// The URL of a database behind PgBouncer, from its URL at the server.
    pub(crate) fn url(&self, url: &str) -> String {
        let mut url = url::Url::parse(url).expect("the server's URL is one");
        url.set_port(Some(self.port)).expect("a URL with a host has a port");
        url.to_string()
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
