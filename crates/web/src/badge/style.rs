//! The styles of a badge.

/// How a badge is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadgeStyle {
    /// Rounded, slightly lit from above.
    #[default]
    Flat,
    /// With corners, and unlit.
    FlatSquare,
    /// Lower, rounded and shining.
    Plastic,
    /// High, with corners, in capitals.
    ForTheBadge,
}

/// The measures of a style, in pixels.
pub(super) struct Measures {
    pub(super) height: u32,
    /// Radius of the corners.
    pub(super) corner: u32,
    /// Space left and right of a text.
    pub(super) padding: u32,
    pub(super) font_size: u32,
    /// Where the text stands.
    pub(super) baseline: u32,
}

impl BadgeStyle {
    /// Every style, the usual one first.
    pub const ALL: [Self; 4] = [Self::Flat, Self::FlatSquare, Self::Plastic, Self::ForTheBadge];

    /// The name, as a client asks for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::FlatSquare => "flat-square",
            Self::Plastic => "plastic",
            Self::ForTheBadge => "for-the-badge",
        }
    }

    /// The style of this name.
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

    /// The light that falls on the badge, from above to below, as stops of a gradient; `None` where none does.
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

    /// A text as the style writes it.
    pub(super) fn text(self, text: String) -> String {
        match self {
            Self::ForTheBadge => text.to_uppercase(),
            Self::Flat | Self::FlatSquare | Self::Plastic => text,
        }
    }
}
