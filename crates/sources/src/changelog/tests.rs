use proptest::prelude::*;
use releasepage_domain::tag::Tag;

use super::*;

/// The entries of a changelog as `version date notes`. A dot replaces a missing part.
fn entries(text: &str) -> Vec<String> {
    let short = |entry: &ChangelogEntry| {
        let package = entry.package.as_ref().map(|package| format!("{package}:")).unwrap_or_default();
        let date = entry.date.map_or_else(|| ".".to_owned(), |date| date.to_string());
        format!("{package}{} {date} {}", entry.version, entry.notes.replace('\n', "|"))
    };
    changelog_read(text).entries.iter().map(short).collect()
}

#[test]
fn dialects() {
    for (name, text, expected) in [
        (
            "Keep a Changelog",
            "# Changelog\n\nAll of it.\n\n## [Unreleased]\n\n### Added\n- c\n\n## [1.1.0] - 2024-02-01\n\n### Added\n\n- b\n\n\
             ## [1.0.0] - 2024-01-01\n\n- a\n\n[Unreleased]: /compare/v1.1.0...HEAD\n[1.1.0]: /compare/v1.0.0...v1.1.0\n",
            vec!["1.1.0 2024-02-01 ### Added||- b", "1.0.0 2024-01-01 - a"],
        ),
        (
            "anchors, one level deeper",
            "<a name=\"v0.2.0\"></a>\n### v0.2.0 (2024-02-01)\n\n#### Changed\n* b\n\n<a name=\"v0.1.0\"></a>\n\
             ### v0.1.0 (2024-01-01)\n* a",
            vec!["v0.2.0 2024-02-01 #### Changed|* b", "v0.1.0 2024-01-01 * a"],
        ),
        (
            "no days, carriage returns, byte order mark",
            "\u{feff}# Changes\r\n\r\n## Unreleased\r\n\r\n## 1.1.0\r\n\r\n- b\r\n- c\r\n## 1.0.0\r- a",
            vec!["1.1.0 . - b|- c", "1.0.0 . - a"],
        ),
        (
            "underlined",
            "History\n=======\n\n1.1.0 / 2024-02-01\n==================\n\n  * b\n\n1.0.0 / 2024-01-01\n==================\n\n  * a\n",
            vec!["1.1.0 2024-02-01   * b", "1.0.0 2024-01-01   * a"],
        ),
        (
            "sections at the level of versions",
            "## Unreleased\n## Fixed\n- d\n## [1.1.0] 2024-02-01\n\n## Fixed\n\n- b\n\n## [1.0.0] 2024-01-01\n\n### Added\n- a",
            vec!["1.1.0 2024-02-01 ## Fixed||- b", "1.0.0 2024-01-01 ### Added|- a"],
        ),
        (
            "levels by weight",
            "# [2.0.0](/c/2) (2024-03-01)\n\n### Features\n\n* c\n\n### [1.1.1](/c/1) (2024-02-01)\n\n### Bug Fixes\n\n* b\n\n\
             ### [1.1.0](/c/0) (2024-01-02)\n* a\n## 1.0.0 (2024-01-01)\n* z",
            vec![
                "2.0.0 2024-03-01 ### Features||* c",
                "1.1.1 2024-02-01 ### Bug Fixes||* b",
                "1.1.0 2024-01-02 * a",
                "1.0.0 2024-01-01 * z",
            ],
        ),
        (
            "deeper versions are part of the notes",
            "## 2.0.0 (2024-03-01)\n\n### 2.0.0-rc.1 (2024-02-01)\n- b\n\n### Coming from 1.0\n- c\n## 1.0.0\n## 0.9.0",
            vec!["2.0.0 2024-03-01 ### 2.0.0-rc.1 (2024-02-01)|- b||### Coming from 1.0|- c", "1.0.0 . ", "0.9.0 . "],
        ),
        (
            "packages by section",
            "# api\n## 1.0.0\n- a\n# @acme/web\n## 1.0.0\n- b\n## 0.9.0\n# tool\nText.\n## v3",
            vec!["api:1.0.0 . - a", "@acme/web:1.0.0 . - b", "@acme/web:0.9.0 . ", "tool:v3 . "],
        ),
        (
            "groups are no packages",
            "# Changelog\n## 2.0.0\n- b\n# 1.x\n## 1.0.0\n- a\n# Archive\n## 0.1.0",
            vec!["2.0.0 . - b", "1.0.0 . - a", "0.1.0 . "],
        ),
        (
            "packages by heading",
            "## [2.0.1] 2024-03-01\n## [acme_derive 2.0.1] 2024-02-01\n- a\n## [2.0.0] 2024-01-01",
            vec!["2.0.1 2024-03-01 ", "acme_derive:2.0.1 2024-02-01 - a", "2.0.0 2024-01-01 "],
        ),
        ("the product's name", "## Acme 2.0\n- b\n## Acme 1.0\n- a", vec!["2.0 . - b", "1.0 . - a"]),
        (
            "a sentence with a number",
            "## 2.0.0\n- a\n## Rust 1.89\nIs needed.\n## 1.0.0",
            vec!["2.0.0 . - a|## Rust 1.89|Is needed.", "1.0.0 . "],
        ),
        (
            "code and comments",
            "<!-- ## 9.0.0 -->\n## 1.1.0\n```sh\n## 1.0.5\n```\n<!--\n## 8.0.0\n-->\n## 1.0.0\n- a\n\n---\n<!-- end -->",
            vec!["1.1.0 . ```sh|## 1.0.5|```", "1.0.0 . - a"],
        ),
        ("nothing", "# About\n\nText.\n\n## Added\n", vec![]),
        ("empty", "", vec![]),
    ] {
        assert_eq!(entries(text), expected, "{name}");
    }
}

