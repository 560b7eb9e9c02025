//! The text after the numbers of a version, and its meaning.

use super::{Identifier, number::Number};

/// Words for an unfinished version.
const UNFINISHED_WORDS: [&str; 27] = [
    "alpha",
    "beta",
    "rc",
    "pre",
    "preview",
    "prerelease",
    "dev",
    "devel",
    "develop",
    "nightly",
    "daily",
    "weekly",
    "canary",
    "snapshot",
    "milestone",
    "cr",
    "candidate",
    "ea",
    "eap",
    "pr",
    "dr",
    "tp",
    "next",
    "insider",
    "insiders",
    "experimental",
    "unstable",
];

/// Words for builds that are published for a trial.
const TRIAL_WORDS: [&str; 5] = ["test", "publish", "jemalloc", "team", "prototype"];

/// Words for an unfinished version if they are the name before it, or the whole tag. Other such words are also names of
/// products (`next@14.0.0`, `test-v0.1.0`).
const UNFINISHED_NAMES: [&str; 14] = [
    "alpha",
    "beta",
    "canary",
    "daily",
    "experimental",
    "milestone",
    "nightly",
    "prerelease",
    "preview",
    "prototype",
    "rc",
    "snapshot",
    "tmp",
    "weekly",
];

/// Letters for an unfinished version, directly after the numbers and with a number of their own: `1.0a1`, `1.0b2`,
/// `1.0c1`, `1.0.0.M1`.
const UNFINISHED_LETTERS: [&str; 4] = ["a", "b", "c", "m"];

/// The lengths of a commit hash. Shorter ones are too much like a number with letters.
const HASH_LEAST: usize = 7;
const HASH_MOST: usize = 40;

/// Words for the build or the audience of a version. They do not change its place in the order.
const FLAVOURS: [&str; 67] = [
    "final",
    "ga",
    "release",
    "rel",
    "rtm",
    "stable",
    "lts",
    "esr",
    "ee",
    "ce",
    "community",
    "enterprise",
    "oss",
    "full",
    "incubating",
    "official",
    "prod",
    "production",
    "public",
    "open",
    "bin",
    "src",
    "source",
    "dist",
    "linux",
    "win32",
    "win64",
    "win",
    "windows",
    "mac",
    "macos",
    "osx",
    "darwin",
    "android",
    "ios",
    "freebsd",
    "slim",
    "musl",
    "gnu",
    "glibc",
    "amd64",
    "arm",
    "arm64",
    "arm64v8",
    "arm32v6",
    "arm32v7",
    "armel",
    "armhf",
    "armv",
    "armv6l",
    "armv7l",
    "aarch64",
    "x86",
    "x64",
    "i386",
    "i686",
    "mips",
    "mips64le",
    "ppc64le",
    "riscv64",
    "s390x",
    "loong64",
    "noarch",
    "universal",
    "cpu",
    "fips",
    "multiarch",
];

/// Flavours that have a version of their own, which may follow a hyphen: `-ubuntu-22.04`. A number behind another
/// flavour counts builds: `-ios-42`.
const PLATFORMS: [&str; 21] = [
    "java", "jdk", "jre", "openjdk", "scala", "hadoop", "python", "node", "php", "ruby", "cuda", "rocm", "alpine",
    "debian", "ubuntu", "fedora", "centos", "rhel", "ubi", "el", "fc",
];

/// Words that count repairs or rebuilds.
const COUNTERS: [&str; 6] = ["post", "rev", "build", "update", "upd", "patch"];

/// Words for a repair. An unfinished word after one makes a pre-release of the repair, not of the version.
const REPAIRS: [&str; 5] = ["hotfix", "bugfix", "fix", "patch", "security"];

/// The meaning of the text after the numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Suffix {
    /// The part that makes it later than the version without it.
    pub(super) later: Vec<Identifier>,
    /// The part that makes it a pre-release.
    pub(super) prerelease: Vec<Identifier>,
    /// True if every word of it is known here.
    pub(super) is_known: bool,
}

/// A word of a suffix, in lower case, with its position.
struct Part {
    at: usize,
    word: String,
    /// True if it is a whole run of letters and digits.
    is_run: bool,
    /// True if it is the hash of a commit.
    is_hash: bool,
}

