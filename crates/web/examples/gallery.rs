//! Renders every document with sample data into the directory given as the argument:
//! `cargo run -p releasepage-web --example gallery -- /tmp/gallery`.

use std::path::Path;
use std::{env, fs, io};

use chrono::{NaiveDate, NaiveDateTime};
use releasepage_content::RemoteImages;
use releasepage_domain::bump::Bump;
use releasepage_web::badge::{Badge, badge_color_parse};
use releasepage_web::confirm::{ConfirmAsk, ConfirmDone, LinkFault, LinkRefused};
use releasepage_web::docs_errors::{DocsErrors, ErrorDoc};
use releasepage_web::error_page::{ErrorPage, Fault};
use releasepage_web::group::{GroupPage, GroupView};
use releasepage_web::home::{Home, PageLink, Step};
use releasepage_web::mailbox::{Mailbox, Message, MessageView};
use releasepage_web::page::{Entry, LatestGrouped, LatestVersion, Page, SubscribeDone, SubscribeForm};
use releasepage_web::preferences::{ComponentChoice, Notice, Preferences, Standing};
use releasepage_web::release::{ReleaseLink, ReleasePage, ReleaseView};
use releasepage_web::setup::Setup;
use releasepage_web::sign_in::SignIn;
use releasepage_web::unsubscribe::{UnsubscribeAsk, UnsubscribeDone};
use releasepage_web::{AccountMenu, NotesHtml, View, asset, css_path};

const NOTES: &str = "### Highlights\n\n- **Exports** now stream, so that a report of a million rows needs no more memory than one of ten \
    ([#412](https://example.com/412))\n- New endpoint `GET /v2/reports/{id}/rows`\n- [x] Tested on ARM\n\n```rust\nlet report = client.report(\"weekly\")?;\nfor row in report.rows() { println!(\"{row}\"); }\n```\n\n\
    | Field | Before | Now |\n|---|---|--:|\n| `limit` | 100 | 1000 |\n| `cursor` | – | new |\n\n> Clients older than 1.2 keep working.\n\n\
    <details><summary>All changes</summary>\n\n1. Faster start\n2. Fewer allocations\n\n</details>\n";

fn main() -> io::Result<()> {
    let directory = env::args().nth(1).unwrap_or_else(|| "gallery".to_owned());
    let directory = Path::new(&directory);
    fs::create_dir_all(directory)?;
    let css = asset(css_path()).map_or(&[][..], |asset| asset.bytes);
    fs::write(directory.join("releasepage.css"), css)?;
    for (name, color) in [("blue", "blue"), ("green", "brightgreen"), ("error", "lightgrey")] {
        let badge = Badge {
            label: "releases".to_owned(),
            message: if name == "error" { "page not found".to_owned() } else { "v1.0.2".to_owned() },
            color: badge_color_parse(color).unwrap_or(releasepage_web::badge::Color::BLUE),
            style: releasepage_web::badge::BadgeStyle::Flat,
        };
        fs::write(directory.join(format!("badge-{name}.svg")), badge.svg())?;
    }
    for (name, html) in documents() {
        let html = html.replace(css_path(), "releasepage.css");
        fs::write(directory.join(format!("{name}.html")), html)?;
    }
    Ok(())
}

fn documents() -> Vec<(&'static str, String)> {
    let mut documents = reader_documents();
    documents.extend(member_documents());
    documents
}

