//! The styles of a badge.

/// The style of a badge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadgeStyle {
    /// Rounded, with a slight light from above. The default.
    #[default]
    Flat,
    /// Flat, with square corners and no light.
    FlatSquare,
    /// Lower, rounded and shiny.
    Plastic,
    /// Higher, with square corners, in capitals.
    ForTheBadge,
}

/// The measures of a style, in pixels.
pub(super) struct Measures {
    pub(super) height: u32,
    /// The radius of the corners.
    pub(super) corner: u32,
    /// The space left and right of a text.
    pub(super) padding: u32,
    pub(super) font_size: u32,
    /// The distance from the top of the badge to the text's baseline.
    pub(super) baseline: u32,
}

impl BadgeStyle {
    /// All styles, the default one first.
    pub const ALL: [Self; 4] = [Self::Flat, Self::FlatSquare, Self::Plastic, Self::ForTheBadge];

    /// The name of the style in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::FlatSquare => "flat-square",
            Self::Plastic => "plastic",
            Self::ForTheBadge => "for-the-badge",
        }
    }

    /// The style with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.as_str() == name)
    }

    pub(super) const fn measures(self) -> Measures {
        match self {
            Self::Flat => Measures { height: 20, corner: 4, padding: 6, font_size: 11, baseline: 14 },
            Self::FlatSquare => Measures { height: 20, corner: 0, padding: 6, font_size: 11, baseline: 14 },
            Self::Plastic => Measures { height: 18, corner: 4, padding: 6, font_size: 11, baseline: 13 },
            Self::ForTheBadge => Measures { height: 28, corner: 0, padding: 12, font_size: 11, baseline: 18 },
        }
    }

    /// The stops of a gradient from top to bottom that draws the light. `None` for a style without light.
    pub(super) const fn light(self) -> Option<&'static str> {
        match self {
            Self::Flat => {
                Some(r##"<stop offset="0" stop-color="#fff" stop-opacity=".12"/><stop offset="1" stop-opacity=".1"/>"##)
            }
            Self::Plastic => Some(concat!(
                r##"<stop offset="0" stop-color="#fff" stop-opacity=".5"/>"##,
                r##"<stop offset=".1" stop-color="#aaa" stop-opacity=".1"/>"##,
                r#"<stop offset=".9" stop-opacity=".2"/><stop offset="1" stop-opacity=".4"/>"#,
            )),
            Self::FlatSquare | Self::ForTheBadge => None,
        }
    }

    /// The text in the style's form.
    pub(super) fn text(self, text: String) -> String {
        match self {
            Self::ForTheBadge => text.to_uppercase(),
            Self::Flat | Self::FlatSquare | Self::Plastic => text,
        }
    }
}
