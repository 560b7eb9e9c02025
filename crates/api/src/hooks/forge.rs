//! The differences between the webhooks of forges: their headers, their signatures, and the readers of their events.

use actix_web::http::header::HeaderMap;
use releasepage_auth::signature::HookProof;
use releasepage_domain::{
    fault::{Fault, Faults},
    repository::RepositoryOrigin,
};
use releasepage_sources::{ForgeMessage, MessageError, gitea, github, gitlab, gogs};

use super::generic_event;

/// The longest event name or id of a delivery, in characters. Those of forges have fewer than 50.
const HEADER_MAX: usize = 100;

/// The headers of Standard Webhooks.
const STANDARD_ID: &str = "webhook-id";
const STANDARD_TIMESTAMP: &str = "webhook-timestamp";
const STANDARD_SIGNATURE: &str = "webhook-signature";

/// The webhook of one kind of forge.
pub(super) struct ForgeHook {
    /// The origin of the repositories that it delivers to.
    pub(super) origin: RepositoryOrigin,
    /// The headers that may name the event; empty if the payload names it.
    events: &'static [&'static str],
    /// The headers that may name the delivery, for forges that sign no id.
    deliveries: &'static [&'static str],
    /// The ways in which it proves that it knows the secret. If several are present, only the first one counts, right
    /// or wrong.
    proofs: &'static [ProofForm],
    /// True if the field `payload` of a form may hold the payload.
    pub(super) takes_forms: bool,
    /// Reads an event with this name and payload.
    pub(super) read: fn(&str, &[u8]) -> Result<ForgeMessage, MessageError>,
}

/// A way in which a forge proves that it knows the secret.
enum ProofForm {
    /// An HMAC in hexadecimal digits, after a prefix.
    Digits { header: &'static str, prefix: &'static str },
    /// The secret itself.
    Token { header: &'static str },
    /// The three headers of Standard Webhooks.
    Standard,
}

/// The signature of GitHub, and of forges that sign in the same way.
const HUB_SIGNATURE: ProofForm = ProofForm::Digits { header: "x-hub-signature-256", prefix: "sha256=" };

pub(super) const GITHUB: ForgeHook = ForgeHook {
    origin: RepositoryOrigin::Github,
    events: &["x-github-event"],
    deliveries: &["x-github-delivery"],
    proofs: &[HUB_SIGNATURE],
    takes_forms: true,
    read: github::message_read,
};

pub(super) const GITLAB: ForgeHook = ForgeHook {
    origin: RepositoryOrigin::Gitlab,
    events: &["x-gitlab-event"],
    deliveries: &["idempotency-key", "x-gitlab-event-uuid"],
    proofs: &[ProofForm::Standard, ProofForm::Token { header: "x-gitlab-token" }],
    takes_forms: false,
    read: gitlab::message_read,
};

/// Forms are not accepted: Gitea then signs the content of the form, not the body that it sends.
pub(super) const GITEA: ForgeHook = ForgeHook {
    origin: RepositoryOrigin::Gitea,
    events: &["x-gitea-event", "x-forgejo-event"],
    deliveries: &["x-gitea-delivery", "x-forgejo-delivery"],
    proofs: &[
        ProofForm::Digits { header: "x-gitea-signature", prefix: "" },
        ProofForm::Digits { header: "x-forgejo-signature", prefix: "" },
        HUB_SIGNATURE,
    ],
    takes_forms: false,
    read: gitea::message_read,
};

pub(super) const GOGS: ForgeHook = ForgeHook {
    origin: RepositoryOrigin::Gogs,
    events: &["x-gogs-event"],
    deliveries: &["x-gogs-delivery"],
    proofs: &[ProofForm::Digits { header: "x-gogs-signature", prefix: "" }],
    takes_forms: false,
    read: gogs::message_read,
};

pub(super) const GENERIC: ForgeHook = ForgeHook {
    origin: RepositoryOrigin::Generic,
    events: &[],
    deliveries: &[STANDARD_ID],
    proofs: &[ProofForm::Standard],
    takes_forms: false,
    read: generic_event::message_read,
};

impl ForgeHook {
    /// Returns the proof of a delivery. Without any proof, it is empty digits.
    pub(super) fn proof<'a>(&self, headers: &'a HeaderMap) -> HookProof<'a> {
        self.proofs.iter().find_map(|form| form.take(headers)).unwrap_or(HookProof::Digits(""))
    }

    /// Returns the event and the id of a delivery. A signed id takes precedence.
    pub(super) fn headers_take<'a>(
        &self,
        headers: &'a HeaderMap,
        proof: HookProof<'a>,
    ) -> Result<(&'a str, &'a str), Faults> {
        let mut faults = Faults::new();
        let event = match self.events {
            [] => Some(self.origin.as_str()),
            names => faults.take(first_header(headers, names)),
        };
        let delivery = match proof {
            HookProof::Standard { .. } => faults.take(first_header(headers, &[STANDARD_ID])),
            HookProof::Digits(_) | HookProof::Token(_) => faults.take(first_header(headers, self.deliveries)),
        };
        faults.finish(|| event.zip(delivery))
    }
}

impl ProofForm {
    fn take<'a>(&self, headers: &'a HeaderMap) -> Option<HookProof<'a>> {
        Some(match self {
            Self::Digits { header: name, prefix } => {
                HookProof::Digits(header(headers, name)?.strip_prefix(prefix).unwrap_or_default())
            }
            Self::Token { header: name } => HookProof::Token(header(headers, name)?),
            Self::Standard => HookProof::Standard {
                signatures: header(headers, STANDARD_SIGNATURE)?,
                id: header(headers, STANDARD_ID).unwrap_or_default(),
                timestamp: header(headers, STANDARD_TIMESTAMP).unwrap_or_default(),
            },
        })
    }
}

