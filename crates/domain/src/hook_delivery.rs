//! What becomes of a delivery of a webhook, and how long one is remembered, so that none is processed twice.

use chrono::Duration;

use crate::time::UtcTime;

/// How long a delivery that was processed is remembered, so that it is not processed twice.
pub const HOOK_DELIVERY_REMEMBERED: Duration = Duration::days(30);

/// How long a delivery may wait to be processed before a repetition of it is taken as a new one: longer than all the
/// tries of its job take, so that only a job that is lost is written again.
const HOOK_DELIVERY_WAITS: Duration = Duration::hours(3);

/// Where a delivery stands.
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

/// Whether a delivery that came before is to be processed when it comes again: if it failed, or if it has waited so
/// long since `received_at` that its job must be lost.
pub fn hook_delivery_is_due_again(standing: HookStanding, received_at: UtcTime, now: UtcTime) -> bool {
    match standing {
        HookStanding::Queued => now - received_at > HOOK_DELIVERY_WAITS,
        HookStanding::Done => false,
        HookStanding::Failed => true,
    }
}

/// What became of a delivery, as the owner of the repository is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookResult {
    /// Stored, and to be processed within moments.
    Accepted,
    /// Processed.
    Processed,
    /// Understood; it changes nothing here.
    Ignored,
    /// Not taken: its content cannot be used, or is another repository's.
    Refused,
    /// It could not be processed.
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
