//! Finding a name that nobody has yet.

use crate::QueryResult;

/// The first of `base`, `base-2`, `base-3`… that is not taken, cut so that it has at most `length_max` characters.
/// `base` is ASCII. The caller holds the scope in which the name is unique.
pub(crate) fn name_first_free(
    base: &str,
    length_max: usize,
    mut is_taken: impl FnMut(&str) -> QueryResult<bool>,
) -> QueryResult<String> {
    let mut name: String = base.chars().take(length_max).collect();
    let mut number = 1_u64;
    while is_taken(&name)? {
        number += 1;
        let suffix = format!("-{number}");
        let kept: String = base.chars().take(length_max.saturating_sub(suffix.len())).collect();
        name = format!("{}{suffix}", kept.trim_end_matches('-'));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_free_name_wins() {
        for (base, taken, free) in [
            ("acme", &[][..], "acme"),
            ("acme", &["acme"], "acme-2"),
            ("acme", &["acme", "acme-2", "acme-4"], "acme-3"),
            ("abcdefgh", &["abcdefgh"], "abcdef-2"),
            ("abcde-gh", &["abcde-gh"], "abcde-2"),
        ] {
            let name = name_first_free(base, 8, |name| Ok(taken.contains(&name))).unwrap();
            assert_eq!(name, free, "{base} {taken:?}");
        }
    }
}
