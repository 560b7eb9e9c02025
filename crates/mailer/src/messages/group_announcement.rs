//! The email that announces a group.

use askama::Template;
use releasepage_domain::{bump::Bump, group::group_bump};
use url::Url;

use super::{
    FollowingView, PageText, PageView,
    announcement::{Notes, NotesText, kind, release_title, subject_of},
    mail_of,
};
use crate::{
    message::{Heading, Mail, MailError},
    text,
};

/// The most releases that an email shows. It counts the others.
const RELEASES_MAX: usize = 25;

/// The values for the announcement of a group to one subscriber.
#[derive(Clone, Copy, Debug)]
pub struct GroupAnnouncement<'a> {
    /// The page that the subscriber follows.
    pub page: PageView<'a>,
    /// The group's version.
    pub version: &'a str,
    /// The introduction that an editor wrote for the group.
    pub introduction: Option<Notes<'a>>,
    /// The releases for this subscriber, in the order of display: breaking changes first.
    pub releases: &'a [GroupRelease<'a>],
    /// The public URL of the group.
    pub permalink: &'a Url,
    /// The preferences of the subscriber. They tell why the subscriber gets this email.
    pub following: FollowingView<'a>,
    /// The link to the subscriber's preferences.
    pub preferences: &'a Url,
}

/// A release of a group.
#[derive(Clone, Debug)]
pub struct GroupRelease<'a> {
    /// The component's name.
    pub component: &'a str,
    /// The release's version as the page shows it.
    pub version: &'a str,
    /// The release's title. It is empty or equal to the version if the author wrote none.
    pub title: &'a str,
    /// The bump that the release has for the component's readers.
    pub bump: Bump,
    /// The release's notes, if it has any.
    pub notes: Option<Notes<'a>>,
    /// The public URL of the release.
    pub permalink: Url,
}

/// A group in the form for its templates.
struct GroupText<'a> {
    page: PageText,
    subject: String,
    /// The page's title and the group's version.
    name: String,
    kind: &'static str,
    bump: Bump,
    /// The components and their versions, in one line.
    contents: String,
    introduction: Option<NotesText<'a>>,
    releases: Vec<ReleaseText<'a>>,
    /// The number of releases that the email does not show.
    more: usize,
    permalink: &'a str,
    following: String,
    preferences: &'a str,
    unsubscribe: String,
}

struct ReleaseText<'a> {
    name: String,
    version: String,
    title: String,
    kind: &'static str,
    bump: Bump,
    notes: Option<NotesText<'a>>,
    permalink: &'a str,
}

#[derive(Template)]
#[template(path = "group_announcement.txt")]
struct Text<'a> {
    mail: &'a GroupText<'a>,
}

#[derive(Template)]
#[template(path = "group_announcement.html")]
struct Html<'a> {
    mail: &'a GroupText<'a>,
}

impl GroupAnnouncement<'_> {
    /// Writes the email. The link to unsubscribe comes from `heading`.
    ///
    /// # Errors
    ///
    /// Returns an error if a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let page = PageText::new(self.page);
        let shown = &self.releases[..self.releases.len().min(RELEASES_MAX)];
        let parts = shown.len() + usize::from(self.introduction.is_some());
        let releases: Vec<ReleaseText<'_>> = shown.iter().map(|release| ReleaseText::new(release, parts)).collect();
        let bump = group_bump(self.releases.iter().map(|release| release.bump)).unwrap_or(Bump::Patch);
        let contents: Vec<String> =
            releases.iter().map(|release| format!("{} {}", release.name, release.version)).collect();
        let version = text::line(self.version);
        let mail = GroupText {
            subject: subject_of(&page.title, &version, titles_joined(&releases).as_str()),
            name: format!("{} {version}", page.title),
            following: self.following.of_page(&page.title),
            page,
            kind: kind(bump),
            bump,
            contents: contents.join(", "),
            introduction: self.introduction.and_then(|notes| NotesText::new(notes, parts)),
            releases,
            more: self.releases.len() - shown.len(),
            permalink: self.permalink.as_str(),
            preferences: self.preferences.as_str(),
            unsubscribe: heading.unsubscribe.to_string(),
        };
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}

/// The titles of releases in the order of display, each one once.
fn titles_joined(releases: &[ReleaseText<'_>]) -> String {
    let mut titles: Vec<&str> = Vec::new();
    for release in releases {
        if !release.title.is_empty() && !titles.contains(&release.title.as_str()) {
            titles.push(&release.title);
        }
    }
    titles.join(", ")
}

impl GroupText<'_> {
    /// The CSS class for the color of the bump: its name.
    fn class(&self) -> &'static str {
        self.bump.as_str()
    }
}

impl<'a> ReleaseText<'a> {
    fn new(release: &'a GroupRelease<'a>, parts: usize) -> Self {
        let version = text::line(release.version);
        Self {
            name: text::line(release.component),
            title: release_title(&version, &text::line(release.title)),
            version,
            kind: kind(release.bump),
            bump: release.bump,
            notes: release.notes.and_then(|notes| NotesText::new(notes, parts)),
            permalink: release.permalink.as_str(),
        }
    }

    /// The CSS class for the color of the bump: its name.
    fn class(&self) -> &'static str {
        self.bump.as_str()
    }

    /// True if the notes are longer than the excerpt in the email.
    fn is_shortened(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.shortened)
    }
}
