//! The log of a process, from the file with its standard error.

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

    /// The whole text so far, to search for secrets and for the message of a failure.
    pub(crate) fn text(&self) -> String {
        let bytes = std::fs::read(&self.path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Prints the warnings and errors so far. Also prints lines that are no event: the message of a panic or of a
    /// failed start.
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

    /// The JSON lines so far. A process writes other lines only before it has read its settings.
    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.text().lines().filter_map(|line| serde_json::from_str(line).ok()).map(LogLine).collect()
    }
}

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct LogLine(Value);

impl LogLine {
    /// A field of the event, such as `message`.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        self.0.get("fields").and_then(|fields| fields.get(name)).or_else(|| self.0.get(name))
    }

    /// True if the event has this message.
    pub(crate) fn says(&self, message: &str) -> bool {
        self.field("message").is_some_and(|found| found == message)
    }
}
