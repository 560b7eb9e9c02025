//! The number of connections that the server accepts at once. Each is an open file, and the system limits open files.

/// The files reserved for other uses: the database, the mail server and short-lived files.
const FILES_KEPT: u64 = 1_024;

/// The most files to ask for, more than any server needs. Some systems allow a thousand million and track each of them.
const FILES_MAX: u64 = 65_536;

/// Raises the limit of open files as far as the system allows, and returns the connections that fit in.
///
/// The usual limit is 1,024. Idle clients soon use it up, and later clients get no answer.
pub(crate) fn connections_max() -> usize {
    let files = rlimit::increase_nofile_limit(FILES_MAX).unwrap_or_else(|error| {
        tracing::warn!(%error, "the limit of open files cannot be raised");
        FILES_KEPT
    });
    tracing::debug!(files, "open files are limited");
    connections_of(files)
}

fn connections_of(files: u64) -> usize {
    usize::try_from(files - FILES_KEPT.min(files / 2)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_kept() {
        for (files, connections) in [(65_536, 64_512), (4_096, 3_072), (1_024, 512), (256, 128), (1, 1), (0, 0)] {
            assert_eq!(connections_of(files), connections, "{files}");
        }
    }
}
