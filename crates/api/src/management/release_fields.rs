//! The fields of a release that is published by hand.

use releasepage_domain::{
    fault::Fault,
    fields::kept,
    release::{
        Platforms, ReleaseInput, ReleaseState, release_author_check, release_notes_check, release_tag_check,
        release_title_check,
    },
    time::UtcTime,
};
use releasepage_http::field::FieldChanges;
use releasepage_storage::{database::change::Change, releases::row::Release};
use serde_json::Map;

use crate::{body::body, openapi::values::TimeGiven};

const VERSION_EXPECTED: &str = "must be one line of 1 to 200 characters, such as v1.2.0";

body! {
    /// A release to publish.
    #[schema(as = ReleaseNew)]
    pub(crate) struct ReleaseNewBody {
        /// The version or tag.
        #[schema(max_length = 200, pattern = "LINE_NOT_BLANK", examples("v1.2.0"))]
        version: String => text_checked(VERSION_EXPECTED, kept(release_tag_check)),
        /// Its title.
        #[schema(max_length = 500, pattern = "LINE", examples("Search in notes"))]
        title: Option<String> => text_checked_optional(kept(release_title_check)),
        /// Its notes: Markdown of at most 1 MiB.
        #[schema(pattern = "TEXT", examples("Notes can be *searched*."))]
        notes: Option<String> => text_checked_optional(kept(release_notes_check)),
        /// Its author.
        #[schema(max_length = 200, pattern = "LINE", examples("Jo"))]
        author: Option<String> => text_checked_optional(kept(release_author_check)),
        /// The time of its publication, past or future; now is the default.
        #[schema(value_type = Option<TimeGiven>)]
        published_at: Option<UtcTime> => time_optional(),
        /// `true` for a pre-release; `false` is the default.
        prerelease: Option<bool> => boolean_optional(),
        /// `true` for a draft, which only the team can see; `false` is the default.
        draft: Option<bool> => boolean_optional(),
        /// `true` mails subscribers, even about a release that is more than seven days old. `false` mails nobody.
        /// Without it, subscribers are mailed about a release that is at most seven days old.
        notify: Option<bool> => boolean_optional(),
    }
}

body! {
    /// An edit of a release.
    #[schema(as = ReleaseChange)]
    #[derive(Clone, Debug)]
    pub(crate) struct ReleaseChangeBody {
        /// The revision that the client edited.
        #[schema(examples(1))]
        revision: Option<i64> => number_optional(),
        /// The version or tag.
        #[schema(
            value_type = String, required = false, max_length = 200, pattern = "LINE_NOT_BLANK", examples("v1.2.0")
        )]
        version: Change<String> => text_change(VERSION_EXPECTED, kept(release_tag_check)),
        /// Its title; `null` for none.
        #[schema(value_type = Option<String>, max_length = 500, pattern = "LINE", examples("Search in notes"))]
        title: Change<Option<String>> => text_change_or_clear(kept(release_title_check)),
        /// Its notes, Markdown of at most 1 MiB; `null` for none.
        #[schema(value_type = Option<String>, pattern = "TEXT", examples("Notes can be *searched*."))]
        notes: Change<Option<String>> => text_change_or_clear(kept(release_notes_check)),
        /// Its author; `null` for none.
        #[schema(value_type = Option<String>, max_length = 200, pattern = "LINE", examples("Jo"))]
        author: Change<Option<String>> => text_change_or_clear(kept(release_author_check)),
        /// The time of its publication, past or future.
        #[schema(value_type = TimeGiven, required = false)]
        published_at: Change<UtcTime> => time_change(),
        /// `true` for a pre-release.
        #[schema(value_type = bool, required = false)]
        prerelease: Change<bool> => boolean_change(),
        /// `true` for a draft. A release that is no longer a draft cannot become one again.
        #[schema(value_type = bool, required = false)]
        draft: Change<bool> => boolean_change(),
        /// `true` mails subscribers, `false` mails nobody, and `null` applies the usual rule.
        #[schema(value_type = Option<bool>)]
        notify: Change<Option<bool>> => boolean_change_or_clear(),
    }
}

impl ReleaseNewBody {
    /// Returns the release to store. It is published `now` if the body names no time. If the body does not set
    /// `notify`, the usual rule applies: subscribers are not mailed about old releases.
    pub(super) fn into_input(self, now: UtcTime) -> ReleaseInput {
        ReleaseInput {
            tag: self.version,
            platforms: Platforms::default(),
            title: self.title.unwrap_or_default(),
            notes: self.notes,
            author: self.author,
            published_at: self.published_at.unwrap_or(now),
            ends_at: None,
            prerelease: self.prerelease,
            draft: self.draft.unwrap_or(false),
            notify: self.notify,
            chart_visibility: true,
            params: Map::new(),
        }
    }
}

impl ReleaseChangeBody {
    /// Returns the release after the edit. Publishing a draft without naming a time publishes it `now`, unless its time
    /// is in the future. So a draft that is weeks old does not count as history.
    ///
    /// Fails if the edit would make a draft of a release that is none.
    pub(super) fn applied(self, before: &Release, now: UtcTime) -> Result<ReleaseInput, Fault> {
        let input = before.input.clone();
        let draft = self.draft.or(input.draft);
        if draft && before.state != ReleaseState::Draft {
            return Err(Fault::invalid("draft", "must be false, since the release is no draft any more"));
        }
        let usual_time = if input.draft && !draft { input.published_at.max(now) } else { input.published_at };
        Ok(ReleaseInput {
            tag: self.version.or(input.tag),
            title: self.title.or(Some(input.title)).unwrap_or_default(),
            notes: self.notes.or(input.notes),
            author: self.author.or(input.author),
            published_at: self.published_at.or(usual_time),
            prerelease: match self.prerelease {
                Change::Keep => input.prerelease,
                Change::Set(prerelease) => Some(prerelease),
            },
            draft,
            notify: self.notify.or(input.notify),
            platforms: input.platforms,
            ends_at: input.ends_at,
            chart_visibility: input.chart_visibility,
            params: input.params,
        })
    }
}
