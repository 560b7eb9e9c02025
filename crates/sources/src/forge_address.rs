//! The address of a forge's API, as a user or a setting gives it.

use std::str::FromStr;

use url::Url;

/// The longest address, in bytes.
const ADDRESS_MAX: usize = 500;

/// The address of a forge's API. It is an http or https URL without a user, a query or a fragment. It may have a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeAddress(Url);

/// A text that is not the address of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the http or https URL of a forge's API, such as https://git.example.com/api/v3")]
pub struct ForgeAddressInvalid;

impl ForgeAddress {
    /// The address as a URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for ForgeAddress {
    type Err = ForgeAddressInvalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| ForgeAddressInvalid)?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.host().is_some();
        let is_good = matches!(url.scheme(), "http" | "https") && is_plain && text.len() <= ADDRESS_MAX;
        if is_good { Ok(Self(url)) } else { Err(ForgeAddressInvalid) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["https://api.github.com", "http://127.0.0.1:3000/api/v1", "https://git.example.com/api/v4/"] {
            assert!(good.parse::<ForgeAddress>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "api.github.com",
            "ftp://git.example.com/",
            "file:///etc/passwd",
            "https://user@git.example.com/",
            "https://:secret@git.example.com/",
            "https://git.example.com/?token=x",
            "https://git.example.com/#x",
            "https://",
            &format!("https://git.example.com/{}", "x".repeat(500)),
        ] {
            assert!(bad.parse::<ForgeAddress>().is_err(), "{bad}");
        }
    }
}
