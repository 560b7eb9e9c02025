//! Subscribers: addresses on a page, with preferences.

use std::{collections::HashSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    bump::Bump,
    fault::Fault,
    mailbox::{local_text, local_written, mailbox_counted, text_folded},
    text::{line_is_clean, names_joined},
    time::UtcTime,
};

/// The state of a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriberState {
    /// A confirmation was asked for and not yet given.
    Pending,
    /// The owner of the address confirmed.
    Confirmed,
    /// The owner of the address left.
    Unsubscribed,
    /// The address refused mail or complained.
    Suppressed,
}

crate::text::named! {
    SubscriberState {
        Pending => "pending",
        Confirmed => "confirmed",
        Unsubscribed => "unsubscribed",
        Suppressed => "suppressed",
    }
}

/// Returns the state of a subscriber after the suppression of their address is lifted. It is the state without the
/// suppression, so a reader who left stays unsubscribed.
pub fn state_unsuppressed(confirmed_at: Option<UtcTime>, unsubscribed_at: Option<UtcTime>) -> SubscriberState {
    match (confirmed_at, unsubscribed_at) {
        (_, Some(_)) => SubscriberState::Unsubscribed,
        (Some(_), None) => SubscriberState::Confirmed,
        (None, None) => SubscriberState::Pending,
    }
}

/// The longest address, in octets (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const ADDRESS_LENGTH: usize = 254;

/// The accepted form of an email address.
pub const ADDRESS_EXPECTED: &str = "must be one email address of at most 254 octets, such as reader@example.com";

const LITERAL_EXPECTED: &str =
    "must end in a domain name, such as reader@example.com: no email is sent to an IP address in brackets";

/// True if a host in ASCII is an IP address, as in a URL: its last label is a decimal or hexadecimal number. Such a
/// host is not the domain of an email address. IDNA turns digits of other scripts into ASCII digits.
fn is_number_host(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let hexadecimal = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit())
}

/// An email address to which messages can be sent (RFC 5321 and RFC 6531). It has at most 254 octets. It has no display
/// name, comment, address literal, IP address or control character.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SubscriberAddress {
    given: String,
    at: usize,
    /// The text of the local part, without quotation marks and escapes.
    text: String,
    domain_ascii: String,
}

impl SubscriberAddress {
    /// Parses an address as it was typed.
    ///
    /// # Errors
    ///
    /// A fault of `field`.
    pub fn parse(field: &str, given: &str) -> Result<Self, Fault> {
        Self::parse_address(given).ok_or_else(|| {
            let is_literal = given.ends_with(']') && given.contains("@[");
            Fault::invalid(field, if is_literal { LITERAL_EXPECTED } else { ADDRESS_EXPECTED })
        })
    }

    fn parse_address(given: &str) -> Option<Self> {
        if given.len() > ADDRESS_LENGTH || !line_is_clean(given) {
            return None;
        }
        let (local, domain) = given.rsplit_once('@')?;
        let text = local_text(local)?;
        let domain_ascii = idna::domain_to_ascii_strict(domain).ok()?;
        if domain_ascii.is_empty() || domain_ascii.ends_with('.') || is_number_host(&domain_ascii) {
            return None;
        }
        let parsed = Self { at: local.len(), text, domain_ascii, given: given.to_owned() };
        // Mail servers get the ASCII form, which may be longer than the typed one.
        let octets = parsed.local().len() + 1 + parsed.domain_ascii.len();
        let folded_local = parsed.folded_local();
        let folded_octets = folded_local.len() + 1 + parsed.domain_ascii.len();
        let fits = octets <= ADDRESS_LENGTH && folded_octets <= ADDRESS_LENGTH && local_text(&folded_local).is_some();
        fits.then_some(parsed)
    }

    /// Returns the address as it was given. Email is sent to it.
    pub fn as_str(&self) -> &str {
        &self.given
    }

    /// Returns the local part, before the `@`, as it was given. Mail servers get it with [`Self::domain_ascii`].
    pub fn local(&self) -> &str {
        &self.given[..self.at]
    }

    /// Returns the domain in ASCII (IDNA), as mail servers get it.
    pub fn domain_ascii(&self) -> &str {
        &self.domain_ascii
    }