fn reader_documents() -> Vec<(&'static str, String)> {
    vec![
        ("page", page(releases()).html()),
        ("page-long", page_long().html()),
        ("page-empty", Page { latest: Vec::new(), newer_href: None, older_href: None, ..page(Vec::new()) }.html()),
        ("page-grouped", page_grouped().html()),
        ("group", group_page(group("v2.0.0", 26, 3)).html()),
        ("group-long", group_page(group("v1.9.0", 20, 20)).html()),
        ("release", release_page().html()),
        (
            "subscribe-done",
            SubscribeDone {
                page_title: title(),
                page_href: href(),
                address: address(),
                mailbox_href: Some("/mailbox".into()),
            }
            .html(),
        ),
        ("confirm-ask", confirm_ask().html()),
        (
            "confirm-done",
            ConfirmDone {
                page_title: title(),
                page_href: href(),
                address: address(),
                kinds: vec![Bump::Major, Bump::Minor],
                preferences_href: href(),
            }
            .html(),
        ),
        ("link-refused", LinkRefused { fault: LinkFault::Suppressed, page_href: Some(href()) }.html()),
        ("link-expired", LinkRefused { fault: LinkFault::Expired, page_href: Some(href()) }.html()),
        ("preferences", preferences(Standing::Confirmed, Some(Notice::Saved)).html()),
        ("preferences-fault", preferences(Standing::Unsubscribed, Some(Notice::KindMissing)).html()),
        ("preferences-pending", preferences(Standing::Pending, None).html()),
        (
            "unsubscribe-ask",
            UnsubscribeAsk {
                page_title: title(),
                page_href: href(),
                address: address(),
                action: href(),
                preferences_href: href(),
                csrf: None,
            }
            .html(),
        ),
        (
            "unsubscribe-done",
            UnsubscribeDone { page_title: title(), page_href: href(), address: address(), preferences_href: href() }
                .html(),
        ),
        ("error-404", ErrorPage { fault: Fault::NotFound, request_id: None, retry_after: None }.html()),
        (
            "error-500",
            ErrorPage { fault: Fault::Internal, request_id: Some("01JQ7ZK3W8".into()), retry_after: None }.html(),
        ),
        ("error-form", ErrorPage { fault: Fault::FormStale, request_id: None, retry_after: None }.html()),
        ("error-429", ErrorPage { fault: Fault::RateLimited, request_id: None, retry_after: Some(42) }.html()),
        ("docs-errors", docs_errors().html()),
    ]
}

fn member_documents() -> Vec<(&'static str, String)> {
    vec![
        (
            "sign-in",
            SignIn {
                action: "/sign-in".into(),
                email: address(),
                error: Some("Address or password is wrong.".into()),
                next: None,
                csrf: Some("x".into()),
            }
            .html(),
        ),
        ("setup", Setup { email: address(), action: "/setup".into(), error: None, csrf: Some("x".into()) }.html()),
        ("mailbox", Mailbox { account: Some(account()), messages: messages(), older_href: Some("#".into()) }.html()),
        ("message", message().html()),
        ("home-demo", home(true).html()),
        ("home", home(false).html()),
    ]
}

fn title() -> String {
    "Acme Reports".into()
}

fn href() -> String {
    "/p/acme".into()
}

fn address() -> String {
    "reader@example.com".into()
}

fn time(day: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2017, 4, day).and_then(|date| date.and_hms_opt(11, 20, 10)).unwrap_or_default()
}

fn account() -> AccountMenu {
    AccountMenu { email: "owner@example.com".into(), sign_out_action: "/sign-out".into(), csrf: Some("x".into()) }
}

fn release(version: &str, bump: Bump, day: u32, component: &str, markdown: &str) -> ReleaseView {
    ReleaseView {
        version: version.into(),
        title: None,
        bump,
        component: Some(component.into()),
        author: Some("Jivings".into()),
        published_at: time(day),
        notes: NotesHtml::from_markdown(markdown, RemoteImages::Refused, None),
        notes_are_cut: false,
        platforms: Vec::new(),
        rolling_out: false,
        permalink: format!("/p/acme/{version}"),
    }
}

fn releases() -> Vec<ReleaseView> {
    let mut releases = vec![
        release("v2.0.0", Bump::Major, 26, "Public API", NOTES),
        release("v1.2.5", Bump::Patch, 22, "Management Portal", "Fixes a crash when a report has no rows."),
        release(
            "v2.0.0-rc.1",
            Bump::Prerelease,
            14,
            "Public API",
            "The first candidate. Please try it with your clients.",
        ),
        release("v1.2.0", Bump::Minor, 12, "iOS app", "- Widgets\n- Dark mode"),
        release("v1.1.9", Bump::Patch, 2, "Public API", ""),
    ];
    releases[0].title = Some("Reports of any size".into());
    releases[3].platforms = vec!["iOS".into(), "iPadOS".into()];
    releases[3].rolling_out = true;
    releases
}

