//! An address on a page, with preferences.

use std::{collections::HashSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    bump::Bump,
    fault::Fault,
    mailbox::{local_text, local_written, mailbox_counted},
    text::{line_is_clean, names_joined},
    time::UtcTime,
};

/// Where a subscriber stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriberState {
    /// A confirmation was sent and not yet answered.
    Pending,
    /// The address's owner said yes.
    Confirmed,
    /// The address's owner said no more.
    Unsubscribed,
    /// The address cannot be reached.
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

/// Where a reader stands once the suppression of their address is lifted: where they would stand without it. Whoever left
/// before or meanwhile stays away.
pub fn state_unsuppressed(confirmed_at: Option<UtcTime>, unsubscribed_at: Option<UtcTime>) -> SubscriberState {
    match (confirmed_at, unsubscribed_at) {
        (_, Some(_)) => SubscriberState::Unsubscribed,
        (Some(_), None) => SubscriberState::Confirmed,
        (None, None) => SubscriberState::Pending,
    }
}

/// The longest address in octets (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const ADDRESS_LENGTH: usize = 254;

const ADDRESS_EXPECTED: &str = "must be one e-mail address of at most 254 octets, such as reader@example.com";

const LITERAL_EXPECTED: &str =
    "must end in the name of a domain, such as reader@example.com: no mail is sent to an IP address in brackets";

/// Whether a host in ASCII is an IP address, as a URL would read it: its last label is a number, be it hexadecimal. Such
/// a host has no mail domain; digits of other scripts become these in IDNA.
fn is_number_host(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let hexadecimal = last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit())
}

/// An e-mail address that a mail can be sent to, as RFC 5321 and RFC 6531 say: at most 254 octets, without display
/// name, comment, address literal or IP address, and without any control character.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SubscriberAddress {
    given: String,
    at: usize,
    /// What the local part says, without quotation marks and escapes.
    text: String,
    domain_ascii: String,
}

impl SubscriberAddress {
    /// Parses an address as it was typed. `field` is named by the fault.
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
        // The ASCII form is what a mail server is told, and may be longer than what was typed.
        let octets = parsed.local().len() + 1 + parsed.domain_ascii.len();
        let folded_local = parsed.folded_local();
        let folded_octets = folded_local.len() + 1 + parsed.domain_ascii.len();
        let fits = octets <= ADDRESS_LENGTH && folded_octets <= ADDRESS_LENGTH && local_text(&folded_local).is_some();
        fits.then_some(parsed)
    }

    /// The address as it was given; mail goes to it.
    pub fn as_str(&self) -> &str {
        &self.given
    }

    /// What stands before the `@`, as it was given: with it a mail server is told whom a mail is for.
    pub fn local(&self) -> &str {
        &self.given[..self.at]
    }

    /// The domain in ASCII (IDNA): with it a mail server is told whom a mail is for.
    pub fn domain_ascii(&self) -> &str {
        &self.domain_ascii
    }

    /// The form in which addresses are compared: the local part in lower case and without needless quotation marks, the
    /// domain in its ASCII form.
    pub fn folded(&self) -> String {
        format!("{}@{}", self.folded_local(), self.domain_ascii)
    }

    fn folded_local(&self) -> String {
        local_written(&self.text.to_lowercase()).into_owned()
    }

    /// The form in which mail to one person is counted: whatever is written otherwise and reaches the same mailbox, such
    /// as an alias (`a+x@` is `a@`), is the same.
    pub fn counted(&self) -> String {
        mailbox_counted(&self.text, &self.domain_ascii)
    }

    /// The form for logs and for pages that a stranger may see: `a***@example.com`.
    pub fn masked(&self) -> String {
        address_masked(&self.given)
    }
}

impl fmt::Debug for SubscriberAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SubscriberAddress({})", self.masked())
    }
}

/// Masks an address for logs: the first character of its local part and its domain stay.
pub fn address_masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}***@{domain}")
}

/// The bumps a subscriber wants to hear of: at least one, none twice, in the order given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preferences(Vec<Bump>);

impl Default for Preferences {
    /// What a request without preferences means (`releasepage-v1.md`, subscribers).
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

    /// Whether the subscriber wants to hear of such a release.
    pub fn holds(&self, bump: Bump) -> bool {
        self.0.contains(&bump)
    }

    /// The bumps in the order given.
    pub fn bumps(&self) -> &[Bump] {
        &self.0
    }

    /// The names, separated by commas: how they are stored.
    pub fn stored(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|bump| bump.as_str()).collect();
        names.join(",")
    }

    /// Reads what [`Self::stored`] wrote.
    pub fn from_stored(stored: &str) -> Option<Self> {
        let names: Vec<&str> = stored.split(',').collect();
        Self::parse("preferences", &names).ok()
    }
}

/// Which components of the page a subscriber follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Following {
    /// All that the page has and will have.
    All,
    /// These component ids only, ascending, at least one.
    Only(Vec<i64>),
}

impl Following {
    /// Whether the subscriber hears of this component.
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
    }

    #[test]
    fn preferences() {
        assert_eq!(Preferences::parse("p", &["patch", "major"]).expect("valid").stored(), "patch,major");
        for bad in [vec![], vec!["major", "major"], vec!["Major"], vec![""], vec!["all"]] {
            assert!(Preferences::parse("p", &bad).is_err(), "{bad:?}");
        }
        assert_eq!(Preferences::from_stored(&Preferences::default().stored()), Some(Preferences::default()));
    }

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
        fn folding_is_stable(local in "[a-zA-Z0-9+._-]{1,20}|\"[ -~]{1,20}\"|[İßÀ-ſ]{1,40}", domain in "[a-zA-Z]{1,10}\\.[a-z]{2,5}") {
            if let Ok(address) = SubscriberAddress::parse("v", &format!("{local}@{domain}")) {
                let again = SubscriberAddress::parse("v", &address.folded()).expect("a folded address is an address");
                prop_assert_eq!(again.folded(), address.folded());
            }
        }
    }
}
