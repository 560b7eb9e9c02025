//! The paths of the JSON APIs with their methods.
//!
//! A surface declares [`Operation`]s, each of which is one method of one path. [`endpoints`] joins the operations of
//! each path, even when two surfaces share it. It also adds the answers to `OPTIONS` and to unknown methods.

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

use crate::{
    counting::client_count,
    endpoint_properties::EndpointProperties,
    error::{ErrorCode, V1Error},
    limits::Bucket,
    metrics::requests::RouteSlot,
    request::request_state,
};

/// The headers that scripts of other sites may send.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Accept, If-None-Match, Idempotency-Key, X-Request-Id";

/// The order in which `Allow` lists the methods of a path.
const METHOD_ORDER: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// One method of one path, with its handler. `GET` implies `HEAD`.
pub struct Operation {
    path: String,
    routes: Vec<(Method, Route)>,
    readers_see_nothing: bool,
    is_hot: bool,
}

impl Operation {
    /// Declares a method of a whole path, such as `/v1/pages/{page_id}`.
    pub fn new<F, Arguments>(method: Method, path: impl Into<String>, handler: F) -> Self
    where
        F: Handler<Arguments>,
        Arguments: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let mut routes = Vec::new();
        if method == Method::GET {
            // actix sends no body with HEAD.
            routes.push((Method::HEAD, web::head().to(handler.clone())));
        }
        routes.push((method.clone(), web::method(method).to(handler)));
        Self { path: path.into(), routes, readers_see_nothing: false, is_hot: false }
    }

    /// Declares that success changes nothing that readers see. Examples are changes of subscribers, accounts and
    /// charts, and jobs that run later. Without this, each success costs a look-up for every page in memory.
    pub fn readers_see_nothing(self) -> Self {
        Self { readers_see_nothing: true, ..self }
    }

    /// Declares that nearly every request is for this operation. Its path is then tried before all others.
    pub fn hot(self) -> Self {
        Self { is_hot: true, ..self }
    }

    /// Returns true if nearly every request is for this operation.
    pub fn is_hot(&self) -> bool {
        self.is_hot
    }

    /// Returns the whole path.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// A path with its methods. `OPTIONS` is answered as a preflight, any other method with 405.
pub struct Endpoint {
    path: String,
    operations: Vec<Operation>,
}

/// Joins the operations of each path below a scope. The paths keep the order in which they come first.
pub fn endpoints(operations: impl IntoIterator<Item = Operation>, scope: &str) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for operation in operations {
        let path = operation.path.strip_prefix(scope).unwrap_or(&operation.path);
        match endpoints.iter_mut().find(|endpoint| endpoint.path == path) {
            Some(endpoint) => endpoint.operations.push(operation),
            None => endpoints.push(Endpoint { path: path.to_owned(), operations: vec![operation] }),
        }
    }
    endpoints
}

impl Endpoint {
    /// Returns the methods of the path, in the order of `Allow`.
    fn methods(&self) -> Vec<Method> {
        let has = |method: &Method| self.operations.iter().any(|one| one.routes.iter().any(|(its, _)| its == method));
        METHOD_ORDER.into_iter().filter(has).collect()
    }

    fn properties(&self) -> EndpointProperties {
        let unseen = self.operations.iter().filter(|operation| operation.readers_see_nothing);
        let methods = unseen.flat_map(|operation| operation.routes.iter().map(|(method, _)| method.clone()));
        EndpointProperties { readers_see_nothing: methods.collect(), ..EndpointProperties::default() }
    }
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        let methods: Vec<String> = self.methods().iter().map(Method::to_string).collect();
        let allow: HeaderValue = HeaderValue::try_from(format!("{}, OPTIONS", methods.join(", ")))
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
        let resource: Resource = web::resource(&*self.path).app_data(self.properties()).app_data(RouteSlot::default());
        let routes = self.operations.into_iter().flat_map(|operation| operation.routes);
        let resource = routes.fold(resource, |resource, (_, route)| resource.route(route));
        resource.route(preflight).default_service(refusal).register(config);
    }
}

/// Answers every path that does not exist.
pub async fn path_unknown(request: HttpRequest) -> Result<HttpResponse, V1Error> {
    Err(client_refusal(&request, ErrorCode::NOT_FOUND))
}

/// Returns the refusal of a request that needs no key. The request is counted for its client. Beyond the client's
/// limit, the refusal is that of the limit.
fn client_refusal(request: &HttpRequest, code: ErrorCode) -> V1Error {
    let counted = request_state(request).map(|state| client_count(request, state, Bucket::Read));
    match counted {
        Some(Err(too_many)) => too_many,
        _ => code.into(),
    }
}
