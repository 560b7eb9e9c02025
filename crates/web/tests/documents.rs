//! Rules for documents. Typed text stays text, forms hold the given values, and the structure suits assistive
//! technology.

use chrono::NaiveDateTime;
use releasepage_content::RemoteImages;
use releasepage_domain::bump::Bump;
use releasepage_web::confirm::{ConfirmAsk, LinkFault, LinkRefused};
use releasepage_web::error_page::{ErrorPage, Fault};
use releasepage_web::group::{GroupPage, GroupView};
use releasepage_web::mailbox::{Message, MessageView};
use releasepage_web::page::{Entry, LatestGrouped, LatestVersion, Page, SubscribeForm};
use releasepage_web::preferences::{ComponentChoice, Notice, Preferences, Standing};
use releasepage_web::release::{ReleaseLink, ReleaseView};
use releasepage_web::{NotesHtml, View, assets, css_path};

const HOSTILE: &str = "\"><script>alert('x')</script>&amp;";

fn published_at() -> NaiveDateTime {
    "2017-04-12T11:20:10".parse().expect("a time")
}

fn release(text: &str) -> ReleaseView {
    ReleaseView {
        version: text.into(),
        title: Some(text.into()),
        bump: Bump::Minor,
        component: Some(text.into()),
        author: Some(text.into()),
        published_at: published_at(),
        notes: NotesHtml::from_markdown(&format!("**Bold** {text}"), RemoteImages::Refused, None),
        notes_are_cut: false,
        platforms: vec![text.into()],
        rolling_out: true,
        permalink: text.into(),
    }
}

/// A group with `members` releases.
fn group(text: &str, members: usize) -> GroupView {
    let member = |number: usize| ReleaseView {
        component: Some(format!("{text} {number}")),
        bump: if number == 0 { Bump::Major } else { Bump::Patch },
        ..release(text)
    };
    GroupView {
        version: text.into(),
        bump: Bump::Major,
        published_at: published_at(),
        notes: NotesHtml::from_markdown(&format!("*All of it* {text}"), RemoteImages::Refused, None),
        notes_are_cut: false,
        members: (0..members).map(member).collect(),
        more: 0,
        permalink: text.into(),
    }
}

fn group_page(group: GroupView) -> GroupPage {
    let link = |version: &str| Some(ReleaseLink { version: version.into(), href: "/p/acme/groups/7".into() });
    GroupPage {
        page_title: group.version.clone(),
        page_href: "/p/acme".into(),
        canonical: "https://releases.example.com/p/acme/groups/8".into(),
        group,
        newer: link("v9.0.0"),
        older: link("v1.0.0"),
    }
}

fn page(text: &str) -> Page {
    Page {
        title: text.into(),
        description: Some(text.into()),
        canonical: "https://releases.example.com/p/acme".into(),
        latest: vec![LatestVersion {
            component: text.into(),
            version: text.into(),
            published_at: published_at(),
            href: text.into(),
        }],
        latest_grouped: None,
        entries: vec![Entry::Release(Box::new(release(text)))],
        newer_href: Some(text.into()),
        older_href: Some(text.into()),
        subscribe: Some(SubscribeForm {
            action: "/p/acme/subscribe".into(),
            address: text.into(),
            kinds: vec![Bump::Major],
            error: Some(text.into()),
            csrf: None,
        }),
        badge_src: Some(text.into()),
    }
}

/// A page with a group of two releases, and one release outside of it.
fn grouped_page(text: &str) -> Page {
    let grouped = LatestGrouped { version: text.into(), published_at: published_at(), href: "/p/acme/groups/7".into() };
    Page {
        latest_grouped: Some(grouped),
        entries: vec![Entry::Group(group(text, 2)), Entry::Release(Box::new(release(text)))],
        ..page(text)
    }
}

fn confirm(text: &str, csrf: Option<&str>) -> ConfirmAsk {
    ConfirmAsk {
        page_title: text.into(),
        page_href: "https://releases.example.com/p/acme".into(),
        address: text.into(),
        kinds: vec![Bump::Major, Bump::Patch],
        components: Some(vec![text.into()]),
        change: false,
        action: "/confirm/token".into(),
        csrf: csrf.map(str::to_owned),
    }
}

fn preferences(standing: Standing, notice: Option<Notice>, csrf: Option<&str>) -> Preferences {
    Preferences {
        page_title: "Acme".into(),
        page_href: "/p/acme".into(),
        address: "reader@example.com".into(),
        standing,
        kinds: vec![Bump::Major],
        all_components: false,
        components: vec![ComponentChoice { repo: "acme/api".into(), name: HOSTILE.into(), chosen: true }],
        notice,
        action: "/preferences/token".into(),
        unsubscribe_action: "/unsubscribe/token".into(),
        csrf: csrf.map(str::to_owned),
    }
}

fn message(text: &str) -> Message {
    Message {
        account: None,
        mailbox_href: "/mailbox".into(),
        message: MessageView {
            href: "/mailbox/1".into(),
            to: text.into(),
            subject: text.into(),
            page_title: Some(text.into()),
            captured_at: published_at(),
            test: true,
        },
        headers: vec![(text.into(), text.into())],
        html_src: Some("/mailbox/1/html".into()),
        text: format!("{text} https://e.com/\"><script>"),
        raw_href: "/mailbox/1/raw".into(),
    }
}

/// The document without the hashes of assets, which change with every change of style.
fn stable(html: &str) -> String {
    html.replace(css_path(), "/releasepage.css").replace(assets::icon_path(), "/icon.svg")
}

