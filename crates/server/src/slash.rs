//! The slash at the end of an API's path, which makes no difference.

use actix_web::{
    dev::ServiceRequest,
    http::{Uri, uri::PathAndQuery},
};
use releasepage_http::request::path_is_below;

use crate::routes::API_ROOTS;

/// Removes one slash from the end of an API's path, before the path is routed. Documents redirect to the address
/// without the slash instead, because people keep addresses.
pub(crate) fn slash_drop(request: &mut ServiceRequest) {
    if !request.path().ends_with('/') {
        return;
    }
    let routed = request.match_info().as_str();
    if !API_ROOTS.iter().any(|api| path_is_below(routed, api)) {
        return;
    }
    if let Some(uri) = without_slash(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn one_slash_is_dropped_where_an_api_is() {
        for (sent, routed) in [
            ("/v1/", "/v1"),
            ("/v1/?a=/", "/v1?a=/"),
            ("/%761/", "/%761"),
            ("/v1/pages//", "/v1/pages/"),
            ("/api/2/release/?title=%2F", "/api/2/release?title=%2F"),
            ("/hooks/github/1/", "/hooks/github/1"),
            ("http://localhost/v1/", "http://localhost/v1"),
            ("/", "/"),
            ("/v1", "/v1"),
            ("/v1?a=/", "/v1?a=/"),
            ("/v1x/", "/v1x/"),
            ("/p/acme/", "/p/acme/"),
        ] {
            let mut request = TestRequest::with_uri(sent).to_srv_request();
            slash_drop(&mut request);
            assert_eq!(request.uri().to_string(), routed, "{sent}");
            assert_eq!(request.match_info().as_str().ends_with('/'), request.path().ends_with('/'), "{sent}");
        }
    }
}
