//! `GET /v1/pages/{id}/subscribers/export`: the subscribers of a page as CSV. An import can read the file.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG},
    web::{Bytes, Data, Path},
};
use futures_util::{Stream, stream};
use releasepage_domain::{bump::Bump, csv_cell::cell_defuse, fault::Faults, time::time_iso8601};
use releasepage_http::{error::V1Error, etag::etag_of, query::Query, state::AppState};
use releasepage_storage::{
    Store, StoreError,
    database::cursor::{IdCursor, ListPart},
    subscribers::lists::{SubscriberEntry, SubscribersFilter, subscriber_list},
};

use super::{
    resource::{Answer, addresses_reader, page_of_path},
    subscriber_fields::subscribers_filter,
};
use crate::openapi::{
    names::{EnvironmentName, SubscriberStateName},
    values::EmailAddress,
};

/// The columns, in their order. An import knows most of them by these names.
const COLUMNS: [&str; 10] = [
    "email",
    "state",
    "environment",
    "preferences",
    "components",
    "consent_source",
    "consent_time",
    "created_at",
    "confirmed_at",
    "unsubscribed_at",
];

/// The number of subscribers that are read and sent at once.
const PART: u32 = 500;

/// `GET /v1/pages/{id}/subscribers/export`, optionally with the filters of the list.
///
/// The file is read and sent part by part, so a hundred thousand subscribers take no more memory than five hundred. If
/// the database fails midway, the connection breaks. A file that arrived without an error is therefore complete.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/subscribers/export",
    tag = "Subscribers",
    summary = "Export the subscribers of a page",
    description = "CSV in UTF-8 with a header row. A cell that a spreadsheet would take for a formula has an apostrophe in \
        front, which an import takes off again. Preferences and components are separated by blanks; no components means \
        all.",
    security(("token" = ["manage"])),
    params(
        ("state" = Option<SubscriberStateName>, Query, description = "Only those who stand there"),
        ("environment" = Option<EnvironmentName>, Query, description = "Only live or only test subscribers"),
        ("email" = Option<EmailAddress>, Query, description = "Only those with exactly this address, in whatever case"),
    ),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
)]
pub(crate) async fn subscribers_export(request: HttpRequest, page: Path<String>, state: Data<AppState>) -> Answer {
    let caller = addresses_reader(&request, &state).await?;
    let page_id = page_of_path(page.into_inner())?;
    let query = Query::of(&request);
    let mut faults = Faults::new();
    let filter = subscribers_filter(&query, &mut faults);
    let filter = faults.finish(|| Some(filter))?;
    let disposition = format!("attachment; filename=\"subscribers-{page_id}.csv\"");
    let source = Source { store: state.store.clone(), organization_id: caller.user.organization_id, page_id, filter };
    // Read before the answer begins, so that a missing page is answered as not found.
    let first = source.part(IdCursor::default()).await?;
    let begun = [record(COLUMNS)?, records(&first)?].concat();
    // The content is not known before it is sent, so each export has an ETag of its own.
    let tag = etag_of(format!("{} {}", source.page_id, state.now()).as_bytes());
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag))
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .streaming(rest(source, Bytes::from(begun), next_of(&first))))
}

/// The source of an export.
struct Source {
    store: Store,
    organization_id: i64,
    page_id: String,
    filter: SubscribersFilter,
}

impl Source {
    async fn part(&self, after: IdCursor) -> Result<ListPart<SubscriberEntry>, StoreError> {
        let (page, filter) = (self.page_id.clone(), self.filter.clone());
        subscriber_list(&self.store, self.organization_id, page, filter, after, PART).await
    }
}

/// The beginning of the next part; `None` after the last one.
fn next_of(part: &ListPart<SubscriberEntry>) -> Option<IdCursor> {
    part.rows.last().filter(|_| part.next.is_some()).map(|last| IdCursor(last.id))
}

/// Streams the part that was read already, and then the parts after it.
fn rest(source: Source, begun: Bytes, next: Option<IdCursor>) -> impl Stream<Item = Result<Bytes, V1Error>> {
    let begin = (source, Some(begun), next);
    stream::try_unfold(begin, async |(source, begun, next)| {
        if let Some(begun) = begun {
            return Ok(Some((begun, (source, None, next))));
        }
        let Some(next) = next else { return Ok(None) };
        let part = source.part(next).await.inspect_err(|error| tracing::error!(%error, "an export broke off"))?;
        let next = next_of(&part);
        Ok(Some((Bytes::from(records(&part)?), (source, None, next))))
    })
}

fn records(part: &ListPart<SubscriberEntry>) -> Result<Vec<u8>, V1Error> {
    let mut lines = Vec::new();
    for entry in &part.rows {
        lines.extend(record(cells(entry).each_ref().map(String::as_str))?);
    }
    Ok(lines)
}

/// Makes one line. Every cell has quotes, so that a spreadsheet that expects semicolons finds none.
fn record(cells: [&str; COLUMNS.len()]) -> Result<Vec<u8>, V1Error> {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(cells.map(|cell| cell_defuse(cell).into_owned())).map_err(V1Error::defect)?;
    writer.into_inner().map_err(|error| V1Error::defect(error.into_error()))
}

fn cells(entry: &SubscriberEntry) -> [String; COLUMNS.len()] {
    let time = |time: Option<_>| time.map(time_iso8601).unwrap_or_default();
    let bumps: Vec<&str> = entry.preferences.bumps().iter().copied().map(Bump::as_str).collect();
    let consent = entry.consent.as_ref();
    [
        entry.address.clone(),
        entry.state.as_str().to_owned(),
        entry.environment.as_str().to_owned(),
        bumps.join(" "),
        entry.components.as_ref().map(|repos| repos.join(" ")).unwrap_or_default(),
        consent.map(|consent| consent.source.clone()).unwrap_or_default(),
        time(consent.map(|consent| consent.time)),
        time_iso8601(entry.created_at),
        time(entry.confirmed_at),
        time(entry.unsubscribed_at),
    ]
}
