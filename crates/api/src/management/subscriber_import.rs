//! `POST /v1/pages/{id}/subscribers/import`: adds many subscribers from a CSV file.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::scope::Scope;
use releasepage_domain::{
    consent::{Addition, ConfirmWay, consent_source_check, consent_time_check},
    csv_rows::RowFault,
    environment::Environment,
    fault::{Fault, Faults},
    fields::TIME_EXPECTED,
    subscriber_import::{ColumnMapping, StateWords},
    time::{UtcTime, time_parse},
};
use releasepage_http::{
    body::{BODY_MAX, body_read},
    content_type::content_type_readable,
    error::{ErrorCode, V1Error},
    query::Query,
    request::surface_data,
    state::AppState,
};
use releasepage_storage::{
    pages::row::PageComponent,
    subscribers::additions::{ADDITIONS_MAX, AdditionPlace, page_components_list, subscribers_add},
};
use serde::Serialize;
use tokio::{
    sync::{Semaphore, mpsc},
    task::spawn_blocking,
};
use utoipa::ToSchema;

use super::{
    import_body::{BodyReader, import_body},
    import_rows::{IMPORT_ROWS_MAX, ImportRules, ROW_BYTES_MAX, Row, RowMeaning, Sheet, SheetFault},
    resource::{Answer, page_of_path, resource, writer},
};
use crate::openapi::{
    names::{ConfirmName, EnvironmentName},
    values::TimeGiven,
};

/// The seconds after which the client may try an import again.
const IMPORT_AGAIN: u32 = 5;

/// The most imports at once. Each holds a thread while it waits for its client.
const IMPORTS_MAX: usize = 16;

/// The slots for imports: one permit for each that may still begin.
#[derive(Debug)]
pub struct ImportSlots(Semaphore);

impl Default for ImportSlots {
    fn default() -> Self {
        Self(Semaphore::new(IMPORTS_MAX))
    }
}

/// The most faults that an answer lists.
const FAULTS_MAX: usize = 1_000;

/// The longest source of a consent in a query, in characters.
const SOURCE_MAX: usize = 200;

/// The longest mapping of columns or of words in a query, in characters.
const MAPPING_MAX: usize = 2_000;

/// The result of an import.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = SubscribersImported)]
pub(crate) struct ImportBody {
    /// `true` means that nothing was stored. The answer then tells the result that an import would have.
    dry_run: bool,
    /// The number of rows.
    #[schema(examples(1200))]
    rows: u64,
    /// The number of rows whose subscribers were subscribed, asked by email, or noted as unsubscribed.
    #[schema(examples(1180))]
    added: u64,
    /// The number of rows whose subscribers the page already had. Only a later time of their consent or of their
    /// leaving is stored.
    #[schema(examples(15))]
    known: u64,
    /// The number of rows that were not taken. `faults` gives the reasons.
    #[schema(examples(5))]
    refused: u64,
    /// The columns that were ignored.
    #[schema(examples(json!(["name"])))]
    ignored_columns: Vec<String>,
    /// The reasons why rows were not taken, at most 1,000.
    faults: Vec<ImportFaultBody>,
}

/// A reason why a row was not taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportFault)]
pub(crate) struct ImportFaultBody {
    /// The line number in the file, from 1.
    #[schema(examples(17))]
    line: u64,
    /// The column; `row` for the row as a whole.
    #[schema(examples("email"))]
    field: String,
    /// `missing` or `invalid` if the row is wrong, `refused` if its subscriber must not be mailed.
    #[schema(examples("invalid"))]
    error: &'static str,
    /// The fault, or the reason why the subscriber must not be mailed.
    #[schema(examples("must be one email address of at most 254 octets, such as reader@example.com"))]
    description: String,
}

