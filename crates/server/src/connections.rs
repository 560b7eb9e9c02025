//! How many connections the server takes at once. Each is an open file to the system, which allows only so many.

/// Files that are kept for all else: the database, the mail server, what is opened for a moment.
const FILES_KEPT: u64 = 1_024;

/// More than anybody needs. Some systems allow a thousand million, and keep account of each.
const FILES_MAX: u64 = 65_536;

/// Asks the system for as many files as it allows, and says how many connections that makes.
///
/// The usual number, 1,024, is soon reached by clients that only wait, and whoever comes then is not answered.
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
