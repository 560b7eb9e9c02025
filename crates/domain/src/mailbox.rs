//! The local part of an email address, before the `@` (RFC 5321, section 4.1.2, and RFC 6531). Several addresses can
//! belong to one mailbox.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The longest local part, in octets (RFC 5321, section 4.5.3.1.1).
const LOCAL_LENGTH: usize = 64;

/// Returns the text of a local part without its quotation marks and escapes. `None` for a text that is not a local
/// part.
pub(crate) fn local_text(local: &str) -> Option<String> {
    if local.len() > LOCAL_LENGTH {
        return None;
    }
    match local.strip_prefix('"') {
        Some(rest) => quoted_text(rest.strip_suffix('"')?),
        None => is_dot_string(local).then(|| local.to_owned()),
    }
}

/// Returns the shortest local part with this text. It has quotes and escapes only if they are required.
pub(crate) fn local_written(text: &str) -> Cow<'_, str> {
    if is_dot_string(text) {
        return Cow::Borrowed(text);
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

fn quoted_text(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => chars.next().filter(|c| matches!(c, ' '..='~'))?,
            '"' => return None,
            ' '..='~' => c,
            _ if is_beyond_ascii(c) => c,
            _ => return None,
        });
    }
    Some(text).filter(|text| !text.is_empty())
}

fn is_dot_string(text: &str) -> bool {
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

fn is_atom_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_beyond_ascii(c)
}

/// True for characters that RFC 6531 adds. Invisible ones are refused, since with them two addresses could look the
/// same.
fn is_beyond_ascii(c: char) -> bool {
    let is_format = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    let is_invisible = is_format || matches!(c, '\u{ad}' | '\u{feff}');
    !c.is_ascii() && !c.is_control() && !c.is_whitespace() && !is_invisible
}

/// Returns the text of a local part in the form for comparisons: in lower case, and with one way to write each accent
/// (Unicode's normalization form C). People type `é` and `e` with U+0301 alike.
pub(crate) fn text_folded(text: &str) -> String {
    // Lower case can be a letter with a mark of its own.
    text.nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// The rules by which a provider distinguishes mailboxes.
struct Provider {
    /// Its domains. A mailbox has an address at each of them. The first one is used for counting.
    domains: &'static [&'static str],
    /// The characters that it ignores in the local part.
    overlooked: &'static [char],
    /// The characters besides `+` that begin an alias.
    alias: &'static [char],
}

/// The rules that providers publish for their own addresses. If two people are taken for one, they share a cap and lose
/// little. If one person is taken for many, they are flooded with email.
const PROVIDERS: &[Provider] = &[
    Provider { domains: &["gmail.com", "googlemail.com"], overlooked: &['.'], alias: &[] },
    Provider {
        domains: &["proton.me", "protonmail.com", "protonmail.ch", "pm.me"],
        overlooked: &['.', '-', '_'],
        alias: &[],
    },
    Provider {
        domains: &[
            "yandex.ru",
            "ya.ru",
            "narod.ru",
            "yandex.com",
            "yandex.com.tr",
            "yandex.by",
            "yandex.kz",
            "yandex.ua",
            "yandex.uz",
            "yandex.az",
            "yandex.kg",
            "yandex.md",
            "yandex.tj",
            "yandex.tm",
            "yandex.ee",
            "yandex.lt",
            "yandex.lv",
            "yandex.fr",
            "yandex.co.il",
            "yandex.com.am",
            "yandex.com.ge",
        ],
        overlooked: &['.', '-'],
        alias: &[],
    },
    Provider { domains: &["icloud.com", "me.com", "mac.com"], overlooked: &[], alias: &[] },
    Provider { domains: &["yahoo.com", "ymail.com", "rocketmail.com"], overlooked: &[], alias: &['-'] },
];

/// The domains below which each mailbox has a domain of its own: all of `@user.fastmail.com` is `user@fastmail.com`.
const MAILBOX_DOMAINS: &[&str] = &[
    "fastmail.com",
    "fastmail.fm",
    "fastmail.net",
    "fastmail.org",
    "fastmail.us",
    "fastmail.to",
    "fastmail.co.uk",
    "fastmail.com.au",
    "fastmail.in",
    "fastmail.jp",
    "fastmail.de",
    "fastmail.es",
    "fastmail.se",
    "fastmail.uk",
    "sent.com",
    "addy.io",
    "anonaddy.com",
    "anonaddy.me",
    "33mail.com",
];