/// `POST /v1/pages/{id}/subscribers/import` of `text/csv`, with the parameters `dry_run`, `environment`, `confirm`,
/// `consent_source` and `consent_time`.
///
/// The rows are stored in batches while the file arrives. If the file breaks off, the rows before that are stored.
/// Repeating the same import does the rest, because it leaves existing subscribers as they are.
#[utoipa::path(
    post,
    path = "/v1/pages/{page_id}/subscribers/import",
    tag = "Subscribers",
    summary = "Import subscribers",
    description = "CSV in UTF-8, with commas, semicolons, tabs or bars, at most 100,000 rows of 64 KiB each, and 16 MiB. \
        The first line names the columns: `email`, and perhaps `preferences` and `components` (separated by blanks), \
        `consent_source`, `consent_time`, `state`, `unsubscribed_at`, `environment`. Exports of Ghost, listmonk, Keila, \
        beehiiv, Kit, Mailchimp and others are read by their own headers, states and times; another column that looks \
        like a state is refused until `columns` says what it is. Others are ignored. Every row is taken or refused by \
        itself. Nobody is mailed unless `confirm=mail`: without it, each needs a consent, in its row or as a parameter. \
        Of a yes and a no, the later counts; a no without a time counts as said now. An import that broke off can be \
        repeated.",
    security(("token" = ["manage"])),
    params(
        ("dry_run" = Option<bool>, Query, description = "Only say what would become of the rows"),
        ("environment" = Option<EnvironmentName>, Query, description = "`live` where it is missing"),
        ("confirm" = Option<ConfirmName>, Query, description = "`vouched` where it is missing"),
        ("consent_source" = Option<String>, Query, description = "Where those agreed whose row does not say",
            max_length = 200),
        ("consent_time" = Option<TimeGiven>, Query, description = "When those agreed whose row does not say"),
        ("columns" = Option<String>, Query, max_length = 2_000,
            description = "What headers mean that are not known, such as `Member:subscribed,Notes:-`: one of `email`, \
                `preferences`, `components`, `environment`, `consent_source`, `consent_time`, `state`, `subscribed`, \
                `confirmed`, `unsubscribed`, `bounced`, or `-` to leave the column out"),
        ("states" = Option<String>, Query, max_length = 2_000,
            description = "What words of a state mean that are not known, such as `in:confirmed,out:unsubscribed`"),
    ),
    request_body(content = String, content_type = "text/csv", description = "The file"),
    responses((status = 200, description = "What became of the rows", body = ImportBody)),
)]
pub(crate) async fn subscribers_import(
    request: HttpRequest,
    payload: Payload,
    page: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let organization_id = caller.user.organization_id;
    let page_id = page_of_path(page.into_inner())?;
    let mut payload = payload.into_inner();
    if content_type_readable(request.headers()).as_deref() != Some("text/csv") {
        // Reads the unwanted body before answering, so that the connection can be used again.
        let _unwanted = body_read(&mut payload, BODY_MAX).await;
        let expected = "The body must be CSV in UTF-8: Content-Type: text/csv";
        return Err(V1Error::content_type_unsupported(request.headers(), expected));
    }
    let components = page_components_list(&state.store, organization_id, page_id.clone()).await?;
    let (rules, dry_run) = rules_parse(&request, components, state.now())?;
    let place = AdditionPlace { organization_id, page_id, environment: rules.environment };

    // Parsing holds a thread while it waits for the client. The limit leaves threads for other requests.
    let room = surface_data::<ImportSlots>(&request).0.try_acquire();
    let _room = room.map_err(|_| V1Error::new(ErrorCode::RATE_LIMITED).with_retry_after(IMPORT_AGAIN))?;
    let (sender, reader) = import_body();
    let (batches, incoming) = mpsc::channel(1);
    let parsing = spawn_blocking(move || sheet_read(reader, rules, &batches));
    let import = Import::new(&state, place, dry_run);
    let ((), imported) = tokio::join!(sender.pump(payload), import.run(incoming));
    let body = imported?;
    // A thread that panicked has not read the whole file.
    parsing.await.map_err(V1Error::defect)?;
    resource(&body)
}

fn rules_parse(
    request: &HttpRequest,
    components: Vec<PageComponent>,
    now: UtcTime,
) -> Result<(ImportRules, bool), V1Error> {
    let query = Query::of(request);
    let mut faults = Faults::new();
    let dry_run = query.parsed(&mut faults, "dry_run", "must be true or false", |text| text.parse().ok());
    let environment = query.named(&mut faults, "environment");
    let confirm = query.named(&mut faults, "confirm");
    let source = query.text(&mut faults, "consent_source", SOURCE_MAX);
    let source = source.map(|source| consent_source_check("consent_source", source));
    let consent_source = source.and_then(|source| faults.take(source));
    let time = query.parsed(&mut faults, "consent_time", TIME_EXPECTED, time_parse);
    let consent_time = time.and_then(|time| faults.take(consent_time_check("consent_time", time, now)));
    let mapping = query.text(&mut faults, "columns", MAPPING_MAX).map(|text| ColumnMapping::parse("columns", text));
    let mapping = mapping.and_then(|mapping| faults.take(mapping));
    let words = query.text(&mut faults, "states", MAPPING_MAX).map(|text| StateWords::parse("states", text));
    let words = words.and_then(|words| faults.take(words));
    let rules = ImportRules {
        confirm: confirm.unwrap_or(ConfirmWay::Vouched),
        environment: environment.unwrap_or(Environment::Live),
        consent_source,
        consent_time,
        mapping: mapping.unwrap_or_default(),
        words: words.unwrap_or_default(),
        components,
        now,
    };
    Ok(faults.finish(|| Some((rules, dry_run.unwrap_or(false))))?)
}

/// A message of the parsing thread.
enum Parsed {
    /// The columns that are ignored.
    Header(Vec<String>),
    /// Some rows.
    Rows(Vec<Row>),
    /// The file cannot be read on.
    Fault(SheetFault),
}

