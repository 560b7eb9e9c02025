//! A path under `/v1` with its methods: what every path has beside them.

use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route,
    dev::{AppService, HttpServiceFactory},
    http::{
        Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, ALLOW, HeaderValue,
        },
    },
    web,
};

use super::{
    error::{ErrorCode, V1Error},
    page_access::client_count,
};
use crate::{limits::Bucket, metrics::requests::RouteSlot, request::request_state};

/// The headers that scripts of other sites may send.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Accept, If-None-Match, Idempotency-Key, X-Request-Id";

/// A path and its methods. With `GET` comes `HEAD`; `OPTIONS` is answered as a preflight, any other method with 405.
pub(crate) struct Endpoint {
    #[cfg(test)]
    path: String,
    resource: Resource,
    methods: Vec<&'static str>,
}

impl Endpoint {
    /// A path without methods yet, relative to its scope.
    pub(crate) fn at(path: &str) -> Self {
        Self {
            #[cfg(test)]
            path: path.to_owned(),
            resource: web::resource(path),
            methods: Vec::new(),
        }
    }

    /// The path, relative to its scope.
    #[cfg(test)]
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The methods, `HEAD` among them.
    #[cfg(test)]
    pub(crate) fn methods(&self) -> &[&'static str] {
        &self.methods
    }

    /// Answers `GET` and `HEAD`. actix sends no body with the latter.
    pub(crate) fn get<F, Arguments>(mut self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.methods.extend(["GET", "HEAD"]);
        self.resource = self.resource.route(web::get().to(handler.clone())).route(web::head().to(handler));
        self
    }

    /// Answers `POST`.
    pub(crate) fn post<F, Arguments>(self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method("POST", web::post().to(handler))
    }

    /// Answers `PUT`.
    pub(crate) fn put<F, Arguments>(self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method("PUT", web::put().to(handler))
    }

    /// Answers `PATCH`.
    pub(crate) fn patch<F, Arguments>(self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method("PATCH", web::patch().to(handler))
    }

    /// Answers `DELETE`.
    pub(crate) fn delete<F, Arguments>(self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method("DELETE", web::delete().to(handler))
    }

    fn method(mut self, name: &'static str, route: Route) -> Self {
        self.methods.push(name);
        self.resource = self.resource.route(route);
        self
    }
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        let allow: HeaderValue = HeaderValue::try_from(format!("{}, OPTIONS", self.methods.join(", ")))
            .expect("the names of methods can stand in a header");
        let preflight_allow = allow.clone();
        let preflight = web::method(Method::OPTIONS).to(move || {
            let response = HttpResponse::build(StatusCode::NO_CONTENT)
                .insert_header((ACCESS_CONTROL_ALLOW_METHODS, preflight_allow.clone()))
                .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS))
                .insert_header((ACCESS_CONTROL_MAX_AGE, "86400"))
                .insert_header((ALLOW, preflight_allow.clone()))
                .finish();
            async { response }
        });
        let refusal = web::to(move |request: HttpRequest| {
            let error = client_refusal(&request, ErrorCode::METHOD_NOT_ALLOWED).with_allow(allow.clone());
            async { Err::<HttpResponse, _>(error) }
        });
        self.resource.app_data(RouteSlot::default()).route(preflight).default_service(refusal).register(config);
    }
}

/// Answers whatever path is not there.
pub(crate) async fn path_unknown(request: HttpRequest) -> Result<HttpResponse, V1Error> {
    Err(client_refusal(&request, ErrorCode::NOT_FOUND))
}

/// A refusal that nobody needed a key for; it is counted for the client, and past the limit it is another refusal.
fn client_refusal(request: &HttpRequest, code: ErrorCode) -> V1Error {
    let counted = request_state(request).map(|state| client_count(request, state, Bucket::Read));
    match counted {
        Some(Err(too_many)) => too_many,
        _ => code.into(),
    }
}
