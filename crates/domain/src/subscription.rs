//! The rules for requests to subscribe, to change preferences, or to leave.
//!
//! The request itself is only stored. A job calls [`subscription_decide`] later, so that the response tells the client
//! nothing about the address.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{conflict::Conflict, consent::ADDRESS_REFUSED, subscriber::SubscriberState, time::UtcTime};

/// The time for which the link in a confirmation works.
pub const CONFIRMATION_VALID: Duration = Duration::hours(48);

/// The operation of a request (`releasepage-v1.md`, subscribers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionOp {
    /// Subscribe.
    Add,
    /// Change the preferences.
    Replace,
    /// Unsubscribe.
    Remove,
}

crate::text::named! {
    SubscriptionOp {
        Add => "add",
        Replace => "replace",
        Remove => "remove",
    }
}

/// The state of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestState {
    /// Stored, not yet decided.
    Noted,
    /// Decided: its email was sent, or will be.
    Mailed,
    /// Decided: no email is sent.
    Ignored,
    /// Its link was used.
    Used,
}

crate::text::named! {
    RequestState {
        Noted => "noted",
        Mailed => "mailed",
        Ignored => "ignored",
        Used => "used",
    }
}

/// The email that answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestMail {
    /// Asks to confirm the subscription.
    Confirm,
    /// Says that the address is already subscribed, with a link to the preferences.
    Remind,
    /// Has a link to change the preferences.
    Change,
    /// Has a link to unsubscribe.
    Leave,
}

crate::text::named! {
    RequestMail {
        Confirm => "confirm",
        Remind => "remind",
        Change => "change",
        Leave => "leave",
    }
}

/// The caps on email that strangers can cause. Each one is a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestCaps {
    /// The shortest time between two emails to one subscriber.
    pub subscriber_interval: Duration,
    /// The emails to one subscriber in 24 hours.
    pub subscriber_daily: i64,
    /// The emails to one person on the whole server in 24 hours. Aliases are counted together.
    pub address_daily: i64,
    /// The emails for one page in 24 hours.
    pub page_daily: i64,
}

impl Default for RequestCaps {
    fn default() -> Self {
        Self { subscriber_interval: Duration::minutes(15), subscriber_daily: 3, address_daily: 10, page_daily: 5_000 }
    }
}

/// The facts on which a request is decided.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts {
    /// The state of the subscriber with this address on this page, if there is one.
    pub subscriber: Option<SubscriberState>,
    /// True if the address is suppressed.
    pub suppressed: bool,
    /// True if the page accepts subscriptions.
    pub page_open: bool,
    /// The time of the last such email to the subscriber.
    pub last_mail_at: Option<UtcTime>,
    /// The number of such emails to the subscriber in the last 24 hours.
    pub subscriber_mails: i64,
    /// The number of such emails to the person on the whole server in the last 24 hours.
    pub address_mails: i64,
    /// The number of such emails for the page in the last 24 hours.
    pub page_mails: i64,
}

/// Decides which email answers a request. `None` for no email.
pub fn subscription_decide(
    op: SubscriptionOp,
    facts: &RequestFacts,
    caps: &RequestCaps,
    now: UtcTime,
) -> Option<RequestMail> {
    let too_soon = facts.last_mail_at.is_some_and(|at| now - at < caps.subscriber_interval);
    let over_cap = too_soon
        || facts.subscriber_mails >= caps.subscriber_daily
        || facts.address_mails >= caps.address_daily
        || facts.page_mails >= caps.page_daily;
    if facts.suppressed || !facts.page_open || over_cap {
        return None;
    }
    match (op, facts.subscriber) {
        (_, Some(SubscriberState::Suppressed)) => None,
        (SubscriptionOp::Add, Some(SubscriberState::Confirmed)) => Some(RequestMail::Remind),
        (SubscriptionOp::Add, _) => Some(RequestMail::Confirm),
        (SubscriptionOp::Replace, Some(SubscriberState::Confirmed)) => Some(RequestMail::Change),
        (SubscriptionOp::Remove, Some(SubscriberState::Confirmed)) => Some(RequestMail::Leave),
        (SubscriptionOp::Replace | SubscriptionOp::Remove, _) => None,
    }
}

/// True if a decided email is still wanted at the moment of sending. Its facts may have changed while it waited.
pub fn subscription_mail_is_wanted(
    mail: RequestMail,
    subscriber: Option<SubscriberState>,
    suppressed: bool,
    page_open: bool,
) -> bool {
    let fits = match (mail, subscriber) {
        (_, None | Some(SubscriberState::Suppressed)) => false,
        (RequestMail::Confirm, Some(_)) => true,
        (RequestMail::Remind | RequestMail::Change | RequestMail::Leave, Some(state)) => {
            state == SubscriberState::Confirmed
        }
    };
    fits && page_open && !suppressed
}

/// The result of a click on a request's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestLink {
    /// The button works.
    Open,
    /// It was clicked before.
    Used,
    /// The link is too old.
    Expired,
}

/// Returns the state of a request's link.
pub fn request_link(state: RequestState, requested_at: UtcTime, now: UtcTime) -> RequestLink {
    match state {
        RequestState::Used => RequestLink::Used,
        _ if now - requested_at > CONFIRMATION_VALID => RequestLink::Expired,
        RequestState::Noted | RequestState::Mailed | RequestState::Ignored => RequestLink::Open,
    }
}

/// The effect of a click on the link of a request on its subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestUse {
    /// Nothing: there is nobody who could leave.
    Nothing,
    /// The subscriber leaves.
    Leave,
    /// Somebody new is subscribed: the row of a request that waited for long may be gone.
    Add,
    /// The subscriber is confirmed. Mail goes to the address as it is written in the request: a mail server may tell
    /// `Reader@` from `reader@`.
    Confirm,
    /// The preferences of a confirmed subscriber change, and the address stays as it was confirmed.
    Change,
}

