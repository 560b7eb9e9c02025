//! A directory of `.eml` files, one for each message.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use super::error::{Accepted, OpenError, Phase, SendError};
use crate::message::Letter;

/// The number of the next unfinished file. It keeps two threads that write the same message apart.
static UNFINISHED: AtomicU64 = AtomicU64::new(0);

/// The directory for the files.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Opens the directory and creates it if it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(path).map_err(|error| OpenError::Directory { path: path.display().to_string(), error })?;
        Ok(Self { path: path.to_owned() })
    }

    /// Writes a message under the name of its id. Another try replaces the file. A visible file is complete and on the
    /// disk.
    pub(super) fn store(&self, letter: &Letter) -> Result<Accepted, SendError> {
        let name = file_name(letter.message_id().as_str());
        self.write(&name, letter.bytes()).map_err(|error| SendError::passing(Phase::File, &error.to_string()))?;
        Ok(Accepted { answer: format!("written to {name}") })
    }

    /// Writes a file and removes it again.
    pub(super) fn probe(&self) -> Result<(), SendError> {
        let name = format!("probe-{}", process::id());
        self.write(&name, b"")
            .and_then(|()| fs::remove_file(self.path.join(name)))
            .map_err(|error| SendError::passing(Phase::File, &error.to_string()))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let number = UNFINISHED.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.path.join(format!(".{name}.{}-{number}", process::id()));
        // Only this user may read the file. It holds readers' addresses, and links that need no other proof.
        let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished);
        let written = opened
            .and_then(|mut file| {
                // An earlier process with the same number may have left the file with another mode.
                file.set_permissions(Permissions::from_mode(0o600))?;
                file.write_all(bytes)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&unfinished, self.path.join(name)));
        if written.is_err() {
            // Removing the file may fail too. The first error says more.
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        File::open(&self.path)?.sync_all()
    }
}

/// The file name of a message id. Ids are ASCII letters, digits and `-._@`. Only an address literal adds brackets and
/// colons, and not every file system allows these.
fn file_name(message_id: &str) -> String {
    format!("{}.eml", message_id.replace(['[', ']', ':'], "_"))
}
