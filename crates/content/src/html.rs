//! Notes as HTML that is safe in our documents.

use comrak::nodes::{NodeLink, NodeList, NodeValue};
use comrak::{Arena, Node, format_html};
use url::Url;

use crate::budget::{HTML_BYTES, OverBudget};
use crate::finish::{Medium, finish};
use crate::links::is_relative;
use crate::plain::plain_html;
use crate::raw_html::Balance;
use crate::remote_images::RemoteImages;
use crate::sanitizer::sanitize;
use crate::tree::{node_new, options, text_flat, tree_parse};

/// The number of levels by which a heading is demoted. A `#` in notes then does not compete with the title of the
/// document (`h1`) or of the release (`h2`).
const HEADING_DEMOTION: u8 = 2;

/// Renders notes, GitHub-flavoured Markdown, as sanitized HTML.
///
/// - Links go only to `http`, `https` and `mailto` addresses and have `rel="nofollow noopener noreferrer"`.
/// - Headings begin at `h3`.
/// - There are no ids, classes, styles, scripts, frames or form controls. Task lists show ☑ and ☐.
/// - Plain markup in HTML (`details`, `kbd`, `sub` …) is kept. An unknown tag is shown as text.
/// - Content deeper than 48 levels is shown as plain text.
/// - Code and tables can be focused and are regions with names, so that people can scroll them by keyboard.
/// - Relative addresses are resolved against `files`, the URL at which the forge shows the repository's files. It ends
///   in `/`. Without `files`, such links become text. A relative image becomes a link.
/// - Notes that exceed the budget are shown as they were written, in one block of text. They have more than 256 KiB, or
///   markup that expands too much.
pub fn notes_html(markdown: &str, images: RemoteImages, files: Option<&Url>) -> String {
    html_render(markdown, Medium::Page, images, files).unwrap_or_else(|OverBudget| plain_html(markdown))
}

/// Renders notes like [`notes_html`], for an email. Images become links. Headings have their size inline, because some
/// programs drop the style sheet of an email.
pub fn notes_mail_html(markdown: &str, files: Option<&Url>) -> String {
    let html = html_render(markdown, Medium::Mail, RemoteImages::Refused, files);
    html.unwrap_or_else(|OverBudget| plain_html(markdown))
}

fn html_render(
    markdown: &str,
    medium: Medium,
    images: RemoteImages,
    files: Option<&Url>,
) -> Result<String, OverBudget> {
    let arena = Arena::new();
    let root = tree_parse(&arena, markdown)?;
    let mut rewriter = Rewriter { arena: &arena, images };
    rewriter.children_rewrite(root, 0, false);
    let mut html = String::with_capacity(markdown.len() * 2);
    format_html(root, &options(), &mut html).expect("writing to a String cannot fail");
    if html.len() > HTML_BYTES {
        return Err(OverBudget);
    }
    Ok(finish(&sanitize(&html, images, files), medium))
}

/// Turns the tree of the notes into the tree of the HTML.
struct Rewriter<'a> {
    arena: &'a Arena<'a>,
    images: RemoteImages,
}

impl<'a> Rewriter<'a> {
    /// Rewrites all nodes under a parent. The recursion is only as deep as the tree, which is bounded.
    fn children_rewrite(&mut self, parent: Node<'a>, depth: usize, in_link: bool) {
        let mut balance = Balance::new(depth, self.images);
        for node in parent.children().collect::<Vec<_>>() {
            let is_link = matches!(node.data().value, NodeValue::Link(_));
            self.children_rewrite(node, depth + 1, in_link || is_link);
            self.node_rewrite(node, &mut balance, in_link);
        }
        if let Some(closing) = balance.finish() {
            parent.append(node_new(self.arena, NodeValue::Raw(closing)));
        }
    }

