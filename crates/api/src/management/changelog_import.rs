//! `POST /v1/repositories/{id}/import/changelog`: makes releases of a history that a team wrote down.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::scope::Scope;
use releasepage_domain::fault::{Fault, Faults};
use releasepage_http::{
    body::{BODY_MAX, body_read},
    content_type::content_type_readable,
    error::{ErrorCode, V1Error},
    query::Query,
    state::AppState,
};
use releasepage_sources::{
    changelog::{CHANGELOG_BYTES_MAX, Changelog, ChangelogWarning, changelog_read, changelog_text},
    changelog_import::{
        ChangelogImported, ChangelogOptions, EntryImported, EntryResult, TAG_FORMAT_EXPECTED, TagFormat,
        changelog_import, day_parse,
    },
};
use releasepage_storage::repositories::edits::repository_get;
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use super::resource::{Answer, number_of_path, resource, writer};
use crate::openapi::{
    names::EntryResultName,
    values::{Day, DayGiven, TagFormatText},
};

const CHANGELOG_EXPECTED: &str =
    "must be a changelog that names a version in a heading, such as `## 1.2.0 - 2024-08-10`";

/// The result of importing a changelog.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangelogImported)]
pub(crate) struct ChangelogImportBody {
    /// `true` means that nothing was stored. The answer then tells the result that an import would have.
    dry_run: bool,
    /// The number of versions that are new releases.
    #[schema(examples(12))]
    added: usize,
    /// The number of releases that existed and were changed to match the changelog.
    #[schema(examples(1))]
    changed: usize,
    /// The number of releases that already matched the changelog.
    #[schema(examples(80))]
    same: usize,
    /// The number of releases that were left as they are. Each entry gives its reason.
    #[schema(examples(1))]
    kept: usize,
    /// The number of versions that cannot be imported. Each entry gives its reason.
    #[schema(examples(0))]
    refused: usize,
    /// One entry for each version, in the order of the changelog.
    versions: Vec<ChangelogVersionBody>,
    /// The line numbers of sections that are not released yet. They are left out.
    #[schema(examples(json!([8])))]
    unreleased: Vec<usize>,
    /// The parts of the changelog that may have been meant differently from how they were read.
    warnings: Vec<ChangelogWarningBody>,
}

/// The result for one version of a changelog.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangelogVersion)]
pub(crate) struct ChangelogVersionBody {
    /// The line number of its heading, from 1.
    #[schema(examples(18))]
    line: usize,
    /// The version as the changelog has it.
    #[schema(examples("4.9.0"))]
    version: String,
    /// The tag of its release; `null` if no tag can be made.
    #[schema(required = true, examples("v4.9.0"))]
    tag: Option<String>,
    /// The day of the version; `null` if its heading names none.
    #[schema(required = true, value_type = Option<Day>)]
    date: Option<String>,
    /// The result for this version.
    #[schema(value_type = EntryResultName)]
    result: &'static str,
    /// The reason why it was kept or refused; otherwise `null`.
    #[schema(required = true, examples("its day is still to come"))]
    reason: Option<String>,
}

/// A part of a changelog that may have been meant differently from how it was read.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangelogWarning)]
pub(crate) struct ChangelogWarningBody {
    /// The line number, from 1.
    #[schema(examples(94))]
    line: usize,
    /// The warning as a sentence.
    #[schema(examples("the section \"0.8.x\" is left out: it is no version that can be compared"))]
    message: String,
}

impl ChangelogImportBody {
    fn of(imported: ChangelogImported, dry_run: bool) -> Self {
        Self {
            dry_run,
            added: imported.count(EntryResult::Added),
            changed: imported.count(EntryResult::Changed),
            same: imported.count(EntryResult::Same),
            kept: imported.count(EntryResult::Kept),
            refused: imported.count(EntryResult::Refused),
            versions: imported.entries.into_iter().map(ChangelogVersionBody::from).collect(),
            unreleased: imported.unreleased,
            warnings: imported.warnings.into_iter().map(ChangelogWarningBody::from).collect(),
        }
    }
}

impl From<EntryImported> for ChangelogVersionBody {
    fn from(entry: EntryImported) -> Self {
        Self {
            line: entry.line,
            version: entry.version,
            tag: entry.tag,
            date: entry.date.map(|day| day.to_string()),
            result: entry.outcome.result().as_str(),
            reason: entry.outcome.reason().map(str::to_owned),
        }
    }
}

