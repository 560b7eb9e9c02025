//! A release in answers of the Releases API. Names, nesting and order follow `amplitude-2.md`.

use releasepage_domain::time::UtcTime;
use releasepage_storage::{database::cursor::ListPart, releases::row::Release};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{credentials::ProjectCaller, date::date_print};
use crate::openapi::values::{PipelineTime, ReleaseId};

/// The answer to publishing, reading or editing one release.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PipelineReleaseAnswer)]
pub(crate) struct ReleaseAnswer {
    /// Always `true`.
    success: bool,
    /// The release.
    release: ReleaseBody,
}

/// A part of a project's releases, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PipelineReleases)]
pub(crate) struct ReleasesAnswer {
    /// Always `true`.
    success: bool,
    /// The releases.
    releases: Vec<ReleaseBody>,
    /// The value to send as `cursor` for the next part; `null` in the last part.
    #[schema(required = true)]
    next: Option<String>,
}

/// The answer to a deletion.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PipelineDeleted)]
pub(crate) struct DeletedAnswer {
    /// Always `true`.
    pub(crate) success: bool,
}

/// A release as pipelines know it. A missing text is an empty string, because clients' models require a string.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PipelineRelease)]
pub(crate) struct ReleaseBody {
    /// Its id.
    #[schema(value_type = ReleaseId)]
    id: String,
    /// The project.
    #[schema(examples(50000))]
    app_id: i64,
    /// The organization that the project belongs to.
    #[schema(examples(10001))]
    org_id: i64,
    /// The version, exactly as it was sent.
    #[schema(examples("3.5"))]
    version: String,
    /// The time of its publication.
    #[schema(value_type = PipelineTime)]
    release_start: String,
    /// The time at which its roll-out ends.
    #[schema(value_type = Option<PipelineTime>, required = true)]
    release_end: Option<String>,
    /// Always `integration`.
    #[schema(examples("integration"))]
    r#type: &'static str,
    /// The title.
    #[schema(examples("Big new feature for iOS"))]
    title: String,
    /// The notes, in Markdown.
    #[schema(examples("Releasing the new paid feature."))]
    description: String,
    /// The platforms that it is for; empty if it is for all.
    #[schema(examples(json!(["iOS"])))]
    platforms: Vec<String>,
    /// `true` means that charts show it.
    chart_visibility: bool,
    /// `created` and `last_modified` (milliseconds since the epoch), `created_by` and `last_modified_by` (empty if
    /// unknown), and everything else that was sent.
    #[schema(
        value_type = Object,
        examples(json!({ "created": 1646324226364_i64, "created_by": "A User", "last_modified": 1646324226364_i64,
            "last_modified_by": "A User" })),
    )]
    params: Map<String, Value>,
}

impl ReleaseAnswer {
    /// Renders a release of the caller's project.
    pub(crate) fn of(project: ProjectCaller, release: &Release) -> Self {
        Self { success: true, release: ReleaseBody::of(project, release) }
    }
}

impl ReleasesAnswer {
    /// Renders a part of the list.
    pub(crate) fn of(project: ProjectCaller, part: ListPart<Release>) -> Self {
        let releases = part.rows.iter().map(|release| ReleaseBody::of(project, release)).collect();
        Self { success: true, releases, next: part.next }
    }
}

impl ReleaseBody {
    fn of(project: ProjectCaller, release: &Release) -> Self {
        let input = &release.input;
        let mut params = Map::from_iter([
            ("created".to_owned(), millis(release.created_at)),
            ("created_by".to_owned(), Value::from(input.author.clone().unwrap_or_default())),
            ("last_modified".to_owned(), millis(release.updated_at)),
            ("last_modified_by".to_owned(), Value::from(release.updated_by.clone().unwrap_or_default())),
        ]);
        for (name, value) in &input.params {
            params.entry(name).or_insert_with(|| value.clone());
        }
        Self {
            id: release.id.clone(),
            app_id: project.repository_id,
            org_id: project.organization_id,
            version: input.tag.clone(),
            release_start: date_print(input.published_at),
            release_end: input.ends_at.map(date_print),
            r#type: "integration",
            title: input.title.clone(),
            description: input.notes.clone().unwrap_or_default(),
            platforms: input.platforms.names().to_vec(),
            chart_visibility: input.chart_visibility,
            params,
        }
    }
}

/// Returns the milliseconds since the epoch.
fn millis(time: UtcTime) -> Value {
    Value::from(time.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amplitude::date::date_parse;
    use releasepage_domain::release::{Platforms, ReleaseInput, ReleaseState};
    use serde_json::json;

    #[test]
    fn the_contract_s_example() {
        let time = date_parse("2022-03-03 16:17:06.364").expect("a date");
        let start = date_parse("2022-01-01 00:00:00").expect("a date");
        let params = json!({"build": 7, "created": "theirs"});
        let input = ReleaseInput {
            tag: "3.5".into(),
            platforms: Platforms::parse("platforms", vec!["iOS".into()]).expect("a platform"),
            title: "Big new feature for iOS".into(),
            notes: Some("Releasing the new paid feature. ".into()),
            author: Some("A User".into()),
            published_at: start,
            ends_at: Some(start),
            prerelease: None,
            draft: false,
            notify: None,
            chart_visibility: true,
            params: params.as_object().cloned().expect("an object"),
        };
        let release = Release {
            id: "xbcehyc".into(),
            repository_id: 50_000,
            revision: 1,
            state: ReleaseState::Published,
            input,
            created_at: time,
            updated_at: time,
            updated_by: Some("A User".into()),
        };
        let project = ProjectCaller { repository_id: 50_000, organization_id: 10_001 };
        let answer = serde_json::to_string(&ReleaseAnswer::of(project, &release)).expect("JSON");
        let wanted = r#"{"success":true,"release":{"id":"xbcehyc","app_id":50000,"org_id":10001,"version":"3.5","#
            .to_owned()
            + r#""release_start":"2022-01-01 00:00:00","release_end":"2022-01-01 00:00:00","type":"integration","#
            + r#""title":"Big new feature for iOS","description":"Releasing the new paid feature. ","#
            + r#""platforms":["iOS"],"chart_visibility":true,"params":{"created":1646324226364,"created_by":"A User","#
            + r#""last_modified":1646324226364,"last_modified_by":"A User","build":7}}}"#;
        assert_eq!(answer, wanted);
    }
}