#[test]
fn the_page_is_as_it_was() {
    insta::assert_snapshot!(stable(&page("v1.0.2").html()));
}

#[test]
fn the_grouped_page_is_as_it_was() {
    insta::assert_snapshot!(stable(&grouped_page("v1.0.2").html()));
}

#[test]
fn a_group_is_as_it_was() {
    insta::assert_snapshot!(stable(&group_page(group("v1.0.2", 2)).html()));
}

#[test]
fn a_long_group_lists_what_it_holds_and_folds_its_notes() {
    let mut long = group("v1.0.2", 20);
    long.members[19].title = None;
    long.members[19].notes = NotesHtml::default();
    long.more = 3;
    let html = group_page(long).html();
    assert_eq!(html.matches("<li class=").count(), 20, "{html}");
    let (open, folded) = html.split_once("<details class=\"members\">").expect("some are folded");
    assert_eq!(open.matches("<section class=\"member ").count(), 5, "{html}");
    assert_eq!(folded.matches("<section class=\"member ").count(), 14, "without notes it is only listed: {html}");
    assert!(folded.contains("<summary>Notes of 14 more releases</summary>"), "{html}");
    assert!(folded.contains("And 3 more releases") && open.contains("23 releases"), "{html}");
    let short = group_page(group("v1.0.2", 5)).html();
    assert!(!short.contains("<details") && !short.contains("contents-of-group"), "{short}");
    let alone = group_page(group("v1.0.2", 1)).html();
    assert_eq!(alone.matches("class=\"bump").count(), 1, "a single release shows no bump of its own: {alone}");
}

#[test]
fn the_confirmation_is_as_it_was() {
    insta::assert_snapshot!(stable(&confirm("Acme", Some("token")).html()));
}

#[test]
fn typed_text_is_text() {
    let documents = [
        page(HOSTILE).html(),
        confirm(HOSTILE, Some(HOSTILE)).html(),
        preferences(Standing::Confirmed, None, Some(HOSTILE)).html(),
        message(HOSTILE).html(),
        group_page(group(HOSTILE, 9)).html(),
        grouped_page(HOSTILE).html(),
        LinkRefused { fault: LinkFault::Used, page_href: Some(HOSTILE.into()) }.html(),
        ErrorPage { fault: Fault::Internal, request_id: Some(HOSTILE.into()), retry_after: None }.html(),
    ];
    for html in documents {
        assert!(!html.contains("<script") && !html.contains("\">alert"), "{html}");
        assert!(html.contains("script"), "the text is shown: {html}");
    }
    assert!(page(HOSTILE).html().contains("<strong>Bold</strong>"));
}

#[test]
fn notes_that_are_cut_lead_to_the_rest() {
    let mut list = page("v1.0.2");
    assert!(!list.html().contains("Read all of it"));
    let cut = ReleaseView { notes_are_cut: true, permalink: "/p/acme/releases/xbcehyc".into(), ..release("v1.0.2") };
    list.entries = vec![Entry::Release(Box::new(cut))];
    assert!(list.html().contains("<a href=\"/p/acme/releases/xbcehyc\">Read all of it</a>"), "{}", list.html());
}

#[test]
fn documents_have_a_language_one_heading_and_one_main() {
    for html in [
        page("x").html(),
        group_page(group("x", 2)).html(),
        confirm("x", None).html(),
        preferences(Standing::Pending, None, None).html(),
        message("x").html(),
        ErrorPage { fault: Fault::NotFound, request_id: None, retry_after: None }.html(),
    ] {
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{html}");
        assert_eq!(html.matches("<h1").count(), 1, "{html}");
        assert_eq!(html.matches("<main id=\"content\"").count(), 1, "{html}");
        assert!(!html.contains(" style=") && !html.contains("<style"), "{html}");
    }
}

#[test]
fn forms_carry_a_token_where_there_is_one() {
    let fields = |html: String| html.matches("name=\"csrf\"").count();
    assert_eq!(fields(confirm("x", Some("t")).html()), 1);
    assert_eq!(fields(confirm("x", None).html()), 0);
    assert_eq!(fields(preferences(Standing::Confirmed, None, Some("t")).html()), 2);
    assert_eq!(fields(preferences(Standing::Confirmed, None, None).html()), 0);
}

#[test]
fn preferences_offer_what_the_standing_allows() {
    for (standing, save, unsubscribe) in [
        (Standing::Confirmed, Some("Save preferences"), true),
        (Standing::Unsubscribed, Some("Subscribe again"), false),
        (Standing::Pending, None, false),
        (Standing::Suppressed, None, false),
    ] {
        let html = preferences(standing, None, None).html();
        assert_eq!(html.contains("/preferences/token"), save.is_some(), "{standing:?}");
        assert_eq!(html.contains("/unsubscribe/token"), unsubscribe, "{standing:?}");
        assert!(save.is_none_or(|label| html.contains(label)), "{standing:?}");
    }
    let html = preferences(Standing::Confirmed, Some(Notice::KindMissing), None).html();
    assert!(html.contains("role=\"alert\""));
    assert!(html.contains("value=\"major\" checked") && html.contains("value=\"minor\">"), "{html}");
}

#[test]
fn errors_say_when_to_come_back() {
    for (seconds, expected) in [(1, "in a second."), (42, "in 42 seconds."), (121, "in 3 minutes.")] {
        let page = ErrorPage { fault: Fault::RateLimited, request_id: None, retry_after: Some(seconds) };
        assert_eq!(page.status(), 429);
        assert!(page.html().contains(expected), "{}", page.html());
    }
}
