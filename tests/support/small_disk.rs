//! A disk that is soon full: a tmpfs in a mount namespace of one test. So nothing stays mounted, whatever happens to
//! the test, and the test needs no root.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The variable that leaves out tests that need a disk of their own. Its value is 1.
const SKIP: &str = "RELEASEPAGE_TEST_SKIP_TMPFS";
/// The variable that is set if the test runs inside its namespace.
const INSIDE: &str = "RELEASEPAGE_TEST_NAMESPACE";

/// Runs this test again in a namespace of its own. Returns true if this is that run. Disks can only be made there.
///
/// # Panics
///
/// If the run inside fails, or the system allows no namespace. A test that could not run has not passed.
pub(crate) fn is_inside_namespace(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    if std::env::var(SKIP).is_ok_and(|skip| skip == "1") {
        return false;
    }
    // Root needs nothing more. Other users need a user namespace in which they are root.
    let unshare = ["--mount", "--map-root-user"];
    let possible = Command::new("unshare").args(unshare).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    let told =
        possible.as_ref().map_or_else(ToString::to_string, |output| String::from_utf8_lossy(&output.stderr).into());
    assert!(
        possible.is_ok_and(|output| output.status.success()),
        "no disk can be made here ({}): set {SKIP}=1 to leave out the tests that need one",
        told.trim()
    );
    let own = std::env::current_exe().expect("the test knows its program");
    let inside =
        Command::new("unshare").args(unshare).arg(own).args(["--exact", test, "--nocapture"]).env(INSIDE, "1").output();
    let inside = inside.expect("the test runs again");
    let told = format!("{}{}", String::from_utf8_lossy(&inside.stdout), String::from_utf8_lossy(&inside.stderr));
    assert!(inside.status.success() && told.contains("1 passed"), "inside its namespace: {told}");
    false
}

/// A small file system.
pub(crate) struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// Mounts a file system of this number of KiB on a new directory below this one.
    pub(crate) fn mount(directory: &Path, kibibytes: u32) -> Self {
        let path = directory.join("disk");
        fs::create_dir(&path).expect("a directory can be made");
        let size = format!("size={kibibytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&path).status();
        assert!(mounted.expect("mount runs").success(), "a tmpfs can be mounted inside a namespace");
        Self { path }
    }

    /// The path of the mount point.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills all the space that is left.
    pub(crate) fn fill(&self) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.filler()).expect("a file can be made");
        loop {
            match file.write(&[0; 4096]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("the disk fails in another way: {error}"),
            }
        }
    }

    /// Makes it larger.
    pub(crate) fn grow(&self, kibibytes: u32) {
        let size = format!("remount,size={kibibytes}k");
        let mounted = Command::new("mount").args(["-o", &size]).arg(&self.path).status();
        assert!(mounted.expect("mount runs").success(), "the file system can be made larger");
    }

    /// Frees the space that [`Self::fill`] used.
    pub(crate) fn clear(&self) {
        fs::remove_file(self.filler()).expect("the disk was filled");
    }

    fn filler(&self) -> PathBuf {
        self.path.join("filler")
    }
}
