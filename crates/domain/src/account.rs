//! Organizations and their members.

use serde::{Deserialize, Serialize};

use crate::{fault::Fault, text::line_is_clean};

/// A member's role in an organization. It decides what the member may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do everything, and other members cannot remove an owner.
    Owner,
    /// May do everything.
    Admin,
    /// May change pages, releases, subscribers and keys.
    Editor,
    /// May only read.
    Viewer,
}

crate::text::named! {
    Role {
        Owner => "owner",
        Admin => "admin",
        Editor => "editor",
        Viewer => "viewer",
    }
}

/// Checks a display name: one line of 1 to 100 characters that are not all blank. Blanks around it are removed.
pub fn name_check(field: &str, name: &str) -> Result<String, Fault> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 || !line_is_clean(name) {
        return Err(Fault::invalid(field, "must be one line of 1 to 100 characters"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_lines() {
        let longest = "é".repeat(100);
        for (given, name) in [("Acme", "Acme"), ("  Acme – App ", "Acme – App"), (&*longest, &*longest)] {
            assert_eq!(name_check("name", given).as_deref(), Ok(name), "{given:?}");
        }
        for bad in ["", " ", "a\nb", "a\r\nBcc: b", "a\0", "a\u{2028}b", &"é".repeat(101)] {
            assert!(name_check("name", bad).is_err(), "{bad:?}");
        }
    }
}
