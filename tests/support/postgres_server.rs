//! A Postgres server for one test, which can stop and start it. Unlike the shared server of the other tests, it keeps
//! what it has acknowledged.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use postgres::{Client, NoTls};
use tempfile::TempDir;

use super::database::postgres_is_left_out;

/// A running server. It ends when this value is dropped.
pub(crate) struct PostgresServer {
    programs: PathBuf,
    directory: TempDir,
    port: u16,
}

impl PostgresServer {
    /// Starts a server with Postgres' own settings. `None` if tests on Postgres are left out on purpose.
    ///
    /// # Panics
    ///
    /// If Postgres' server programs are missing. A test that could not run has not passed.
    pub(crate) fn start() -> Option<Self> {
        if postgres_is_left_out() {
            return None;
        }
        let programs = programs_find().expect("Postgres' server programs are installed (Debian: postgresql)");
        let directory = tempfile::tempdir().expect("a temporary directory");
        // Postgres refuses to run as root. The owner of the directory runs it.
        if directory.path().metadata().expect("the directory is there").uid() == 0 {
            let (user, group) = unprivileged_user();
            chown(directory.path(), Some(user), Some(group)).expect("root may give directories away");
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let server = Self { programs, directory, port };
        let data = server.data().display().to_string();
        server.run(
            "initdb",
            &["-D", &data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"],
        );
        let sockets = server.directory.path().display();
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={sockets}");
        server.control(&["start", "-o", &options]);
        Some(server)
    }

    /// The URL of the server's own database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The port that the server listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Runs a statement as its superuser, in the server's own database.
    pub(crate) fn execute(&self, statement: &str) {
        let run = || {
            let mut client = Client::connect(&self.url(), NoTls).expect("the server takes connections");
            client.batch_execute(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
        };
        // The client has a runtime of its own, which must not run inside the test's runtime.
        std::thread::scope(|scope| scope.spawn(run).join().expect("the thread does not panic"));
    }

    /// Ends the server like a crash and starts it again: `pg_ctl -m immediate restart`. Returns when it is ready.
    pub(crate) fn restart_at_once(&self) {
        self.control(&["-m", "immediate", "restart"]);
    }

    /// Freezes every process of the server with SIGSTOP. Connections stay open, but nothing answers.
    pub(crate) fn pause(&self) {
        self.signal_all("STOP");
    }

    /// Resumes the processes with SIGCONT.
    pub(crate) fn resume(&self) {
        self.signal_all("CONT");
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn control(&self, arguments: &[&str]) {
        let (data, log) = (self.data().display().to_string(), self.directory.path().join("log").display().to_string());
        self.run("pg_ctl", &[&["-D", &data, "-l", &log, "-w", "-t", "60"], arguments].concat());
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let owner = self.directory.path().metadata().expect("the directory is there");
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(self.directory.path()).stdin(Stdio::null());
        if owner.uid() != 0 && Path::new("/proc/self").metadata().is_ok_and(|own| own.uid() == 0) {
            command.uid(owner.uid()).gid(owner.gid());
        }
        // The output goes to a file. The server would inherit a pipe and keep it open.
        let told = self.directory.path().join(program);
        let file = fs::File::create(&told).expect("a file can be made");
        command.stdout(file.try_clone().expect("a file can be opened twice")).stderr(file);
        let status = command.status().unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(status.success(), "{program} failed: {}", fs::read_to_string(&told).unwrap_or_default());
    }

    /// The postmaster comes first, so that it starts no other process meanwhile.
    fn signal_all(&self, signal: &str) {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).expect("a running server has this file");
        let postmaster: u32 = file.lines().next().and_then(|line| line.parse().ok()).expect("it begins with a number");
        signal_send(signal, postmaster);
        processes_of(postmaster).into_iter().for_each(|process| signal_send(signal, process));
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // The server may be frozen. An error means that it has ended already.
        if self.data().join("postmaster.pid").exists() {
            self.resume();
            self.control(&["-m", "immediate", "stop"]);
        }
    }
}

/// Finds the newest installed server. Debian keeps its programs out of the PATH.
fn programs_find() -> Option<PathBuf> {
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = debian.filter(|path| path.join("bin/initdb").exists()).max_by_key(|path| version(path));
    newest.map(|path| path.join("bin")).or_else(|| {
        let path = std::env::var_os("PATH")?;
        let initdb = std::env::split_paths(&path).map(|place| place.join("initdb")).find(|program| program.exists())?;
        fs::canonicalize(initdb).ok()?.parent().map(Path::to_owned)
    })
}

/// The user `postgres`, or `nobody`, and their group.
pub(super) fn unprivileged_user() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("the users are listed");
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    find("postgres").or_else(|| find("nobody")).expect("a user who is not root")
}

/// The running processes that this one started.
fn processes_of(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("the system tells its processes").flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&process| parent_of(process) == Some(parent))
        .collect()
}

/// The second field after the name. The name is in brackets and may contain any character (proc_pid_stat(5)).
fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn signal_send(signal: &str, process: u32) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {process}")]).status().expect("sh runs");
    // A process may have ended since it was listed.
    assert!(sent.success() || parent_of(process).is_none(), "SIG{signal} cannot be sent to {process}");
}
