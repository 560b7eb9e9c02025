//! The files that documents use, embedded in the binary. Their paths change with their content, so that browsers may
//! cache them forever.

use std::sync::LazyLock;

const CSS: &str = include_str!("../assets/releasepage.css");
const ICON: &str = include_str!("../assets/icon.svg");

static CSS_PATH: LazyLock<String> = LazyLock::new(|| path_of(CSS, "releasepage.css"));
static ICON_PATH: LazyLock<String> = LazyLock::new(|| path_of(ICON, "icon.svg"));

/// A file to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// The content of the file.
    pub bytes: &'static [u8],
    /// The value of `Content-Type`.
    pub content_type: &'static str,
}

/// The path of the style sheet, `/assets/{hash}/releasepage.css`.
pub fn css_path() -> &'static str {
    &CSS_PATH
}

/// The path of the icon, `/assets/{hash}/icon.svg`.
pub fn icon_path() -> &'static str {
    &ICON_PATH
}

/// The asset with this path, which begins with `/assets/`. `None` for a path with the hash of another version, because
/// a cache would keep the wrong content under it.
pub fn asset(path: &str) -> Option<Asset> {
    if path == css_path() {
        Some(Asset { bytes: CSS.as_bytes(), content_type: "text/css; charset=utf-8" })
    } else if path == icon_path() {
        Some(Asset { bytes: ICON.as_bytes(), content_type: "image/svg+xml" })
    } else {
        None
    }
}

fn path_of(content: &str, name: &str) -> String {
    format!("/assets/{:016x}/{name}", fnv_1a(content.as_bytes()))
}

/// The 64-bit FNV-1a hash. It is enough to tell versions of our own files apart.
fn fnv_1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_fnv_1a() {
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn assets_have_one_path_each() {
        let css = asset(css_path()).unwrap();
        assert_eq!(css.content_type, "text/css; charset=utf-8");
        assert_eq!(asset(icon_path()).unwrap().content_type, "image/svg+xml");
        for path in ["", "/assets/", "/assets/0000000000000000/releasepage.css", "releasepage.css"] {
            assert_eq!(asset(path), None, "{path}");
        }
    }

    /// The content security policy refuses other hosts, so the style sheet must load nothing.
    #[test]
    fn the_style_sheet_stands_alone() {
        assert!(!CSS.contains("url(") && !CSS.contains("@import"));
    }
}
