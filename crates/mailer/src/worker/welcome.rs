//! The mail server's refusals of this sender. While it refuses, messages leave one by one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use releasepage_domain::reply::ReplyMeaning;

/// The number of refusals in a row before there is a pause. Up to this number, they may come from the servers of single
/// readers.
const PATIENCE: u32 = 3;

/// The longest pause before a message while the server refuses this sender.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The number of refusals in a row after which a batch waits for its next turn.
const BATCH_MAX: u32 = 20;

/// The number of times in a row that the mail server refused this sender. A refusal of a message or its reader does not
/// count. All batches share the number. Above zero, each batch sends one message at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Welcome(Arc<AtomicU32>);

impl Welcome {
    /// Records the result of a message. An accepted message resets the count. So does a refusal that is about the
    /// message or its reader, because the server accepts this sender then.
    pub(super) fn note(&self, refused: Option<ReplyMeaning>) {
        match refused {
            Some(ReplyMeaning::Sender) => {
                // The counter cannot reach its maximum in practice.
                self.0.fetch_add(1, Ordering::Relaxed);
            }
            Some(ReplyMeaning::Later) => {}
            Some(ReplyMeaning::Address | ReplyMeaning::Message | ReplyMeaning::Unclear) | None => {
                self.0.store(0, Ordering::Relaxed);
            }
        }
    }

    /// The pause before the next message, which must be alone. `None` if the server does not refuse this sender.
    pub(super) fn pause(&self) -> Option<Duration> {
        let refusals = self.0.load(Ordering::Relaxed);
        let pause = || match refusals.checked_sub(PATIENCE) {
            None => Duration::ZERO,
            Some(more) => Duration::from_millis(100).saturating_mul(1 << more.min(5)).min(PAUSE_MAX),
        };
        (refusals > 0).then(pause)
    }

    /// Begins a batch. Returns the count of refusals at which the batch must wait for its next turn.
    pub(super) fn batch_limit(&self) -> u32 {
        self.0.load(Ordering::Relaxed).saturating_add(BATCH_MAX)
    }

    /// True if a batch with this limit must wait for its next turn.
    pub(super) fn is_spent(&self, limit: u32) -> bool {
        self.0.load(Ordering::Relaxed) >= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_leave_alone_and_slowly_until_one_is_taken() {
        let welcome = Welcome::default();
        let limit = welcome.batch_limit();
        assert_eq!(welcome.pause(), None);
        welcome.note(Some(ReplyMeaning::Sender));
        assert_eq!(welcome.pause(), Some(Duration::ZERO));
        for _ in 1..BATCH_MAX {
            assert!(!welcome.is_spent(limit));
            welcome.note(Some(ReplyMeaning::Sender));
        }
        assert!(welcome.is_spent(limit) && !welcome.is_spent(welcome.batch_limit()));
        assert_eq!(welcome.pause(), Some(PAUSE_MAX));
        welcome.note(Some(ReplyMeaning::Later));
        assert_eq!(welcome.pause(), Some(PAUSE_MAX));
        for taken in [None, Some(ReplyMeaning::Address), Some(ReplyMeaning::Message)] {
            welcome.note(Some(ReplyMeaning::Sender));
            welcome.note(taken);
            assert_eq!(welcome.pause(), None, "{taken:?}");
        }
    }
}
