//! Lists of names with meanings, such as `Member:subscribed,"Notes, old":-`.

/// Reads a list of pairs. A name may stand in quotation marks, so that it can have commas and colons; two marks in it
/// mean one. `None` for a text that is not such a list.
pub(super) fn pairs_read(text: &str) -> Option<Vec<(String, &str)>> {
    let mut pairs = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (name, behind) = name_read(text)?;
        let (meaning, next) = behind.split_once(',').map_or((behind, None), |(meaning, next)| (meaning, Some(next)));
        pairs.push((name, meaning.trim()));
        rest = next;
    }
    Some(pairs)
}

/// Returns the first name of a list and what follows its colon.
fn name_read(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.trim_start().strip_prefix('"') else {
        let pair = text.split(',').next().unwrap_or(text);
        let colon = pair.rfind(':')?;
        return Some((text[..colon].to_owned(), &text[colon + 1..]));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let (part, behind) = rest.split_once('"')?;
        name.push_str(part);
        match behind.strip_prefix('"') {
            Some(behind) => {
                name.push('"');
                rest = behind;
            }
            None => return Some((name, behind.trim_start().strip_prefix(':')?)),
        }
    }
}

/// Returns a name as a list must have it.
pub(super) fn name_written(name: &str) -> String {
    let must_be_quoted = name.contains([',', ':']) || name.trim_start().starts_with('"');
    if must_be_quoted { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        for (text, expected) in [
            ("Member:subscribed", &[("Member", "subscribed")][..]),
            ("a:b, c : d ", &[("a", "b"), (" c ", "d")]),
            ("Opted out: all:-", &[("Opted out: all", "-")]),
            (r#""A, b:c":unsubscribed"#, &[("A, b:c", "unsubscribed")]),
            (r#"x:-, "A, ""b""" : state,y:-"#, &[("x", "-"), (r#"A, "b""#, "state"), ("y", "-")]),
            (r#"Say "hi":-"#, &[(r#"Say "hi""#, "-")]),
        ] {
            let expected: Vec<(String, &str)> =
                expected.iter().map(|(name, meaning)| ((*name).to_owned(), *meaning)).collect();
            assert_eq!(pairs_read(text), Some(expected), "{text}");
        }
        for bad in ["", "a", "a,b:c", "a:b,", r#""a:b"#, r#""a"b:c"#, r#""a""#] {
            assert_eq!(pairs_read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_written_name_reads_back() {
        for name in ["Member", "A, b:c", "\"", "say \"hi\"", "\"a\", b", "a:b", "a \"b:c\""] {
            let list = format!("{}:-", name_written(name));
            assert_eq!(pairs_read(&list), Some(vec![(name.to_owned(), "-")]), "{name}");
        }
    }
}