    /// Returns the form in which addresses are compared: the local part in lower case without needless quotation marks,
    /// and the domain in ASCII.
    pub fn folded(&self) -> String {
        format!("{}@{}", self.folded_local(), self.domain_ascii)
    }

    fn folded_local(&self) -> String {
        local_written(&text_folded(&self.text)).into_owned()
    }

    /// Returns the form in which email to one person is counted. All spellings that reach the same mailbox have the
    /// same form, for example an alias: `a+x@` counts as `a@`.
    pub fn counted(&self) -> String {
        mailbox_counted(&self.text, &self.domain_ascii)
    }

    /// Returns the form for logs and for documents that a stranger may see: `a***@example.com`.
    pub fn masked(&self) -> String {
        address_masked(&self.given)
    }
}

impl fmt::Debug for SubscriberAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SubscriberAddress({})", self.masked())
    }
}

/// Masks an address for logs. The first character of its local part and its domain stay.
pub fn address_masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}***@{domain}")
}

/// The bumps that a subscriber wants to be told of: at least one, without repetition, in the given order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preferences(Vec<Bump>);

impl Default for Preferences {
    /// Returns the preferences of a request without any (`releasepage-v1.md`, subscribers).
    fn default() -> Self {
        Self(vec![Bump::Major, Bump::Minor, Bump::Patch])
    }
}

impl Preferences {
    /// Checks a list of names.
    pub fn parse<S: AsRef<str>>(field: &str, names: &[S]) -> Result<Self, Fault> {
        let expected = || format!("must be at least one of {}, none twice", names_joined::<Bump>("and"));
        let fault = || Fault::invalid(field, expected());
        let bumps: Vec<Bump> =
            names.iter().map(|name| Bump::from_str(name.as_ref())).collect::<Result<_, _>>().map_err(|_| fault())?;
        let distinct: HashSet<Bump> = bumps.iter().copied().collect();
        if bumps.is_empty() || distinct.len() != bumps.len() {
            return Err(fault());
        }
        Ok(Self(bumps))
    }

    /// True if the subscriber wants to be told of this bump.
    pub fn holds(&self, bump: Bump) -> bool {
        self.0.contains(&bump)
    }

    /// Returns the bumps in the given order.
    pub fn bumps(&self) -> &[Bump] {
        &self.0
    }

    /// Returns the stored form: the names, separated by commas.
    pub fn stored(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|bump| bump.as_str()).collect();
        names.join(",")
    }

    /// Reads the form that [`Self::stored`] returns.
    pub fn from_stored(stored: &str) -> Option<Self> {
        let names: Vec<&str> = stored.split(',').collect();
        Self::parse("preferences", &names).ok()
    }
}

/// The components of a page that a subscriber follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Following {
    /// All components, present and future.
    All,
    /// Only these component ids, in ascending order, at least one.
    Only(Vec<i64>),
}

impl Following {
    /// The components with these ids, of which at least one is given.
    pub fn only(mut components: Vec<i64>) -> Self {
        components.sort_unstable();
        components.dedup();
        Self::Only(components)
    }

