//! The rules for subscribers that a back end adds (`management-v1.md`, subscribers).

use crate::{
    fault::Fault,
    subscriber::{SubscriberState, state_unsuppressed},
    text::line_is_clean,
    time::UtcTime,
};

/// The source of a consent that was given with the button in a confirmation email.
pub const CONSENT_BY_MAIL: &str = "confirmation email";

/// The longest source of a consent, in characters.
const SOURCE_MAX: usize = 200;

/// The reason not to subscribe an address that refused mail.
pub const ADDRESS_REFUSED: &str = "email to this address was refused";

/// The reason not to subscribe a person again who unsubscribed.
pub const READER_LEFT: &str = "the reader has unsubscribed, and no newer consent is given";

/// A person's agreement to receive email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The place where they agreed, such as `sign-up form`.
    pub source: String,
    /// The time when they agreed.
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

/// Checks the time of a consent. It must not be in the future.
pub fn consent_time_check(field: &str, time: UtcTime, now: UtcTime) -> Result<UtcTime, Fault> {
    if time > now { Err(Fault::invalid(field, "must not be in the future")) } else { Ok(time) }
}

/// The words of the API for the two ways to confirm a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmWay {
    /// The person is asked by email.
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

/// The way in which a person confirms or refuses a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// They are asked by email.
    Mail {
        /// True if a person who was asked before, or left, is asked once more.
        again: bool,
    },
    /// The back end vouches for their consent.
    Vouched(Consent),
    /// They unsubscribed elsewhere, at this time. They are stored as unsubscribed.
    Left(UtcTime),
}

/// The known facts about a person on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownReader {
    /// The state of their subscription.
    pub state: SubscriberState,
    /// The time when they were confirmed, if they were.
    pub confirmed_at: Option<UtcTime>,
    /// The time when they agreed, if a back end vouches for it.
    pub vouched_at: Option<UtcTime>,
    /// The time when they left, if they did.
    pub unsubscribed_at: Option<UtcTime>,
}

impl KnownReader {
    /// Returns a person as they are right after they were added, for an input that has them twice.
    pub fn added(confirmation: &Confirmation) -> Self {
        let (state, vouched_at, unsubscribed_at) = match confirmation {
            Confirmation::Mail { .. } => (SubscriberState::Pending, None, None),
            Confirmation::Vouched(consent) => (SubscriberState::Confirmed, Some(consent.time), None),
            Confirmation::Left(at) => (SubscriberState::Unsubscribed, None, Some(*at)),
        };
        Self { state, confirmed_at: None, vouched_at, unsubscribed_at }
    }
}

/// The decision about a person whom a back end adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addition {
    /// They are confirmed, with their consent.
    Confirm,
    /// They are asked by email.
    Ask,
    /// They are stored as unsubscribed.
    NoteLeft,
    /// They already are in the given state, and only its later time is stored.
    NoteTime,
    /// They already exist and are not changed. A reader's own choice counts more than a repeated import.
    Keep,
    /// They are not subscribed, for this reason.
    Refuse(&'static str),
}

/// Decides about a person whom a back end adds. `suppressed` is true if the address is known to refuse mail.
///
/// The later of consent and refusal counts, in whatever order they are added. If both have the same time, the refusal
/// counts. An address that refused mail is never subscribed, even with a consent. A refusal is noted for it all the
/// same, because the suppression may be lifted later.
pub fn addition_decide(known: Option<KnownReader>, suppressed: bool, confirmation: &Confirmation) -> Addition {
    let is_refused = suppressed || known.is_some_and(|reader| reader.state == SubscriberState::Suppressed);
    match (confirmation, known) {
        (Confirmation::Left(_), None) => Addition::NoteLeft,
        (Confirmation::Left(at), Some(known)) => left_decide(known, *at),
        (Confirmation::Vouched(_) | Confirmation::Mail { .. }, _) if is_refused => Addition::Refuse(ADDRESS_REFUSED),
        (Confirmation::Vouched(_), None) => Addition::Confirm,
        (Confirmation::Vouched(consent), Some(known)) => vouched_decide(known, consent),
        (Confirmation::Mail { .. }, None) => Addition::Ask,
        (Confirmation::Mail { again }, Some(known)) => match known.state {
            SubscriberState::Confirmed | SubscriberState::Suppressed => Addition::Keep,
            SubscriberState::Pending | SubscriberState::Unsubscribed if *again => Addition::Ask,
            SubscriberState::Pending => Addition::Keep,
            SubscriberState::Unsubscribed => Addition::Refuse(READER_LEFT),
        },
    }
}

fn left_decide(known: KnownReader, left_at: UtcTime) -> Addition {
    let state = match known.state {
        // The refusal must count once the suppression is lifted.
        SubscriberState::Suppressed => state_unsuppressed(known.confirmed_at, known.unsubscribed_at),
        state => state,
    };
    match state {
        // A consent without a known time cannot be later.
        SubscriberState::Confirmed if known.vouched_at.or(known.confirmed_at).is_some_and(|yes| yes > left_at) => {
            Addition::Keep
        }
        SubscriberState::Confirmed | SubscriberState::Pending => Addition::NoteLeft,
        SubscriberState::Unsubscribed if known.unsubscribed_at.is_some_and(|known| known < left_at) => {
            Addition::NoteTime
        }
        SubscriberState::Unsubscribed | SubscriberState::Suppressed => Addition::Keep,
    }
}

