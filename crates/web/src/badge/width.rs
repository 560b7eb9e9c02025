//! The width of a text in the badge's font.

/// The estimated advance widths of printable ASCII in a Verdana-like font at 11 pixels, in tenths of a pixel, beginning
/// with the space.
const ASCII: [u32; 95] = [
    // space to /
    39, 43, 50, 90, 70, 118, 80, 30, 50, 50, 70, 90, 40, 50, 40, 50, // 0 to 9
    70, 70, 70, 70, 70, 70, 70, 70, 70, 70, // : to @
    50, 50, 90, 90, 90, 60, 110, // A to Z
    75, 76, 77, 85, 70, 63, 85, 83, 46, 50, 76, 61, 93, 82, 87, 66, 87, 76, 75, 68, 81, 75, 109, 75, 68, 75,
    // [ to `
    50, 50, 50, 90, 70, 70, // a to z
    66, 69, 57, 69, 66, 39, 69, 70, 30, 38, 65, 30, 107, 70, 67, 69, 69, 47, 57, 43, 70, 65, 90, 65, 65, 58,
    // { to ~
    70, 50, 70, 90,
];

/// The width of a text in whole pixels, rounded up.
pub(super) fn text_width(text: &str) -> u32 {
    text.chars().map(character_width).sum::<u32>().div_ceil(10)
}

/// The width of a character in tenths of a pixel.
fn character_width(character: char) -> u32 {
    match character {
        ' '..='~' => ASCII[character as usize - ' ' as usize],
        // Combining marks, joiners and variation selectors have no width.
        '\u{300}'..='\u{36F}' | '\u{200B}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}' => 0,
        // Hangul, kana, Han and their full-width punctuation, and emoji.
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE6F}'
        | '\u{FF00}'..='\u{FF60}'
        | '\u{FFE0}'..='\u{FFE6}'
        | '\u{1F300}'..='\u{1FAFF}'
        | '\u{20000}'..='\u{3FFFD}' => 115,
        _ => 75,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_the_characters() {
        for (text, width) in [("", 0), ("i", 3), ("m", 11), ("v1.0.2", 36), ("日本", 23), ("é", 8), ("e\u{301}", 7)]
        {
            assert_eq!(text_width(text), width, "{text}");
        }
    }
}
