//! The consequences of a refusal for the address: it is given up or doubted.

use releasepage_domain::{reply::ReplyMeaning, subscriber::SubscriberAddress};
use releasepage_storage::{
    StoreError,
    announcements::deliveries::Refusal,
    subscribers::addresses::{address_doubt, address_suppress},
};

use super::mail_worker::MailWorker;

impl MailWorker {
    /// Suppresses or doubts an address, as far as the refusal is about it.
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