fn vouched_decide(known: KnownReader, consent: &Consent) -> Addition {
    match known.state {
        SubscriberState::Pending => Addition::Confirm,
        SubscriberState::Unsubscribed if known.unsubscribed_at.is_some_and(|left| left < consent.time) => {
            Addition::Confirm
        }
        SubscriberState::Unsubscribed => Addition::Refuse(READER_LEFT),
        // A click here is better evidence than a consent that a back end vouches for.
        SubscriberState::Confirmed if known.vouched_at.is_some_and(|vouched| vouched < consent.time) => {
            Addition::NoteTime
        }
        SubscriberState::Confirmed | SubscriberState::Suppressed => Addition::Keep,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> UtcTime {
        crate::time::time_parse(text).expect("valid")
    }

    fn reader(state: SubscriberState) -> KnownReader {
        KnownReader { state, confirmed_at: None, vouched_at: None, unsubscribed_at: None }
    }

    #[test]
    fn the_later_of_yes_and_no_counts() {
        use SubscriberState::{Confirmed, Suppressed, Unsubscribed};
        let [before, time, after] = ["11:59:59", "12:00:00", "12:00:01"].map(|time| at(&format!("2024-05-10T{time}Z")));
        let yes = |time| Confirmation::Vouched(Consent { source: "form".into(), time });
        let clicked = KnownReader { confirmed_at: Some(time), ..reader(Confirmed) };
        // The row was written after the consent was given.
        let vouched = KnownReader { confirmed_at: Some(at("2025-01-01T00:00:00Z")), vouched_at: Some(time), ..clicked };
        let left = KnownReader { unsubscribed_at: Some(time), ..reader(Unsubscribed) };
        for (known, confirmation, expected) in [
            (clicked, Confirmation::Left(before), Addition::Keep),
            (clicked, Confirmation::Left(time), Addition::NoteLeft),
            (clicked, Confirmation::Left(after), Addition::NoteLeft),
            (clicked, yes(after), Addition::Keep),
            (vouched, Confirmation::Left(before), Addition::Keep),
            (vouched, Confirmation::Left(after), Addition::NoteLeft),
            (vouched, yes(time), Addition::Keep),
            (vouched, yes(after), Addition::NoteTime),
            (left, Confirmation::Left(before), Addition::Keep),
            (left, Confirmation::Left(time), Addition::Keep),
            (left, Confirmation::Left(after), Addition::NoteTime),
            (KnownReader { state: Suppressed, ..clicked }, Confirmation::Left(before), Addition::Keep),
            (KnownReader { state: Suppressed, ..clicked }, Confirmation::Left(after), Addition::NoteLeft),
            (KnownReader { state: Suppressed, ..left }, Confirmation::Left(before), Addition::Keep),
            (KnownReader { state: Suppressed, ..left }, Confirmation::Left(after), Addition::NoteTime),
            (left, yes(before), Addition::Refuse(READER_LEFT)),
            (left, yes(after), Addition::Confirm),
        ] {
            assert_eq!(addition_decide(Some(known), false, &confirmation), expected, "{known:?} {confirmation:?}");
        }
    }

    /// Returns a person after a decision, as storage writes it.
    fn decided(known: Option<KnownReader>, confirmation: &Confirmation) -> Option<KnownReader> {
        match addition_decide(known, false, confirmation) {
            Addition::Keep | Addition::Refuse(_) => known,
            _ => Some(KnownReader::added(confirmation)),
        }
    }

    proptest! {
        #[test]
        fn the_order_in_which_yes_and_no_are_handed_over_does_not_matter(
            said in proptest::collection::vec((0_i64..6, any::<bool>()), 1..8),
            turn in 0_usize..8,
        ) {
            let confirmation = |(hours, is_yes): (i64, bool)| {
                let time = at("2024-05-10T12:00:00Z") + chrono::Duration::hours(hours);
                match is_yes {
                    true => Confirmation::Vouched(Consent { source: "form".into(), time }),
                    false => Confirmation::Left(time),
                }
            };
            let last = said.iter().copied().max_by_key(|(hours, is_yes)| (*hours, !is_yes)).expect("one");
            let mut turned = said.clone();
            turned.rotate_left(turn % said.len());
            for order in [turned.clone(), turned.into_iter().rev().collect()] {
                let known = order.into_iter().fold(None, |known, one| decided(known, &confirmation(one)));
                prop_assert_eq!(known, Some(KnownReader::added(&confirmation(last))));
            }
        }
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
            (Some(Pending), &gone, Addition::NoteLeft),
            (Some(Confirmed), &gone, Addition::NoteLeft),
            (Some(Unsubscribed), &gone, Addition::Keep),
            (Some(Suppressed), &gone, Addition::NoteLeft),
        ] {
            let known = state.map(|state| KnownReader {
                unsubscribed_at: Some(left).filter(|_| state == Unsubscribed),
                ..reader(state)
            });
            assert_eq!(addition_decide(known, false, confirmation), expected, "{state:?} {confirmation:?}");
            let is_left = matches!(confirmation, Confirmation::Left(_));
            let refused = if is_left { expected } else { Addition::Refuse(ADDRESS_REFUSED) };
            assert_eq!(addition_decide(known, true, confirmation), refused, "{state:?} {confirmation:?}");
        }
    }

    #[test]
    fn who_left_at_an_unknown_time_stays_away() {
        let known = reader(SubscriberState::Unsubscribed);
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
