//! The header `Link` (RFC 8288), which names the next page.

/// The target of the link with the relation `next`.
pub(super) fn next_target(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        let (mut parameters, others) = cut(after, ',');
        while !parameters.is_empty() {
            let (parameter, more) = cut(parameters, ';');
            if is_next(parameter) {
                return Some(target);
            }
            parameters = more;
        }
        rest = others;
    }
    None
}

/// True if a parameter gives the relation `next`, alone or among others.
fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
    name.trim().eq_ignore_ascii_case("rel") && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
}

/// The text before and after the first separator outside of quotes. Without a separator, the second part is empty.
fn cut(text: &str, separator: char) -> (&str, &str) {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let end = text.find(|character| {
        let is_end = character == separator && !is_quoted;
        is_quoted ^= character == '"' && !is_escaped;
        is_escaped = is_quoted && character == '\\' && !is_escaped;
        is_end
    });
    end.map_or((text, ""), |end| (&text[..end], &text[end + separator.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_next_page_is_found() {
        for (header, target) in [
            ("", None),
            ("<https://a.example/?page=2>; rel=\"next\", <https://a.example/?page=9>; rel=\"last\"", Some("?page=2")),
            ("<https://a.example/?page=1>; rel=\"first\", <https://a.example/?page=2>; rel=\"next\"", Some("?page=2")),
            ("<https://a.example/?page=1>;rel=\"prev\",<https://a.example/?page=2>;rel=\"next\"", Some("?page=2")),
            ("<https://a.example/?page=2>; rel=next", Some("?page=2")),
            ("<https://a.example/?page=2>; REL = \"last NEXT\"", Some("?page=2")),
            ("<https://a.example/?page=2>; title=\"a, b; \\\"c\\\"\"; rel=\"next\"", Some("?page=2")),
            ("<https://a.example/?a=1,2;3&page=2>; rel=\"next\"", Some("?a=1,2;3&page=2")),
            ("<https://a.example/?page=1>; rel=\"first\"", None),
            ("<https://a.example/?page=1>; title=\"rel=next; rel=next\"", None),
            ("<https://a.example/?page=1>; rel=\"nextish\"", None),
            ("https://a.example/?page=2; rel=\"next\"", None),
            ("<https://a.example/?page=2", None),
            ("<https://a.example/?page=2>", None),
        ] {
            let found = next_target(header).and_then(|target| target.strip_prefix("https://a.example/"));
            assert_eq!(found, target, "{header}");
        }
    }

    proptest! {
        #[test]
        fn nothing_stops_it(header in "[<>;,=\"\\\\a-z é]{0,60}") {
            next_target(&header);
        }
    }
}
