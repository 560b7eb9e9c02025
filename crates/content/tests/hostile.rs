//! Properties that hold for any notes.

use proptest::prelude::*;
use releasepage_content::{RemoteImages, notes_html, notes_summary, notes_text};
use url::Url;

/// Returns the URL of a repository's files.
fn files() -> Option<Url> {
    Url::parse("https://git.example.com/acme/api/blob/v1.0.0/").ok()
}

/// The only tag with a class. Notes cannot write it.
const PLAIN: &str = "pre class=\"plain\" tabindex=\"0\" role=\"region\" aria-label=\"Notes as they were written\"";

const IMAGES: [RemoteImages; 2] = [RemoteImages::Refused, RemoteImages::Allowed];

/// Returns the tags of sanitized HTML, each from `<` to `>`. Serialized HTML escapes `<` and `>` in text and in
/// attribute values, so no parser is needed.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or(tag))
}

fn assert_harmless(html: &str) {
    for tag in tags(html).filter(|tag| *tag != PLAIN) {
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or("");
        assert!(
            !["script", "style", "iframe", "form", "input", "object", "svg", "h1", "h2", "base", "meta", "link"]
                .contains(&name),
            "<{tag}> in {html}"
        );
        // Every attribute value is written in double quotes.
        for attribute in tag.split('"').step_by(2).flat_map(str::split_whitespace).skip(1) {
            let attribute = attribute.trim_end_matches('=').to_ascii_lowercase();
            assert!(
                !attribute.starts_with("on") && !["style", "id", "class", "srcset"].contains(&attribute.as_str()),
                "{attribute} in {html}"
            );
        }
        for url in ["href=\"", "src=\""].iter().filter_map(|name| tag.split_once(name)) {
            let url = url.1.to_ascii_lowercase();
            assert!(["http:", "https:", "mailto:"].iter().any(|scheme| url.starts_with(scheme)), "{url} in {html}");
        }
    }
}

fn hostile_piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "<script>",
        "</script>",
        "<SCRIPT SRC=//e.com/x.js>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=a()>",
        "<a href=javascript:alert(1)>",
        "<a href=\"https://e.com\" onclick=\"x\">",
        "</a>",
        "[x](javascript:alert(1))",
        "[x](<java\nscript:a>)",
        "![x](data:image/png;base64,AA)",
        "![y](https://e.com/\"onload=\"x)",
        "<style>",
        "</style>",
        "<iframe srcdoc=\"<script>\">",
        "<math><mtext><table><mglyph><style><!--</style>",
        "<form action=x>",
        "<input name=q>",
        "<base href=//e.com>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "<b",
        "<a b='",
        "\"",
        "'",
        ">",
        "<",
        "&lt;script&gt;",
        "&#x6A;avascript:",
        "<details open ontoggle=a()>",
        "<table><tr><td>",
        "</table>",
        "`",
        "```\n",
        "\n\n",
        "\n",
        "    ",
        "> ",
        "- ",
        "1. ",
        "# ",
        "| a | b |\n|---|---|\n",
        "**",
        "*",
        "~~",
        "[",
        "](",
        ")",
        "[ref]: javascript:x\n",
        "[ref]",
        "\\",
        "\u{0}",
        "\u{202e}",
        "<p id=x class=y style=z>",
        "www.e.com",
        "https://e.com/<script>",
        "a@e.com",
        "<h1>",
        "</h1>",
        "- [x] ",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => ".{0,12}"]
}

proptest! {
    #[test]
    fn html_is_harmless(pieces in prop::collection::vec(hostile_piece(), 0..40)) {
        let (markdown, files) = (pieces.concat(), files());
        for images in IMAGES {
            assert_harmless(&notes_html(&markdown, images, files.as_ref()));
        }
    }

    #[test]
    fn no_image_without_leave(pieces in prop::collection::vec(hostile_piece(), 0..40)) {
        prop_assert!(!notes_html(&pieces.concat(), RemoteImages::Refused, files().as_ref()).contains("<img"));
    }

    #[test]
    fn text_has_no_control_characters(pieces in prop::collection::vec(hostile_piece(), 0..40)) {
        let text = notes_text(&pieces.concat(), files().as_ref());
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        prop_assert_eq!(text.trim(), &text);
    }

    #[test]
    fn summary_is_one_short_line(pieces in prop::collection::vec(hostile_piece(), 0..40), max_chars in 0usize..60) {
        let summary = notes_summary(&pieces.concat(), max_chars);
        prop_assert!(summary.chars().count() <= max_chars);
        prop_assert!(!summary.contains('\n'));
    }
}