/// The part of a flavour's own version that was read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FlavourNumber {
    /// The flavour has none.
    Missing,
    /// The flavour has one, which may follow: `-ubuntu-22.04`.
    Expected,
    /// Its first number: `cuda12`.
    First,
    /// Its second number or a later one. More of them follow only a dot: `-alpine3.18-2` is the second build.
    Later,
}

/// The meaning of a word.
enum Word {
    /// Does not change the place in the order.
    Flavour,
    /// Makes a pre-release.
    Unfinished,
    /// Counts: letters, perhaps none, and a number, perhaps missing.
    Counter,
    /// Anything else.
    Unknown,
}

impl Suffix {
    /// Returns a suffix that makes a pre-release as a whole, whatever its words are.
    pub(super) fn unfinished(text: &str) -> Self {
        Self { prerelease: identifiers_of(text), ..Self::default() }
    }

    /// Reads the text after the numbers, word by word.
    pub(super) fn read(text: &str) -> Self {
        let mut suffix = Self { is_known: true, ..Self::default() };
        let mut is_repair = true;
        let mut is_complete = false;
        let mut flavour_number = FlavourNumber::Missing;
        for (index, part) in words(text).into_iter().enumerate() {
            let at = part.at;
            let (letters, digits) = letters_and_digits(&part.word);
            match part.meaning(index == 0) {
                Word::Flavour => {
                    flavour_number = FlavourNumber::behind(letters, digits);
                    continue;
                }
                Word::Unfinished if suffix.later.is_empty() || !is_repair => return Self::unfinished_known(text),
                Word::Unfinished => {
                    suffix.prerelease = identifiers_of(&text[at..]);
                    return suffix;
                }
                Word::Counter if flavour_number.goes_on(letters, text[..at].chars().next_back()) => {
                    flavour_number = flavour_number.next();
                    continue;
                }
                // `jdk8u402-b06` is the sixth build of the update, not a later update.
                Word::Counter if letters == "b" && suffix.is_update() => {}
                Word::Counter => {
                    // Letters without a number count only directly after the numbers (`1.1.1w`).
                    suffix.is_known &= !digits.is_empty() || at == 0;
                    if !is_complete {
                        suffix.count(letters, digits);
                    }
                }
                Word::Unknown => {
                    let is_known = REPAIRS.contains(&letters);
                    is_repair &= is_known;
                    suffix.is_known &= is_known;
                    if !is_complete {
                        suffix.later.push(Identifier::Word);
                        is_complete = true;
                    }
                }
            }
            flavour_number = FlavourNumber::Missing;
        }
        suffix
    }

    /// True for the number of an update, which Java writes instead of a dot: `8u402`.
    pub(super) fn is_update(&self) -> bool {
        matches!(&self.later[..], [Identifier::Text(letters), Identifier::Numeric(_)] if letters == "u")
    }

    fn unfinished_known(text: &str) -> Self {
        Self { is_known: true, ..Self::unfinished(text) }
    }

    fn count(&mut self, letters: &str, digits: &str) {
        if !letters.is_empty() {
            self.later.push(Identifier::Text(letters.to_owned()));
        }
        if !digits.is_empty() {
            self.later.push(Identifier::Numeric(Number::from_digits(digits)));
        }
    }
}

impl FlavourNumber {
    fn behind(letters: &str, digits: &str) -> Self {
        match (digits.is_empty(), PLATFORMS.contains(&letters)) {
            (false, _) => Self::First,
            (true, true) => Self::Expected,
            (true, false) => Self::Missing,
        }
    }

    /// True if a word belongs to the flavour's version. `before` is the character in front of it.
    fn goes_on(self, letters: &str, before: Option<char>) -> bool {
        let is_glued = before.is_some_and(char::is_alphanumeric);
        match self {
            Self::Missing => false,
            Self::Expected => letters.is_empty(),
            // Java's update is written after a letter: `jdk8u402`.
            Self::First => letters.is_empty() || is_glued,
            Self::Later => letters.is_empty() && matches!(before, Some('.' | '_')) || is_glued,
        }
    }

    fn next(self) -> Self {
        if self == Self::Expected { Self::First } else { Self::Later }
    }
}

