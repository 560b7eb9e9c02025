//! `GET /v1/pages/{PAGE_ID}/badge.svg`: a page's latest version as an image.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, HeaderValue, VARY},
    web::Data,
};
use releasepage_domain::fault::{Fault, FaultKind, Faults};
use releasepage_http::{
    error::{ErrorCode, V1Error},
    limits::Bucket,
    query::Query,
    request::request_id,
    response::{Rendered, error_log},
    state::AppState,
};
use releasepage_web::badge::{Badge, BadgeStyle, Color, badge_color_parse};

use super::{access::Uncounted, cached_page::CachedPage};
use crate::openapi::{
    names::BadgeStyleName,
    values::{BadgeColor, Repo},
};

/// The label of a badge that shows an error.
const ERROR_LABEL: &str = "release";

/// The longest `label`, in characters.
const LABEL_MAX: usize = 100;

/// The style of a badge, apart from its text.
#[derive(Debug, Default, PartialEq, Eq)]
struct Look {
    style: BadgeStyle,
    color: Option<Color>,
}

fn badge(label: &str, version: Option<&str>, look: &Look) -> Rendered {
    let usual = Badge::of_version(label, version);
    let badge = Badge { color: look.color.unwrap_or(usual.color), style: look.style, ..usual };
    Rendered::new(badge.svg())
}

/// Answers the badge. An error is a badge too, since an `<img>` shows no JSON.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/badge.svg",
    tag = "Page API",
    summary = "The latest version as an image",
    description = "For READMEs and sites: the version of the page's highest group where its releases are put together, else \
        the latest that was published. An error keeps its status and is drawn as a grey badge, since an `<img>` shows \
        no JSON.",
    security(("pageKey" = []), ("pageKeyParameter" = []), ("token" = ["read"])),
    params(
        ("repo" = Option<Repo>, Query, description = "The component; the page where it is missing"),
        ("label" = Option<String>, Query, description = "What stands on the left", max_length = 100,
            example = "latest"),
        ("style" = Option<BadgeStyleName>, Query, description = "How it is drawn"),
        ("color" = Option<BadgeColor>, Query, description = "The colour of the version"),
    ),
    responses((status = 200, description = "The badge", body = String, content_type = "image/svg+xml")),
)]
pub(crate) async fn badge_show(request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    badge_answer(&request, &state).await.unwrap_or_else(|error| badge_error(&request, &error))
}

async fn badge_answer(request: &HttpRequest, state: &AppState) -> Result<HttpResponse, V1Error> {
    let page_id = request.match_info().get("page_id").unwrap_or_default();
    let uncounted = Uncounted::open(request, state, page_id, Bucket::Read).await?;
    let drawn = uncounted.draw(request, state, |page| {
        let parameters = Parameters::of(request, page).map_err(parameters_refuse)?;
        parameters.draw(page)
    });
    let mut response = drawn?.svg_response();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    // A cache must not give the answer to a request with a key in its header to one without.
    headers.insert(VARY, HeaderValue::from_static("Authorization"));
    Ok(response)
}

/// The parameters of a badge.
struct Parameters {
    repo: Option<String>,
    label: Option<String>,
    look: Look,
}

impl Parameters {
    fn of(request: &HttpRequest, page: &CachedPage) -> Result<Self, Faults> {
        let query = Query::of(request);
        let mut faults = Faults::new();
        let repo = query.parsed(&mut faults, "repo", "must be a repo", |repo| Some(repo.to_owned()));
        let label = query.text(&mut faults, "label", LABEL_MAX).map(ToOwned::to_owned);
        let expected = "must be flat, flat-square, plastic or for-the-badge";
        let style = query.parsed(&mut faults, "style", expected, BadgeStyle::parse).unwrap_or_default();
        let expected = "must be a colour, such as blue or 1a6fc4";
        let color = query.parsed(&mut faults, "color", expected, badge_color_parse);
        // A missing component alone is answered as "not found". Beside other faults, it is one more fault.
        if !faults.is_empty() && repo.as_ref().is_some_and(|repo| page.component(repo).is_none()) {
            faults.push(Fault::invalid("repo", "must be the repo of a component of this page"));
        }
        faults.finish(|| Some(Self { repo, label, look: Look { style, color } }))
    }

    fn draw(&self, page: &CachedPage) -> Result<Rendered, V1Error> {
        let Some(repo) = &self.repo else {
            if self.label.is_none() && self.look == Look::default() {
                return Ok(page.badge.clone());
            }
            return Ok(badge(self.label.as_deref().unwrap_or(&page.title), page.latest.as_deref(), &self.look));
        };
        let component = page.component(repo).ok_or_else(|| {
            V1Error::new(ErrorCode::NOT_FOUND)
                .with_description("The page has no such component")
                .with_cause("repo", FaultKind::Invalid)
        })?;
        let label = self.label.as_deref().unwrap_or(&component.name);
        Ok(badge(label, component.latest.as_deref(), &self.look))
    }
}

/// Makes the error for invalid parameters. A badge has room for one sentence, so several faults are named only by their
/// fields.
fn parameters_refuse(faults: Faults) -> V1Error {
    let names: Vec<&str> = faults.as_slice().iter().map(|fault| fault.field.as_str()).collect();
    if names.len() == 1 {
        return faults.into();
    }
    let description = format!("These parameters cannot be used: {}", names.join(", "));
    V1Error::from(faults).with_description(description)
}

fn badge_error(request: &HttpRequest, error: &V1Error) -> HttpResponse {
    error_log(error, request_id(request).as_deref());
    let drawn = Rendered::new(Badge::error(ERROR_LABEL, error.description()).svg());
    let mut response = drawn.svg_response();
    *response.status_mut() = error.code.status_code();
    error.headers_write(response.headers_mut());
    response
}
