//! One telling of a release to a page's subscribers, and its messages.

use serde::{Deserialize, Serialize};

use crate::{
    bump::Bump,
    release::ReleaseState,
    subscriber::{Following, Preferences, SubscriberState},
};

/// Where an announcement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnouncementState {
    /// The time to take the release back is running.
    Waiting,
    /// Its deliveries are being written.
    Spreading,
    /// All its deliveries are written.
    Spread,
    /// The release was taken back.
    Cancelled,
}

crate::text::named! {
    AnnouncementState {
        Waiting => "waiting",
        Spreading => "spreading",
        Spread => "spread",
        Cancelled => "cancelled",
    }
}

/// Where one message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// To be sent, for the first time or again.
    Queued,
    /// Accepted by the mail server, written to the directory, or captured.
    Sent,
    /// Refused for good, or tried for too long.
    Failed,
    /// No longer wanted when its turn came.
    Cancelled,
}

crate::text::named! {
    DeliveryState {
        Queued => "queued",
        Sent => "sent",
        Failed => "failed",
        Cancelled => "cancelled",
    }
}

/// What is looked at again at the moment of sending.
#[derive(Clone, Debug)]
pub struct DeliveryFacts<'a> {
    /// The subscriber's state.
    pub subscriber: SubscriberState,
    /// The subscriber's preferences.
    pub preferences: &'a Preferences,
    /// The components the subscriber follows.
    pub following: &'a Following,
    /// Whether the address turned out not to be reachable.
    pub suppressed: bool,
    /// The component that the release belongs to.
    pub component: i64,
    /// What the release is to its readers.
    pub bump: Bump,
    /// The release's state.
    pub release: ReleaseState,
    /// Whether the page is published.
    pub page_published: bool,
}

/// Why a queued message is not sent after all.
pub fn delivery_obstacle(facts: &DeliveryFacts<'_>) -> Option<&'static str> {
    if facts.release != ReleaseState::Published {
        Some("the release was taken back")
    } else if !facts.page_published {
        Some("the page is not published")
    } else if facts.subscriber != SubscriberState::Confirmed {
        Some("the subscriber left")
    } else if facts.suppressed {
        Some("the address is suppressed")
    } else if !facts.preferences.holds(facts.bump) || !facts.following.holds(facts.component) {
        Some("the subscriber's preferences changed")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_still_wanted_is_sent() {
        let preferences = Preferences::default();
        let following = Following::Only(vec![7]);
        let wanted = DeliveryFacts {
            subscriber: SubscriberState::Confirmed,
            preferences: &preferences,
            following: &following,
            suppressed: false,
            component: 7,
            bump: Bump::Minor,
            release: ReleaseState::Published,
            page_published: true,
        };
        assert_eq!(delivery_obstacle(&wanted), None);
        let unwanted = [
            DeliveryFacts { subscriber: SubscriberState::Unsubscribed, ..wanted.clone() },
            DeliveryFacts { suppressed: true, ..wanted.clone() },
            DeliveryFacts { component: 8, ..wanted.clone() },
            DeliveryFacts { bump: Bump::Prerelease, ..wanted.clone() },
            DeliveryFacts { release: ReleaseState::Withdrawn, ..wanted.clone() },
            DeliveryFacts { page_published: false, ..wanted.clone() },
        ];
        for facts in unwanted {
            assert!(delivery_obstacle(&facts).is_some(), "{facts:?}");
        }
    }
}