impl Part {
    fn meaning(&self, is_first: bool) -> Word {
        let (letters, digits) = letters_and_digits(&self.word);
        let is_one_of = |words: &[&str]| words.contains(&letters) || words.contains(&self.word.as_str());
        // More letters after the number make it something else: `b3f9c2` is not the second beta.
        let is_lettered = is_first && self.is_run && !digits.is_empty() && UNFINISHED_LETTERS.contains(&letters);
        if self.is_hash {
            Word::Unknown
        } else if is_one_of(&UNFINISHED_WORDS) || is_one_of(&TRIAL_WORDS) || is_lettered {
            Word::Unfinished
        } else if is_one_of(&FLAVOURS) || PLATFORMS.contains(&letters) {
            Word::Flavour
        } else if letters.is_ascii() && (letters.len() <= 2 || COUNTERS.contains(&letters) && !digits.is_empty()) {
            Word::Counter
        } else {
            Word::Unknown
        }
    }
}

/// True if a name before a version means that it is unfinished.
pub(crate) fn name_is_unfinished(name: &str) -> bool {
    let name = name.to_lowercase();
    UNFINISHED_NAMES.contains(&letters_and_digits(&name).0)
}

/// True for the name of a platform, which has a version of its own.
pub(crate) fn name_is_platform(name: &str) -> bool {
    PLATFORMS.contains(&name.to_lowercase().as_str())
}

/// Returns the words of a suffix. A word ends where letters follow a number, so `p1rc2` is two words. A commit hash and
/// the name of a platform are one word.
fn words(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut at = 0;
    for run in text.split(|c: char| !c.is_alphanumeric()) {
        let lower = run.to_lowercase();
        let is_hash = is_hash(&lower);
        // `ppc64le` is one word, although letters follow its number.
        if is_hash || FLAVOURS.contains(&lower.as_str()) {
            found.push(Part { at, word: lower, is_run: true, is_hash });
        } else {
            found.extend(words_of_run(at, run));
        }
        // The separator is one character, perhaps of several bytes.
        at += run.len();
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

fn words_of_run(start: usize, run: &str) -> Vec<Part> {
    let mut begins = Vec::new();
    let mut before = None;
    for (at, c) in run.char_indices() {
        if before.is_none_or(|before: char| before.is_ascii_digit() && !c.is_ascii_digit()) {
            begins.push(at);
        }
        before = Some(c);
    }
    let ends = begins.iter().copied().skip(1).chain([run.len()]);
    let part = |(at, end): (usize, usize)| Part {
        at: start + at,
        word: run[at..end].to_lowercase(),
        is_run: at == 0 && end == run.len(),
        is_hash: false,
    };
    begins.iter().copied().zip(ends).map(part).collect()
}

/// True for the hash of a commit: 7 to 40 hexadecimal digits, perhaps after the `g` of `git describe`. A date is no
/// hash, nor is a letter with a date (`1.0a20240115`).
fn is_hash(run: &str) -> bool {
    let digits = run.strip_prefix('g').unwrap_or(run);
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let is_dated = run.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with("20");
    (HASH_LEAST..=HASH_MOST).contains(&digits.len())
        && digits.chars().all(is_hex)
        && digits.contains(|c: char| c.is_ascii_digit())
        && run.contains(|c: char| c.is_ascii_alphabetic())
        && !is_dated
}

fn letters_and_digits(word: &str) -> (&str, &str) {
    word.split_at(word.trim_end_matches(|c: char| c.is_ascii_digit()).len())
}

/// Returns the identifiers of a pre-release as the specification defines them. Without a hyphen in front, `rc10` is
/// split into `rc` and `10`. After a hyphen, the specification compares it as text, so it comes before `rc9`.
fn identifiers_of(text: &str) -> Vec<Identifier> {
    match text.strip_prefix('-') {
        Some(text) => identifiers(text).map(Identifier::from_text).collect(),
        None => identifiers(text).flat_map(word_and_number).map(Identifier::from_text).collect(),
    }
}

/// Returns the identifiers of a pre-release. All characters that an identifier cannot contain separate them.
fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c != '-' && !c.is_alphanumeric()).filter(|identifier| !identifier.is_empty())
}

/// Splits `rc10` into `rc` and `10`.
fn word_and_number(word: &str) -> impl Iterator<Item = &str> {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let plain = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let (head, tail) = word.split_at(if plain { letters.len() } else { word.len() });
    [head, tail].into_iter().filter(|part| !part.is_empty())
}

impl Identifier {
    pub(super) fn from_text(text: &str) -> Self {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Numeric(Number::from_digits(text))
        } else {
            Self::Text(text.to_owned())
        }
    }
}