/// Reads a file to its end, or until the receiver is gone. Blocks.
fn sheet_read(reader: BodyReader, rules: ImportRules, batches: &mpsc::Sender<Parsed>) {
    let send = |parsed| batches.blocking_send(parsed).is_ok();
    let mut sheet = match Sheet::open(reader, rules) {
        Ok(sheet) => sheet,
        Err(fault) => {
            send(Parsed::Fault(fault));
            return;
        }
    };
    if !send(Parsed::Header(sheet.ignored())) {
        return;
    }
    let mut rows = Vec::with_capacity(ADDITIONS_MAX);
    loop {
        let end = match sheet.next_row() {
            Ok(Some(row)) => {
                rows.push(row);
                if rows.len() < ADDITIONS_MAX {
                    continue;
                }
                None
            }
            Ok(None) => Some(None),
            Err(fault) => Some(Some(fault)),
        };
        // The rows before a fault are stored. The same import, repeated, finds them.
        if !send(Parsed::Rows(std::mem::take(&mut rows))) {
            return;
        }
        if let Some(fault) = end {
            if let Some(fault) = fault {
                send(Parsed::Fault(fault));
            }
            return;
        }
    }
}

/// An import in progress.
struct Import<'a> {
    state: &'a AppState,
    place: AdditionPlace,
    body: ImportBody,
    /// The subscribers that a dry run would have added, as hashes. It stores nothing, so later batches find repeated
    /// addresses here.
    seen: HashMap<u64, Addition>,
    hashes: RandomState,
}

impl<'a> Import<'a> {
    fn new(state: &'a AppState, place: AdditionPlace, dry_run: bool) -> Self {
        let body = ImportBody { dry_run, ..ImportBody::default() };
        Self { state, place, body, seen: HashMap::new(), hashes: RandomState::new() }
    }

    /// Stores the batches as they arrive.
    async fn run(mut self, mut incoming: mpsc::Receiver<Parsed>) -> Result<ImportBody, V1Error> {
        while let Some(parsed) = incoming.recv().await {
            match parsed {
                Parsed::Header(ignored) => self.body.ignored_columns = ignored,
                Parsed::Rows(rows) => self.rows_add(rows).await?,
                Parsed::Fault(fault) => return Err(sheet_error(fault)),
            }
        }
        Ok(self.body)
    }

    async fn rows_add(&mut self, rows: Vec<Row>) -> Result<(), V1Error> {
        let (mut lines, mut new) = (Vec::new(), Vec::new());
        for Row { line, meaning } in rows {
            self.body.rows += 1;
            match meaning {
                RowMeaning::New(one) => {
                    lines.push((line, self.hashes.hash_one(one.address.folded())));
                    new.push(one);
                }
                RowMeaning::Unwanted(fault) => self.refuse(line, "refused", fault),
                RowMeaning::Faulty(faults) => {
                    self.body.refused += 1;
                    for fault in faults.as_slice() {
                        self.note(line, fault.kind.as_str(), fault.clone());
                    }
                }
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let keys = self.state.address_keys.clone();
        let key = move |address: &str| keys.key(address);
        let (store, place, now) = (&self.state.store, self.place.clone(), self.state.now());
        let additions = subscribers_add(store, place, new, self.body.dry_run, key, now).await?;
        for ((line, hash), addition) in lines.into_iter().zip(additions) {
            match addition {
                Addition::Refuse(because) => self.refuse(line, "refused", Fault::invalid("email", because)),
                Addition::Keep | Addition::NoteTime => self.body.known += 1,
                Addition::Confirm | Addition::Ask | Addition::NoteLeft => {
                    let before = if self.body.dry_run { self.seen.insert(hash, addition) } else { None };
                    let is_known = before.is_some_and(|before| before == addition || addition != Addition::NoteLeft);
                    *(if is_known { &mut self.body.known } else { &mut self.body.added }) += 1;
                }
            }
        }
        Ok(())
    }

    fn refuse(&mut self, line: u64, error: &'static str, fault: Fault) {
        self.body.refused += 1;
        self.note(line, error, fault);
    }

    fn note(&mut self, line: u64, error: &'static str, fault: Fault) {
        if self.body.faults.len() < FAULTS_MAX {
            let Fault { field, expected, .. } = fault;
            self.body.faults.push(ImportFaultBody { line, field, error, description: expected });
        }
    }
}

fn sheet_error(fault: SheetFault) -> V1Error {
    match fault {
        SheetFault::Body(fault) => fault.into(),
        SheetFault::Header(fault) => fault.into(),
        SheetFault::Row(RowFault::TooLong(line)) => V1Error::new(ErrorCode::BODY_TOO_LARGE).with_description(format!(
            "The row that begins in line {line} is too long: at most {ROW_BYTES_MAX} bytes are taken, with every quotation \
             mark closed; the rows before it were taken"
        )),
        SheetFault::Row(RowFault::QuoteOpen(line)) => {
            let expected = format!(
                "must close every quotation mark: in the row that begins in line {line} one is left open and takes the \
                 next lines along; the rows before it were taken"
            );
            Fault::invalid("row", expected).into()
        }
        SheetFault::RowsTooMany => V1Error::new(ErrorCode::BODY_TOO_LARGE).with_description(format!(
            "The file is too long: at most {IMPORT_ROWS_MAX} rows are taken at once, and these were; send the rest in \
             another file"
        )),
    }
}
