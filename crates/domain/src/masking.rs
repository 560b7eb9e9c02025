//! Error texts without secrets: addresses of people and logins in URLs may appear in no log and no response.

/// The longest text that is kept, in characters.
const LENGTH_MAX: usize = 300;

/// Returns the text as one line of at most 300 characters. Each address and each login of a URL is replaced by `***`:
/// `***@example.com`, `postgres://***@db/releasepage`.
///
/// Everything before an `@` in the same word is removed, so that the spelling of an address does not matter.
pub fn text_masked(text: &str) -> String {
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<String> = visible.split_whitespace().map(word_masked).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LENGTH_MAX) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

fn word_masked(word: &str) -> String {
    let Some((before, after)) = word.rsplit_once('@') else { return word.to_owned() };
    // An opening mark or a scheme before an address is not part of it, and is kept.
    let opening = before.find(|c: char| !"<([\"'`".contains(c)).unwrap_or(before.len());
    let scheme = before.find("://").filter(|&at| !before[..at].contains('@')).map(|at| at + "://".len());
    format!("{}***@{after}", &before[..scheme.unwrap_or(opening)])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_is_meant_is_not_said() {
        for (text, masked) in [
            ("", ""),
            ("no such table: jobs", "no such table: jobs"),
            ("550 5.1.1 <reader@example.com>: unknown", "550 5.1.1 <***@example.com>: unknown"),
            ("user:reader@example.com.", "***@example.com."),
            ("\"odd name\"@example.com", "\"odd ***@example.com"),
            ("cannot reach postgres://app:p@ss,word@db:5432/x", "cannot reach postgres://***@db:5432/x"),
            ("a\r\nb\0c", "a b c"),
            ("@", "***@"),
        ] {
            assert_eq!(text_masked(text), masked, "{text:?}");
        }
        assert_eq!(text_masked(&"é".repeat(400)).chars().count(), 301);
    }

    proptest! {
        #[test]
        fn no_local_part_is_left(before in ".{0,20}", local in "[a-z0-9._+-]{6,20}", after in ".{0,20}") {
            let masked = text_masked(&format!("{before}{local}@example.com{after}"));
            prop_assert!(!masked.contains(&local));
        }

        #[test]
        fn what_is_masked_is_one_line(text in any::<String>()) {
            prop_assert!(!text_masked(&text).chars().any(char::is_control));
        }
    }
}
