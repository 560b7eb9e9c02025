//! `/v1/mailbox`: the captured messages about the organization's pages.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use releasepage_domain::time::time_iso8601;
use releasepage_http::{
    caller::TokenCaller,
    captured::{message_headers, message_links},
    error::V1Error,
    state::AppState,
};
use releasepage_storage::{
    announcements::mailbox::{MailboxEntry, MailboxMessage, mailbox_get, mailbox_list},
    database::cursor::{IdCursor, ListPart},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{Answer, List, addresses_reader, number_of_path, resource, resource_list};
use crate::openapi::{
    names::EnvironmentName,
    parameters::ListParameters,
    values::{EmailAddress, PageId, Time, WebAddress},
};

/// A captured message without its content.
#[derive(Serialize, ToSchema)]
#[schema(as = MailboxEntry)]
pub(crate) struct MailboxEntryBody {
    /// Its id.
    #[schema(examples(42))]
    id: i64,
    /// The page it is about.
    #[schema(value_type = PageId)]
    page_id: String,
    /// The environment of the recipient: `live` for a subscriber, `test` for one that a test key made.
    #[schema(value_type = EnvironmentName)]
    environment: &'static str,
    /// The address that it is for.
    #[schema(value_type = EmailAddress)]
    to: String,
    /// Its subject.
    #[schema(examples("Confirm your subscription to Acme"))]
    subject: String,
    /// The time at which it was captured.
    #[schema(value_type = Time)]
    created_at: String,
}

impl From<MailboxEntry> for MailboxEntryBody {
    fn from(entry: MailboxEntry) -> Self {
        Self {
            id: entry.id,
            page_id: entry.page_id,
            environment: entry.environment.as_str(),
            to: entry.recipient,
            subject: entry.subject,
            created_at: time_iso8601(entry.created_at),
        }
    }
}

/// A captured message.
#[derive(Serialize, ToSchema)]
#[schema(as = MailboxMessage)]
pub(crate) struct MailboxMessageBody {
    #[serde(flatten)]
    entry: MailboxEntryBody,
    /// Its header fields in their order, unfolded, encoded as they would have been sent.
    headers: Vec<HeaderBody>,
    /// Its text.
    #[schema(examples("Please confirm: https://releases.example.com/confirm/…"))]
    text: String,
    /// Its HTML. Do not show it without making it safe first.
    #[schema(examples("<p>Please confirm"))]
    html: String,
    /// The web addresses in its text, in their order, each once.
    #[schema(value_type = Vec<WebAddress>)]
    links: Vec<String>,
}

/// One header field of a message.
#[derive(Serialize, ToSchema)]
#[schema(as = MailboxHeader)]
pub(crate) struct HeaderBody {
    /// Its name.
    #[schema(examples("List-Id"))]
    name: String,
    /// Its value.
    #[schema(examples("<0767f57acc44.releases.example.com>"))]
    value: String,
}

impl From<MailboxMessage> for MailboxMessageBody {
    fn from(message: MailboxMessage) -> Self {
        let headers = message_headers(&message.source).into_iter();
        Self {
            entry: message.entry.into(),
            headers: headers.map(|(name, value)| HeaderBody { name, value }).collect(),
            links: message_links(&message.text),
            text: message.text,
            html: message.html,
        }
    }
}

/// Checks that the caller may read the mailbox. A link in a captured message is enough to confirm, change or end a
/// subscription. Reading the mailbox therefore takes the scope that changes subscribers. In the portal, all members may
/// read the mailbox, viewers too.
async fn mailbox_reader(request: &HttpRequest, state: &AppState) -> Result<TokenCaller, V1Error> {
    addresses_reader(request, state).await
}

/// `GET /v1/mailbox`: newest first.
#[utoipa::path(
    get,
    path = "/v1/mailbox",
    tag = "Mailbox",
    summary = "List the captured messages",
    description = "Mail of test subscribers, and all mail where `mail.url` is `mailbox:`, is captured instead of sent. Newest \
                   first. Its links confirm, change and end subscriptions, so it takes the scope that changing \
                   subscribers takes.",
    security(("token" = ["manage"])),
    params(ListParameters),
    responses((status = 200, description = "A part of the list", body = List<MailboxEntryBody>)),
)]
pub(crate) async fn mailbox_read(request: HttpRequest, state: Data<AppState>) -> Answer {
    let caller = mailbox_reader(&request, &state).await?;
    let ListParameters { limit, cursor } = ListParameters::parse(&request)?;
    let before = cursor.map(|cursor| cursor.0);
    let rows = mailbox_list(&state.store, caller.user.organization_id, before, i64::from(limit) + 1).await?;
    resource_list(ListPart::cut(rows, limit, |last| IdCursor(last.id).to_string()), MailboxEntryBody::from)
}

/// `GET /v1/mailbox/{id}`
#[utoipa::path(
    get,
    path = "/v1/mailbox/{message_id}",
    tag = "Mailbox",
    summary = "Read a captured message",
    description = "Everything that would have been sent, with the links that it leads to: whoever has them can confirm, \
                   change and end the subscription.",
    security(("token" = ["manage"])),
    responses((status = 200, description = "The message", body = MailboxMessageBody)),
)]
pub(crate) async fn mailbox_message_read(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = mailbox_reader(&request, &state).await?;
    let id = number_of_path(&id)?;
    resource(&MailboxMessageBody::from(mailbox_get(&state.store, caller.user.organization_id, id).await?))
}
