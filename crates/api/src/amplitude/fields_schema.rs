//! Macros to declare what pipelines send. One declaration of a resource makes its type, its reader, the names of its
//! fields and its schemas: as JSON, as a form and for an edit.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Array, OneOfBuilder, Ref, RefOr, Schema,
        schema::{SchemaType, Type},
    },
};

/// Declares a body as [`body!`](crate::body::body) does, read by the methods of [`Fields`](super::fields::Fields). The
/// word before each reader is the constructor of its [`FieldName`](super::fields::FieldName): `required`, `optional`,
/// `list` or `free`.
macro_rules! sent_body {
    (
        $(#[$about:meta])*
        $visibility:vis struct $body:ident $(($($known:ident: $known_type:ty),+ $(,)?))? {
            $(
                $(#[$attribute:meta])*
                $member:ident: $type:ty => $form:ident $reader:ident($($argument:expr),* $(,)?)
            ),+ $(,)?
        }
    ) => {
        $crate::body::body! {
            @of $crate::amplitude::fields::Fields;
            $(#[$about])*
            $visibility struct $body $(($($known: $known_type),+))? {
                $($(#[$attribute])* $member: $type => $reader($($argument),*)),+
            }
        }

        impl $body {
            /// The names of its fields.
            $visibility const NAMES: $crate::amplitude::fields::FieldNames =
                $crate::amplitude::fields::FieldNames::new(&[
                    $($crate::amplitude::fields::FieldName::$form(stringify!($member))),+
                ]);
        }
    };
}
pub(super) use sent_body;

/// Declares the schema of an edit. It has the members of the edited resource. All are optional, but one must be there.
macro_rules! change_schema {
    ($(#[doc = $documentation:literal])+ $schema:ident as $name:literal of $new:ty) => {
        $(#[doc = $documentation])+
        pub(crate) enum $schema {}

        impl utoipa::PartialSchema for $schema {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::amplitude::fields_schema::schema_of_change(<$new>::schema(), concat!($($documentation),+))
            }
        }

        $crate::amplitude::fields_schema::schema_name! { $schema as $name of $new, }
    };
}
pub(super) use change_schema;

/// Declares the schema of a form. It has the members of the JSON body, and each is text. Members that are not text in
/// JSON are listed with their schema in a form. They have documentation if the form needs another one.
macro_rules! form_schema {
    (
        $(#[doc = $documentation:literal])+
        $schema:ident as $name:literal of $new:ty {
            $($(#[doc = $about:literal])* $member:ident: $text:ty),* $(,)?
        }
    ) => {
        $(#[doc = $documentation])+
        pub(crate) enum $schema {}

        impl utoipa::PartialSchema for $schema {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let texts = [$((
                    stringify!($member),
                    $crate::amplitude::fields_schema::reference::<$text>().schema,
                    concat!($($about),*),
                )),*];
                $crate::amplitude::fields_schema::schema_of_form(
                    <$new>::schema(),
                    concat!($($documentation),+),
                    texts,
                )
            }
        }

        $crate::amplitude::fields_schema::schema_name! { $schema as $name of $new, $($text),* }
    };
}
pub(super) use form_schema;

/// Names a schema that is made from another one, and the schemas that it refers to.
macro_rules! schema_name {
    ($schema:ident as $name:literal of $new:ty, $($text:ty),*) => {
        impl utoipa::ToSchema for $schema {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                <$new>::schemas(schemas);
                schemas.extend([$($crate::amplitude::fields_schema::named::<$text>()),*]);
            }
        }
    };
}
pub(super) use schema_name;

/// Declares a schema for a field that can be sent in several forms.
macro_rules! forms {
    ($($(#[doc = $documentation:literal])+ $schema:ident { $($form:expr),+ $(,)? })+) => {$(
        $(#[doc = $documentation])+
        pub(crate) enum $schema {}

        impl utoipa::PartialSchema for $schema {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::amplitude::fields_schema::schema_of_forms([$($form),+], concat!($($documentation),+))
            }
        }

        impl utoipa::ToSchema for $schema {
            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                schemas.extend([$($form),+].into_iter().filter_map(|form| form.named));
            }
        }
    )+};
}
pub(super) use forms;

/// One form of a field: its schema, and the named schema that it refers to.
pub(super) struct Form {
    pub(super) schema: RefOr<Schema>,
    pub(super) named: Option<(String, RefOr<Schema>)>,
}

/// Returns a schema with its name.
pub(super) fn named<T: ToSchema>() -> (String, RefOr<Schema>) {
    (T::name().into_owned(), T::schema())
}

/// Returns a reference to a named schema.
pub(super) fn reference<T: ToSchema>() -> Form {
    Form { schema: Ref::from_schema_name(T::name()).into(), named: Some(named::<T>()) }
}

/// Returns the schema of a list of a named schema.
pub(super) fn list_of<T: ToSchema>() -> Form {
    let Form { schema, named } = reference::<T>();
    Form { schema: Array::new(schema).into(), named }
}

/// Returns a schema without a name, such as that of a number.
pub(super) fn plain<T: PartialSchema>() -> Form {
    Form { schema: T::schema(), named: None }
}

/// Returns the schema of a field that can be sent in several forms.
pub(super) fn schema_of_forms<const FORMS: usize>(forms: [Form; FORMS], documentation: &str) -> RefOr<Schema> {
    let one_of = forms.into_iter().fold(OneOfBuilder::new(), |one_of, form| one_of.item(form.schema));
    one_of.description(Some(documentation.trim())).into()
}

/// Returns the schema of an edit. `new` is the schema of the resource.
pub(super) fn schema_of_change(new: RefOr<Schema>, documentation: &str) -> RefOr<Schema> {
    match new {
        RefOr::T(Schema::Object(mut object)) => {
            object.required.clear();
            object.min_properties = Some(1);
            object.description = Some(documentation.trim().to_owned());
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

/// Returns the schema of a form. `new` is the schema of the same fields as JSON. `texts` are the fields that are not
/// text in JSON: their names, their schemas in a form, and their documentation there if it differs from that of the
/// JSON.
pub(super) fn schema_of_form<const TEXTS: usize>(
    new: RefOr<Schema>,
    documentation: &str,
    texts: [(&str, RefOr<Schema>, &str); TEXTS],
) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = new else { return new };
    object.description = Some(documentation.trim().to_owned());
    for field in object.properties.values_mut() {
        field_to_text(field);
    }
    for (name, text, about) in texts {
        if let Some(field) = object.properties.get_mut(name) {
            let about = if about.is_empty() { description_of(field) } else { about.trim().to_owned() };
            *field = described(text, about);
        }
    }
    RefOr::T(Schema::Object(object))
}

/// Turns a field that is text or `null` in JSON into one of a form, in which it is text or missing.
fn field_to_text(field: &mut RefOr<Schema>) {
    match field {
        RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::from_iter([Type::String, Type::Null]) => {
            object.schema_type = SchemaType::new(Type::String);
        }
        RefOr::T(Schema::OneOf(one_of)) => {
            if let Some(text) = one_of.items.iter().find(|item| matches!(item, RefOr::Ref(_))) {
                *field = text.clone();
            }
        }
        _ => {}
    }
}

/// Returns the documentation of a field. For a field that may be `null`, utoipa writes it beside the reference.
fn description_of(field: &RefOr<Schema>) -> String {
    match field {
        RefOr::Ref(reference) => reference.description.clone(),
        RefOr::T(Schema::Object(object)) => object.description.clone().unwrap_or_default(),
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter().map(description_of).collect(),
        RefOr::T(_) => String::new(),
    }
}

fn described(schema: RefOr<Schema>, about: String) -> RefOr<Schema> {
    match schema {
        RefOr::Ref(mut reference) => {
            reference.description = about;
            RefOr::Ref(reference)
        }
        other => other,
    }
}
