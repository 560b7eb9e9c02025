//! A link definition, read from its line.

/// The longest label (CommonMark, link reference definitions), in characters.
const LABEL_MAX: usize = 999;

/// A definition `[label]: address` or `[^label]: footnote`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Definition<'a> {
    /// The label in the form for comparisons.
    pub(super) label: String,
    /// The definition unchanged from the text.
    pub(super) text: &'a str,
}

/// Reads a line as a definition. Returns `None` for any other line.
pub(super) fn definition_read(line: &str) -> Option<Definition<'_>> {
    let (label, rest) = line.strip_prefix('[')?.split_once("]:")?;
    let rest = rest.trim();
    if label.contains(['[', ']']) || rest.is_empty() {
        return None;
    }
    let is_footnote = label.starts_with('^');
    let (_address, behind) = match rest.strip_prefix('<') {
        Some(inside) => inside.split_once('>')?,
        None => rest.split_once([' ', '\t']).unwrap_or((rest, "")),
    };
    let is_address = behind.trim().is_empty() || behind.trim_start().starts_with(['"', '\'', '(']);
    let label = label_fold(label)?;
    (is_footnote || is_address).then_some(Definition { label, text: line })
}

/// The form of a label for comparisons: in lower case, with single blanks. `None` if the text cannot be a label.
pub(super) fn label_fold(label: &str) -> Option<String> {
    if label.chars().count() > LABEL_MAX {
        return None;
    }
    let words: Vec<&str> = label.split_whitespace().collect();
    Some(words.join(" ").to_lowercase()).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions() {
        for (line, label) in [
            ("[0.2.0]: https://example.com/a", Some("0.2.0")),
            ("[ Foo\tBar ]:<a b> 'title'", Some("foo bar")),
            ("[a]: /b \"c\"", Some("a")),
            ("[^1]: a footnote of words", Some("^1")),
            ("[1.0.0]: the first release", None),
            ("[a]:", None),
            ("[]: /b", None),
            ("[a[b]]: /c", None),
            ("[a] : /c", None),
            ("[a]: <b", None),
        ] {
            assert_eq!(definition_read(line).map(|definition| definition.label).as_deref(), label, "{line}");
        }
    }
}
