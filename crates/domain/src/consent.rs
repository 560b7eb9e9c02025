//! Who is subscribed on a back end's word, and who is not (`management-v1.md`, subscribers).

use crate::{fault::Fault, subscriber::SubscriberState, text::line_is_clean, time::UtcTime};

/// The source of a consent that came by the button in a confirmation mail.
pub const CONSENT_BY_MAIL: &str = "confirmation mail";

/// Longest source of a consent, in characters.
const SOURCE_MAX: usize = 200;

/// Why nobody is subscribed at an address that refused mail.
pub const ADDRESS_REFUSED: &str = "mail to this address was refused";

/// Why somebody who unsubscribed is not subscribed again.
pub const READER_LEFT: &str = "the reader unsubscribed after this consent";

/// That, and when, somebody agreed to get mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Where they agreed, such as `sign-up form`.
    pub source: String,
    /// When they agreed.
    pub time: UtcTime,
}

/// Checks the source of a consent: one line of 1 to 200 characters that are not all blank.
pub fn consent_source_check(field: &str, source: &str) -> Result<String, Fault> {
    let source = source.trim();
    if source.is_empty() || source.chars().count() > SOURCE_MAX || !line_is_clean(source) {
        return Err(Fault::invalid(field, "must be one line of 1 to 200 characters, such as sign-up form"));
    }
    Ok(source.to_owned())
}

/// Checks the time of a consent, which nobody gives in the future.
pub fn consent_time_check(field: &str, time: UtcTime, now: UtcTime) -> Result<UtcTime, Fault> {
    if time > now { Err(Fault::invalid(field, "must not be in the future")) } else { Ok(time) }
}

/// The words with which a back end says how somebody's yes comes to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmWay {
    /// The address is asked by mail.
    Mail,
    /// The back end vouches for a consent.
    Vouched,
}

crate::text::named! {
    ConfirmWay {
        Mail => "mail",
        Vouched => "vouched",
    }
}

/// How somebody's yes comes to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// They are asked by mail.
    Mail {
        /// Whoever was asked before, or left, is asked once more.
        again: bool,
    },
    /// The back end vouches for their consent.
    Vouched(Consent),
    /// They said no elsewhere, at this time: they are kept as unsubscribed.
    Left(UtcTime),
}

/// What is known of somebody on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownReader {
    /// Where they stand.
    pub state: SubscriberState,
    /// When they left, if they did.
    pub unsubscribed_at: Option<UtcTime>,
}

/// What becomes of somebody whom a back end hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addition {
    /// They are confirmed, with their consent.
    Confirm,
    /// They are asked by mail.
    Ask,
    /// They are noted as unsubscribed.
    NoteLeft,
    /// They are here already and stay as they are: what a reader chose counts more than what a back end repeats.
    Keep,
    /// They are not subscribed, for this reason.
    Refuse(&'static str),
}

