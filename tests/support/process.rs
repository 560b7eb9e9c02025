//! The program under test, as a process of its own.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use super::log::Log;
use super::wait::eventually;

/// Settings as environment variables, by the name of the setting, such as `server.listen`.
pub(crate) type SettingValues = BTreeMap<String, String>;

/// A running `releasepage`. It is killed at the end of the test.
pub(crate) struct Process {
    child: Child,
    log: Log,
}

impl Process {
    /// Starts `releasepage` with these arguments and settings. Its log is appended to this file.
    pub(crate) fn start(arguments: &[&str], settings: &SettingValues, log: &Path) -> Self {
        Self::spawn(command(arguments, settings), log)
    }

    /// Starts `releasepage demo`, which makes its temporary directory in this one.
    pub(crate) fn demo_start(settings: &SettingValues, temporary: &Path, log: &Path) -> Self {
        let mut command = command(&["demo"], settings);
        command.env("TMPDIR", temporary);
        Self::spawn(command, log)
    }

    fn spawn(mut command: Command, log: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(log).expect("the log can be written");
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file can be opened twice"))
            .stderr(file)
            .spawn()
            .expect("the program starts");
        Self { child, log: Log::new(log) }
    }

    /// The log file, which other processes may share.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// The memory of the process in bytes: the current and the highest amount.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the process runs");
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the system tells");
            line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of KiB") * 1_024
        };
        (bytes("VmRSS:"), bytes("VmHWM:"))
    }

    /// The exit status, if it has ended.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked for its status")
    }

    /// Kills it with SIGKILL, like a power failure.
    pub(crate) fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it with SIGTERM. Returns its exit status.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let signal = format!("kill -TERM {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &signal]).status().expect("sh runs");
        assert!(sent.success(), "the process had ended before it was asked to");
        eventually("the process ends after SIGTERM", async || self.ended()).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs `releasepage` to its end with this standard input.
pub(crate) fn run(arguments: &[&str], settings: &SettingValues, input: &str) -> Output {
    let mut child = command(arguments, settings)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    // An error means that the program did not read its input. Its output shows the reason.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the output can be read")
}

/// Runs `releasepage` to its end in a directory. It gets these environment variables and the search path only.
pub(crate) fn run_in(directory: &Path, arguments: &[&str], variables: &BTreeMap<&str, &str>) -> Output {
    let mut command = command(arguments, &SettingValues::new());
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).envs(variables).current_dir(directory).stdin(Stdio::null());
    command.output().expect("the program starts")
}

/// Returns the output of a command, which must succeed.
pub(crate) fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Checks that the command ended with status 1 and printed one sentence with these words. Log lines may be beside it.
/// Returns the sentence.
pub(crate) fn fails(output: &Output, words: &str) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    let told: String = errors.split_inclusive('\n').filter(|line| !line.starts_with('{')).collect();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(output.stdout.is_empty(), "standard output belongs to what was asked for");
    assert_eq!(told.lines().count(), 1, "one sentence: {told}");
    assert!(told.starts_with("releasepage: ") && told.contains(words), "{told}\nlacks: {words}");
    told
}

fn command(arguments: &[&str], settings: &SettingValues) -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_releasepage")));
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("RELEASEPAGE_")) {
            command.env_remove(name);
        }
    }
    for (key, value) in settings {
        let name = key.to_uppercase().replace('.', "__");
        command.env(format!("RELEASEPAGE__{name}"), value);
    }
    command
}
