//! The badge: a label and a message as an SVG image.

mod color;
mod style;
mod width;

pub use color::{Color, badge_color_parse};
pub use style::BadgeStyle;
use style::Measures;
use width::text_width;

/// The most characters of a label or message that are drawn.
const TEXT_LENGTH: usize = 100;

/// A badge. Its texts may hold any characters. They are escaped and cut at 100 characters, and characters that XML
/// cannot hold are removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// The left part: the subject. If it is empty, only the message is drawn.
    pub label: String,
    /// The right part: the value.
    pub message: String,
    /// The color of the right part.
    pub color: Color,
    /// The style of the drawing.
    pub style: BadgeStyle,
}

/// The message of a badge where nothing was published yet.
const NO_RELEASE: &str = "no release";

impl Badge {
    /// Makes a flat badge of a version: blue, or grey where nothing was published yet.
    pub fn of_version(label: impl Into<String>, version: Option<&str>) -> Self {
        let color = if version.is_some() { Color::BLUE } else { Color::LIGHTGREY };
        let message = version.unwrap_or(NO_RELEASE).to_owned();
        Self { label: label.into(), message, color, style: BadgeStyle::Flat }
    }

    /// Makes a grey badge that reports an error.
    pub fn error(label: impl Into<String>, message: impl Into<String>) -> Self {
        Self { label: label.into(), message: message.into(), color: Color::LIGHTGREY, style: BadgeStyle::Flat }
    }

    /// The image, an SVG document in UTF-8.
    pub fn svg(&self) -> String {
        let Measures { height, corner, padding, font_size, .. } = self.style.measures();
        let (label, message) = (text_clean(&self.label), text_clean(&self.message));
        let name = match label.as_str() {
            "" => escaped(&message),
            label => escaped(&format!("{label}: {message}")),
        };
        let (label, message) = (self.style.text(label), self.style.text(message));
        let label_part = Part::new(&label, 0, padding, Color::LABEL);
        let message_part = Part::new(&message, label_part.width, padding, self.color);
        let width = label_part.width + message_part.width;
        let (light, lit) = self.style.light().map_or_else(Default::default, |stops| {
            let gradient = format!(r#"<linearGradient id="light" x2="0" y2="1">{stops}</linearGradient>"#);
            (gradient, format!(r#"<rect width="{width}" height="{height}" fill="url(#light)"/>"#))
        });
        format!(
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" "#,
                r#"aria-label="{name}"><title>{name}</title>{light}"#,
                r##"<clipPath id="shape"><rect width="{width}" height="{height}" rx="{corner}"/></clipPath>"##,
                r#"<g clip-path="url(#shape)">{label_box}{message_box}{lit}</g>"#,
                r#"<g font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="{font_size}" "#,
                r#"text-anchor="middle">{label_text}{message_text}</g></svg>"#,
            ),
            width = width,
            height = height,
            corner = corner,
            font_size = font_size,
            name = name,
            light = light,
            lit = lit,
            label_box = label_part.rectangle(height),
            message_box = message_part.rectangle(height),
            label_text = label_part.text(&self.style.measures()),
            message_text = message_part.text(&self.style.measures()),
        )
    }
}

/// One half of the badge. Its width is 0 if it has no text.
struct Part<'a> {
    text: &'a str,
    left: u32,
    width: u32,
    color: Color,
}

impl<'a> Part<'a> {
    fn new(text: &'a str, left: u32, padding: u32, color: Color) -> Self {
        let width = match text_width(text) {
            0 => 0,
            width => width + 2 * padding,
        };
        Self { text, left, width, color }
    }