impl From<ChangelogWarning> for ChangelogWarningBody {
    fn from(warning: ChangelogWarning) -> Self {
        Self { line: warning.line, message: warning.message }
    }
}

/// `POST /v1/repositories/{id}/import/changelog` of `text/markdown`, with the parameters `dry_run`, `tag_format` and
/// `undated`.
#[utoipa::path(
    post,
    path = "/v1/repositories/{repository_id}/import/changelog",
    tag = "Releases",
    summary = "Import a changelog",
    description = "Markdown in UTF-8, at most 5 MiB and 10,000 versions: Keep a Changelog and its common dialects. Every version is taken or \
        refused by itself; what is not released yet is left out. Nobody is mailed. A release of the same tag, with or without `v`, is the same \
        release: its notes and day become those of the changelog, unless its forge tells of it. An import can be repeated.",
    security(("token" = ["publish"])),
    params(
        ("dry_run" = Option<bool>, Query, description = "Only say what would become of each version"),
        ("tag_format" = Option<TagFormatText>, Query, description = "What tags are made of. Where it is missing, they are \
            written as the repository's other tags are"),
        ("undated" = Option<DayGiven>, Query, description = "The day of new releases whose heading names none. Where it \
            is missing, that of the next older version that has one"),
    ),
    request_body(content = String, content_type = "text/markdown", description = "The changelog"),
    responses((status = 200, description = "What became of each version", body = ChangelogImportBody)),
)]
pub(crate) async fn repository_changelog_import(
    request: HttpRequest,
    payload: Payload,
    repository: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let repository = number_of_path(&repository)?;
    let mut payload = payload.into_inner();
    if content_type_readable(request.headers()).as_deref() != Some("text/markdown") {
        // Reads the unwanted body before answering, so that the connection can be used again.
        let _unwanted = body_read(&mut payload, BODY_MAX).await;
        let expected = "The body must be Markdown in UTF-8: Content-Type: text/markdown";
        return Err(V1Error::new(ErrorCode::CONTENT_TYPE_UNSUPPORTED).with_description(expected));
    }
    let options = options_parse(&request);
    let body = body_read(&mut payload, CHANGELOG_BYTES_MAX).await?;
    let read = spawn_blocking(move || changelog_of_body(&body)).await.map_err(V1Error::defect)?;
    let (options, changelog) = both(options, read)?;
    let repository = repository_get(&state.store, caller.user.organization_id, repository).await?;
    let context = state.release_context();
    let imported = changelog_import(&state.store, repository.id, changelog, &options, context, |_| {}).await?;
    resource(&ChangelogImportBody::of(imported, options.dry_run))
}

/// Returns both values, or the faults of both.
fn both<A, B>(one: Result<A, Faults>, other: Result<B, Fault>) -> Result<(A, B), Faults> {
    let mut faults = Faults::new();
    let other = faults.take(other);
    let one = one.map_err(|of_one| of_one.as_slice().iter().cloned().for_each(|fault| faults.push(fault))).ok();
    faults.finish(|| one.zip(other))
}

fn options_parse(request: &HttpRequest) -> Result<ChangelogOptions, Faults> {
    let query = Query::of(request);
    let mut faults = Faults::new();
    let dry_run = query.parsed(&mut faults, "dry_run", "must be true or false", |text| text.parse().ok());
    let format = |text: &str| TagFormat::parse("tag_format", text).ok();
    let tag_format = query.parsed(&mut faults, "tag_format", TAG_FORMAT_EXPECTED, format);
    let undated = query.parsed(&mut faults, "undated", "must be a day, such as 2024-08-10", day_parse);
    faults.finish(|| Some(ChangelogOptions { tag_format, undated, dry_run: dry_run.unwrap_or(false) }))
}

/// Reads the body as a changelog with at least one version. It takes a while and blocks the thread.
fn changelog_of_body(body: &[u8]) -> Result<Changelog, Fault> {
    let text = changelog_text(body).map_err(|error| Fault::invalid("body", error.to_string()))?;
    let changelog = changelog_read(text);
    if !changelog.entries.is_empty() {
        return Ok(changelog);
    }
    let lines =
        changelog.warnings.iter().take(10).map(|warning| format!("; line {}: {}", warning.line, warning.message));
    Err(Fault::invalid("body", format!("{CHANGELOG_EXPECTED}{}", lines.collect::<String>())))
}
