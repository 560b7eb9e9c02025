//! The email that announces a release.

use askama::Template;
use releasepage_domain::bump::Bump;
use url::Url;

use super::{FollowingView, PageText, PageView, mail_of};
use crate::{
    message::{Heading, Mail, MailError, SUBJECT_LENGTH},
    text,
};

/// The most HTML of notes that an email holds, in bytes. Providers cut a message at about 100 KB, and the link to
/// unsubscribe is at its end.
const NOTES_HTML_LENGTH: usize = 60_000;

/// The most text of notes that an email holds, in characters.
const NOTES_TEXT_LENGTH: usize = 20_000;

/// The length of the excerpt from longer notes, in characters.
const NOTES_EXCERPT_LENGTH: usize = 2_000;

/// The longest name in a subject, in characters.
const NAME_SUBJECT_LENGTH: usize = 50;

/// The longest version in a subject, in characters.
const VERSION_SUBJECT_LENGTH: usize = 40;

/// The values for the announcement of a release to one subscriber.
#[derive(Clone, Copy, Debug)]
pub struct Announcement<'a> {
    /// The page that the subscriber follows.
    pub page: PageView<'a>,
    /// The component's name.
    pub component: &'a str,
    /// The release's version as the page shows it.
    pub version: &'a str,
    /// The release's title. It is empty or equal to the version if the author wrote none.
    pub title: &'a str,
    /// The bump that the release has for this subscriber.
    pub bump: Bump,
    /// The release's notes, if it has any.
    pub notes: Option<Notes<'a>>,
    /// The public URL of the release.
    pub permalink: &'a Url,
    /// The preferences of the subscriber. They tell why the subscriber gets this email.
    pub following: FollowingView<'a>,
    /// The link to the subscriber's preferences.
    pub preferences: &'a Url,
}

/// A release's notes in both forms.
#[derive(Clone, Copy, Debug)]
pub struct Notes<'a> {
    /// The notes as text.
    pub text: &'a str,
    /// The notes as safe HTML. The email holds this HTML unless an element would load something, such as an image or a
    /// video. It holds the text then.
    pub html: &'a str,
}

/// An announcement in the form for its templates.
struct AnnouncementText<'a> {
    page: PageText,
    subject: String,
    name: String,
    version: String,
    title: String,
    kind: &'static str,
    bump: Bump,
    notes: Option<NotesText<'a>>,
    permalink: &'a str,
    following: String,
    preferences: &'a str,
    unsubscribe: String,
}

/// Notes in the form for templates.
pub(super) struct NotesText<'a> {
    pub(super) text: String,
    /// True if the text is an excerpt of longer notes.
    pub(super) shortened: bool,
    /// The HTML. `None` if it is too long or would load something. The template prints the text then.
    pub(super) html: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "announcement.txt")]
struct Text<'a> {
    mail: &'a AnnouncementText<'a>,
}

#[derive(Template)]
#[template(path = "announcement.html")]
struct Html<'a> {
    mail: &'a AnnouncementText<'a>,
}

impl Announcement<'_> {
    /// Writes the email. The link to unsubscribe comes from `heading`.
    ///
    /// # Errors
    ///
    /// Returns an error if a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let page = PageText::new(self.page);
        let name = component_name(&page.title, &text::line(self.component));
        let version = text::line(self.version);
        let title = release_title(&version, &text::line(self.title));
        let subject = subject_of(&name, &version, &title);
        let mail = AnnouncementText {
            following: self.following.of_page(&page.title),
            page,
            subject,
            name,
            version,
            title,
            kind: kind(self.bump),
            bump: self.bump,
            notes: self.notes.and_then(|notes| NotesText::new(notes, 1)),
            permalink: self.permalink.as_str(),
            preferences: self.preferences.as_str(),
            unsubscribe: heading.unsubscribe.to_string(),
        };
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}

impl AnnouncementText<'_> {
    /// The CSS class for the color of the bump: its name.
    fn class(&self) -> &'static str {
        self.bump.as_str()
    }

    /// True if the notes are longer than the excerpt in the email.
    fn is_shortened(&self) -> bool {
        self.notes.as_ref().is_some_and(|notes| notes.shortened)
    }
}

impl<'a> NotesText<'a> {
    /// The notes, or an excerpt if they are long. `parts` notes share the space of one email. `None` if the notes are
    /// empty.
    pub(super) fn new(notes: Notes<'a>, parts: usize) -> Option<Self> {
        let text = text::lines(notes.text).trim().to_owned();
        if text.is_empty() {
            return None;
        }
        let (text_length, html_length) = (NOTES_TEXT_LENGTH / parts.max(1), NOTES_HTML_LENGTH / parts.max(1));
        if text.chars().count() > text_length || notes.html.len() > html_length {
            let excerpt = text::cut(&text, NOTES_EXCERPT_LENGTH.min(text_length));
            return Some(Self { shortened: excerpt != text, text: excerpt, html: None });
        }
        let html = Some(notes.html).filter(|html| !loads_something(html));
        Some(Self { text, shortened: false, html })
    }
}

