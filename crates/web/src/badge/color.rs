//! The colors of badges.

use std::fmt;

/// A color as red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(u8, u8, u8);

/// The accepted names and their colors.
const NAMED: &[(&str, Color)] = &[
    ("brightgreen", Color(0x3f, 0xb9, 0x50)),
    ("green", Color(0x1f, 0x88, 0x3d)),
    ("yellowgreen", Color(0x9c, 0xab, 0x1a)),
    ("yellow", Color(0xdb, 0xb4, 0x0c)),
    ("orange", Color(0xe0, 0x7b, 0x2a)),
    ("red", Color(0xc9, 0x3c, 0x37)),
    ("blue", Color::BLUE),
    ("purple", Color(0x80, 0x57, 0xc4)),
    ("pink", Color(0xbf, 0x4b, 0x8a)),
    ("teal", Color(0x0b, 0x7a, 0x6b)),
    ("black", Color(0x1f, 0x23, 0x28)),
    ("grey", Color::LABEL),
    ("gray", Color::LABEL),
    ("lightgrey", Color::LIGHTGREY),
    ("lightgray", Color::LIGHTGREY),
    ("success", Color(0x3f, 0xb9, 0x50)),
    ("important", Color(0xe0, 0x7b, 0x2a)),
    ("critical", Color(0xc9, 0x3c, 0x37)),
    ("informational", Color::BLUE),
    ("inactive", Color::LIGHTGREY),
];

impl Color {
    /// The default color of a badge.
    pub const BLUE: Self = Self(0x1a, 0x6f, 0xc4);
    /// The color of errors.
    pub const LIGHTGREY: Self = Self(0x9a, 0xa1, 0xa9);
    /// The color of the label in every badge.
    pub(super) const LABEL: Self = Self(0x4a, 0x50, 0x57);

    const WHITE: Self = Self(0xff, 0xff, 0xff);
    const INK: Self = Self(0x14, 0x18, 0x1c);

    /// The color for text on this color: white or near-black, whichever has more contrast.
    pub(super) fn text_color(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::INK) { Self::WHITE } else { Self::INK }
    }

    /// The contrast ratio of two colors, from 1 to 21 (WCAG 2.2, "contrast ratio").
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The relative luminance, from 0 to 1 (WCAG 2.2, "relative luminance").
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

/// Writes the color in the form for SVG and CSS, `#rrggbb`.
impl fmt::Display for Color {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Reads a color in upper or lower case. It is a name (`brightgreen`, `green`, `blue`, `orange`, `red`, `lightgrey`,
/// `grey` …), or three or six hex digits with or without `#`. `None` for any other text.
pub fn badge_color_parse(text: &str) -> Option<Color> {
    let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    if let Some((_, color)) = named {
        return Some(*color);
    }
    let digits = text.strip_prefix('#').unwrap_or(text);
    let values: Vec<u8> = digits
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| u8::try_from(value).ok()))
        .take(7)
        .collect::<Option<_>>()?;
    match values[..] {
        [red, green, blue] => Some(Color(red * 17, green * 17, blue * 17)),
        [r, red, g, green, b, blue] => Some(Color(r * 16 + red, g * 16 + green, b * 16 + blue)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_read() {
        for (text, expected) in [
            ("blue", Some("#1a6fc4")),
            ("BrightGreen", Some("#3fb950")),
            ("0af", Some("#00aaff")),
            ("#4C1", Some("#44cc11")),
            ("c0ffee", Some("#c0ffee")),
            ("", None),
            ("#", None),
            ("12", None),
            ("12345", None),
            ("1234567", None),
            ("ggg", None),
            ("red\"/>", None),
            ("٣٣٣", None),
        ] {
            let color = badge_color_parse(text).map(|color| color.to_string());
            assert_eq!(color.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn text_is_readable_on_every_color() {
        for (name, color) in NAMED {
            assert!(color.contrast(color.text_color()) >= 4.5, "{name}");
        }
        assert_eq!(badge_color_parse("fff").unwrap().text_color(), Color::INK);
        assert_eq!(badge_color_parse("000").unwrap().text_color(), Color::WHITE);
    }
}
