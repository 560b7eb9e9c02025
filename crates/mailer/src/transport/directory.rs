//! A directory of `.eml` files, one for each message.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    Accepted, OpenError,
    error::{Phase, SendError},
};
use crate::message::Letter;

/// Tells the unfinished files of this process apart, should two threads write one message.
static UNFINISHED: AtomicU64 = AtomicU64::new(0);

/// Where the files are.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Makes the directory where it does not exist.
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(path).map_err(|error| OpenError::Directory { path: path.display().to_string(), error })?;
        Ok(Self { path: path.to_owned() })
    }

    /// Writes a message under the name of its id, so that another try of it replaces the file. A file that can be seen
    /// is complete and on the disk.
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
        // Readers' addresses, and links that need no other proof: for the eyes of this user alone.
        let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished);
        let written = opened
            .and_then(|mut file| {
                // A process of the same number may have left the file, under whatever mode.
                file.set_permissions(Permissions::from_mode(0o600))?;
                file.write_all(bytes)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&unfinished, self.path.join(name)));
        if written.is_err() {
            // What failed to be written may also fail to be removed; the first error is the one that tells.
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        File::open(&self.path)?.sync_all()
    }
}

/// The file of a message id. Ids are ASCII letters, digits and `-._@`, but for the brackets and colons of an address
/// literal, which not every file system takes.
fn file_name(message_id: &str) -> String {
    format!("{}.eml", message_id.replace(['[', ']', ':'], "_"))
}
