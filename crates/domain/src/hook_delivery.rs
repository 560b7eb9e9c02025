//! Deliveries of webhooks: their states, their results, and the rule that none is processed twice.

use chrono::Duration;

use crate::time::UtcTime;

/// The time for which a processed delivery is remembered, so that it is not processed twice.
pub const HOOK_DELIVERY_REMEMBERED: Duration = Duration::days(30);

/// The time that a delivery may wait to be processed. After that, a repetition counts as a new delivery. It is longer
/// than all tries of a job together, so that a job is written again only if it was lost.
const HOOK_DELIVERY_WAITS: Duration = Duration::hours(3);

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookStanding {
    /// Stored, with a job that will process it.
    Queued,
    /// Processed.
    Done,
    /// Its job failed for good.
    Failed,
}

crate::text::named! {
    HookStanding {
        Queued => "queued",
        Done => "done",
        Failed => "failed",
    }
}

/// True if a delivery that arrives again must be processed. Either it failed, or it has waited since `received_at` for
/// so long that its job must be lost.
pub fn hook_delivery_is_due_again(standing: HookStanding, received_at: UtcTime, now: UtcTime) -> bool {
    match standing {
        HookStanding::Queued => now - received_at > HOOK_DELIVERY_WAITS,
        HookStanding::Done => false,
        HookStanding::Failed => true,
    }
}

/// The result of a delivery, as the owner of the repository sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookResult {
    /// Stored, to be processed in a few moments.
    Accepted,
    /// Processed.
    Processed,
    /// Understood, but it changes nothing here.
    Ignored,
    /// Not accepted: its content is unusable, or belongs to another repository.
    Refused,
    /// Processing failed.
    Failed,
}

crate::text::named! {
    HookResult {
        Accepted => "accepted",
        Processed => "processed",
        Ignored => "ignored",
        Refused => "refused",
        Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_parse;

    #[test]
    fn only_what_was_not_done_is_done_again() {
        let now = time_parse("2024-05-01T12:00:00Z").expect("a time");
        for (standing, hours, again) in [
            (HookStanding::Queued, 0, false),
            (HookStanding::Queued, 4, true),
            (HookStanding::Done, 400, false),
            (HookStanding::Failed, 0, true),
        ] {
            assert_eq!(
                hook_delivery_is_due_again(standing, now - Duration::hours(hours), now),
                again,
                "{standing} {hours}"
            );
        }
    }
}