fn page(releases: Vec<ReleaseView>) -> Page {
    Page {
        title: title(),
        description: Some("What is new in Acme’s reporting: the public API, the portal and the apps.".into()),
        canonical: href(),
        latest: [("Public API", "v2.0.0", 26), ("Management Portal", "v1.2.5", 22), ("iOS app", "v1.2.0", 12)]
            .map(|(component, version, day)| LatestVersion {
                component: component.into(),
                version: version.into(),
                published_at: time(day),
                href: href(),
            })
            .into(),
        latest_grouped: None,
        entries: releases.into_iter().map(Box::new).map(Entry::Release).collect(),
        newer_href: None,
        older_href: Some("?before=v1.1.9".into()),
        subscribe: Some(SubscribeForm {
            action: "/p/acme/subscribe".into(),
            address: String::new(),
            kinds: vec![Bump::Major, Bump::Minor, Bump::Patch],
            error: None,
            csrf: None,
        }),
        badge_src: Some("badge-blue.svg".into()),
    }
}

/// A page with the longest allowed names, which have no place for a line break.
fn page_long() -> Page {
    let name = "Nomenclature".repeat(9)[..100].to_owned();
    let version = format!("v1.0.0-{}", "1".repeat(93));
    let wide = format!("| {name} | {name} |\n|---|---|\n| {version} | b |\n\n    {}\n\n{name}", name.repeat(3));
    let mut long = release(&version, Bump::Prerelease, 26, &name, &wide);
    long.title = Some(name.clone());
    long.author = Some(name.clone());
    long.platforms = vec![name.clone()];
    long.rolling_out = true;
    let plain = "<http://a".repeat(4_000);
    let mut group = group(&version, 25, 8);
    group.members[0] = long.clone();
    let mut page = page(vec![long, release("v1.0.0", Bump::Patch, 24, "Public API", &plain)]);
    page.entries.push(Entry::Group(group));
    page.latest.push(LatestVersion { component: name.clone(), version, published_at: time(26), href: href() });
    Page { description: Some(name.clone()), title: name, newer_href: Some(href()), ..page }
}

/// A group with `members` releases.
fn group(version: &str, day: u32, members: usize) -> GroupView {
    let names = ["Public API", "Management Portal", "iOS app", "Android app", "Importer", "Exporter", "Scheduler"];
    let texts = [NOTES, "Fixes a crash when a report has no rows.", "- Widgets\n- Dark mode", ""];
    let member = |index: usize| {
        let name = format!("{}{}", names[index % names.len()], ["", " (EU)", " (US)"][index / names.len() % 3]);
        let bump = [Bump::Major, Bump::Minor, Bump::Patch][(index * 2 / members.max(1)).min(2)];
        ReleaseView { author: None, ..release(&format!("v2.{index}.0"), bump, day, &name, texts[index % texts.len()]) }
    };
    GroupView {
        version: version.into(),
        bump: Bump::Major,
        published_at: time(day),
        notes: NotesHtml::from_markdown("Reports grow up: **any size**, everywhere.", RemoteImages::Refused, None),
        notes_are_cut: false,
        members: (0..members).map(member).collect(),
        more: 0,
        permalink: href(),
    }
}

fn group_page(group: GroupView) -> GroupPage {
    GroupPage {
        page_title: title(),
        page_href: href(),
        canonical: href(),
        group,
        newer: None,
        older: Some(ReleaseLink { version: "v1.9.0".into(), href: href() }),
    }
}

