//! The log of a process, as the file that its standard error went to.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A file that grows while its process runs.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    /// The log in this file.
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Everything so far, for what must not be in it and for the message of a failure.
    pub(crate) fn text(&self) -> String {
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Prints the warnings and errors so far, and what is no event at all: the message of a panic, or of a start that
    /// failed.
    #[expect(clippy::print_stdout, reason = "shown with the output of a failed test alone")]
    pub(super) fn troubles_show(&self) {
        let text = self.text();
        let is_trouble = |line: &&str| match serde_json::from_str::<Value>(line) {
            Ok(event) => event["level"] == "WARN" || event["level"] == "ERROR",
            Err(_) => true,
        };
        let troubles: Vec<&str> = text.lines().filter(is_trouble).collect();
        println!("the log holds {} lines of trouble; the last are:", troubles.len());
        troubles.iter().rev().take(30).rev().for_each(|line| println!("{line}"));
    }

    /// The lines so far that are JSON, which is all but those a process writes before it knows its settings.
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.text().lines().filter_map(|line| serde_json::from_str(line).ok()).map(LogLine).collect()
    }
}

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct LogLine(Value);

impl LogLine {
    /// A field of the event: `message`, or any other.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        self.0.get("fields").and_then(|fields| fields.get(name)).or_else(|| self.0.get(name))
    }

    /// Whether the event has this message.
    pub(crate) fn says(&self, message: &str) -> bool {
        self.field("message").is_some_and(|found| found == message)
    }
}