    fn node_rewrite(&self, node: Node<'a>, balance: &mut Balance, in_link: bool) {
        let mut data = node.data_mut();
        match &mut data.value {
            NodeValue::Heading(heading) => {
                heading.level = (heading.level + HEADING_DEMOTION).min(6);
            }
            NodeValue::HtmlBlock(block) => {
                let html = balance.rewrite(&block.literal);
                data.value = NodeValue::Raw(html);
            }
            NodeValue::HtmlInline(literal) => {
                let html = balance.rewrite(literal);
                data.value = NodeValue::Raw(html);
            }
            NodeValue::TaskItem(task) => {
                let mark = if task.symbol.is_some() { "☑ " } else { "☐ " };
                data.value = NodeValue::Item(NodeList::default());
                drop(data);
                self.item_mark(node, mark);
            }
            NodeValue::Image(image) if self.images == RemoteImages::Refused || is_relative(&image.url) => {
                let link = std::mem::take(image);
                drop(data);
                self.image_replace(node, link, in_link);
            }
            _ => {}
        }
    }

    /// Puts a task's mark before the text of its item.
    fn item_mark(&self, item: Node<'a>, mark: &'static str) {
        let home = item.first_child().filter(|child| child.data().value.contains_inlines()).unwrap_or_else(|| {
            let paragraph = node_new(self.arena, NodeValue::Paragraph);
            item.prepend(paragraph);
            paragraph
        });
        home.prepend(node_new(self.arena, NodeValue::Text(mark.into())));
    }