    fn rectangle(&self, height: u32) -> String {
        if self.width == 0 {
            return String::new();
        }
        let Self { left, width, color, .. } = self;
        format!(r#"<rect x="{left}" width="{width}" height="{height}" fill="{color}"/>"#)
    }

    /// The text with its estimated width, so that another font does not exceed the box.
    fn text(&self, measures: &Measures) -> String {
        if self.width == 0 {
            return String::new();
        }
        let middle = f64::from(self.left) + f64::from(self.width) / 2.0;
        format!(
            r#"<text x="{middle}" y="{}" fill="{}" textLength="{}" lengthAdjust="spacingAndGlyphs">{}</text>"#,
            measures.baseline,
            self.color.text_color(),
            self.width - 2 * measures.padding,
            escaped(self.text),
        )
    }
}

/// Reduces a text to one line of at most [`TEXT_LENGTH`] characters that can be drawn.
fn text_clean(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut cleaned: String =
        words.join(" ").chars().filter(|c| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}')).collect();
    if let Some((cut, _)) = cleaned.char_indices().nth(TEXT_LENGTH) {
        let last = cleaned[..cut].char_indices().next_back().map_or(0, |(at, _)| at);
        cleaned.truncate(last);
        cleaned.push('…');
    }
    cleaned
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn badge(label: &str, message: &str) -> Badge {
        Badge { label: label.into(), message: message.into(), color: Color::BLUE, style: BadgeStyle::Flat }
    }

    #[test]
    fn a_badge_is_drawn() {
        insta::assert_snapshot!(badge("release", "v1.0.2").svg().replace("><", ">\n<"));
    }

    #[test]
    fn each_style_is_another_drawing_of_the_same_name() {
        let drawn = BadgeStyle::ALL.map(|style| Badge { style, ..badge("release", "v1.0.2") }.svg());
        for (style, svg) in BadgeStyle::ALL.into_iter().zip(&drawn) {
            assert_eq!(BadgeStyle::parse(style.as_str()), Some(style));
            assert!(svg.contains(r#"aria-label="release: v1.0.2""#), "{svg}");
            assert_eq!(drawn.iter().filter(|other| *other == svg).count(), 1, "{svg}");
            assert_eq!(svg.contains("linearGradient"), style.light().is_some(), "{svg}");
            let loud = style == BadgeStyle::ForTheBadge;
            assert_eq!((svg.contains(">RELEASE<"), svg.contains(">release<")), (loud, !loud), "{svg}");
            assert_eq!(svg.contains(r#"rx="0""#), style.measures().corner == 0, "{svg}");
        }
        assert!(drawn[2].contains(r#"height="18""#) && drawn[3].contains(r#"height="28""#));
        for other in ["", "Flat", "social", "flat_square"] {
            assert_eq!(BadgeStyle::parse(other), None, "{other}");
        }
    }

    #[test]
    fn texts_are_cut() {
        let svg = badge("", &"x".repeat(101)).svg();
        assert!(svg.contains(&format!(">{}…</title>", "x".repeat(99))), "{svg}");
        let svg = badge("", &"x".repeat(100)).svg();
        assert!(svg.contains(&format!(">{}</title>", "x".repeat(100))), "{svg}");
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::collection::vec(any::<char>(), 0..150).prop_map(String::from_iter),
            "[<>&\"'/ \\x00-\\x1f\u{FFFE}\u{FFFF}]{0,20}",
        ]
    }

    proptest! {
        #[test]
        fn any_badge_is_well_formed_and_says_what_it_was_given(
            label in any_text(),
            message in any_text(),
            style in prop::sample::select(&BadgeStyle::ALL[..]),
        ) {
            let badge = Badge { style, ..badge(&label, &message) };
            let svg = badge.svg();
            let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
            let root = document.root_element();
            prop_assert_eq!(root.attribute("role"), Some("img"));
            let title = root.first_element_child().and_then(|title| title.text()).unwrap_or("");
            prop_assert_eq!(root.attribute("aria-label").unwrap_or(""), title);
            let texts: Vec<&str> = document
                .descendants()
                .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")))
                .filter_map(|node| node.text())
                .collect();
            let expected: Vec<String> = [label, message]
                .iter()
                .map(|text| style.text(text_clean(text)))
                .filter(|text| !text.is_empty())
                .collect();
            prop_assert!(texts.len() <= expected.len());
            for text in texts {
                prop_assert!(expected.iter().any(|known| known == text));
            }
        }
    }
}
