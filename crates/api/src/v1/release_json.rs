//! A release as the page API shows it.

use releasepage_content::notes_summary;
use releasepage_domain::time::time_iso8601;
use releasepage_storage::page_releases::PageRelease;
use serde_json::{Value, json};
use url::Url;

use crate::links::release_url;

/// How many characters of notes a list shows.
const SUMMARY_LENGTH: usize = 200;

/// A release without its notes:
///
/// ```json
/// {
///   "id": "xbcehyc", "repo": "releasepage/api", "version": "v1.0.2", "tag": "v1.0.2",
///   "name": "Public API", "bump": "patch", "prerelease": false,
///   "title": "Faster reads", "summary": "Reading a version …",
///   "author": "Jivings", "platforms": ["iOS"],
///   "published_at": "2017-04-12T11:20:10Z", "ends_at": null,
///   "permalink": "https://releases.example.com/p/acme/releases/xbcehyc"
/// }
/// ```
///
/// `version` is the tag without the component's own prefix, `tag` the whole; `name` is the component's display name.
/// `title` is the tag's version where the release has no title. `summary` is the beginning of the notes as one line of
/// plain text, empty where there are none. `ends_at` is when its roll-out ends.
pub(crate) fn release_json(release: &PageRelease, public_url: &Url, slug: &str) -> Value {
    let title = if release.title.is_empty() { &release.version } else { &release.title };
    let summary = release.notes.as_deref().map(|notes| notes_summary(notes, SUMMARY_LENGTH)).unwrap_or_default();
    json!({
        "id": release.id,
        "repo": release.component.repo,
        "version": release.version,
        "tag": release.tag,
        "name": release.component.name,
        "bump": release.bump,
        "prerelease": release.prerelease,
        "title": title,
        "summary": summary,
        "author": release.author,
        "platforms": release.platforms,
        "published_at": time_iso8601(release.published_at),
        "ends_at": release.ends_at.map(time_iso8601),
        "permalink": release_url(public_url, slug, &release.id),
    })
}

/// A release with `notes`, its Markdown; `null` where there are none.
pub(crate) fn release_json_with_notes(release: &PageRelease, public_url: &Url, slug: &str) -> Value {
    let mut value = release_json(release, public_url, slug);
    value["notes"] = json!(release.notes);
    value
}