fn page_grouped() -> Page {
    let single = releases().remove(2);
    Page {
        latest_grouped: Some(LatestGrouped { version: "v2.0.0".into(), published_at: time(26), href: href() }),
        entries: vec![
            Entry::Group(group("v2.0.0", 26, 3)),
            Entry::Group(group("v1.9.0", 20, 20)),
            Entry::Release(Box::new(single)),
            Entry::Group(group("v1.8.1", 2, 1)),
        ],
        ..page(Vec::new())
    }
}

fn release_page() -> ReleasePage {
    ReleasePage {
        page_title: title(),
        page_href: href(),
        canonical: href(),
        release: releases().remove(0),
        group: Some(ReleaseLink { version: "v2.0.0".into(), href: href() }),
        newer: None,
        older: Some(ReleaseLink { version: "v1.1.9".into(), href: href() }),
    }
}

fn confirm_ask() -> ConfirmAsk {
    ConfirmAsk {
        page_title: title(),
        page_href: href(),
        address: "r…r@example.com".into(),
        kinds: vec![Bump::Major, Bump::Minor, Bump::Patch],
        components: Some(vec!["Public API".into(), "iOS app".into()]),
        change: false,
        action: href(),
        csrf: None,
    }
}

fn preferences(standing: Standing, notice: Option<Notice>) -> Preferences {
    let component = |repo: &str, name: &str, chosen| ComponentChoice { repo: repo.into(), name: name.into(), chosen };
    Preferences {
        page_title: title(),
        page_href: href(),
        address: address(),
        standing,
        kinds: vec![Bump::Major, Bump::Minor],
        all_components: false,
        components: vec![
            component("acme/api", "Public API", true),
            component("acme/portal", "Management Portal", false),
        ],
        notice,
        action: href(),
        unsubscribe_action: href(),
        csrf: None,
    }
}

fn docs_errors() -> DocsErrors {
    let error = |code: &str, status, cause: &str, cure: &str| ErrorDoc {
        code: code.into(),
        status,
        cause: cause.into(),
        cure: cure.into(),
    };
    DocsErrors {
        errors: vec![
            error(
                "key-missing",
                403,
                "The request carries no API key.",
                "Send the page’s key in the Authorization header, or as ?apiKey=.",
            ),
            error(
                "key-invalid",
                403,
                "What was sent is not a key, or it has been revoked.",
                "Copy the key anew from the page’s settings.",
            ),
            error(
                "rate-limited",
                429,
                "Too many requests in this window.",
                "Wait as many seconds as Retry-After says.",
            ),
        ],
    }
}

fn messages() -> Vec<MessageView> {
    [
        ("Public API v2.0.0: Reports of any size", true, 26),
        ("Please confirm your subscription to Acme Reports", false, 12),
    ]
    .map(|(subject, test, day)| MessageView {
        href: "/mailbox/1".into(),
        to: address(),
        subject: subject.into(),
        page_title: Some(title()),
        captured_at: time(day),
        test,
    })
    .into()
}

fn message() -> Message {
    Message {
        account: None,
        mailbox_href: "/mailbox".into(),
        message: messages().remove(0),
        headers: vec![
            ("From".into(), "Acme Reports <releases@example.com>".into()),
            ("Message-ID".into(), "<4f1c@releases.example.com>".into()),
            ("List-Unsubscribe".into(), "<https://releases.example.com/unsubscribe/abc>".into()),
        ],
        html_src: Some("confirm-done.html".into()),
        text: "Public API v2.0.0\n\nReports of any size (https://releases.example.com/p/acme/v2.0.0).\n\nUnsubscribe: https://releases.example.com/u/abc\n".into(),
        raw_href: "/mailbox/1/raw".into(),
    }
}

fn home(demo: bool) -> Home {
    Home {
        account: None,
        sign_in_href: "/sign-in".into(),
        mailbox_href: demo.then(|| "/mailbox".into()),
        pages: if demo { vec![PageLink { title: title(), href: href() }] } else { Vec::new() },
        demo,
        steps: vec![Step {
            what: "Make a personal access token:",
            lines: "TOKEN=$(releasepage token create --email ada@example.com)".into(),
        }],
        api_href: "/docs".into(),
    }
}
