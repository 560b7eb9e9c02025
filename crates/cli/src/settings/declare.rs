//! The macro that makes all code and text of a setting from its one declaration.

/// Declares all settings: first those outside of any section, then the sections.
///
/// A setting is written `field: Type = default, accepts;`. The comment above it says what it is for. Its default is a
/// TOML value. It is `derived("words")` if it follows from other settings. The words are for the document. An optional
/// second argument is a function of the settings that returns the value for the report. What the setting accepts is an
/// [`Accepts`](super::setting::Accepts).
///
/// The macro makes the struct of an `own` section. The struct of a `foreign` section is in the crate that uses it. Its
/// fields must have the types of the declaration. A section inside another follows it after `with`.
///
/// The macro makes the structs, which serde reads, and `SECTIONS`. The defaults, the check for unknown keys, the
/// messages, the document and the report come from that list.
macro_rules! settings {
    (
        $(#[$root_doc:meta])+
        struct $Root:ident {
            $(
                $(#[doc = $about:literal])+
                $(#[serde($($serde:tt)*)])?
                $field:ident: $type:ty = $default:tt $(($($derived:tt)*))?, $accepts:expr;
            )*
        }
        $(
            $(#[$section_doc:meta])+
            $owner:ident $section:ident: $Section:ident { $($fields:tt)* }
            $(with $inner:ident: $Inner:ident { $($inner_fields:tt)* })*
        )*
    ) => {
        $(#[$root_doc])+
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $Root {
            $($(#[doc = $about])+ $(#[serde($($serde)*)])? pub(crate) $field: $type,)*
            $($(#[$section_doc])+ pub(crate) $section: $Section,)*
            /// The origin of each key, for messages about mistakes that are found later.
            #[serde(skip)]
            pub(super) origins: super::origin::Origins,
        }

        $(
            section_type! { $owner $(#[$section_doc])+ $Section { $($fields)* } }
            $(section_type! { foreign $Inner { $($inner_fields)* } })*
        )*

        /// Every setting, section by section, in the order of the document.
        pub(super) const SECTIONS: &[Section<$Root>] = &[
            Section {
                name: "",
                entries: entries! {
                    "" => $($(#[doc = $about])+ $field: $type = $default $(($($derived)*))?, $accepts;)*
                },
            },
            $(
                Section {
                    name: stringify!($section),
                    entries: entries! { concat!(stringify!($section), ".") => $($fields)* },
                },
                $(Section {
                    name: concat!(stringify!($section), ".", stringify!($inner)),
                    entries: entries! {
                        concat!(stringify!($section), ".", stringify!($inner), ".") => $($inner_fields)*
                    },
                },)*
            )*
        ];
    };
}

/// Makes the struct of a section, or checks the struct of another crate against its declaration.
macro_rules! section_type {
    (
        own $(#[$section_doc:meta])+ $Section:ident {
            $(
                $(#[doc = $about:literal])+
                $(#[serde($($serde:tt)*)])?
                $field:ident: $type:ty = $default:tt $(($($derived:tt)*))?, $accepts:expr;
            )*
        }
    ) => {
        $(#[$section_doc])+
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $Section {
            $($(#[doc = $about])+ $(#[serde($($serde)*)])? pub(crate) $field: $type,)*
        }
    };
    (
        foreign $(#[$section_doc:meta])* $Section:ident {
            $(
                $(#[doc = $about:literal])+
                $field:ident: $type:ty = $default:tt $(($($derived:tt)*))?, $accepts:expr;
            )*
        }
    ) => {
        const _: fn(&$Section) = |section| { $(let _: &$type = &section.$field;)* };
    };
}

/// Makes the entries of a section, whose keys have its prefix.
macro_rules! entries {
    (
        $prefix:expr =>
        $(
            $(#[doc = $about:literal])+
            $(#[serde($($serde:tt)*)])?
            $field:ident: $type:ty = $default:tt $(($($derived:tt)*))?, $accepts:expr;
        )*
    ) => {
        &[$(Entry {
            key: concat!($prefix, stringify!($field)),
            default: fallback!($default $(($($derived)*))?),
            accepts: $accepts,
            about: concat!($($about),+),
        }),*]
    };
}

/// Reads a default.
macro_rules! fallback {
    (derived($words:expr)) => {
        Fallback::Derived($words, |_| None)
    };
    (derived($words:expr, $value:expr)) => {
        Fallback::Derived($words, $value)
    };
    ($value:tt) => {
        Fallback::Fixed(stringify!($value))
    };
}

pub(super) use {entries, fallback, section_type, settings};
