//! `GET /v1`: what this is.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde_json::json;

use super::{error::V1Error, media_type::version_check, page_access::client_count, response::json_response};
use crate::{limits::Bucket, links::below, state::ApiState};

/// Answers the name of the service, the version of the API, the region, and where its documentation is.
pub(crate) async fn index_show(request: HttpRequest, state: Data<ApiState>) -> Result<HttpResponse, V1Error> {
    client_count(&request, &state, Bucket::Read)?;
    version_check(request.headers())?;
    Ok(json_response(&json!({
        "name": "ReleasePage",
        "version": "v1",
        "region": state.settings.region.as_str(),
        "documentation": below(&state.settings.public_url, &["docs", "errors"]),
    })))
}
