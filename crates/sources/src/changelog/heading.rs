//! The reader of a changelog's headings. A heading names a version and its day, begins an unreleased section, or does
//! neither.

use chrono::NaiveDate;
use releasepage_domain::{
    tag::{Tag, tag_part},
    version::Version,
};

use super::{
    date::{date_word, date_words, is_datelike, is_weekday},
    plain::plain_text,
};

/// The words before a version that add nothing, as in `Changes in version 1.2.0`.
const LEADS: [&str; 15] = [
    "version",
    "ver",
    "release",
    "released",
    "rel",
    "v",
    "changes",
    "changelog",
    "new",
    "what's",
    "what’s",
    "whats",
    "in",
    "of",
    "for",
];

/// The words that mark a section or its version as unreleased.
const UNRELEASED: [&str; 6] = ["unreleased", "upcoming", "tba", "tbd", "wip", "[unreleased]"];

/// The complete headings of unreleased sections.
const UNRELEASED_WHOLE: [&str; 10] = [
    "next",
    "next release",
    "next version",
    "development",
    "in development",
    "head",
    "main",
    "master",
    "latest",
    "pending",
];

/// The words after a version that make it a pre-release. A number may follow.
const PRERELEASES: [&str; 7] = ["alpha", "beta", "rc", "pre", "preview", "dev", "milestone"];

/// The longest heading that is read, in bytes. The headings of versions are short.
pub(super) const HEADING_MAX: usize = 1_000;

/// The meaning of a heading in a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeadingReading {
    /// The heading names a version.
    Release(ReleaseHeading),
    /// The section below is not released yet.
    Unreleased,
    /// The heading begins like a version but is not one. The field is the reason.
    Unreadable(&'static str),
    /// Any other heading, such as `Added`.
    Other,
}

/// A heading that names a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReleaseHeading {
    /// The package that the heading names.
    pub(super) package: Option<String>,
    /// The version unchanged from the heading, without the package.
    pub(super) version: String,
    /// The day of the release.
    pub(super) date: Option<NaiveDate>,
    /// True if the heading seems to name a day that cannot be read.
    pub(super) is_date_unread: bool,
    /// The rest of the heading.
    pub(super) title: String,
    /// True if the version was yanked.
    pub(super) yanked: bool,
    /// True if the version in the heading is a link.
    pub(super) is_link: bool,
    /// True if the heading may be a sentence with a number, such as `Rust 1.89`.
    pub(super) is_doubtful: bool,
}

/// Reads the text of a heading.
pub(super) fn heading_read(markdown: &str) -> HeadingReading {
    if markdown.len() > HEADING_MAX {
        return HeadingReading::Other;
    }
    let plain = plain_text(markdown);
    let words = words_of(&plain);
    if is_unreleased(&words) {
        return HeadingReading::Unreleased;
    }
    // `2024-08-10, Version 1.2.0`. A first word with dots is read as a version, because it can be both.
    let date_first = words.first().and_then(|word| date_word(word.text).filter(|_| !word.text.contains('.')));
    let behind = &words[usize::from(date_first.is_some())..];
    let leads = behind.iter().take_while(|word| is_lead(word.text)).count();
    let Some(named) = Named::find(&behind[leads..]) else {
        return match behind.get(leads) {
            None if date_first.is_some() => HeadingReading::Unreadable("it names a day and no version"),
            Some(word) if begins_as_version(word.text) => {
                HeadingReading::Unreadable("it is no version that can be compared")
            }
            _ => HeadingReading::Other,
        };
    };
    let rest = &behind[leads + named.words..];
    let found = date_find(rest);
    let date = date_first.or(found.as_ref().map(|found| found.date));
    let title = title_of(&plain, rest, found.as_ref());
    // One number is a version only if no other words follow: `12`, but not `12 new features`.
    if !named.version.contains('.') && !named.version.starts_with(['v', 'V']) && leads == 0 && !title.is_empty() {
        return HeadingReading::Other;
    }
    let is_bracketed = markdown.trim_start_matches(['*', '_', '~', ' ']).starts_with('[');
    HeadingReading::Release(ReleaseHeading {
        is_doubtful: named.is_doubtful && !is_bracketed && date.is_none(),
        package: named.package,
        version: named.version,
        is_date_unread: date.is_none() && rest.iter().any(|word| is_datelike(word.text)),
        date,
        title,
        yanked: words.iter().any(|word| word.text.eq_ignore_ascii_case("yanked")),
        is_link: is_bracketed && markdown.contains("]("),
    })
}

/// A word without the punctuation around it, and its place in the heading, in bytes.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    text: &'a str,
    start: usize,
}

impl Word<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

fn words_of(plain: &str) -> Vec<Word<'_>> {
    let is_around =
        |c: char| matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | ':' | '"' | '\'' | '“' | '”' | '|' | '=');
    let mut words = Vec::new();
    let mut start = 0;
    for piece in plain.split_inclusive(char::is_whitespace) {
        let text = piece.trim().trim_matches(is_around);
        // A piece without letters and digits is a dash, a slash, or an emoji.
        if text.contains(char::is_alphanumeric) {
            // The text is in the piece, and its first match there is the right one.
            words.push(Word { text, start: start + piece.find(text).unwrap_or_default() });
        }
        start += piece.len();
    }
    words
}

fn is_lead(word: &str) -> bool {
    LEADS.iter().any(|lead| word.eq_ignore_ascii_case(lead))
}

