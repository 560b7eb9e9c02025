//! The sender and the recipient of an email.

use std::{fmt, str::FromStr};

use lettre::{Address, message::Mailbox};
use releasepage_domain::subscriber::{SubscriberAddress, address_masked};
use serde::Deserialize;
use url::Host;

use crate::{site::Site, text};

/// The longest address in octets (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const ADDRESS_LENGTH: usize = 254;

/// The longest name of a sender, in characters.
const NAME_LENGTH: usize = 80;

/// An address that no email can go to or come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The address is longer than 254 octets.
    #[error("a mail address has at most 254 octets")]
    TooLong,
    /// The address is not valid by RFC 5321 and RFC 6531.
    #[error("a mail address is written local-part@domain, without control characters")]
    Malformed,
    /// The domain is not ASCII and cannot be written in ASCII.
    #[error("the domain of the mail address cannot be written in ASCII (IDNA)")]
    Domain,
}

/// The one address that an email goes to. The domain is ASCII. The local part may not be, see
/// [`Recipient::needs_utf8`].
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(Address);

impl Recipient {
    /// True if only servers with SMTPUTF8 (RFC 6531) can deliver to this address. A domain can always be written in
    /// ASCII. A local part cannot.
    pub fn needs_utf8(&self) -> bool {
        !self.0.user().is_ascii()
    }

    /// The address in the form for SMTP and headers.
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    pub(crate) fn address(&self) -> &Address {
        &self.0
    }
}

impl From<&SubscriberAddress> for Recipient {
    /// Takes every subscriber's address. Both types follow the same rule, that of [`SubscriberAddress`].
    fn from(address: &SubscriberAddress) -> Self {
        // lettre accepts fewer forms of a local part than RFC 5321.
        Self(Address::new_dangerous(address.local(), address.domain_ascii()))
    }
}

impl FromStr for Recipient {
    type Err = AddressError;

    fn from_str(address: &str) -> Result<Self, Self::Err> {
        address_parse(address).map(Self)
    }
}

impl fmt::Debug for Recipient {
    /// Masks the address, because debug output is logged.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Recipient({})", address_masked(self.as_str()))
    }
}

/// The sender of an email: `releases@example.com`, or with a name, `Acme Releases <releases@example.com>`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Sender {
    name: Option<String>,
    address: Address,
}

/// A text that is not a valid sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SenderError {
    /// The text does not have the form of a sender.
    #[error("a sender is written 'releases@example.com' or 'Acme Releases <releases@example.com>'")]
    Malformed,
    /// The local part is not ASCII. Not every mail server could deliver an answer to it.
    #[error("the sender's address must be ASCII before the @")]
    NotAscii,
    /// The address of the sender is not valid.
    #[error(transparent)]
    Address(#[from] AddressError),
}

impl Sender {
    /// The sender of a site that sets none: `releases@` and the site's host.
    ///
    /// # Errors
    ///
    /// Returns an error if the site's host is not a valid mail domain.
    pub fn of_site(site: &Site) -> Result<Self, AddressError> {
        let address = address_parse(&format!("releases@{}", site.domain()))?;
        Ok(Self { name: None, address })
    }

    /// The same sender under the page's title, the name that readers know. Keeps the name from the settings if the
    /// title is empty.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        let name = name_clean(name).or(self.name);
        Self { name, ..self }
    }

    /// True if the address belongs to this machine alone. Other mail servers refuse it, and nobody can answer it.
    pub fn is_of_this_machine(&self) -> bool {
        let domain = self.address.domain().to_ascii_lowercase();
        matches!(domain.as_str(), "localhost" | "localhost.localdomain") || domain.ends_with(".localhost")
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.name.clone(), self.address.clone())
    }
}

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(sender: &str) -> Result<Self, Self::Err> {
        if sender.chars().any(char::is_control) {
            return Err(SenderError::Malformed);
        }
        let mailbox: Mailbox = sender.parse().map_err(|_| SenderError::Malformed)?;
        let address = address_parse(mailbox.email.as_ref())?;
        if !address.user().is_ascii() {
            return Err(SenderError::NotAscii);
        }
        let name = mailbox.name.as_deref().and_then(name_clean);
        Ok(Self { name, address })
    }
}

impl TryFrom<String> for Sender {
    type Error = SenderError;

    fn try_from(sender: String) -> Result<Self, Self::Error> {
        sender.parse()
    }
}

/// The name in a form for a header: one line, cut to its maximum. `None` if nothing is left.
fn name_clean(name: &str) -> Option<String> {
    Some(text::cut(&text::line(name), NAME_LENGTH)).filter(|name| !name.is_empty())
}

/// Parses an address and brings its domain to ASCII.
fn address_parse(address: &str) -> Result<Address, AddressError> {
    if address.len() > ADDRESS_LENGTH {
        return Err(AddressError::TooLong);
    }
    if address.chars().any(char::is_control) {
        return Err(AddressError::Malformed);
    }
    let (local, domain) = address.rsplit_once('@').ok_or(AddressError::Malformed)?;
    let domain = domain_to_ascii(domain)?;
    let parsed = Address::new(local, domain).map_err(|_| AddressError::Malformed)?;
    // The ASCII form can be longer than the original.
    let octets: &str = parsed.as_ref();
    if octets.len() > ADDRESS_LENGTH { Err(AddressError::TooLong) } else { Ok(parsed) }
}