/// Returns the first of the headers that is present. If none is present or it cannot be used, the fault names the first
/// header.
fn first_header<'a>(headers: &'a HeaderMap, names: &[&str]) -> Result<&'a str, Fault> {
    const EXPECTED: &str = "must be the header that the forge sends, of 1 to 100 printable ASCII characters";
    let first = names.first().copied().unwrap_or_default();
    let is_good = |value: &&str| {
        let is_printable = value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        (1..=HEADER_MAX).contains(&value.len()) && is_printable && value.trim().len() == value.len()
    };
    match names.iter().find_map(|name| header(headers, name)) {
        None => Err(Fault::missing(first, EXPECTED)),
        Some(value) => Some(value).filter(is_good).ok_or_else(|| Fault::invalid(first, EXPECTED)),
    }
}

/// Returns a header that was sent once; empty if it was repeated or is not ASCII.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    if values.next().is_some() {
        return Some("");
    }
    Some(value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn event_and_delivery_are_needed_once() {
        let (event, delivery) = ("x-github-event", "x-github-delivery");
        let take = |pairs: &[(&'static str, &str)]| {
            let headers = headers(pairs);
            let taken = GITHUB.headers_take(&headers, GITHUB.proof(&headers));
            taken.map(|(event, delivery)| (event.to_owned(), delivery.to_owned()))
        };
        let good = take(&[(event, "release"), (delivery, "72d3162e-cc78-11e3-81ab-4c9367dc0958")]);
        assert_eq!(good.unwrap(), ("release".into(), "72d3162e-cc78-11e3-81ab-4c9367dc0958".into()));
        let long = "x".repeat(101);
        for bad in [
            &[(event, "release")][..],
            &[(event, "release"), (delivery, "")],
            &[(event, "release"), (delivery, "a\tb")],
            &[(event, "release"), (delivery, "é")],
            &[(event, "release"), (delivery, &long)],
            &[(event, "release"), (delivery, "a"), (delivery, "b")],
        ] {
            let faults = take(bad).unwrap_err();
            assert_eq!(faults.as_slice()[0].field, delivery, "{bad:?}");
        }
    }

    #[test]
    fn the_first_name_of_several_counts() {
        let of_forgejo = headers(&[("x-forgejo-event", "release"), ("x-forgejo-delivery", "one")]);
        assert_eq!(GITEA.headers_take(&of_forgejo, HookProof::Digits("")).unwrap(), ("release", "one"));
        let of_both =
            headers(&[("x-gitlab-event", "Release Hook"), ("x-gitlab-event-uuid", "two"), ("idempotency-key", "one")]);
        assert_eq!(GITLAB.headers_take(&of_both, HookProof::Token("")).unwrap(), ("Release Hook", "one"));
        let faults = GITLAB.headers_take(&headers(&[]), HookProof::Token("")).unwrap_err();
        let named: Vec<&str> = faults.as_slice().iter().map(|fault| &*fault.field).collect();
        assert_eq!(named, ["x-gitlab-event", "idempotency-key"]);
    }

    #[test]
    fn a_signed_id_comes_before_any_other() {
        let signed = [("webhook-signature", "v1,x"), ("webhook-id", "signed"), ("webhook-timestamp", "1")];
        let with_more =
            headers(&[&signed[..], &[("x-gitlab-event", "Release Hook"), ("idempotency-key", "other")]].concat());
        let proof = GITLAB.proof(&with_more);
        assert!(matches!(proof, HookProof::Standard { id: "signed", timestamp: "1", signatures: "v1,x" }));
        assert_eq!(GITLAB.headers_take(&with_more, proof).unwrap().1, "signed");
        let generic = headers(&signed);
        assert_eq!(GENERIC.headers_take(&generic, GENERIC.proof(&generic)).unwrap(), ("generic", "signed"));
    }

    #[test]
    fn a_signature_is_not_made_up_for_by_a_token() {
        let both = headers(&[("webhook-signature", ""), ("x-gitlab-token", "secret")]);
        assert!(matches!(GITLAB.proof(&both), HookProof::Standard { .. }));
        let token = headers(&[("x-gitlab-token", "secret")]);
        assert!(matches!(GITLAB.proof(&token), HookProof::Token("secret")));
        assert!(matches!(GENERIC.proof(&token), HookProof::Digits("")));
    }

    #[test]
    fn digits_stand_behind_their_prefix() {
        for (hook, name, value, digits) in [
            (&GITHUB, "x-hub-signature-256", "sha256=ab", "ab"),
            (&GITHUB, "x-hub-signature-256", "ab", ""),
            (&GITHUB, "x-hub-signature-256", "sha1=ab", ""),
            (&GITHUB, "x-hub-signature", "sha1=ab", ""),
            (&GITEA, "x-gitea-signature", "ab", "ab"),
            (&GITEA, "x-forgejo-signature", "ab", "ab"),
            (&GITEA, "x-hub-signature-256", "sha256=ab", "ab"),
            (&GOGS, "x-gogs-signature", "ab", "ab"),
            (&GOGS, "x-gitea-signature", "ab", ""),
        ] {
            let headers = headers(&[(name, value)]);
            let HookProof::Digits(found) = hook.proof(&headers) else { panic!("{name}") };
            assert_eq!(found, digits, "{name}: {value}");
        }
    }
}