fn is_unreleased(words: &[Word<'_>]) -> bool {
    let said = words.iter().map(|word| word.text.to_lowercase()).collect::<Vec<_>>();
    let phrase = said.join(" ");
    let is_placeholder =
        |word: &String| word.contains('-') && (word.contains("xx") || word.contains("??") || word == "yyyy-mm-dd");
    UNRELEASED_WHOLE.contains(&phrase.as_str())
        || phrase.contains("not yet released")
        || phrase.contains("in development")
        || said.iter().any(|word| UNRELEASED.contains(&word.as_str()) || is_placeholder(word))
}

/// True if the author may have meant a word as a version or a day.
fn begins_as_version(word: &str) -> bool {
    let digits = word.trim_start_matches(['v', 'V', '.']);
    digits.starts_with(|c: char| c.is_ascii_digit()) && (word.contains('.') || date_word(word).is_some())
}

/// A version and the package before it.
struct Named {
    package: Option<String>,
    version: String,
    /// The number of words that both take.
    words: usize,
    is_doubtful: bool,
}

impl Named {
    /// Finds the version at the start of `words`, or after the name of a package there.
    fn find(words: &[Word<'_>]) -> Option<Self> {
        let first = words.first()?.text;
        if is_version(first) {
            let (version, length) = with_prerelease(first, &words[1..]);
            return Some(Self { package: None, version, words: 1 + length, is_doubtful: false });
        }
        if let Some((part, _)) = tag_part(first) {
            let package = part.trim_end_matches(SEPARATORS).to_owned();
            let version = first[part.len()..].to_owned();
            return Some(Self { package: Some(package), version, words: 1, is_doubtful: false });
        }
        // `release-1.2.0` has the same meaning as `1.2.0`.
        if Tag::parse(first, None).version().is_some() {
            return Some(Self { package: None, version: first.to_owned(), words: 1, is_doubtful: false });
        }
        let second = words.get(1)?.text;
        let second_number = second.contains('.') || second.starts_with(['v', 'V']);
        if !is_package(first) || !is_version(second) || !second_number {
            return None;
        }
        let (version, length) = with_prerelease(second, &words[2..]);
        Some(Self { package: Some(first.to_owned()), version, words: 2 + length, is_doubtful: true })
    }
}

/// The separators between a name and a version in tags.
const SEPARATORS: [char; 5] = ['-', '@', '/', '_', ' '];

fn is_version(word: &str) -> bool {
    Version::parse(word).is_some()
}

/// True if a word may be the name of a package: `diesel_derives`, `@scope/tool`.
pub(super) fn is_package(word: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@');
    word.chars().all(is_of_name) && word.contains(|c: char| c.is_ascii_alphabetic()) && !begins_as_version(word)
}

/// The version with the pre-release words after it: `1.2.0 beta 2` becomes `1.2.0-beta.2`. Also returns the number of
/// those words.
fn with_prerelease(version: &str, behind: &[Word<'_>]) -> (String, usize) {
    let Some(word) = behind.first().filter(|word| {
        let letters = word.text.trim_end_matches(|c: char| c.is_ascii_digit());
        PRERELEASES.iter().any(|name| letters.eq_ignore_ascii_case(name))
    }) else {
        return (version.to_owned(), 0);
    };
    let mut text = format!("{version}-{}", word.text.to_lowercase());
    let is_counted = word.text.ends_with(|c: char| c.is_ascii_digit());
    let number = behind
        .get(1)
        .filter(|word| !is_counted && word.text.len() <= 3 && word.text.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some(number) = number {
        text.push('.');
        text.push_str(number.text);
    }
    (text, 1 + usize::from(number.is_some()))
}

/// A day among words.
struct DateFound {
    date: NaiveDate,
    /// The first byte of the day in the heading.
    start: usize,
    end: usize,
}

fn date_find(words: &[Word<'_>]) -> Option<DateFound> {
    words.iter().enumerate().find_map(|(index, word)| {
        let one = date_word(word.text).map(|date| (date, index));
        let three = || {
            let texts = [word.text, words.get(index + 1)?.text, words.get(index + 2)?.text];
            date_words(texts).map(|date| (date, index + 2))
        };
        let (date, last) = one.or_else(three)?;
        let first = if index > 0 && is_weekday(words[index - 1].text) { index - 1 } else { index };
        Some(DateFound { date, start: words[first].start, end: words[last].end() })
    })
}

/// The title: the text after the version, without the day and the mark `yanked`.
fn title_of(plain: &str, rest: &[Word<'_>], found: Option<&DateFound>) -> String {
    let Some(first) = rest.first() else { return String::new() };
    let last = rest.last().map_or(first.end(), Word::end);
    // Punctuation directly after the last word belongs to it: `(a name)`.
    let end = plain[last..].find(char::is_whitespace).map_or(plain.len(), |length| last + length);
    let begin = plain[..first.start].rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let mut title = match found {
        Some(found) => {
            let before = plain.get(begin..found.start).unwrap_or_default();
            format!("{before}{}", &plain[found.end..end.max(found.end)])
        }
        None => plain[begin..end].to_owned(),
    };
    for word in rest.iter().filter(|word| word.text.eq_ignore_ascii_case("yanked")) {
        title = title.replace(word.text, "");
    }
    title_trim(&title)
}

/// Removes dashes, empty brackets, and brackets or quotes around the whole title.
fn title_trim(title: &str) -> String {
    let title = title.replace("()", "").replace("[]", "").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut title = title.as_str();
    loop {
        let before = title;
        title = title.trim_matches([' ', '-', '–', '—', ':', '/', '|', ',', ';', '·']);
        for (open, close) in [('(', ')'), ('[', ']'), ('"', '"'), ('“', '”'), ('\'', '\'')] {
            let inside = title.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
            title = inside.filter(|inside| !inside.contains([open, close])).unwrap_or(title);
        }
        if title == before {
            return title.to_owned();
        }
    }
}

#[cfg(test)]
mod tests;