/// The domain in ASCII. An ASCII domain stays as it is, any other is converted by IDNA (RFC 5891).
fn domain_to_ascii(domain: &str) -> Result<String, AddressError> {
    if domain.is_ascii() {
        return Ok(domain.to_owned());
    }
    match Host::parse(domain) {
        Ok(Host::Domain(ascii)) => Ok(ascii),
        _ => Err(AddressError::Domain),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn recipients() {
        for (address, written, utf8) in [
            ("reader@example.com", "reader@example.com", false),
            ("Reader+acme@Example.COM", "Reader+acme@Example.COM", false),
            ("reader@bücher.example", "reader@xn--bcher-kva.example", false),
            ("用户@例え.jp", "用户@xn--r8jz45g.jp", true),
            ("\"a b\"@example.com", "\"a b\"@example.com", false),
            ("reader@[192.0.2.1]", "reader@[192.0.2.1]", false),
        ] {
            let recipient: Recipient = address.parse().expect(address);
            assert_eq!((recipient.as_str(), recipient.needs_utf8()), (written, utf8));
        }
        for address in
            ["", "reader", "@example.com", "reader@", "a@b@", "a b@example.com", "a@exam ple.com", "a@b\r\nBcc: c@d"]
        {
            assert!(address.parse::<Recipient>().is_err(), "{address:?}");
        }
        let long = format!("a@{}", ["b".repeat(60).as_str(); 5].join("."));
        assert_eq!(long.parse::<Recipient>(), Err(AddressError::TooLong));
    }

    #[test]
    fn whoever_could_subscribe_can_be_written_to() {
        for address in [
            "reader@example.com",
            "o'neill+acme.news@sub.example.co.uk",
            "!#$%&'*+-/=?^_`{|}~@example.com",
            "\"very odd\"@example.com",
            "\"a@b\"@example.com",
            "reader@localhost",
            "reader@BÜCHER.example",
            "用户@例え.jp",
            &format!("{}@example.com", "a".repeat(64)),
        ] {
            let subscriber = SubscriberAddress::parse("value", address).expect(address);
            let recipient = Recipient::from(&subscriber);
            assert_eq!(recipient.as_str().to_lowercase(), subscriber.folded());
        }
    }

    #[test]
    fn recipients_are_masked() {
        let recipient: Recipient = "reader@example.com".parse().expect("an address");
        assert_eq!(format!("{recipient:?}"), "Recipient(r***@example.com)");
    }

    #[test]
    fn senders() {
        let sender: Sender = "Acme Releases <releases@bücher.example>".parse().expect("a sender");
        assert_eq!(sender.mailbox().to_string(), "Acme Releases <releases@xn--bcher-kva.example>");
        let sender: Sender = "releases@example.com".parse().expect("a sender");
        assert_eq!(sender.mailbox().to_string(), "releases@example.com");
        for sender in ["", "Acme", "Acme <>", "A\r\nBcc: <releases@example.com>", "用户@example.com"] {
            assert!(sender.parse::<Sender>().is_err(), "{sender:?}");
        }
    }

    #[test]
    fn senders_of_this_machine() {
        for (sender, here) in [
            ("ReleasePage <releases@localhost>", true),
            ("releases@LocalHost", true),
            ("releases@localhost.localdomain", true),
            ("releases@mail.localhost", true),
            ("releases@example.com", false),
            ("localhost@example.com", false),
            ("releases@notlocalhost", false),
        ] {
            assert_eq!(sender.parse::<Sender>().expect(sender).is_of_this_machine(), here, "{sender}");
        }
    }

    #[test]
    fn a_page_names_the_sender() {
        let given: Sender = "Acme <releases@example.com>".parse().expect("a sender");
        assert_eq!(given.clone().named("Page").mailbox().to_string(), "Page <releases@example.com>");
        assert_eq!(given.clone().named("\r\n"), given);
        let bare: Sender = "releases@example.com".parse().expect("a sender");
        assert_eq!(bare.clone().named("Page\r\nBcc: x").name.as_deref(), Some("Page Bcc: x"));
        assert_eq!(bare.clone().named("\r\n").name, None);
        let long = bare.named(&"x".repeat(1_000)).name;
        assert_eq!(long.map(|name| name.chars().count()), Some(NAME_LENGTH));
    }

    #[test]
    fn every_site_has_a_sender() {
        for (url, address) in [
            ("https://releases.example.com", "releases@releases.example.com"),
            ("http://localhost:8080", "releases@localhost"),
            ("http://127.0.0.1:8080", "releases@[127.0.0.1]"),
        ] {
            let site = Site::new(&Url::parse(url).expect("a URL")).expect("a host");
            let sender = Sender::of_site(&site).expect("a sender");
            assert_eq!(sender.mailbox().to_string(), address);
        }
    }

    proptest! {
        #[test]
        fn no_address_holds_a_line_break(before in any::<String>(), after in any::<String>()) {
            let smuggled = format!("{before}\r\nBcc: {after}");
            prop_assert!(smuggled.parse::<Recipient>().is_err());
            prop_assert!(smuggled.parse::<Sender>().is_err());
        }
    }
}
