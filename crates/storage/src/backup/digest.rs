//! The digest at the end of a back-up, by which it is known whether its content is still what was backed up.
//!
//! The structure of a database says nothing of the values in it, so every byte is covered: the last line of the file is
//! the SHA-256 of all bytes before it. SQLite knows from its header where a database ends, and does not look at that
//! line.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek as _, SeekFrom, Write},
    path::Path,
};

use sha2::{Digest as _, Sha256};

/// The beginning of the digest's line.
const MARK: &[u8] = b"\nreleasepage backup, sha256 of all before this line: ";

/// The length of the line in bytes: the mark, 64 hexadecimal digits, and its end.
const LINE: usize = MARK.len() + 64 + 1;

/// The number of bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// The relation of a file's content to the digest at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// It is what the digest was made of.
    Whole,
    /// It is not.
    Altered,
    /// There is no digest at the end.
    Undigested,
}

/// Appends its digest to a file that is complete.
pub(crate) fn digest_append(file: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).open(file)?;
    let line = line(&copy(&mut file, &mut io::sink())?);
    file.write_all(&line)
}

/// Copies the content of a file, without the digest at its end, and says whether that is the digest of what was copied.
/// Copies nothing if there is no digest.
pub(crate) fn content_copy(file: &Path, into: &mut impl Write) -> io::Result<Content> {
    let mut file = File::open(file)?;
    let Some(length) = file.metadata()?.len().checked_sub(LINE as u64) else { return Ok(Content::Undigested) };
    let mut told = [0; LINE];
    file.seek(SeekFrom::Start(length))?;
    file.read_exact(&mut told)?;
    if !told.starts_with(MARK) {
        return Ok(Content::Undigested);
    }
    file.rewind()?;
    let digest = copy(&mut file.take(length), into)?;
    Ok(if told == *line(&digest) { Content::Whole } else { Content::Altered })
}

/// Tells whether the content of a file is what was backed up.
pub(crate) fn content_check(file: &Path) -> io::Result<Content> {
    content_copy(file, &mut io::sink())
}

/// Copies to the end. Answers the SHA-256 in lower-case hexadecimal digits.
fn copy(from: &mut impl Read, into: &mut impl Write) -> io::Result<String> {
    let mut sha256 = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        sha256.update(&chunk[..read]);
        into.write_all(&chunk[..read])?;
    }
    Ok(sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The line that stands at the end.
fn line(digest: &str) -> Vec<u8> {
    [MARK, digest.as_bytes(), b"\n"].concat()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A file with its digest, longer than a chunk.
    fn digested() -> (tempfile::TempDir, Vec<u8>) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "0123456789".repeat(CHUNK / 5)).unwrap();
        digest_append(&file).unwrap();
        let bytes = fs::read(&file).unwrap();
        (directory, bytes)
    }

    fn content_of(directory: &tempfile::TempDir, bytes: &[u8]) -> Content {
        let file = directory.path().join("other");
        fs::write(&file, bytes).unwrap();
        content_check(&file).unwrap()
    }

    #[test]
    fn content_is_copied_without_its_digest() {
        let (directory, bytes) = digested();
        let mut copied = Vec::new();
        assert_eq!(content_copy(&directory.path().join("file"), &mut copied).unwrap(), Content::Whole);
        assert_eq!(copied, bytes[..bytes.len() - LINE]);
        // The digest is one that other programs make too.
        let empty = directory.path().join("empty");
        fs::write(&empty, "").unwrap();
        digest_append(&empty).unwrap();
        let told = fs::read_to_string(&empty).unwrap();
        assert!(told.ends_with(" e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"), "{told}");
        assert_eq!(content_check(&empty).unwrap(), Content::Whole);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (directory, bytes) = digested();
        let end = bytes.len();
        for position in [0, 1, CHUNK - 1, CHUNK, end - LINE - 1, end - LINE, end - LINE + MARK.len(), end - 2, end - 1]
        {
            let mut altered = bytes.clone();
            altered[position] ^= 1;
            let expected = if (end - LINE..end - LINE + MARK.len()).contains(&position) {
                Content::Undigested
            } else {
                Content::Altered
            };
            assert_eq!(content_of(&directory, &altered), expected, "{position} of {end}");
        }
    }

    #[test]
    fn what_was_cut_or_added_is_noticed() {
        let (directory, bytes) = digested();
        let end = bytes.len();
        for length in [0, 1, LINE - 1, LINE, end - LINE, end - 1] {
            assert_eq!(content_of(&directory, &bytes[..length]), Content::Undigested, "{length} of {end}");
        }
        assert_eq!(content_of(&directory, &[&bytes[..], b"\n"].concat()), Content::Undigested);
        assert_eq!(content_of(&directory, &[b"x", &bytes[..]].concat()), Content::Altered);
        assert_eq!(content_of(&directory, &bytes[1..]), Content::Altered);
    }
}
