//! The last changes to HTML that is already safe.

/// The document that HTML is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Medium {
    /// A page. Its style sheet sets the sizes.
    Page,
    /// An email. Some programs drop its style sheet, and would show a small heading smaller than the text.
    Mail,
}

/// The style of a heading in an email, beside text of 16 pixels.
const HEADING_STYLE: &str = "margin:24px 0 8px;font-size:17px;line-height:25px;";

/// Adds keyboard access to what scrolls, as a region with a name. Gives headings of an email their size. Removes links
/// without an address.
///
/// The HTML must be serialized. Then `<` and `>` occur only in tags, so no parser is needed to find the tags.
pub(crate) fn finish(html: &str, medium: Medium) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    // One value for each open `a`: true if the link is kept.
    let mut links: Vec<bool> = Vec::new();
    let mut rest = html;
    while let Some((text, tagged)) = rest.split_once('<') {
        out.push_str(text);
        let (tag, behind) = tagged.split_once('>').unwrap_or((tagged, ""));
        rest = behind;
        let name = tag.split([' ', '\n']).next().unwrap_or(tag);
        match name {
            "a" => {
                let leads = tag.contains(" href=\"");
                links.push(leads);
                if leads {
                    tag_push(&mut out, tag);
                }
            }
            "/a" if links.pop() == Some(false) => {}
            "pre" => {
                out.push_str("<pre tabindex=\"0\" role=\"region\" aria-label=\"Code\"");
                out.push_str(&tag[name.len()..]);
                out.push('>');
            }
            "h3" | "h4" | "h5" | "h6" if medium == Medium::Mail => {
                out.push_str(&format!("<{name} style=\"{HEADING_STYLE}\"{}>", &tag[name.len()..]));
            }
            "table" => {
                // The region goes around the table, because a table with the role of a region is no longer a table.
                out.push_str("<div tabindex=\"0\" role=\"region\" aria-label=\"Table\">");
                tag_push(&mut out, tag);
            }
            "/table" => out.push_str("</table></div>"),
            _ => tag_push(&mut out, tag),
        }
    }
    out.push_str(rest);
    out
}

fn tag_push(out: &mut String, tag: &str) {
    out.push('<');
    out.push_str(tag);
    out.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished() {
        for (html, expected) in [
            ("a &lt; b", "a &lt; b"),
            ("<p><a rel=\"x\">y</a> <a href=\"z\">w</a></p>", "<p>y <a href=\"z\">w</a></p>"),
            ("<pre dir=\"rtl\">a</pre>", "<pre tabindex=\"0\" role=\"region\" aria-label=\"Code\" dir=\"rtl\">a</pre>"),
            ("<a rel=\"x\"><a href=\"z\">w</a>y</a>", "<a href=\"z\">w</a>y"),
        ] {
            assert_eq!(finish(html, Medium::Page), expected, "{html}");
        }
        let table = finish("<table><tbody><tr><td>a</td></tr></tbody></table>", Medium::Page);
        assert!(table.starts_with("<div tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>"), "{table}");
        assert!(table.ends_with("</table></div>"), "{table}");
    }
}
