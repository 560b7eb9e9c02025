//! Parameters that several operations share.

use actix_web::HttpRequest;
use releasepage_domain::fault::Faults;
use releasepage_http::query::Query;
use releasepage_storage::{
    annotations::edits::AnnotationCursor,
    announcements::delivery_lists::DeliveryCursor,
    database::cursor::{IdCursor, TimeCursor},
};
use serde_json::{Value, json};
use utoipa::IntoParams;

/// Declares queries: each is a struct whose members have the types that handlers work with. The part after the arrow
/// reads the parameter: a method of [`Query`], without its first two arguments. `value_type` gives the type of the
/// parameter in the document if it differs from the member's type.
macro_rules! queries {
    ($(
        $(#[doc = $about:literal])+
        $query:ident {
            $(
                $(#[$attribute:meta])*
                $parameter:ident: $type:ty => $reader:ident($($argument:expr),* $(,)?)
            ),+ $(,)?
        }
    )+) => {$(
        $(#[doc = $about])+
        #[derive(IntoParams)]
        #[into_params(parameter_in = Query)]
        pub struct $query {
            $($(#[$attribute])* pub $parameter: $type),+
        }

        impl $query {
            /// Reads these parameters from a query that may have others, and notes every fault.
            pub fn read(query: &Query, faults: &mut Faults) -> Self {
                Self { $($parameter: query.$reader(faults, stringify!($parameter), $($argument),*)),+ }
            }

            /// Reads the query of a request, or answers every fault.
            pub fn parse(request: &HttpRequest) -> Result<Self, Faults> {
                let mut faults = Faults::new();
                let read = Self::read(&Query::of(request), &mut faults);
                faults.finish(|| Some(read))
            }
        }
    )+};
}

queries! {
    /// A part of a list that is sorted by time.
    TimeListParameters {
        /// The most entries in the answer.
        #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
        limit: u32 => limit(100, 20),
        /// The beginning of the part: the `next` of the part before it.
        #[param(value_type = Option<String>, pattern = "^(0([0-2][0-9a-f]|3[0-7])[0-9a-f]{13}[0-9A-Za-z]{1,64})?$")]
        cursor: Option<TimeCursor> => cursor(TimeCursor::parse),
    }

    /// A part of a list that is sorted by number.
    ListParameters {
        /// The most entries in the answer.
        #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
        limit: u32 => limit(100, 20),
        /// The beginning of the part: the `next` of the part before it.
        #[param(value_type = Option<String>, pattern = "^([0-7][0-9a-f]{15})?$")]
        cursor: Option<IdCursor> => cursor(IdCursor::parse),
    }

    /// A part of a list of deliveries.
    DeliveryListParameters {
        /// The most entries in the answer.
        #[param(minimum = 1, maximum = 100, default = 20, value_type = Option<u32>)]
        limit: u32 => limit(100, 20),
        /// The beginning of the part: the `next` of the part before it.
        #[param(value_type = Option<String>, pattern = "^([0-7][0-9a-f]{15}[0-7][0-9a-f]{15})?$")]
        cursor: Option<DeliveryCursor> => cursor(DeliveryCursor::parse),
    }

    /// A part of a list of annotations. Clients of this API do not expect parts, so that an answer without `limit` is
    /// as long as possible.
    AnnotationListParameters {
        /// The most entries in the answer.
        #[param(minimum = 1, maximum = 1000, default = 1000, value_type = Option<u32>)]
        limit: u32 => limit(1_000, 1_000),
        /// The beginning of the part: the `next` of the part before it.
        #[param(value_type = Option<String>, pattern = "^(0([0-2][0-9a-f]|3[0-7])[0-9a-f]{13}[0-9]{1,18})?$")]
        cursor: Option<AnnotationCursor> => cursor(AnnotationCursor::parse),
    }

    /// A part of a list of categories of annotations, with the same limit.
    CategoryListParameters {
        /// The most entries in the answer.
        #[param(minimum = 1, maximum = 1000, default = 1000, value_type = Option<u32>)]
        limit: u32 => limit(1_000, 1_000),
        /// The beginning of the part: the `next` of the part before it.
        #[param(value_type = Option<String>, pattern = "^([0-7][0-9a-f]{15})?$")]
        cursor: Option<IdCursor> => cursor(IdCursor::parse),
    }
}

/// The parameters of paths, by their name in `routes.rs`: schema and description.
pub fn path_parameter(name: &str) -> Option<Value> {
    let number = json!({ "type": "integer", "format": "int64", "minimum": 1 });
    let (schema, description) = match name {
        "page_id" => (json!({ "$ref": "#/components/schemas/PageId" }), "The page"),
        "release_id" => (json!({ "$ref": "#/components/schemas/ReleaseId" }), "The release"),
        "component_id" => (number, "The component"),
        "group_id" => (number, "The group"),
        "repository_id" => (number, "The repository"),
        "app_id" => (number, "The project"),
        "subscriber_id" => (number, "The subscriber"),
        "delivery_id" => (number, "The delivery"),
        "announcement_id" => (number, "The announcement"),
        "suppression_id" => {
            (json!({ "type": "string", "minLength": 1, "maxLength": 254 }), "The subscriber's id, or the address")
        }
        "job_id" => (number, "The job"),
        "token_id" => (number, "The token"),
        "message_id" => (number, "The message"),
        "annotation_id" => (number, "The annotation"),
        "category_id" => (number, "The category of annotations"),
        _ => return None,
    };
    Some(json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema }))
}