/// True if HTML has an element that loads something. Loading would tell the sender who reads the email and when.
fn loads_something(html: &str) -> bool {
    const LOADING: [&str; 10] =
        ["<img", "<picture", "<video", "<audio", "<source", "<iframe", "<object", "<embed", "<svg", "<link"];
    let html = html.to_ascii_lowercase();
    LOADING.iter().any(|tag| html.contains(tag))
}

/// The words for a release with this bump.
pub(super) const fn kind(bump: Bump) -> &'static str {
    match bump {
        Bump::Major => "Major release",
        Bump::Minor => "Minor release",
        Bump::Patch => "Patch release",
        Bump::Prerelease => "Preview release",
    }
}

/// The component's name after the page's, such as `Acme API` for `API` of `Acme`. A component's name that holds the
/// page's stays as it is.
fn component_name(page: &str, component: &str) -> String {
    let holds = component.to_lowercase().contains(&page.to_lowercase());
    if page.is_empty() || holds { component.to_owned() } else { format!("{page} {component}") }
}

/// The subject of an email: the name, the version, and the title if there is one. Each has its own maximum, so that a
/// long name leaves room for the title.
pub(super) fn subject_of(name: &str, version: &str, title: &str) -> String {
    let released = format!("{} {}", text::cut(name, NAME_SUBJECT_LENGTH), text::cut(version, VERSION_SUBJECT_LENGTH));
    if title.is_empty() {
        return released;
    }
    let room = SUBJECT_LENGTH - NAME_SUBJECT_LENGTH - VERSION_SUBJECT_LENGTH - " : ".len();
    format!("{released}: {}", text::cut(title, room))
}

/// The title without the version that many authors put first: `Faster search` for `v1.2.0 – Faster search`.
pub(super) fn release_title(version: &str, title: &str) -> String {
    let number = version.trim_start_matches(['v', 'V']);
    let rest = [version, number].iter().find_map(|prefix| title.strip_prefix(prefix)).unwrap_or(title);
    // The version must end here: `1.2` is not the version in `1.2.0` or `1.2th`.
    let separated = rest.is_empty() || rest.starts_with([' ', ':', '-', '–', '—', ',']);
    let title = if separated { rest.trim_start_matches([' ', ':', '-', '–', '—', ',']) } else { title };
    title.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (page, component, expected) in [
            ("Acme", "API", "Acme API"),
            ("Acme", "Acme API", "Acme API"),
            ("Acme", "ACME", "ACME"),
            ("", "API", "API"),
        ] {
            assert_eq!(component_name(page, component), expected);
        }
    }

    #[test]
    fn subjects_leave_room_for_the_title() {
        for (name, version, title, subject) in [
            ("Acme API", "v1.2.0", "Faster search", "Acme API v1.2.0: Faster search".to_owned()),
            ("Acme API", "v1.2.0", "", "Acme API v1.2.0".to_owned()),
            (
                &"n".repeat(100),
                &"1".repeat(200),
                "Faster search",
                format!("{}… {}…: Faster search", "n".repeat(49), "1".repeat(39)),
            ),
        ] {
            assert_eq!(subject_of(name, version, title), subject);
        }
        let long = subject_of(&"n".repeat(100), &"1".repeat(200), &"t".repeat(500));
        assert!(long.chars().count() <= SUBJECT_LENGTH, "{long}");
        assert!(long.ends_with("tt…"), "{long}");
    }

    #[test]
    fn titles() {
        for (version, title, expected) in [
            ("v1.2.0", "Faster search", "Faster search"),
            ("v1.2.0", "v1.2.0", ""),
            ("v1.2.0", "1.2.0", ""),
            ("v1.2.0", "v1.2.0 – Faster search", "Faster search"),
            ("v1.2.0", "1.2.0: Faster search", "Faster search"),
            ("v1.2", "1.2.0: Faster search", "1.2.0: Faster search"),
            ("v1", "", ""),
            ("", "- Faster", "Faster"),
        ] {
            assert_eq!(release_title(version, title), expected, "{version} {title}");
        }
    }

    #[test]
    fn notes_that_are_long_or_load_something_become_text() {
        let text = "word ".repeat(5_000);
        let notes = NotesText::new(Notes { text: &text, html: "<p>short</p>" }, 1).expect("notes");
        assert!(notes.html.is_none() && notes.shortened && notes.text.chars().count() <= NOTES_EXCERPT_LENGTH);
        let html = "x".repeat(NOTES_HTML_LENGTH + 1);
        let notes = NotesText::new(Notes { text: "short", html: &html }, 1).expect("notes");
        assert!(notes.html.is_none() && notes.text == "short");
        let notes = NotesText::new(Notes { text: "short", html: "<p><IMG src='x'></p>" }, 1).expect("notes");
        assert!(notes.html.is_none() && !notes.shortened);
        assert!(NotesText::new(Notes { text: " \n", html: "" }, 1).is_none());
        let notes = NotesText::new(Notes { text: &text, html: "<p>short</p>" }, 20).expect("notes");
        assert!(notes.shortened && notes.text.chars().count() <= NOTES_TEXT_LENGTH / 20);
    }
}
