//! The tags for the versions of a changelog.

use std::collections::BTreeSet;

use releasepage_domain::{fault::Fault, release::release_tag_check, tag::tag_part};

use crate::changelog::ChangelogEntry;

/// The placeholder for the version without a leading `v` in a format.
const VERSION: &str = "{version}";

/// The placeholder for the package in a format.
const PACKAGE: &str = "{package}";

/// The rule for formats of tags: the end of a sentence that begins with the field's name.
pub const TAG_FORMAT_EXPECTED: &str = "must hold {version} once, and perhaps {package}, such as web-v{version}, and have at most 100 characters on one line";

/// The format of tags, such as `web-v{version}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFormat(String);

impl TagFormat {
    /// Reads a format. It is one line of at most 100 characters. It holds `{version}` once, `{package}` at most once,
    /// and no other braces.
    ///
    /// # Errors
    ///
    /// Returns a [`Fault`] of `field` if the format breaks these rules.
    pub fn parse(field: &str, format: &str) -> Result<Self, Fault> {
        let rest = format.replacen(VERSION, "", 1).replacen(PACKAGE, "", 1);
        let is_good = format.contains(VERSION)
            && !rest.contains(['{', '}'])
            && format.chars().count() <= 100
            && release_tag_check(field, format).is_ok();
        if is_good { Ok(Self(format.to_owned())) } else { Err(Fault::invalid(field, TAG_FORMAT_EXPECTED)) }
    }

    fn names_package(&self) -> bool {
        self.0.contains(PACKAGE)
    }

    fn tag(&self, package: Option<&str>, number: &str) -> String {
        // The package goes first, because a version must not be searched for placeholders.
        self.0.replacen(PACKAGE, package.unwrap_or_default(), 1).replacen(VERSION, number, 1)
    }
}

/// The maker of tags for versions.
pub(super) struct TagMaker<'a> {
    format: Option<&'a TagFormat>,
    /// The text before the number in tags of the whole repository. `None` keeps the changelog's own form.
    plain: Option<String>,
    /// The name of each package, and the text before the number in its tags, such as `web-v`.
    parts: Vec<(String, String)>,
}

impl<'a> TagMaker<'a> {
    /// Makes a maker that follows the existing tags.
    pub(super) fn of(tags: &[String], format: Option<&'a TagFormat>) -> Self {
        let (mut with_v, mut without) = (0_usize, 0_usize);
        let mut prefixes = BTreeSet::new();
        for tag in tags {
            match tag_part(tag) {
                Some((part, is_v)) => {
                    prefixes.insert((part, if is_v { "v" } else { "" }));
                }
                None if number_of(tag).len() < tag.len() => with_v += 1,
                None if tag.starts_with(|c: char| c.is_ascii_digit()) => without += 1,
                None => {}
            }
        }
        let name = |part: &str| part.trim_end_matches(['-', '@', '/', '_', ' ']).to_owned();
        let parts: Vec<_> = prefixes.iter().map(|(part, v)| (name(part), format!("{part}{v}"))).collect();
        let plain = match (with_v, without) {
            // All tags of the repository begin with the name of the product.
            (0, 0) => {
                if let [(_, only)] = &parts[..] {
                    Some(only.clone())
                } else {
                    None
                }
            }
            _ => Some(if with_v >= without { "v" } else { "" }.to_owned()),
        };
        Self { format, plain, parts }
    }

    /// The tag of a version. The error is the reason why there is none.
    pub(super) fn tag(&self, entry: &ChangelogEntry) -> Result<String, String> {
        let number = number_of(&entry.version);
        let package = entry.package.as_deref();
        if let Some(format) = self.format {
            if package.is_none() && format.names_package() {
                return Err("it belongs to no package, and the format of the tags names one".to_owned());
            }
            if package.is_none() || format.names_package() {
                return Ok(format.tag(package, number));
            }
        }
        let in_front = if number.len() < entry.version.len() { "v" } else { "" };
        if let Some(package) = package {
            let known = self.parts.iter().find(|(name, _)| name == package);
            let made =
                || format!("{package}-{}", self.plain.as_deref().filter(|plain| plain.len() <= 1).unwrap_or(in_front));
            return Ok(format!("{}{number}", known.map_or_else(made, |(_, prefix)| prefix.clone())));
        }
        // `release-1.2.0` is a complete tag.
        if !number.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(number.to_owned());
        }
        Ok(format!("{}{number}", self.plain.as_deref().unwrap_or(in_front)))
    }
}

/// The version or plain tag without a `v` before its number.
fn number_of(version: &str) -> &str {
    let rest = version.strip_prefix(['v', 'V']);
    rest.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> ChangelogEntry {
        let (package, version) =
            name.split_once(' ').map_or((None, name), |(package, version)| (Some(package), version));
        ChangelogEntry {
            package: package.map(str::to_owned),
            version: version.to_owned(),
            date: None,
            title: String::new(),
            notes: String::new(),
            yanked: false,
            line: 1,
        }
    }

    #[test]
    fn formats() {
        for good in ["{version}", "web-v{version}", "{package}/v{version}", "v{version}-{package}"] {
            assert!(TagFormat::parse("tag_format", good).is_ok(), "{good}");
        }
        let long = format!("{}{VERSION}", "x".repeat(92));
        for bad in ["", "v", "{version}{version}", "{Version}", "{version}}", "{name}-{version}", "a\n{version}", &long]
        {
            assert_eq!(
                TagFormat::parse("tag_format", bad).map_err(|fault| fault.field),
                Err("tag_format".to_owned()),
                "{bad}"
            );
        }
    }

    #[test]
    fn tags_are_written_as_the_others_are() {
        for (tags, format, version, tag) in [
            (&[][..], None, "1.2.0", "1.2.0"),
            (&[], None, "v1.2.0", "v1.2.0"),
            (&["v1.0.0", "v1.1.0", "0.9"], None, "1.2.0", "v1.2.0"),
            (&["1.0.0", "1.1.0", "v0.9", "nightly"], None, "V1.2.0", "1.2.0"),
            (&["v1.0.0", "web-1.0.0"], None, "1.2.0", "v1.2.0"),
            (&["acme-v1.0.0"], None, "1.2.0", "acme-v1.2.0"),
            (&["web-v1.0.0", "api-v1.0.0"], None, "1.2.0", "1.2.0"),
            (&["v1.0.0"], None, "release-1.2.0", "release-1.2.0"),
            (&["v1.0.0"], Some("web-v{version}"), "v1.2.0", "web-v1.2.0"),
            (&["v1.0.0"], None, "acme_derive 1.2.0", "acme_derive-v1.2.0"),
            (&["acme_derive_v1.0.0", "v1.0.0"], None, "acme_derive 1.2.0", "acme_derive_v1.2.0"),
            (&["acme-v1.0.0"], None, "tool 1.2.0", "tool-1.2.0"),
            (&[], None, "cmd/acme v1.2.0", "cmd/acme-v1.2.0"),
            (&[], Some("v{version}"), "tool 1.2.0", "tool-1.2.0"),
            (&[], Some("{package}/v{version}"), "tool 1.2.0", "tool/v1.2.0"),
        ] {
            let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
            let format = format.map(|format| TagFormat::parse("tag_format", format).unwrap());
            let made = TagMaker::of(&tags, format.as_ref()).tag(&entry(version));
            assert_eq!(made.as_deref(), Ok(tag), "{tags:?} {format:?} {version}");
        }
        let format = TagFormat::parse("tag_format", "{package}-{version}").unwrap();
        assert!(TagMaker::of(&[], Some(&format)).tag(&entry("1.2.0")).is_err());
    }
}