    /// Replaces an image with a link to it. Inside another link, its alternative text replaces it.
    fn image_replace(&self, image: Node<'a>, link: Box<NodeLink>, in_link: bool) {
        if text_flat(image).trim().is_empty() {
            image.append(node_new(self.arena, NodeValue::Text("image".into())));
        }
        if in_link {
            for child in image.children().collect::<Vec<_>>() {
                image.insert_before(child);
            }
            image.detach();
        } else {
            image.data_mut().value = NodeValue::Link(link);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(markdown: &str) -> String {
        notes_html(markdown, RemoteImages::Refused, None).trim_end().to_owned()
    }

    const REL: &str = "rel=\"nofollow noopener noreferrer\"";

    #[test]
    fn markdown_becomes_html() {
        for (markdown, expected) in [
            ("# New\n\n*a* **b** ~~c~~ `d`", "<h3>New</h3>\n<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>".to_owned()),
            ("##### Deep", "<h6>Deep</h6>".to_owned()),
            ("[x](https://e.com/a?b&c)", format!("<p><a href=\"https://e.com/a?b&amp;c\" {REL}>x</a></p>")),
            ("see https://e.com/x.", format!("<p>see <a href=\"https://e.com/x\" {REL}>https://e.com/x</a>.</p>")),
            ("| a | b |\n|---|--:|\n| 1 | 2 |", "<div tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\n<thead>\n<tr>\n<th>a</th>\n<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td align=\"right\">2</td>\n</tr>\n</tbody>\n</table></div>".to_owned()),
            ("- [x] done\n- [ ] open", "<ul>\n<li>☑ done</li>\n<li>☐ open</li>\n</ul>".to_owned()),
            ("<details>\n<summary>More</summary>\n\n**b**\n\n</details>", "<details>\n<summary>More</summary>\n<p><strong>b</strong></p>\n</details>".to_owned()),
            ("press <kbd>x</kbd>, Vec<String>", "<p>press <kbd>x</kbd>, Vec&lt;String&gt;</p>".to_owned()),
        ] {
            assert_eq!(refused(markdown), expected, "{markdown}");
        }
    }

    #[test]
    fn headings_of_an_email_have_their_size() {
        let notes = "# A\n\n#### B\n\n<h2 dir=\"rtl\" style=\"font-size:1px\">C</h2>\n\nD\n\n![E](https://e.com/e.png)";
        let style = "style=\"margin:24px 0 8px;font-size:17px;line-height:25px;\"";
        let html = notes_mail_html(notes, None);
        for heading in [format!("<h3 {style}>A"), format!("<h6 {style}>B"), format!("<h4 {style} dir=\"rtl\">C")] {
            assert!(html.contains(&heading), "{heading} in {html}");
        }
        assert!(!html.contains("<img") && !html.contains("1px"), "{html}");
        assert!(!refused(notes).contains("style"));
    }

    #[test]
    fn hostile_markup_is_disarmed() {
        for (markdown, expected) in [
            ("[x](javascript:alert(1))", "<p>x</p>".to_owned()),
            ("<a href='JaVaScRiPt:alert(1)' onclick='x()' id=a class=b style='c:d'>x</a>", "<p>x</p>".to_owned()),
            ("<a href=\"data:text/html,x\">x</a>", "<p>x</p>".to_owned()),
            ("[x](/admin)", "<p>x</p>".to_owned()),
            ("a<script>alert(1)</script>", "<p>a&lt;script&gt;alert(1)&lt;/script&gt;</p>".to_owned()),
            ("<iframe src=https://e.com></iframe>", "&lt;iframe src=https://e.com&gt;&lt;/iframe&gt;".to_owned()),
            ("<svg/onload=alert(1)>", "<p>&lt;svg/onload=alert(1)&gt;</p>".to_owned()),
            ("<h1 id=top>x", "<h3>x\n</h3>".to_owned()),
        ] {
            assert_eq!(refused(markdown), expected, "{markdown}");
        }
    }

    #[test]
    fn remote_images_are_links_unless_allowed() {
        let image = "![A cat](https://e.com/cat.png)";
        assert_eq!(refused(image), format!("<p><a href=\"https://e.com/cat.png\" {REL}>A cat</a></p>"));
        assert_eq!(
            refused(&format!("[{image}](https://e.com/) ![](https://e.com/b.png)")),
            format!(
                "<p><a href=\"https://e.com/\" {REL}>A cat</a> <a href=\"https://e.com/b.png\" {REL}>image</a></p>"
            )
        );
        let allowed = notes_html(image, RemoteImages::Allowed, None);
        for part in ["<img", "src=\"https://e.com/cat.png\"", "alt=\"A cat\"", "loading=\"lazy\"", "no-referrer"] {
            assert!(allowed.contains(part), "{part} in {allowed}");
        }
        let scripted = notes_html("<img src='javascript:x' onerror=y alt=z>", RemoteImages::Allowed, None);
        assert!(!scripted.contains("javascript") && !scripted.contains("onerror"), "{scripted}");
    }

    #[test]
    fn addresses_in_the_repository_lead_to_its_forge() {
        let files = Url::parse("https://github.com/acme/api/blob/v1.2.0/").expect("a URL");
        let link = |path: &str, text: &str| {
            format!("<p><a href=\"https://github.com/acme/api/blob/v1.2.0/{path}\" {REL}>{text}</a></p>")
        };
        for (markdown, linked, plain) in [
            ("[a](docs/a.md)", link("docs/a.md", "a"), "a"),
            ("<a href=\"/docs/a.md\">a</a>", link("docs/a.md", "a"), "a"),
            ("![a](img/a.png)", link("img/a.png", "a"), "a"),
            ("[a](#here)", "<p>a</p>".to_owned(), "a"),
        ] {
            let plain = format!("<p>{plain}</p>");
            assert_eq!(notes_html(markdown, RemoteImages::Refused, Some(&files)).trim_end(), linked, "{markdown}");
            assert_eq!(notes_html(markdown, RemoteImages::Allowed, Some(&files)).trim_end(), linked, "{markdown}");
            assert_eq!(notes_html(markdown, RemoteImages::Refused, None).trim_end(), plain, "{markdown}");
        }
        for images in [RemoteImages::Refused, RemoteImages::Allowed] {
            let html = notes_html("<img src=img/a.png alt=a>", images, Some(&files));
            assert_eq!(html.trim_end(), "a", "{images:?}");
        }
    }

    #[test]
    fn code_can_be_focused() {
        let expected = "<pre tabindex=\"0\" role=\"region\" aria-label=\"Code\"><code>a\n</code></pre>";
        assert_eq!(refused("```rust\na\n```"), expected);
        assert_eq!(refused("    a"), expected);
    }

    #[test]
    fn what_is_too_much_is_shown_as_it_was_written() {
        for markdown in [
            "- a *b*\n".repeat(40_000),
            "a\n".repeat(110_000),
            "<http://a".repeat(5_000),
            format!("{}\n{}\n{}", "|a".repeat(1_000), "|-".repeat(1_000), "a\n".repeat(1_000)),
        ] {
            let html = refused(&markdown);
            assert!(html.starts_with("<pre class=\"plain\" "), "{}", &html[..80]);
            assert_eq!(html.matches("&lt;").count(), markdown.matches('<').count());
            assert_eq!(html.matches('\n').count(), markdown.trim_end().matches('\n').count());
        }
        assert!(!refused(&"- a *b*\n".repeat(5_000)).contains("plain"));
    }
}
