//! Link definitions. A changelog often puts them at its end, for all its sections.

use std::collections::{HashMap, HashSet};

use super::lines::{Line, LineKind};

/// The longest label (CommonMark, link reference definitions), in characters.
const LABEL_MAX: usize = 999;

/// A definition `[label]: address` or `[^label]: footnote`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Definition<'a> {
    /// The label in the form for comparisons.
    label: String,
    /// The definition unchanged from the text.
    text: &'a str,
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
fn label_fold(label: &str) -> Option<String> {
    if label.chars().count() > LABEL_MAX {
        return None;
    }
    let words: Vec<&str> = label.split_whitespace().collect();
    Some(words.join(" ").to_lowercase()).filter(|label| !label.is_empty())
}

/// The definitions of a whole text.
#[derive(Debug)]
pub(super) struct Definitions<'a>(HashMap<String, &'a str>);

impl<'a> Definitions<'a> {
    /// Collects the definitions of some lines. The first definition of a label counts.
    pub(super) fn of(lines: &[Line<'a>]) -> Self {
        let mut all = HashMap::new();
        for line in lines {
            if let LineKind::Definition(definition) = &line.kind {
                all.entry(definition.label.clone()).or_insert(definition.text);
            }
        }
        Self(all)
    }

    /// The definitions that `body` needs but does not hold, in the order of use. `kept` are the lines of `body`, and
    /// `section` the lines of its section. A definition of the section goes before one from the rest of the text.
    pub(super) fn missing(&self, body: &str, kept: &[Line<'a>], section: &[Line<'a>]) -> Vec<&'a str> {
        let (kept, own) = (Self::of(kept), Self::of(section));
        let mut seen = HashSet::new();
        let used =
            labels_used(body).into_iter().filter(|label| !kept.0.contains_key(label) && seen.insert(label.clone()));
        used.filter_map(|label| own.0.get(&label).or_else(|| self.0.get(&label)).copied()).collect()
    }
}

/// The labels of all texts in brackets that may be references, in the form for comparisons.
fn labels_used(body: &str) -> Vec<String> {
    let mut labels = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut is_escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => open.push(at + 1),
            ']' => {
                let Some(start) = open.pop() else { continue };
                let label = &body[start..at];
                // A text before an address is a link of its own and needs no definition.
                if !label.contains(['[', ']']) && !body[at + 1..].starts_with('(') {
                    labels.extend(label_fold(label));
                }
            }
            _ => {}
        }
    }
    labels
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

    #[test]
    fn references() {
        for (body, labels) in [
            ("[a][b] and [`C`][]", vec!["a", "b", "`c`"]),
            ("[a](/b) \\[c] [d\ne]", vec!["d e"]),
            ("[![a][b]][c]", vec!["a", "b", "c"]),
            ("] [ [x", vec![]),
        ] {
            let mut found = labels_used(body);
            found.retain(|label| !label.is_empty());
            assert_eq!(found, labels, "{body}");
        }
    }
}
