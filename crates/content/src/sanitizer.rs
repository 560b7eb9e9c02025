//! The sanitizer, which keeps only the listed HTML in notes. It is the last line of defence.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative, UrlRelativeEvaluate};
use url::Url;

use crate::links::relative_resolve;
use crate::raw_html::KEPT;
use crate::remote_images::RemoteImages;

/// The longest run of text, and the longest attribute, in bytes. At each `&`, html5ever's serializer searches again for
/// the next `<` or `>`, so a mebibyte of `&` would take it minutes.
const RUN_LENGTH: usize = 4096;

/// Tags that raw HTML may have and the result may not. The document needs `h1` and `h2` for itself. Only some pages
/// allow images.
const DEMOTED: &[&str] = &["h1", "h2", "img"];

/// Removes all HTML that is not on the list. Completes addresses that are relative to `files`.
pub(crate) fn sanitize(html: &str, images: RemoteImages, files: Option<&Url>) -> String {
    let split = runs_split(html);
    let Some(files) = files.cloned() else {
        let sanitizer = match images {
            RemoteImages::Refused => &SANITIZER,
            RemoteImages::Allowed => &SANITIZER_WITH_IMAGES,
        };
        return sanitizer.clean(&split).to_string();
    };
    let mut sanitizer = match images {
        RemoteImages::Refused => sanitizer(),
        RemoteImages::Allowed => sanitizer_with_images(),
    };
    sanitizer.url_relative(UrlRelative::Custom(Box::new(Files(files))));
    sanitizer.clean(&split).to_string()
}

/// Completes addresses that are relative to the URL of a repository's files.
struct Files(Url);

impl UrlRelativeEvaluate<'static> for Files {
    fn evaluate<'url>(&self, address: &'url str) -> Option<Cow<'url, str>> {
        relative_resolve(address, Some(&self.0)).map(Cow::Owned)
    }
}

/// Cuts long runs of text with empty comments. The parser turns the parts into separate text nodes, and the sanitizer
/// removes the comments. A cut is only made before a character at which the serializer stops. These are `&`, and U+0080
/// to U+00BF because of their first byte. So no character reference is cut.
fn runs_split(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 64);
    let mut run = 0;
    for character in html.chars() {
        match character {
            '<' | '>' => run = 0,
            '&' | '\u{80}'..='\u{BF}' if run > RUN_LENGTH => {
                out.push_str("<!---->");
                run = 0;
            }
            _ => run += character.len_utf8(),
        }
        out.push(character);
    }
    out
}

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(sanitizer);

static SANITIZER_WITH_IMAGES: LazyLock<Builder<'static>> = LazyLock::new(sanitizer_with_images);

fn sanitizer_with_images() -> Builder<'static> {
    let mut builder = sanitizer();
    builder
        .add_tags(["img"])
        .add_tag_attributes("img", ["src", "alt", "width", "height"])
        .set_tag_attribute_value("img", "loading", "lazy")
        .set_tag_attribute_value("img", "referrerpolicy", "no-referrer");
    builder
}

/// Returns the sanitizer with the list of the HTML that notes may contain. It removes everything else, whatever the
/// earlier steps let through.
fn sanitizer() -> Builder<'static> {
    let mut builder = Builder::empty();
    builder
        .tags(KEPT.iter().copied().filter(|tag| !DEMOTED.contains(tag)).collect())
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("details", HashSet::from(["open"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["align", "colspan", "rowspan"])),
            ("th", HashSet::from(["align", "colspan", "rowspan"])),
        ]))
        .generic_attributes(HashSet::from(["dir", "lang", "title"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer"))
        .attribute_filter(|_, _, value| (value.len() <= RUN_LENGTH).then(|| value.into()));
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_are_cut_between_references_and_come_out_whole() {
        for (piece, cuts) in [("a&amp;", 4), ("a·b", 2), ("abcdef", 0)] {
            let text = piece.repeat(3_000);
            let split = runs_split(&text);
            assert_eq!(split.matches("<!---->").count(), cuts, "{piece}");
            assert_eq!(split.replace("<!---->", ""), text);
            assert_eq!(sanitize(&text, RemoteImages::Refused, None), text);
        }
    }

    #[test]
    fn overlong_attributes_go() {
        let link = |length: usize| {
            let html = format!("<a href=\"https://e.com/{}\">x</a>", "a".repeat(length));
            sanitize(&html, RemoteImages::Refused, None).contains("href")
        };
        assert!(link(4_000));
        assert!(!link(5_000));
    }
}
