//! The messages of an announcement. Its notes are rendered once for all messages.

use std::{collections::HashMap, sync::Arc};

use releasepage_content::{notes_mail_html, notes_text};
use releasepage_domain::subscriber::Following;
use releasepage_jobs::handler::JobFailure;
use releasepage_storage::{
    announcements::deliveries::{AnnouncedGroup, AnnouncedRelease, AnnouncementContent, DueDelivery},
    pages::row::PageIdentity,
    releases::sources::release_sources,
    subscribers::row::Subscriber,
};
use url::Url;

use super::mail_worker::MailWorker;
use crate::{
    message::{Heading, Mail, MailError},
    messages::{Announcement, FollowingView, GroupAnnouncement, GroupRelease, Notes, PageView},
};

/// An announcement with its notes rendered, for all its messages.
pub(super) struct Content {
    pub(super) announcement: AnnouncementContent,
    /// The introduction of a group.
    introduction: Option<Rendered>,
    /// The notes of each release, in the order of the announcement.
    notes: Vec<Option<Rendered>>,
}

/// Notes in both forms.
struct Rendered {
    text: String,
    html: String,
}

impl Rendered {
    fn new(markdown: &str, files: Option<&Url>) -> Self {
        Self { text: notes_text(markdown, files), html: notes_mail_html(markdown, files) }
    }

    fn view(&self) -> Notes<'_> {
        Notes { text: &self.text, html: &self.html }
    }
}

/// The parts of a message besides the releases.
struct Frame<'a> {
    page: PageView<'a>,
    following: FollowingView<'a>,
    preferences: &'a Url,
}

impl MailWorker {
    /// Renders the notes of an announcement on a blocking thread, because they may be long.
    pub(super) async fn content_render(&self, announcement: AnnouncementContent) -> Result<Arc<Content>, JobFailure> {
        let ids = announcement.releases.iter().map(|release| release.id.clone()).collect();
        let sources = release_sources(&self.store, ids).await?;
        let address = |(id, source)| Some((id, Url::parse(&self.forges.files_address(&source)?).ok()?));
        let files: HashMap<String, Url> = sources.into_iter().filter_map(address).collect();
        let render = move || {
            let introduction = announcement.group.as_ref().and_then(|group| group.notes.as_deref());
            let notes = announcement.releases.iter().map(|release| {
                let notes = release.notes.as_deref();
                notes.map(|notes| Rendered::new(notes, files.get(&release.id)))
            });
            Arc::new(Content {
                introduction: introduction.map(|notes| Rendered::new(notes, None)),
                notes: notes.collect(),
                announcement,
            })
        };
        tokio::task::spawn_blocking(render).await.map_err(|_| JobFailure::Retry("rendering notes panicked".into()))
    }

    /// Writes the message to one subscriber. It holds those releases of the announcement that are in `releases`.
    pub(super) fn delivery_mail(
        &self,
        content: &Content,
        delivery: DueDelivery,
        (subscriber, releases): (&Subscriber, &[String]),
    ) -> Result<Mail, JobFailure> {
        let failed = |error: &dyn std::fmt::Display| JobFailure::Fail(error.to_string());
        let page = &content.announcement.page;
        let message_id =
            self.message_id("delivery", delivery.id, delivery.created_at).map_err(|error| failed(&error))?;
        let unsubscribe = self.unsubscribe_url(subscriber.id);
        let heading = self.heading(message_id, delivery.created_at, page, &subscriber.address, unsubscribe)?;
        let url = self.page_url(page);
        let preferences = self.preferences_url(subscriber.id, subscriber.link_generation);
        let names = components_followed(subscriber);
        let frame = Frame {
            page: PageView { title: &page.title, url: &url },
            following: FollowingView { bumps: subscriber.preferences.bumps(), components: &names },
            preferences: &preferences,
        };
        let named: Vec<(&AnnouncedRelease, Option<Notes<'_>>)> = content
            .announcement
            .releases
            .iter()
            .zip(&content.notes)
            .filter(|(release, _)| releases.contains(&release.id))
            .map(|(release, notes)| (release, notes.as_ref().map(Rendered::view)))
            .collect();
        let mail = match (&content.announcement.group, named.as_slice()) {
            (Some(group), _) => self.group_mail(heading, &frame, (group, content), &named),
            (None, [(release, notes)]) => self.release_mail(heading, &frame, page, (release, *notes)),
            // The message needs one release, but that release is not here. The state changed since the last check.
            (None, _) => return Err(JobFailure::Retry("the release is not in its announcement".into())),
        };
        mail.map_err(|error| failed(&error))
    }

    fn release_mail(
        &self,
        heading: Heading,
        frame: &Frame<'_>,
        page: &PageIdentity,
        (release, notes): (&AnnouncedRelease, Option<Notes<'_>>),
    ) -> Result<Mail, MailError> {
        Announcement {
            page: frame.page,
            component: &release.component.name,
            version: &release.version,
            title: &release.title,
            bump: release.bump,
            notes,
            permalink: &self.release_url(page, &release.id),
            following: frame.following,
            preferences: frame.preferences,
        }
        .mail(heading)
    }

    fn group_mail(
        &self,
        heading: Heading,
        frame: &Frame<'_>,
        (group, content): (&AnnouncedGroup, &Content),
        releases: &[(&AnnouncedRelease, Option<Notes<'_>>)],
    ) -> Result<Mail, MailError> {
        let page = &content.announcement.page;
        let releases: Vec<GroupRelease<'_>> = releases
            .iter()
            .map(|(release, notes)| GroupRelease {
                component: &release.component.name,
                version: &release.version,
                title: &release.title,
                bump: release.bump,
                notes: *notes,
                permalink: self.release_url(page, &release.id),
            })
            .collect();
        GroupAnnouncement {
            page: frame.page,
            version: &group.version,
            introduction: content.introduction.as_ref().map(Rendered::view),
            releases: &releases,
            permalink: &self.url(&["p", &page.slug, "groups", &group.id.to_string()]),
            following: frame.following,
            preferences: frame.preferences,
        }
        .mail(heading)
    }

    fn release_url(&self, page: &PageIdentity, release_id: &str) -> Url {
        self.url(&["p", &page.slug, "releases", release_id])
    }
}

/// The names of the components that a subscriber follows. Empty if the subscriber follows all.
fn components_followed(subscriber: &Subscriber) -> Vec<&str> {
    match &subscriber.following {
        Following::All => Vec::new(),
        Following::Only(_) => subscriber
            .components
            .iter()
            .filter(|component| subscriber.following.holds(component.id))
            .map(|component| component.name.as_str())
            .collect(),
    }
}
