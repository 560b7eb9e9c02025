//! Announcements of releases to a page's subscribers, and their deliveries.

use serde::{Deserialize, Serialize};

use crate::{
    bump::Bump,
    conflict::Conflict,
    group::group_bump,
    subscriber::{Following, Preferences, SubscriberState},
};

/// The state of an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnouncementState {
    /// The release can still be taken back before anybody is told.
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

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// To be sent, for the first time or again.
    Queued,
    /// Accepted by the mail server, written to the directory, or captured.
    Sent,
    /// Refused for good, or tried for too long.
    Failed,
    /// No longer wanted at the time of sending.
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

/// The facts of a release that decide who is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToldRelease {
    /// The component of the release.
    pub component: i64,
    /// The size of the release for the component's readers.
    pub bump: Bump,
}

/// Returns the highest bump among the releases of the components that a subscriber follows. `None` if they follow none
/// of these components.
pub fn told_bump(releases: &[ToldRelease], following: &Following) -> Option<Bump> {
    group_bump(releases.iter().filter(|release| following.holds(release.component)).map(|release| release.bump))
}

/// The facts that are checked again at the moment of sending.
#[derive(Clone, Debug)]
pub struct DeliveryFacts<'a> {
    /// The subscriber's state.
    pub subscriber: SubscriberState,
    /// The subscriber's preferences.
    pub preferences: &'a Preferences,
    /// The components the subscriber follows.
    pub following: &'a Following,
    /// True if no email is sent to the address, because it refused mail or complained.
    pub suppressed: bool,
    /// The announced releases that readers still see: one, or those of a group.
    pub releases: &'a [ToldRelease],
    /// True if the page is published.
    pub page_published: bool,
}

/// Returns the reason not to send a queued delivery. `None` if it can be sent.
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

/// The conflict where an announcement is to be sent again while a worker sends it.
pub const ANNOUNCEMENT_IS_SENT: Conflict = Conflict("the announcement is being sent at this moment: ask again shortly");

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
