//! Conflicts: reasons why a change cannot be made as things stand.

/// A change that cannot be made as things stand. The sentence says why and, where something can be done about it, what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict(pub &'static str);

/// Checks that an edit was made on what is stored. An edit that names no revision applies to whatever is there.
pub fn revision_check(current: i64, named: Option<i64>) -> Result<(), Conflict> {
    match named {
        Some(named) if named != current => {
            Err(Conflict("it was changed in the meantime: read it again and repeat the edit"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_names_the_current_revision_or_none() {
        for (named, is_good) in [(None, true), (Some(7), true), (Some(6), false), (Some(8), false)] {
            assert_eq!(revision_check(7, named).is_ok(), is_good, "{named:?}");
        }
    }
}