/// Decides what becomes of somebody whom a back end hands over. `suppressed` says whether mail to the address is known
/// to be refused.
///
/// No vouching reaches an address that refused mail, and none overrules a reader who left at or after the moment at
/// which they are said to have agreed.
pub fn addition_decide(known: Option<KnownReader>, suppressed: bool, confirmation: &Confirmation) -> Addition {
    let state = known.map(|reader| reader.state);
    if suppressed || state == Some(SubscriberState::Suppressed) {
        return Addition::Refuse(ADDRESS_REFUSED);
    }
    let left_at = known.and_then(|reader| reader.unsubscribed_at);
    match (confirmation, state) {
        (Confirmation::Left(_), None) => Addition::NoteLeft,
        (Confirmation::Left(_), Some(_)) | (_, Some(SubscriberState::Confirmed | SubscriberState::Suppressed)) => {
            Addition::Keep
        }
        (Confirmation::Vouched(_), None | Some(SubscriberState::Pending)) => Addition::Confirm,
        (Confirmation::Vouched(consent), Some(SubscriberState::Unsubscribed)) => {
            if left_at.is_some_and(|left_at| left_at < consent.time) {
                Addition::Confirm
            } else {
                Addition::Refuse(READER_LEFT)
            }
        }
        (Confirmation::Mail { .. }, None) | (Confirmation::Mail { again: true }, Some(_)) => Addition::Ask,
        (Confirmation::Mail { again: false }, Some(SubscriberState::Pending)) => Addition::Keep,
        (Confirmation::Mail { again: false }, Some(SubscriberState::Unsubscribed)) => Addition::Refuse(READER_LEFT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcTime {
        crate::time::time_parse(text).expect("valid")
    }

    #[test]
    fn what_becomes_of_whom() {
        use SubscriberState::{Confirmed, Pending, Suppressed, Unsubscribed};
        let left = at("2024-05-10T12:00:00Z");
        let vouched = |time: &str| Confirmation::Vouched(Consent { source: "form".into(), time: at(time) });
        let (before, same, after) =
            (vouched("2024-05-10T11:59:59Z"), vouched("2024-05-10T12:00:00Z"), vouched("2024-05-10T12:00:01Z"));
        let (ask, again, gone) =
            (Confirmation::Mail { again: false }, Confirmation::Mail { again: true }, Confirmation::Left(left));
        for (state, confirmation, expected) in [
            (None, &before, Addition::Confirm),
            (Some(Pending), &before, Addition::Confirm),
            (Some(Confirmed), &after, Addition::Keep),
            (Some(Unsubscribed), &before, Addition::Refuse(READER_LEFT)),
            (Some(Unsubscribed), &same, Addition::Refuse(READER_LEFT)),
            (Some(Unsubscribed), &after, Addition::Confirm),
            (Some(Suppressed), &after, Addition::Refuse(ADDRESS_REFUSED)),
            (None, &ask, Addition::Ask),
            (Some(Pending), &ask, Addition::Keep),
            (Some(Confirmed), &ask, Addition::Keep),
            (Some(Unsubscribed), &ask, Addition::Refuse(READER_LEFT)),
            (Some(Suppressed), &ask, Addition::Refuse(ADDRESS_REFUSED)),
            (None, &again, Addition::Ask),
            (Some(Pending), &again, Addition::Ask),
            (Some(Confirmed), &again, Addition::Keep),
            (Some(Unsubscribed), &again, Addition::Ask),
            (Some(Suppressed), &again, Addition::Refuse(ADDRESS_REFUSED)),
            (None, &gone, Addition::NoteLeft),
            (Some(Pending), &gone, Addition::Keep),
            (Some(Confirmed), &gone, Addition::Keep),
            (Some(Unsubscribed), &gone, Addition::Keep),
            (Some(Suppressed), &gone, Addition::Refuse(ADDRESS_REFUSED)),
        ] {
            let known =
                state.map(|state| KnownReader { state, unsubscribed_at: Some(left).filter(|_| state == Unsubscribed) });
            assert_eq!(addition_decide(known, false, confirmation), expected, "{state:?} {confirmation:?}");
            let refused = addition_decide(known, true, confirmation);
            assert_eq!(refused, Addition::Refuse(ADDRESS_REFUSED), "{state:?} {confirmation:?}");
        }
    }

    #[test]
    fn who_left_at_an_unknown_time_stays_away() {
        let known = KnownReader { state: SubscriberState::Unsubscribed, unsubscribed_at: None };
        let vouched = Confirmation::Vouched(Consent { source: "form".into(), time: at("2024-05-10T12:00:00Z") });
        assert_eq!(addition_decide(Some(known), false, &vouched), Addition::Refuse(READER_LEFT));
    }

    #[test]
    fn sources_and_times() {
        assert_eq!(consent_source_check("s", " sign-up form ").as_deref(), Ok("sign-up form"));
        for bad in ["", "  ", "a\nb", "a\0", &"x".repeat(201)] {
            assert!(consent_source_check("s", bad).is_err(), "{bad:?}");
        }
        let now = at("2024-05-10T12:00:00Z");
        assert_eq!(consent_time_check("t", now, now), Ok(now));
        assert!(consent_time_check("t", at("2024-05-10T12:00:01Z"), now).is_err());
    }
}
