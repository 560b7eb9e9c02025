//! The captured mailbox: messages that never leave the server.

use diesel::prelude::*;
use releasepage_domain::{environment::Environment, time::UtcTime};

use crate::{
    QueryResult, Store, StoreError,
    database::{
        backend::on_each_backend,
        schema::{mailbox, pages},
        stored::stored,
    },
};

/// A message to capture.
#[derive(Clone, Debug)]
pub struct MailboxNew {
    /// The page it is about.
    pub page_id: String,
    /// Live or test.
    pub environment: Environment,
    /// Its Message-ID: a message that is captured twice is there once.
    pub message_id: String,
    /// The recipient.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// The whole message as it would have been sent (RFC 5322).
    pub source: String,
}

/// A captured message without its bodies.
#[derive(Clone, Debug)]
pub struct MailboxEntry {
    /// The message's number.
    pub id: i64,
    /// The page it is about.
    pub page_id: String,
    /// The title of the page it is about.
    pub page_title: String,
    /// Live or test.
    pub environment: Environment,
    /// The recipient.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// The time at which it was captured.
    pub created_at: UtcTime,
}

/// A captured message.
#[derive(Clone, Debug)]
pub struct MailboxMessage {
    /// Everything about it.
    pub entry: MailboxEntry,
    /// Its text.
    pub text: String,
    /// Its HTML.
    pub html: String,
    /// The whole message (RFC 5322).
    pub source: String,
}

type EntryRow = (i64, String, String, String, String, String, UtcTime);

fn entry(
    (id, page_id, page_title, environment, recipient, subject, created_at): EntryRow,
) -> QueryResult<MailboxEntry> {
    Ok(MailboxEntry {
        id,
        page_id,
        page_title,
        environment: stored(&environment, "environment")?,
        recipient,
        subject,
        created_at,
    })
}

/// The columns of [`EntryRow`].
macro_rules! entry_columns {
    () => {
        (
            mailbox::id,
            pages::id,
            pages::title,
            mailbox::environment,
            mailbox::recipient,
            mailbox::subject,
            mailbox::created_at,
        )
    };
}

/// Captures a message, once.
pub async fn mailbox_put(store: &Store, new: MailboxNew, now: UtcTime) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            let row = (
                mailbox::page_id.eq(&new.page_id),
                mailbox::environment.eq(new.environment.as_str()),
                mailbox::message_id.eq(&new.message_id),
                mailbox::recipient.eq(&new.recipient),
                mailbox::subject.eq(&new.subject),
                mailbox::text_body.eq(&new.text),
                mailbox::html_body.eq(&new.html),
                mailbox::source.eq(&new.source),
                mailbox::created_at.eq(now),
            );
            on_each_backend!(connection, connection => diesel::insert_into(mailbox::table)
                .values(row)
                .on_conflict_do_nothing()
                .execute(connection))?;
            Ok(())
        })
        .await
}

/// The messages about an organization's pages, newest first, at most `limit`, older than `before`.
pub async fn mailbox_list(
    store: &Store,
    organization_id: i64,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<MailboxEntry>, StoreError> {
    store
        .read(move |connection| {
            mailbox::table
                .inner_join(pages::table)
                .filter(pages::organization_id.eq(organization_id).and(mailbox::id.lt(before.unwrap_or(i64::MAX))))
                .order(mailbox::id.desc())
                .limit(limit)
                .select(entry_columns!())
                .load::<EntryRow>(connection)?
                .into_iter()
                .map(entry)
                .collect()
        })
        .await
}

/// One message about an organization's pages.
pub async fn mailbox_get(store: &Store, organization_id: i64, id: i64) -> Result<MailboxMessage, StoreError> {
    store
        .read(move |connection| {
            let found: Option<(EntryRow, String, String, String)> = mailbox::table
                .inner_join(pages::table)
                .filter(pages::organization_id.eq(organization_id).and(mailbox::id.eq(id)))
                .select((entry_columns!(), mailbox::text_body, mailbox::html_body, mailbox::source))
                .first(connection)
                .optional()?;
            let (row, text, html, source) = found.ok_or(StoreError::NotFound)?;
            Ok(MailboxMessage { entry: entry(row)?, text, html, source })
        })
        .await
}
