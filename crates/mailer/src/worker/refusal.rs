//! What follows a refusal, besides the record of the message: an address is given up or doubted, and while we are refused
//! ourselves, messages leave one by one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use releasepage_domain::{reply::ReplyMeaning, subscriber::SubscriberAddress};
use releasepage_storage::{
    StoreError,
    addresses::{address_doubt, address_suppress},
    deliveries::Refusal,
};

use super::MailWorker;

/// How many refusals of ourselves in a row, with no pause yet, may be of single readers' servers.
const PATIENCE: u32 = 3;

/// The longest pause before a message while we are refused.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// After how many refusals in a row a batch waits for its next turn.
const BATCH_MAX: u32 = 20;

/// How often in a row the mail server refused us, and not a message or its reader. Shared by all batches: while it lasts,
/// each sends one message at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Welcome(Arc<AtomicU32>);

impl Welcome {
    /// Notes how a message fared. Whatever is not about us, even a refusal, shows that we are welcome.
    pub(super) fn note(&self, refused: Option<ReplyMeaning>) {
        match refused {
            Some(ReplyMeaning::Sender) => {
                // Nobody counts so far that it begins again.
                self.0.fetch_add(1, Ordering::Relaxed);
            }
            Some(ReplyMeaning::Later) => {}
            Some(ReplyMeaning::Address | ReplyMeaning::Message | ReplyMeaning::Unclear) | None => {
                self.0.store(0, Ordering::Relaxed);
            }
        }
    }

    /// How long to wait before the next message, which is to be alone; `None` while we are welcome.
    pub(super) fn pause(&self) -> Option<Duration> {
        let refusals = self.0.load(Ordering::Relaxed);
        let pause = || match refusals.checked_sub(PATIENCE) {
            None => Duration::ZERO,
            Some(more) => Duration::from_millis(100).saturating_mul(1 << more.min(5)).min(PAUSE_MAX),
        };
        (refusals > 0).then(pause)
    }

    /// Begins a batch: answers after how many refusals in a row it is to wait for its next turn.
    pub(super) fn batch_limit(&self) -> u32 {
        self.0.load(Ordering::Relaxed).saturating_add(BATCH_MAX)
    }

    /// Tells whether a batch with this limit is to wait for its next turn.
    pub(super) fn is_spent(&self, limit: u32) -> bool {
        self.0.load(Ordering::Relaxed) >= limit
    }
}

impl MailWorker {
    /// Holds a refusal against an address, as far as it is about that.
    pub(super) async fn refusal_hold(&self, address: SubscriberAddress, refusal: &Refusal) -> Result<(), StoreError> {
        let (key, now) = (self.address_keys.key(&address.folded()), self.clock.now());
        let (masked, because) = (address.masked(), refusal.text.clone());
        let suppressed = match refusal.about {
            ReplyMeaning::Address => {
                address_suppress(&self.store, address, key, because, now).await?;
                true
            }
            ReplyMeaning::Unclear => address_doubt(&self.store, address, key, because, now).await?,
            ReplyMeaning::Later | ReplyMeaning::Sender | ReplyMeaning::Message => false,
        };
        if suppressed {
            tracing::warn!(address = masked, reason = refusal.text, "an address was refused and is suppressed");
        }
        Ok(())
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
