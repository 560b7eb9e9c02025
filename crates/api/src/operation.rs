//! Macros to declare operations. Only the `#[utoipa::path]` of a handler names its method and path.
//! [`operations!`](crate::operations) makes the routes and the OpenAPI document of a surface from one list of handlers.

use actix_web::{FromRequest, Handler, Responder, http::Method};
use releasepage_http::endpoint::Operation;
use utoipa::openapi::{OpenApi, path::HttpMethod};

/// A part of the API: its operations, and their description.
pub trait Surface {
    /// Returns the operations, in the order of the document. If two paths match a request, the first one answers it.
    fn operations() -> Vec<Operation>;

    /// Returns the surface's part of the OpenAPI document.
    fn openapi() -> OpenApi;
}

/// Declares a handler under the method and the path of its annotation, `Annotation`.
pub fn operation<Annotation, F, Arguments>(handler: F) -> Operation
where
    Annotation: utoipa::Path,
    F: Handler<Arguments>,
    Arguments: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let method = match Annotation::methods().first() {
        Some(HttpMethod::Post) => Method::POST,
        Some(HttpMethod::Put) => Method::PUT,
        Some(HttpMethod::Patch) => Method::PATCH,
        Some(HttpMethod::Delete) => Method::DELETE,
        _ => Method::GET,
    };
    Operation::new(method, Annotation::path(), handler)
}

/// Declares a surface: `operations! { /// … pub struct PageApi; version::version_show.hot(), … }`. Each handler is
/// listed once, with its properties of [`Operation`].
#[macro_export]
macro_rules! operations {
    ($(#[$attribute:meta])* $visibility:vis struct $surface:ident;
     $($module:ident :: $handler:ident $(. $property:ident ())*),+ $(,)?) => {
        $(#[$attribute])*
        #[derive(Debug, utoipa::OpenApi)]
        #[openapi(paths($($module::$handler),+))]
        $visibility struct $surface;

        impl $crate::operation::Surface for $surface {
            fn operations() -> Vec<releasepage_http::endpoint::Operation> {
                vec![$(
                    pastey::paste! {
                        $crate::operation::operation::<$module::[<__path_ $handler>], _, _>($module::$handler)
                    }
                    $(.$property())*
                ),+]
            }

            fn openapi() -> utoipa::openapi::OpenApi {
                <Self as utoipa::OpenApi>::openapi()
            }
        }
    };
}
