//! The answers to subscription requests.

use std::time::Instant;

use releasepage_auth::link::LinkPurpose;
use releasepage_domain::{
    reply::ReplyMeaning,
    subscription::{RequestMail, RequestState},
};
use releasepage_jobs::handler::{Job, JobEnd, JobFailure};
use releasepage_storage::{
    StoreError,
    announcements::deliveries::Refusal,
    subscribers::{
        request_row::Request,
        requests::{RequestTurn, request_decide, request_look, request_sent},
    },
};

use super::{
    mail_worker::MailWorker,
    post::{NoWay, Posted, Way},
};
use crate::{
    message::Mail,
    messages::{Change, Confirm, FollowingView, Leave, PageView, Remind},
    retry::{Patience, retry_over},
    transport::Errand,
};

impl MailWorker {
    /// Decides a request once, and sends the email that answers it, if there is one.
    pub async fn request_answer(&self, job: &Job, id: i64) -> Result<JobEnd, JobFailure> {
        let keys = self.address_keys.clone();
        let now = self.clock.now();
        let request = match request_decide(&self.store, id, self.caps, move |address| keys.key(address), now).await {
            // The request was so old that it was pruned.
            Err(StoreError::NotFound) => return Ok(JobEnd::Done),
            request => request?,
        };
        if request.mail.is_none() {
            tracing::debug!(request = id, "a subscription request gets no mail");
            return Ok(JobEnd::Done);
        }
        if request.is_sent || request.state != RequestState::Mailed {
            return Ok(JobEnd::Done);
        }
        if retry_over(request.created_at, now, Patience::Confirmation) {
            tracing::warn!(request = id, "the mail for a subscription request is given up");
            return Ok(JobEnd::Done);
        }
        loop {
            let way = tokio::select! {
                way = self.way(Errand::Answer, request.environment) => way?,
                () = job.stopped() => return Ok(JobEnd::NotBegun(self.clock.now())),
            };
            match way {
                Err(NoWay(reason)) => {
                    tracing::warn!(request = id, reason, "the mail for a subscription request has to wait");
                    return Ok(JobEnd::PutOff(self.next_try(request.created_at)));
                }
                Ok(way) => {
                    if let Some(end) = self.request_send(job, id, way).await? {
                        return Ok(end);
                    }
                }
            }
        }
    }

    /// Checks a decided request once more, and sends its email. Returns `None` if the email must wait for another line.
    async fn request_send(&self, job: &Job, id: i64, way: Way) -> Result<Option<JobEnd>, JobFailure> {
        let keys = self.address_keys.clone();
        let looked_at = Instant::now();
        let now = self.clock.now();
        let look = request_look(&self.store, id, job.ticket, move |address| keys.key(address), now).await?;
        let (request, mail, doubted) = match look {
            RequestTurn::Send { request, mail, doubted } => (request, mail, doubted),
            RequestTurn::Over => {
                tracing::debug!(request = id, "the mail for a subscription request is no longer wanted");
                return Ok(Some(JobEnd::Done));
            }
            // The worker that holds the job sends the email.
            RequestTurn::Lost => return Ok(Some(JobEnd::NotBegun(now))),
        };
        let letter = self.request_mail(&request, mail)?;
        let Some(posted) = self.post(letter, &request.page.id, way, looked_at).await? else { return Ok(None) };
        Ok(Some(match posted {
            Posted::Accepted(_) => {
                let reached = doubted.then(|| self.address_keys.key(&request.address.folded()));
                self.insist(|| request_sent(&self.store, id, reached.clone(), self.clock.now())).await?;
                JobEnd::Done
            }
            Posted::Refused(Refusal { about: ReplyMeaning::Later | ReplyMeaning::Sender, text: reason }) => {
                tracing::warn!(request = id, reason, "the mail for a subscription request has to wait");
                JobEnd::PutOff(self.next_try(request.created_at))
            }
            Posted::Refused(refusal) => {
                // Nobody can tell the person who typed the address, and nobody here can fix it.
                tracing::warn!(request = id, reason = refusal.text, "the mail for a subscription request was refused");
                self.refusal_hold(request.address, &refusal).await?;
                JobEnd::Done
            }
        }))
    }

    fn request_mail(&self, request: &Request, mail: RequestMail) -> Result<Mail, JobFailure> {
        let failed = |error: &dyn std::fmt::Display| JobFailure::Fail(error.to_string());
        let subscriber = request.subscriber_id.ok_or_else(|| failed(&"a mailed request has no subscriber"))?;
        let message_id = self.message_id("request", request.id, request.created_at).map_err(|error| failed(&error))?;
        let unsubscribe = self.unsubscribe_url(subscriber);
        // A confirmation goes to the address as it was typed. Other emails go to the confirmed address. A mail server
        // may treat `Reader@` and `reader@` as two mailboxes, and only the owner of the subscription may get its links.
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