/// Decides on a click, by where the subscriber of the request stands. An address that refused mail is not subscribed.
pub fn request_use_decide(op: SubscriptionOp, subscriber: Option<SubscriberState>) -> Result<RequestUse, Conflict> {
    match (op, subscriber) {
        (SubscriptionOp::Remove, None) => Ok(RequestUse::Nothing),
        (SubscriptionOp::Remove, Some(_)) => Ok(RequestUse::Leave),
        (SubscriptionOp::Add | SubscriptionOp::Replace, None) => Ok(RequestUse::Add),
        (SubscriptionOp::Add | SubscriptionOp::Replace, Some(state)) => match state {
            SubscriberState::Suppressed => Err(Conflict(ADDRESS_REFUSED)),
            SubscriberState::Confirmed => Ok(RequestUse::Change),
            SubscriberState::Pending | SubscriberState::Unsubscribed => Ok(RequestUse::Confirm),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> UtcTime {
        crate::time::time_parse("2024-05-10T12:00:00Z").expect("valid")
    }

    fn facts(subscriber: Option<SubscriberState>) -> RequestFacts {
        RequestFacts {
            subscriber,
            suppressed: false,
            page_open: true,
            last_mail_at: None,
            subscriber_mails: 0,
            address_mails: 0,
            page_mails: 0,
        }
    }

    #[test]
    fn which_mail_answers() {
        use RequestMail::*;
        use SubscriberState::*;
        use SubscriptionOp::*;
        let rows = [
            (Add, None, Some(Confirm)),
            (Add, Some(Pending), Some(Confirm)),
            (Add, Some(Unsubscribed), Some(Confirm)),
            (Add, Some(Confirmed), Some(Remind)),
            (Add, Some(Suppressed), None),
            (Replace, Some(Confirmed), Some(Change)),
            (Replace, None, None),
            (Replace, Some(Pending), None),
            (Replace, Some(Unsubscribed), None),
            (Remove, Some(Confirmed), Some(Leave)),
            (Remove, None, None),
            (Remove, Some(Suppressed), None),
        ];
        for (op, subscriber, mail) in rows {
            assert_eq!(
                subscription_decide(op, &facts(subscriber), &RequestCaps::default(), now()),
                mail,
                "{op} {subscriber:?}"
            );
        }
    }

    #[test]
    fn mail_that_fits_no_more_is_not_wanted() {
        use RequestMail::*;
        use SubscriberState::*;
        for (mail, subscriber, wanted) in [
            (Confirm, Some(Pending), true),
            (Confirm, Some(Unsubscribed), true),
            (Confirm, Some(Confirmed), true),
            (Confirm, Some(Suppressed), false),
            (Confirm, None, false),
            (Remind, Some(Confirmed), true),
            (Remind, Some(Unsubscribed), false),
            (Change, Some(Unsubscribed), false),
            (Leave, Some(Confirmed), true),
            (Leave, Some(Unsubscribed), false),
            (Leave, None, false),
        ] {
            assert_eq!(subscription_mail_is_wanted(mail, subscriber, false, true), wanted, "{mail} {subscriber:?}");
            assert!(!subscription_mail_is_wanted(mail, subscriber, true, true));
            assert!(!subscription_mail_is_wanted(mail, subscriber, false, false));
        }
    }

    #[test]
    fn caps_end_in_silence() {
        let decide =
            |facts: RequestFacts| subscription_decide(SubscriptionOp::Add, &facts, &RequestCaps::default(), now());
        let base = facts(None);
        assert!(decide(RequestFacts { suppressed: true, ..base }).is_none());
        assert!(decide(RequestFacts { page_open: false, ..base }).is_none());
        assert!(decide(RequestFacts { subscriber_mails: 3, ..base }).is_none());
        assert!(decide(RequestFacts { address_mails: 10, ..base }).is_none());
        assert!(decide(RequestFacts { page_mails: 5_000, ..base }).is_none());
        assert!(decide(RequestFacts { last_mail_at: Some(now() - Duration::minutes(14)), ..base }).is_none());
        assert!(
            decide(RequestFacts { last_mail_at: Some(now() - Duration::minutes(15)), subscriber_mails: 2, ..base })
                .is_some()
        );
    }

    #[test]
    fn links_end() {
        let link = |state, hours| request_link(state, now() - Duration::hours(hours), now());
        assert_eq!(link(RequestState::Mailed, 48), RequestLink::Open);
        assert_eq!(link(RequestState::Mailed, 49), RequestLink::Expired);
        assert_eq!(link(RequestState::Used, 1), RequestLink::Used);
    }

    #[test]
    fn what_a_click_does() {
        use SubscriberState::{Confirmed, Pending, Suppressed, Unsubscribed};
        use SubscriptionOp::{Add, Remove, Replace};
        for (op, state, used) in [
            (Remove, None, Ok(RequestUse::Nothing)),
            (Remove, Some(Suppressed), Ok(RequestUse::Leave)),
            (Remove, Some(Confirmed), Ok(RequestUse::Leave)),
            (Add, None, Ok(RequestUse::Add)),
            (Replace, Some(Pending), Ok(RequestUse::Confirm)),
            (Add, Some(Unsubscribed), Ok(RequestUse::Confirm)),
            (Replace, Some(Confirmed), Ok(RequestUse::Change)),
            (Add, Some(Suppressed), Err(Conflict(ADDRESS_REFUSED))),
        ] {
            assert_eq!(request_use_decide(op, state), used, "{op} {state:?}");
        }
    }
}
