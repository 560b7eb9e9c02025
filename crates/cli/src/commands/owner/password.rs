//! Passwords from standard input. They are never arguments, which every user of the machine can read.

use std::io::{IsTerminal as _, Read as _};

use releasepage_auth::password::password_check;
use secrecy::SecretString;

use crate::failure::Failure;

/// Reads the password, which is the first line of standard input. `None` for a terminal or an empty line.
pub(super) fn password_read() -> Result<Option<SecretString>, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    stdin
        .take(8 * 1024)
        .read_to_string(&mut text)
        .map_err(Failure::io("the password cannot be read from standard input"))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Ok(None);
    }
    let password = SecretString::from(line);
    password_check(&password).map_err(|error| Failure::Said(error.to_string()))?;
    Ok(Some(password))
}