/// Runs every renderer on a small stack, like that of a server's worker thread.
fn assert_rendered(markdown: String) {
    let outputs = std::thread::Builder::new()
        .stack_size(1024 * 1024)
        .spawn(move || {
            let files = files();
            let html = IMAGES.map(|images| notes_html(&markdown, images, files.as_ref()));
            (html, notes_text(&markdown, files.as_ref()), notes_summary(&markdown, 200))
        })
        .expect("a thread can be started")
        .join()
        .expect("rendering neither panics nor runs out of stack");
    for html in &outputs.0 {
        assert_harmless(html);
    }
}

#[test]
fn deep_nesting_is_survived() {
    for piece in [
        ">",
        "> ",
        "- ",
        "1. ",
        "* + ",
        "[",
        "![",
        "*a **b ",
        "_*",
        "<div>",
        "<b>",
        "<table><tr><td>",
        "<details><summary>",
        "<a href=x>",
        "~~a ",
        "`",
        "(",
        "</p>",
        "<!--",
        "<a b='<a b=\"",
        "\\",
        "&",
    ] {
        assert_rendered(piece.repeat(10_000));
        assert_rendered(format!("{}x", piece.repeat(10_000)));
        assert_rendered(format!("{}\n\n{}", piece.repeat(200), "a\n\n".repeat(2_000)));
    }
    assert_rendered(format!("{}a{}", "[".repeat(10_000), "](https://e.com)".repeat(10_000)));
    assert_rendered((0..400).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect());
}

/// Returns a mebibyte of repeated pieces.
fn mebibyte(piece: &str) -> String {
    piece.repeat(1024 * 1024 / piece.len())
}

/// Pieces that make some step of rendering produce or work more than in proportion to its input.
const PIECES: [&str; 74] = [
    "- ",
    "> ",
    ">",
    "* ",
    "+ ",
    "1. ",
    "1) ",
    "- [x] ",
    "`",
    "``a`",
    "a`b``c",
    "```\n",
    "~~~\n",
    "[",
    "![",
    "[[",
    "]",
    "[a](",
    "[a](<b",
    "[a](b \"",
    "![a](b)",
    "[x](y)",
    "[a]",
    "[a][b]",
    "![a][",
    "[^a]",
    "[^a]: b\n",
    "[a]: b\n",
    "[a]: b\n\n[a]",
    "<",
    "&",
    "&amp;",
    "*a_",
    "*",
    "**a ",
    "*a **b ",
    "~~a ",
    "_a_a",
    "a**b",
    "|",
    "a|",
    "#",
    "# ",
    "\\",
    "a\\\n",
    "a",
    "a\n",
    "\n",
    "\t",
    "    a\n",
    "- a\n\n",
    "a\n-\n",
    "=\n",
    "a@b.c ",
    "a@",
    "www.a.b ",
    "www.",
    "http://a.b/(",
    "<http://a",
    "(www.a.b<",
    "mailto:",
    "<a@b",
    "<div>",
    "<b>",
    "<details>",
    "<table><tr><td>",
    "<b title=1>x</b>",
    "<a href=\"",
    "<a x=\" y=\" ",
    "<!--",
    "<img src=x alt=y>",
    "·",
    "\u{301}",
    "|a|b|\n|-|-|\n",
];

#[test]
fn a_mebibyte_is_survived() {
    for piece in PIECES {
        assert_rendered(mebibyte(piece));
    }
}

/// Uses the largest texts that are still rendered and not shown as they were written.
#[test]
fn what_is_within_the_budget_is_survived() {
    for piece in PIECES {
        for length in [8 * 1024, 64 * 1024] {
            assert_rendered(piece.repeat(length / piece.len()));
        }
    }
}

#[test]
fn nests_and_tables_are_survived() {
    for depth in [700, 20_000, 70_000] {
        // Images are nested, and links inside images.
        assert_rendered(format!("{}a{}", "![".repeat(depth), "](b)".repeat(depth)));
        assert_rendered(format!("{}a{}", "[![".repeat(depth / 2), "](b)](c)".repeat(depth / 2)));
        assert_rendered(format!("{}a{}", "*".repeat(depth), "*".repeat(depth)));
        assert_rendered(format!("{}a{}", "<div>".repeat(depth), "</div>".repeat(depth)));
        assert_rendered(format!("{}a\n{}", "> ".repeat(depth), "b\n".repeat(depth)));
        assert_rendered(format!("{}a\n{}", "999999999. ".repeat(depth.min(2_000)), "b\n".repeat(depth)));
        assert_rendered(format!("{}\n{}\n{}", "|a".repeat(depth), "|-".repeat(depth), "a\n".repeat(depth)));
        assert_rendered(format!("{}\n{}\n{}", "|a".repeat(900), "|-".repeat(900), "a\n".repeat(depth)));
    }
    let deep_list: String = (0..700).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect();
    assert_rendered(deep_list + &"\n".repeat(512 * 1024));
    let deep_list: String = (0..300).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect();
    assert_rendered(deep_list + &"\n".repeat(128 * 1024));
}