/// Returns the mailbox and its provider's domain, if the domain is that of one mailbox.
fn mailbox_of_domain(domain: &str) -> Option<(&str, &str)> {
    let (mailbox, provider) = domain.split_once('.')?;
    MAILBOX_DOMAINS.contains(&provider).then_some((mailbox, provider))
}

/// Returns the name under which email to one mailbox is counted. `text` is a result of [`local_text`], and `domain` is
/// in ASCII.
///
/// The result is not an address: nothing is sent to it.
pub(crate) fn mailbox_counted(text: &str, domain: &str) -> String {
    if let Some((mailbox, domain)) = mailbox_of_domain(domain) {
        return format!("{mailbox}@{domain}");
    }
    let text = text_folded(text);
    let provider = PROVIDERS.iter().find(|provider| provider.domains.contains(&domain));
    let begins_alias = |c: char| c == '+' || provider.is_some_and(|provider| provider.alias.contains(&c));
    let mailbox = text.split(begins_alias).next().filter(|mailbox| !mailbox.is_empty()).unwrap_or(&text);
    let Some(provider) = provider else { return format!("{mailbox}@{domain}") };
    let told = mailbox.replace(provider.overlooked, "");
    format!("{told}@{}", provider.domains.first().unwrap_or(&domain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn local_parts() {
        for (local, text) in [
            ("reader", "reader"),
            ("o'neil+a.b", "o'neil+a.b"),
            ("用户", "用户"),
            ("😀", "😀"),
            (r#""odd name""#, "odd name"),
            (r#""reader""#, "reader"),
            (r#""a\ b""#, "a b"),
            (r#""a\"b\\c""#, r#"a"b\c"#),
            (r#""a@b""#, "a@b"),
            (r#""a..b.""#, "a..b."),
            (r#"" ""#, " "),
        ] {
            assert_eq!(local_text(local).as_deref(), Some(text), "{local}");
            assert_eq!(local_text(&local_written(text)).as_deref(), Some(text), "{local}");
        }
        let long = "a".repeat(65);
        for bad in [
            "",
            "a b",
            "a..b",
            ".a",
            "a.",
            "a\"b",
            "\"",
            "\"\"",
            "\"a",
            "a\"",
            r#""a"b""#,
            r#""a\""#,
            "\"a\tb\"",
            "a(b)",
            "a@b",
            "a,b",
            "a\\b",
            "a\u{200b}b",
            "a\u{a0}b",
            "\"\u{7f}\"",
            r#""a".b"#,
            &long,
        ] {
            assert_eq!(local_text(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn mailboxes() {
        for (text, domain, counted) in [
            ("Anna+news", "example.com", "anna@example.com"),
            ("+anna", "example.com", "+anna@example.com"),
            ("a.n.n.a", "example.com", "a.n.n.a@example.com"),
            ("A.n.n.a+x", "gmail.com", "anna@gmail.com"),
            ("anna", "googlemail.com", "anna@gmail.com"),
            ("an-n_a", "pm.me", "anna@proton.me"),
            ("an-na", "ya.ru", "anna@yandex.ru"),
            ("anna", "me.com", "anna@icloud.com"),
            ("anna-shop", "yahoo.com", "anna@yahoo.com"),
            ("anna-shop", "example.com", "anna-shop@example.com"),
            ("anna b+c", "example.com", "anna b@example.com"),
            ("\u{e9}", "example.com", "\u{e9}@example.com"),
            ("e\u{301}+N", "example.com", "\u{e9}@example.com"),
            ("E\u{301}+N", "example.com", "\u{e9}@example.com"),
            ("a.nna", "yandex.com.tr", "anna@yandex.ru"),
            ("shop", "anna.fastmail.com", "anna@fastmail.com"),
            ("anna+x", "fastmail.com", "anna@fastmail.com"),
            ("shop", "anna.fastmail.fm", "anna@fastmail.fm"),
            ("anna", "mail.example.com", "anna@mail.example.com"),
            ("anna", "a.b.fastmail.com", "anna@a.b.fastmail.com"),
        ] {
            assert_eq!(mailbox_counted(text, domain), counted);
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in "[ -~é日]{1,20}") {
            let written = local_written(&text).into_owned();
            prop_assert_eq!(local_text(&written), Some(text));
        }
    }
}
