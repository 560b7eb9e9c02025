//! Notes as they were written, without rendering their Markdown.

use crate::source::char_is_kept;

/// Returns the notes without control characters. Lines end in `\n`.
pub(crate) fn plain_source(markdown: &str) -> String {
    let mut plain = String::with_capacity(markdown.len());
    for line in markdown.split(['\n', '\u{2028}', '\u{2029}']) {
        plain.extend(line.chars().filter(|&c| char_is_kept(c)));
        plain.push('\n');
    }
    plain
}

/// Returns the notes as one block of HTML that keeps their line breaks.
pub(crate) fn plain_html(markdown: &str) -> String {
    let source = plain_source(markdown);
    let mut html = String::with_capacity(source.len() + source.len() / 8);
    html.push_str("<pre class=\"plain\" tabindex=\"0\" role=\"region\" aria-label=\"Notes as they were written\">");
    for c in source.trim_end().chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
    html.push_str("</pre>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_control_characters_is_left_out() {
        assert_eq!(plain_source("a\r\n\tb\u{7}\u{2028}c"), "a\n\tb\nc\n");
        let html = plain_html("<script>\"a\" & b</script>\n- c\n\n");
        assert!(html.ends_with(">&lt;script&gt;&quot;a&quot; &amp; b&lt;/script&gt;\n- c</pre>\n"), "{html}");
    }
}
