//! The link definitions of a whole changelog. They often stand at its end, for all its sections.

use std::collections::{HashMap, HashSet};

use super::{
    definition::label_fold,
    line::{Line, LineKind},
};

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
