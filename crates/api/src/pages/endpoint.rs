//! The path of a page with its methods.

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    dev::{AppService, HttpServiceFactory},
    http::header::{ALLOW, HeaderValue},
    web,
};

use super::error::PageError;
use crate::metrics::requests::RouteSlot;

/// A path and its methods. With `GET` comes `HEAD`; any other method is answered with 405.
pub(crate) struct PageEndpoint {
    resource: Resource,
    allow: &'static str,
}

impl PageEndpoint {
    /// A path that shows something.
    pub(crate) fn get<F, Arguments>(path: &str, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let resource = web::resource(path).route(web::get().to(handler.clone())).route(web::head().to(handler));
        Self { resource, allow: "GET, HEAD" }
    }

    /// A path that only takes a form.
    pub(crate) fn post<F, Arguments>(path: &str, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self { resource: web::resource(path).route(web::post().to(handler)), allow: "POST" }
    }

    /// The form of a path that shows one.
    pub(crate) fn with_post<F, Arguments>(self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self { resource: self.resource.route(web::post().to(handler)), allow: "GET, HEAD, POST" }
    }
}

impl HttpServiceFactory for PageEndpoint {
    fn register(self, config: &mut AppService) {
        let allow = HeaderValue::from_static(self.allow);
        let refusal = web::to(move || {
            let response = HttpResponse::MethodNotAllowed().insert_header((ALLOW, allow.clone())).finish();
            async { response }
        });
        self.resource.app_data(RouteSlot::default()).default_service(refusal).register(config);
    }
}

/// Answers whatever path is not there.
pub(crate) async fn path_unknown() -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}
