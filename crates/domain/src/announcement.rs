//! One telling of a release to a page's subscribers, and its messages.

use serde::{Deserialize, Serialize};

use crate::{
    bump::Bump,
    group::group_bump,
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

/// A release as far as it matters who is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToldRelease {
    /// The component that it belongs to.
    pub component: i64,
    /// What it is to the component's readers.
    pub bump: Bump,
}

/// What a message is to a subscriber: the highest bump among the releases of the components that they follow; `None`
/// where they follow none of these.
pub fn told_bump(releases: &[ToldRelease], following: &Following) -> Option<Bump> {
    group_bump(releases.iter().filter(|release| following.holds(release.component)).map(|release| release.bump))
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
    /// The releases that are told of and that readers see: one, or those of a group.
    pub releases: &'a [ToldRelease],
    /// Whether the page is published.
    pub page_published: bool,
}

/// Why a queued message is not sent after all.
pub fn delivery_obstacle(facts: &DeliveryFacts<'_>) -> Option<&'static str> {
    if facts.releases.is_empty() {
        Some("the release was taken back")
    } else if !facts.page_published {
        Some("the page is not published")
    } else if facts.subscriber != SubscriberState::Confirmed {
        Some("the subscriber left")
    } else if facts.suppressed {
        Some("the address is suppressed")
    } else if !told_bump(facts.releases, facts.following).is_some_and(|bump| facts.preferences.holds(bump)) {
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
            releases: &[ToldRelease { component: 7, bump: Bump::Minor }],
            page_published: true,
        };
        assert_eq!(delivery_obstacle(&wanted), None);
        let unwanted = [
            DeliveryFacts { subscriber: SubscriberState::Unsubscribed, ..wanted.clone() },
            DeliveryFacts { suppressed: true, ..wanted.clone() },
            DeliveryFacts { releases: &[ToldRelease { component: 8, bump: Bump::Minor }], ..wanted.clone() },
            DeliveryFacts { releases: &[ToldRelease { component: 7, bump: Bump::Prerelease }], ..wanted.clone() },
            DeliveryFacts { releases: &[], ..wanted.clone() },
            DeliveryFacts { page_published: false, ..wanted.clone() },
        ];
        for facts in unwanted {
            assert!(delivery_obstacle(&facts).is_some(), "{facts:?}");
        }
    }

    #[test]
    fn a_group_is_to_each_what_they_follow_of_it() {
        let told = |component, bump| ToldRelease { component, bump };
        let group = [told(1, Bump::Patch), told(2, Bump::Major), told(1, Bump::Minor), told(3, Bump::Patch)];
        for (following, bump) in [
            (Following::All, Some(Bump::Major)),
            (Following::Only(vec![1]), Some(Bump::Minor)),
            (Following::Only(vec![1, 3]), Some(Bump::Minor)),
            (Following::Only(vec![3]), Some(Bump::Patch)),
            (Following::Only(vec![2, 3]), Some(Bump::Major)),
            (Following::Only(vec![4]), None),
        ] {
            assert_eq!(told_bump(&group, &following), bump, "{following:?}");
        }
    }
}
