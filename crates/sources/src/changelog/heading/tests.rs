use super::*;

fn release(markdown: &str) -> ReleaseHeading {
    match heading_read(markdown) {
        HeadingReading::Release(release) => release,
        other => panic!("{markdown}: {other:?}"),
    }
}

#[test]
fn versions_and_days_in_every_dialect() {
    for (markdown, version, date) in [
        ("4.9.0 - 2024-08-10", "4.9.0", "2024-08-10"),
        ("[2.3.0] 2025-09-05", "2.3.0", "2025-09-05"),
        ("v0.10.0 (2022-07-05)", "v0.10.0", "2022-07-05"),
        ("[v1.2](https://example.com/v1.2) (2024-01-01)", "v1.2", "2024-01-01"),
        ("[1.2.0][tag] — August 10, 2024", "1.2.0", "2024-08-10"),
        ("1.2.0 / 10 Aug 2024", "1.2.0", "2024-08-10"),
        ("**1.2.0** (Sat, 10 Aug 2024)", "1.2.0", "2024-08-10"),
        ("Version 1.2.0, released 10.08.2024", "1.2.0", "2024-08-10"),
        ("Changes in 1.2.0 (2024/08/10)", "1.2.0", "2024-08-10"),
        ("2024-08-10, Version 20.1.0 (Current)", "20.1.0", "2024-08-10"),
        ("🎉 1.2.0: 2024-08-10", "1.2.0", "2024-08-10"),
        ("<a id=\"x\"></a>1.2.0 2024-08-10", "1.2.0", "2024-08-10"),
        ("2024.10.1", "2024.10.1", ""),
        ("2024.10.1 - 2024-10-01", "2024.10.1", "2024-10-01"),
        ("1.0.0-rc.2", "1.0.0-rc.2", ""),
        ("1.2.0 Beta 2 (2024-08-10)", "1.2.0-beta.2", "2024-08-10"),
        ("2.0 RC1", "2.0-rc1", ""),
        ("v4", "v4", ""),
        ("12", "12", ""),
        ("Release 12", "12", ""),
        ("release-1.2.0", "release-1.2.0", ""),
        ("1.2.0:", "1.2.0", ""),
    ] {
        let read = release(markdown);
        assert_eq!(read.version, version, "{markdown}");
        assert_eq!(read.date.map(|date| date.to_string()).unwrap_or_default(), date, "{markdown}");
        assert_eq!((read.package, read.is_doubtful), (None, false), "{markdown}");
    }
}

#[test]
fn packages() {
    for (markdown, package, version, is_doubtful) in [
        ("[acme_derive 2.0.2] 2023-03-13", "acme_derive", "2.0.2", false),
        ("acme-web v1.2.0 (2024-01-01)", "acme-web", "v1.2.0", false),
        ("@acme/tool@1.2.0", "@acme/tool", "1.2.0", false),
        ("cmd/acme/v0.11.2", "cmd/acme", "v0.11.2", false),
        ("acme 1.2.0", "acme", "1.2.0", true),
        ("Rust 1.89 is needed", "Rust", "1.89", true),
    ] {
        let read = release(markdown);
        assert_eq!(read.package.as_deref(), Some(package), "{markdown}");
        assert_eq!((read.version.as_str(), read.is_doubtful), (version, is_doubtful), "{markdown}");
    }
}

#[test]
fn titles() {
    for (markdown, title) in [
        ("1.2.0 - 2024-08-10", ""),
        ("[1.2.0] - 2024-08-10 [YANKED]", ""),
        ("1.2.0: The big one (2024-08-10)", "The big one"),
        ("1.2.0 \"Nautilus\" / 2024-08-10", "Nautilus"),
        ("1.2.0 (2024-08-10) – Search in notes", "Search in notes"),
        ("1.2.0 - Search (in notes)", "Search (in notes)"),
        ("1.2.0 (codename *Ünï*)", "codename Ünï"),
    ] {
        assert_eq!(release(markdown).title, title, "{markdown}");
    }
}

#[test]
fn marks() {
    assert!(release("[0.3.0] - 2024-08-10 [YANKED]").yanked && release("0.3.0 (yanked)").yanked);
    assert!(!release("0.3.0 - 2024-08-10").yanked);
    assert!(release("[0.3.0](https://example.com)").is_link && !release("[0.3.0]").is_link);
    for (markdown, is_date_unread) in
        [("1.0.0 (08/10/2024)", true), ("1.0.0 (Fall 2024)", true), ("1.0.0", false), ("1.0.0 (2024-08-10)", false)]
    {
        assert_eq!(release(markdown).is_date_unread, is_date_unread, "{markdown}");
    }
}

#[test]
fn what_is_not_released() {
    for markdown in [
        "Unreleased",
        "[Unreleased] - 2024-xx-xx",
        "[UNRELEASED](https://example.com)",
        "2.0.0 (unreleased)",
        "[2.0.0] - TBD",
        "2.0.0 - not yet released",
        "Next",
        "Next Release",
        "HEAD",
    ] {
        assert_eq!(heading_read(markdown), HeadingReading::Unreleased, "{markdown}");
    }
}

#[test]
fn what_is_no_version() {
    let long = format!("1.2.0 {}", "x".repeat(HEADING_MAX));
    for markdown in [
        "",
        &long,
        "Added",
        "Changelog",
        "What's new",
        "Migrating from 1.0 to 2.0",
        "12 new features",
        "#123",
        "Next steps",
        "日本",
    ] {
        assert_eq!(heading_read(markdown), HeadingReading::Other, "{markdown}");
    }
    for markdown in ["2024-08-10", "1.4.x", "1.2.3.4.5", "Version 1.2.*"] {
        assert!(matches!(heading_read(markdown), HeadingReading::Unreadable(_)), "{markdown}");
    }
}