#[test]
fn what_headings_say_besides() {
    let changelog = changelog_read(
        "# Changelog\n\n## [1.1.0] - 2024-02-01 [YANKED]\n\n## 1.0.0: First light\n\n## 0.9.0 (Fall 2023)\n\n## 0.8.x\n- lost\n\n## 0.7.0\n",
    );
    let facts: Vec<_> =
        changelog.entries.iter().map(|entry| (entry.line, entry.yanked, entry.title.as_str())).collect();
    assert_eq!(facts, [(3, true, ""), (5, false, "First light"), (7, false, "Fall 2023"), (12, false, "")]);
    assert_eq!(changelog.entries[2].notes, "", "an unreadable section is not part of the version before it");
    let warnings: Vec<_> = changelog.warnings.iter().map(|warning| (warning.line, warning.message.as_str())).collect();
    assert_eq!(
        warnings,
        [
            (7, "the day in \"0.9.0 (Fall 2023)\" cannot be read; write it as 2024-08-10"),
            (9, "the section \"0.8.x\" is left out: it is no version that can be compared"),
        ]
    );
}

#[test]
fn files_that_are_no_text() {
    assert_eq!(changelog_text("## 1.0 é".as_bytes()), Ok("## 1.0 é"));
    assert_eq!(changelog_text(b"a\nb\n\xff"), Err(NotUtf8 { line: 3 }));
}

#[test]
fn code_that_never_ends_is_told() {
    let changelog = changelog_read("## 1.1.0\n\n```\n## 1.0.0\n");
    assert_eq!((changelog.entries.len(), changelog.warnings[0].line), (1, 3));
}

#[test]
fn texts_made_to_be_slow_are_read_in_time_and_memory() {
    const SIZE: usize = 5 * 1024 * 1024;
    let long = "x".repeat(100_000);
    for text in [
        "[".repeat(SIZE),
        format!("## {}", "[".repeat(SIZE)),
        format!("## 1.0\n{}{}", "[".repeat(SIZE / 2), "]".repeat(SIZE / 2)),
        "## <".repeat(SIZE / 4),
        format!("{}[a]: /{long}\n", "## 1.0\n[a]\n".repeat(20_000)),
        "<!--\n- ```\n".repeat(SIZE / 11),
    ] {
        let changelog = changelog_read(&text);
        let size: usize = changelog.entries.iter().map(|entry| entry.notes.len()).sum();
        assert!(changelog.entries.len() <= VERSIONS_MAX && size <= 2 * SIZE + DEFINITIONS_MAX);
    }
    let many = changelog_read(&"## 1.0\n".repeat(VERSIONS_MAX + 1));
    assert_eq!((many.entries.len(), many.warnings[0].line), (VERSIONS_MAX, VERSIONS_MAX + 1));
}

