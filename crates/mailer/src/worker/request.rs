//! Answers to subscription requests.

use releasepage_auth::link::LinkPurpose;
use releasepage_domain::{
    reply::ReplyMeaning,
    subscription::{RequestMail, RequestState},
};
use releasepage_jobs::handler::{JobEnd, JobFailure};
use releasepage_storage::{
    StoreError,
    deliveries::Refusal,
    requests::{Request, request_decide, request_sent},
};

use super::{MailWorker, post::Posted};
use crate::{
    message::Mail,
    messages::{Change, Confirm, FollowingView, Leave, PageView, Remind},
    retry::{Patience, retry_over},
};

impl MailWorker {
    /// Decides a request, once, and sends the mail that answers it, if there is one.
    pub(super) async fn request_answer(&self, id: i64) -> Result<JobEnd, JobFailure> {
        let keys = self.address_keys.clone();
        let now = self.clock.now();
        let request = match request_decide(&self.store, id, self.caps, move |address| keys.key(address), now).await {
            // The request was older than what is kept.
            Err(StoreError::NotFound) => return Ok(JobEnd::Done),
            request => request?,
        };
        let Some(mail) = request.mail else {
            tracing::debug!(request = id, "a subscription request gets no mail");
            return Ok(JobEnd::Done);
        };
        if request.is_sent || request.state != RequestState::Mailed {
            return Ok(JobEnd::Done);
        }
        if retry_over(request.created_at, now, Patience::Confirmation) {
            tracing::warn!(request = id, "the mail for a subscription request is given up");
            return Ok(JobEnd::Done);
        }
        let letter = self.request_mail(&request, mail)?;
        match self.post(letter, &request.page.id, request.environment, &self.answer_line).await? {
            Posted::Accepted(_) => {
                self.insist(|| request_sent(&self.store, id, self.clock.now())).await?;
                Ok(JobEnd::Done)
            }
            Posted::NoWay(reason)
            | Posted::Refused(Refusal { about: ReplyMeaning::Later | ReplyMeaning::Sender, text: reason }) => {
                tracing::warn!(request = id, reason, "the mail for a subscription request has to wait");
                Ok(JobEnd::PutOff(self.next_try(request.created_at)))
            }
            Posted::Refused(refusal) => {
                // Whoever typed the address cannot be told, and nobody here can mend it.
                tracing::warn!(request = id, reason = refusal.text, "the mail for a subscription request was refused");
                self.refusal_hold(request.address, &refusal).await?;
                Ok(JobEnd::Done)
            }
        }
    }

    fn request_mail(&self, request: &Request, mail: RequestMail) -> Result<Mail, JobFailure> {
        let failed = |error: &dyn std::fmt::Display| JobFailure::Fail(error.to_string());
        let subscriber = request.subscriber_id.ok_or_else(|| failed(&"a mailed request has no subscriber"))?;
        let message_id = self.message_id("request", request.id, request.created_at).map_err(|error| failed(&error))?;
        let unsubscribe = self.unsubscribe_url(subscriber);
        // A confirmation goes to the address as it was typed, everything else to the one that was confirmed: a mail
        // server may tell `Reader@` from `reader@`, and only the owner of the subscription gets its links.
        let to = match (mail, &request.subscriber_address) {
            (RequestMail::Remind | RequestMail::Change | RequestMail::Leave, Some(confirmed)) => confirmed,
            _ => &request.address,
        };
        let heading = self.heading(message_id, request.created_at, &request.page, to, unsubscribe)?;
        let url = self.page_url(&request.page);
        let page = PageView { title: &request.page.title, url: &url };
        let names: Vec<&str> = request.component_names.iter().map(String::as_str).collect();
        let asked = FollowingView { bumps: request.preferences.bumps(), components: &names };
        let link = self.url(&["confirm", &self.links.token(LinkPurpose::Confirm, request.id, 0)]);
        let mail = match mail {
            RequestMail::Confirm => Confirm { page, asked, confirm: &link }.mail(heading),
            RequestMail::Remind => Remind { page, asked: Some(asked), change: &link }.mail(heading),
            RequestMail::Change => Change { page, asked, change: &link }.mail(heading),
            RequestMail::Leave => Leave { page, leave: &link }.mail(heading),
        };
        mail.map_err(|error| failed(&error))
    }
}
