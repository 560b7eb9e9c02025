//! Captured messages, parsed in the way of an email program.

/// Returns the header fields of a message in their order: unfolded (RFC 5322, section 2.2.3), but not decoded.
pub fn message_headers(source: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in source.lines().take_while(|line| !line.is_empty()) {
        match (line.strip_prefix([' ', '\t']), fields.last_mut()) {
            (Some(folded), Some((_, value))) => {
                value.push(' ');
                value.push_str(folded.trim());
            }
            _ => {
                if let Some((name, value)) = line.split_once(':') {
                    fields.push((name.to_owned(), value.trim().to_owned()));
                }
            }
        }
    }
    for (_, value) in &mut fields {
        *value = value.trim_start().to_owned();
    }
    fields
}

/// Returns the `http` and `https` addresses in the text of a message, in their order and without repetition. Our
/// messages put each address on its own line, so punctuation never follows one.
pub fn message_links(text: &str) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')'));
    for word in words.filter(|word| word.starts_with("http://") || word.starts_with("https://")) {
        if !links.iter().any(|link| link == word) {
            links.push(word.to_owned());
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_unfolded_until_the_body() {
        let source = "From: A <a@b.c>\r\nList-Unsubscribe:\r\n <https://x.example/u>,\r\n\t<mailto:y@x.example>\r\n\r\nNot: a header\r\n";
        let expected = [("From", "A <a@b.c>"), ("List-Unsubscribe", "<https://x.example/u>, <mailto:y@x.example>")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(message_headers(source), expected);
        assert!(message_headers("").is_empty());
    }

    #[test]
    fn links_are_found_once() {
        let text = "Confirm:\nhttps://r.example/confirm/a.b\n\n(http://r.example/p/acme) mailto:a@b.c httpsomething\n<https://r.example/confirm/a.b>";
        assert_eq!(message_links(text), ["https://r.example/confirm/a.b", "http://r.example/p/acme"]);
    }
}