#[test]
fn headings_of_any_depth_and_length_are_read() {
    let nest = format!("# {}{}", "[".repeat(400_000), "]".repeat(400_000));
    let versions: String = (0..9_000).map(|number| format!("## 1.{number}.0\n\n- a\n")).collect();
    let changelog = changelog_read(&format!("{nest}\n\n## 2.0.0\n\n# {}\n\n{versions}", "b".repeat(1_000_000)));
    assert_eq!(changelog.entries.len(), 9_001);
    assert!(changelog.entries.iter().all(|entry| entry.package.is_none()));
    let headings = format!("## {}\n", "[".repeat(900)).repeat(4_000);
    assert!(changelog_read(&headings).entries.is_empty());
}

#[test]
fn sections_that_are_not_released_are_counted() {
    let changelog = changelog_read("## Unreleased\n- c\n## 2.0.0 (unreleased)\n- b\n## 1.0.0\n- a");
    assert_eq!((changelog.unreleased, changelog.entries.len()), (vec![1, 3], 1));
}

#[test]
fn links_defined_elsewhere_go_on_working() {
    let text = "## 1.1.0\n\n- [#2] by [Ada] and [`C`][c]\n\n## 1.0.0\n\n- [#1], [x](/y), [Ada][]\n\n[#1]: /issues/1\n\n\
                ## 0.9.0\n\n[c]: /inside\n- [c] [#1]\n\n[#1]: /other/1\n[#2]: /issues/2\n[ada]: /ada 'A'\n[C]: /c\n[x]: /unused\n";
    assert_eq!(
        entries(text),
        [
            "1.1.0 . - [#2] by [Ada] and [`C`][c]||[#2]: /issues/2|[ada]: /ada 'A'|[c]: /inside",
            // A section's own definition goes before others of the same label.
            "1.0.0 . - [#1], [x](/y), [Ada][]||[#1]: /issues/1|[ada]: /ada 'A'",
            "0.9.0 . [c]: /inside|- [c] [#1]||[#1]: /other/1",
        ]
    );
}

/// A line for random texts, most often one that is common in changelogs.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("## [1.2.3] - 2024-01-02".to_owned()),
        Just("### v0.1".to_owned()),
        Just("# [2.0.0](/c) (2024-01-03)".to_owned()),
        Just("## Unreleased".to_owned()),
        Just("```".to_owned()),
        Just("- [a][b]".to_owned()),
        Just("[b]: /c".to_owned()),
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("===".to_owned()),
        Just("---".to_owned()),
        Just(String::new()),
        "[ \\t]{0,6}[-*#`~>\\[\\]():<!/a-c0-3.é\\\\]{0,12}",
        "## .{0,20}",
    ]
}

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>()) {
        changelog_read(&text);
    }

    #[test]
    fn notes_are_what_stands_below_the_heading(
        lines in proptest::collection::vec(line(), 0..40),
        line_break in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
    ) {
        let text = lines.join(line_break);
        let changelog = changelog_read(&text);
        let unix = text.replace("\r\n", "\n").replace('\r', "\n");
        let unix_lines: Vec<&str> = unix.split('\n').collect();
        let mut last = 0;
        for entry in &changelog.entries {
            prop_assert!(entry.line > last, "the entries are in order");
            last = entry.line;
            let heading = unix_lines[entry.line - 1];
            let digits = entry.version.trim_start_matches('v');
            prop_assert!(heading.contains(digits.split('-').next().unwrap()), "{heading} {entry:?}");
            prop_assert!(Tag::parse(&entry.version, None).version().is_some(), "{entry:?}");
            // The lines after the body are definitions from other sections.
            let below = unix_lines[entry.line..].join("\n");
            let mut body = entry.notes.as_str();
            while !below.contains(body) {
                let (before, definition) = body.rsplit_once('\n').expect("a definition was added");
                prop_assert!(definition.starts_with('[') && unix.contains(definition), "{definition}");
                body = before.trim_end();
            }
        }
    }
}