    /// True if the subscriber follows this component.
    pub fn holds(&self, component: i64) -> bool {
        match self {
            Self::All => true,
            Self::Only(components) => components.contains(&component),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses() {
        for good in [
            "reader@example.com",
            "a+b@example.com",
            "ünï@exämple.com",
            "x@localhost",
            "\"a b\"@example.com",
            "\"a\\ b\\\"c\"@example.com",
            "\"a@b\"@example.com",
            "😀@example.com",
            "o'neil@example.co.uk",
            "a@1.example",
            "a@example.0xyz",
        ] {
            assert!(SubscriberAddress::parse("data.value", good).is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        let long_in_ascii = format!("{}@{}com", "a".repeat(64), "ünïünïünïü.".repeat(10));
        assert!(long_in_ascii.len() < ADDRESS_LENGTH);
        for bad in [
            "",
            "a",
            "a@",
            "@b",
            "a@b@c",
            "a b@example.com",
            "A <a@example.com>",
            "a@[127.0.0.1]",
            "a@[IPv6:2001:db8::1]",
            "a@[x:y]",
            "\"\"@example.com",
            "a@example.com.",
            "a@foo_bar.com",
            "(comment)a@example.com",
            "<a@example.com>",
            "a@example.com\r\nBcc: b@example.com",
            "a\0@example.com",
            "a@exa mple.com",
            "a@-example.com",
            "a@example..com",
            " a@example.com",
            "a@127.0.0.1",
            "a@１２７.０.０.１",
            "a@0x7f000001",
            "a@example.0XA",
            "a@2130706433",
            &long,
            &long_in_ascii,
        ] {
            assert!(SubscriberAddress::parse("data.value", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn folding_counting_masking() {
        let address = SubscriberAddress::parse("v", "Anna+News@EXÄMPLE.com").expect("valid");
        assert_eq!(address.as_str(), "Anna+News@EXÄMPLE.com");
        assert_eq!(address.folded(), "anna+news@xn--exmple-cua.com");
        assert_eq!(address.counted(), "anna@xn--exmple-cua.com");
        assert_eq!(address.masked(), "A***@EXÄMPLE.com");
        for same in ["\"anna+news\"@exämple.com", "\"an\\na+news\"@xn--exmple-cua.com"] {
            let same = SubscriberAddress::parse("v", same).expect("valid");
            assert_eq!((same.folded(), same.counted()), (address.folded(), address.counted()));
        }
        assert!(!format!("{address:?}").contains("nna"));
        let composed = SubscriberAddress::parse("v", "\u{c9}+N@example.com").expect("valid");
        let decomposed = SubscriberAddress::parse("v", "e\u{301}+n@example.com").expect("valid");
        assert_eq!((composed.folded(), composed.counted()), (decomposed.folded(), decomposed.counted()));
        assert_eq!(decomposed.as_str(), "e\u{301}+n@example.com", "email goes to the address as it was typed");
    }

    #[test]
    fn preferences() {
        assert_eq!(Preferences::parse("p", &["patch", "major"]).expect("valid").stored(), "patch,major");
        for bad in [vec![], vec!["major", "major"], vec!["Major"], vec![""], vec!["all"]] {
            assert!(Preferences::parse("p", &bad).is_err(), "{bad:?}");
        }
        assert_eq!(Preferences::from_stored(&Preferences::default().stored()), Some(Preferences::default()));
    }

    /// Local parts, also with letters and marks that Unicode composes.
    const LOCALS: &str =
        "[a-zA-Z0-9+._-]{1,20}|\"[ -~]{1,20}\"|[İßÀ-ſ]{1,40}|[a-zA-ZÀ-ſΑ-ώἀ-ῼ\u{212a}\u{300}-\u{345}]{1,20}";

    proptest! {
        #[test]
        fn however_it_is_written_a_mailbox_is_counted_once(
            name in "[a-z]{1,8}",
            alias in "(\\+[a-z.]{1,8})?",
            dots in proptest::collection::vec(any::<bool>(), 8),
            escapes in proptest::collection::vec(any::<bool>(), 30),
            is_quoted in any::<bool>(),
            domain in "gmail\\.com|GoogleMail\\.com",
        ) {
            let dotted: String = name
                .char_indices()
                .map(|(index, c)| if index > 0 && dots[index] { format!(".{c}") } else { c.to_string() })
                .collect();
            let local = format!("{dotted}{alias}");
            let local = if is_quoted {
                let escaped = local.chars().zip(&escapes);
                let inner: String = escaped.map(|(c, e)| if *e { format!("\\{c}") } else { c.to_string() }).collect();
                format!("\"{inner}\"")
            } else {
                local
            };
            if let Ok(address) = SubscriberAddress::parse("v", &format!("{local}@{domain}")) {
                prop_assert_eq!(address.counted(), format!("{name}@gmail.com"));
            } else {
                prop_assert!(!is_quoted && alias.contains('.'), "{}", local);
            }
        }

        #[test]
        fn no_address_holds_a_line_break(text in "\\PC{0,20}[\r\n\0]\\PC{0,20}@example\\.com") {
            prop_assert!(SubscriberAddress::parse("v", &text).is_err());
        }

        #[test]
        fn folding_is_stable(local in LOCALS, domain in "[a-zA-Z]{1,10}\\.[a-z]{2,5}") {
            if let Ok(address) = SubscriberAddress::parse("v", &format!("{local}@{domain}")) {
                let again = SubscriberAddress::parse("v", &address.folded()).expect("a folded address is an address");
                prop_assert_eq!(again.folded(), address.folded());
            }
        }
    }
}
