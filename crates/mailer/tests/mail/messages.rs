//! Tests of each email: a snapshot of its subject and text, and rules for both forms.

use proptest::prelude::*;
use releasepage_domain::bump::Bump;
use releasepage_mailer::{
    message::Mail,
    messages::{
        Announcement, Change, Confirm, FollowingView, GroupAnnouncement, GroupRelease, Leave, Notes, PageView, Remind,
    },
};
use url::Url;

use crate::support::{heading, url};

const DEFAULT: FollowingView<'_> = FollowingView { bumps: &[Bump::Major, Bump::Minor, Bump::Patch], components: &[] };
const NARROW: FollowingView<'_> = FollowingView { bumps: &[Bump::Major], components: &["API", "Web"] };

const NOTES: Notes<'_> = Notes {
    text: "Search answers in a tenth of the time.\n\n- The index is built while you type.\n- Umlauts are found: Müller.",
    html: "<p>Search answers in a tenth of the time.</p>\n<ul>\n<li>The index is built while you type.</li>\n\
           <li>Umlauts are found: Müller.</li>\n</ul>\n",
};

/// Every email in its variants. The arguments replace the texts that people write.
fn mails(title: &str, component: &str, release: &str) -> Vec<(&'static str, Mail)> {
    let page_url = url("/p/acme");
    let page = PageView { title, url: &page_url };
    let link = url("/confirm/token-c");
    let permalink = url("/p/acme/releases/12");
    let preferences = url("/preferences/token-p");
    let components = [component];
    let asked = FollowingView { bumps: &[Bump::Major, Bump::Minor], components: &components };
    let announcement = Announcement {
        page,
        component,
        version: "v1.2.0",
        title: release,
        bump: Bump::Minor,
        notes: Some(NOTES),
        permalink: &permalink,
        following: DEFAULT,
        preferences: &preferences,
    };
    let long = "A long story. ".repeat(3_000);
    let excerpt =
        Announcement { notes: Some(Notes { text: &long, html: "<p>…</p>" }), bump: Bump::Major, ..announcement };
    let bare = Announcement { notes: None, title: "", bump: Bump::Prerelease, following: NARROW, ..announcement };
    let released = |component, bump, notes| GroupRelease {
        component,
        version: "v1.2.0",
        title: release,
        bump,
        notes,
        permalink: url("/p/acme/releases/12"),
    };
    let members = [released(component, Bump::Major, Some(NOTES)), released("Web", Bump::Patch, None)];
    let group = GroupAnnouncement {
        page,
        version: "v0.5.0",
        introduction: None,
        releases: &members,
        permalink: &page_url,
        following: DEFAULT,
        preferences: &preferences,
    };
    let one = GroupAnnouncement { releases: &members[1..], following: NARROW, ..group };
    let long_notes = Notes { text: &long, html: "<p>…</p>" };
    let many: Vec<_> = std::iter::repeat_with(|| released(component, Bump::Minor, Some(long_notes))).take(60).collect();
    let many = GroupAnnouncement { introduction: Some(NOTES), releases: &many, ..group };
    let heading = || heading("delivery-1", "reader@example.org");
    [
        ("confirm", Confirm { page, asked, confirm: &link }.mail(heading())),
        ("remind", Remind { page, asked: None, change: &preferences }.mail(heading())),
        ("remind_with_other_preferences", Remind { page, asked: Some(asked), change: &link }.mail(heading())),
        ("change", Change { page, asked, change: &link }.mail(heading())),
        ("leave", Leave { page, leave: &link }.mail(heading())),
        ("announcement", announcement.mail(heading())),
        ("announcement_with_long_notes", excerpt.mail(heading())),
        ("announcement_without_notes", bare.mail(heading())),
        ("group", group.mail(heading())),
        ("group_of_one", one.mail(heading())),
        ("group_of_many", many.mail(heading())),
    ]
    .into_iter()
    .map(|(name, mail)| (name, mail.expect("a mail")))
    .collect()
}

/// The URLs in a text.
fn urls(text: &str) -> Vec<Url> {
    text.split(['"', '<', '>', ' ', '\n', '\''])
        .filter(|word| word.contains("://"))
        .map(|word| Url::parse(word).expect(word))
        .collect()
}

#[test]
fn what_the_mails_say() {
    for (name, mail) in mails("Acme", "API", "Faster search") {
        insta::assert_snapshot!(name, format!("Subject: {}\n\n{}", mail.subject, mail.text));
    }
}

#[test]
fn both_forms_have_the_same_links_and_all_lead_to_the_site() {
    for (name, mail) in mails("Acme", "API", "Faster search") {
        let (mut text, mut html) = (urls(&mail.text), urls(&mail.html));
        for links in [&mut text, &mut html] {
            links.sort();
            links.dedup();
            assert!(links.iter().all(|link| link.host_str() == Some("releases.example.com")), "{name}: {links:?}");
        }
        assert_eq!(text, html, "{name}");
    }
}

#[test]
fn the_signature_is_told_apart_by_its_delimiter() {
    for (name, mail) in mails("Acme", "API", "Faster search") {
        // The delimiter includes the space (RFC 3676, section 4.3).
        assert_eq!(mail.text.matches("\n-- \n").count(), 1, "{name}: {}", mail.text);
    }
}

#[test]
fn nothing_is_loaded_when_a_mail_is_read() {
    for (name, mail) in mails("Acme", "API", "Faster search") {
        for loaded in ["<img", "src=", "url(", "@import", "<link", "<script", "<iframe", "background="] {
            assert!(!mail.html.contains(loaded), "{name} holds {loaded}");
        }
    }
}

#[test]
fn announcements_stay_below_what_providers_cut() {
    for (name, mail) in mails("Acme", "API", "Faster search") {
        let letter = mail.letter().expect("a letter");
        assert!(letter.bytes().len() < 100_000, "{name}: {} bytes", letter.bytes().len());
    }
}

#[test]
fn markup_in_texts_is_shown_as_it_is() {
    for (name, mail) in mails("<b>Acme</b>", "<i>API</i>", "<script>alert(1)</script> & \"more\"") {
        for markup in ["<b>", "<i>", "<script"] {
            assert!(!mail.html.contains(markup), "{name} holds {markup}");
        }
        assert!(mail.text.contains("<b>Acme</b>"), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_becomes_a_header(title in any::<String>(), component in any::<String>(), release in any::<String>()) {
        let smuggle = |text: &str| format!("{text}\r\nBcc: thief@example.net\r\n\r\n{text}");
        for (name, mail) in mails(&smuggle(&title), &smuggle(&component), &smuggle(&release)) {
            let letter = mail.letter().expect("a letter");
            let message = String::from_utf8_lossy(letter.bytes());
            let (head, _) = message.split_once("\r\n\r\n").expect("a head and a body");
            prop_assert!(!head.contains("\r\nBcc"), "{name}: {head}");
            prop_assert!(head.contains("\r\nContent-Type: multipart/alternative;"), "{name}: {head}");
        }
    }
}
