//! The paths of HTML documents with their methods.

use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    dev::{AppService, HttpServiceFactory},
    http::{
        Method,
        header::{ALLOW, HeaderValue},
    },
    web,
};

use crate::{endpoint_properties::EndpointProperties, metrics::requests::RouteSlot};

/// A path and its methods. `GET` implies `HEAD`. Any other method is answered with 405.
pub struct DocumentEndpoint {
    resource: Resource,
    allow: &'static str,
    properties: EndpointProperties,
}

impl DocumentEndpoint {
    /// Declares a path that shows a document.
    pub fn get<F, Arguments>(path: &str, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let resource = web::resource(path).route(web::get().to(handler.clone())).route(web::head().to(handler));
        Self { resource, allow: "GET, HEAD", properties: EndpointProperties::default() }
    }

    /// Declares a path that only takes a form.
    pub fn post<F, Arguments>(path: &str, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let resource = web::resource(path).route(web::post().to(handler));
        Self { resource, allow: "POST", properties: EndpointProperties::default() }
    }

    /// Adds the form of a document.
    pub fn with_post<F, Arguments>(self, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self { resource: self.resource.route(web::post().to(handler)), allow: "GET, HEAD, POST", ..self }
    }

    /// Declares that the form changes nothing that readers see on a page.
    pub fn readers_see_nothing(mut self) -> Self {
        self.properties.readers_see_nothing = vec![Method::POST];
        self
    }

    /// Declares that the link itself authorizes the form. Its owner may post from anywhere, even from an email program
    /// (RFC 8058, section 3.1), which has neither a token nor an origin. Every other form is protected.
    pub fn link_is_authority(mut self) -> Self {
        self.properties.link_is_authority = true;
        self
    }
}

impl HttpServiceFactory for DocumentEndpoint {
    fn register(self, config: &mut AppService) {
        let allow = HeaderValue::from_static(self.allow);
        let refusal = web::to(move || {
            let response = HttpResponse::MethodNotAllowed().insert_header((ALLOW, allow.clone())).finish();
            async { response }
        });
        let resource = self.resource.app_data(self.properties).app_data(RouteSlot::default());
        resource.default_service(refusal).register(config);
    }
}
