//! Macros to declare bodies. One declaration of a JSON object makes its type, its schema and its reader.

use releasepage_domain::{fault::Faults, fields::Fields};
use serde_json::{Map, Value};

/// Declares a body: a struct whose members have the types that handlers work with.
///
/// ```ignore
/// body! {
///     /// A repository to put on a page.
///     #[schema(as = ComponentNew)]
///     pub(crate) struct ComponentNewBody {
///         /// The display name.
///         #[schema(max_length = 100, pattern = "LINE_NOT_BLANK")]
///         name: Option<String> => text_checked_optional(name_check),
///     }
/// }
/// ```
///
/// - The documentation and `#[schema(…)]` are those of the OpenAPI document. `value_type` gives the type of the member
///   in JSON if it differs from the Rust type.
/// - The part after the arrow reads the member: a method of [`Fields`] or of
///   [`FieldChanges`](releasepage_http::field::FieldChanges), without its first two arguments. An argument may name a
///   member above, as it was read. That member is `None` if it is at fault.
/// - The brackets after the name hold what the readers need beside the body: `(now: UtcTime)`.
///
/// The macro makes `read`. It reads every member before it fails, so that all faults are noted at once. It reads
/// [`Fields`], unless `@of` and another type precede the declaration.
macro_rules! body {
    (
        @of $fields:ty;
        $(#[$about:meta])*
        $visibility:vis struct $body:ident $(($($known:ident: $known_type:ty),+ $(,)?))? {
            $(
                $(#[$attribute:meta])*
                $member:ident: $type:ty => $reader:ident($($argument:expr),* $(,)?)
            ),+ $(,)?
        }
    ) => {
        #[derive(utoipa::ToSchema)]
        $(#[$about])*
        $visibility struct $body {
            $($(#[$attribute])* $visibility $member: $type),+
        }

        impl $body {
            /// Reads the members of an object and notes every fault.
            $visibility fn read(
                fields: &$fields,
                faults: &mut releasepage_domain::fault::Faults,
                $($($known: $known_type),+)?
            ) -> Option<Self> {
                $(let $member = fields.$reader(faults, $crate::body::wire_name(stringify!($member)), $($argument),*);)+
                Some(Self { $($member: $member?),+ })
            }
        }
    };
    ($($declaration:tt)+) => {
        $crate::body::body! { @of releasepage_domain::fields::Fields<'_>; $($declaration)+ }
    };
}
pub(crate) use body;

/// Reads a whole body with `read`, or returns all its faults.
pub(crate) fn body_parse<T>(
    object: &Map<String, Value>,
    read: impl FnOnce(&Fields<'_>, &mut Faults) -> Option<T>,
) -> Result<T, Faults> {
    let mut faults = Faults::new();
    let body = read(&Fields::new(object), &mut faults);
    faults.finish(|| body)
}

/// Returns the name of a member on the wire. A name that is a keyword of Rust is declared as `r#type`.
pub(crate) fn wire_name(member: &'static str) -> &'static str {
    member.strip_prefix("r#").unwrap_or(member)
}

#[cfg(test)]
mod tests {
    use releasepage_domain::fields::number_take;
    use releasepage_http::field::FieldChanges;
    use releasepage_storage::database::change::Change;
    use serde_json::json;
    use utoipa::PartialSchema;

    use super::*;

    body! {
        /// A parcel.
        #[derive(Debug, PartialEq)]
        pub(crate) struct Parcel(limit: i64) {
            /// Its kind.
            r#type: String => text_checked("must be a text", |_, text| Ok(text.to_owned())),
            /// Its weight.
            #[schema(value_type = i64, required = false)]
            weight: Change<i64> => change("must be light", |value| number_take(value).filter(|kilos| *kilos <= limit)),
            /// Its price, required if the kind is there.
            price: Option<i64> => by(|fields, faults, field| match r#type {
                Some(_) => fields.required(faults, field, "must be a number", number_take).map(Some),
                None => Some(None),
            }),
        }
    }

    fn parse(body: &Value) -> Result<Parcel, Vec<String>> {
        let object = body.as_object().expect("an object");
        let parsed = body_parse(object, |fields, faults| Parcel::read(fields, faults, 10));
        parsed.map_err(|faults| faults.as_slice().iter().map(|fault| fault.field.clone()).collect())
    }

    #[test]
    fn one_declaration_reads_and_describes() {
        let parcel = Parcel { r#type: "box".to_owned(), weight: Change::Set(7), price: Some(3) };
        assert_eq!(parse(&json!({ "type": "box", "weight": 7, "price": 3 })), Ok(parcel));
        let schema = serde_json::to_value(Parcel::schema()).expect("a schema");
        assert_eq!(schema["required"], json!(["type"]));
        assert_eq!(schema["properties"]["weight"]["type"], "integer");
    }

    #[test]
    fn every_fault_is_named() {
        let named = |body: &Value| parse(body).expect_err("faults");
        assert_eq!(named(&json!({ "weight": 11 })), ["type", "weight"]);
        assert_eq!(named(&json!({ "type": "box", "weight": null, "price": null })), ["weight", "price"]);
    }
}
