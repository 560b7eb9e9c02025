//! The documentation of the APIs for people.

use askama::Template;

use crate::NotesHtml;

/// Every operation of every API, at `/docs`. The document has an anchor for each operation and schema.
#[derive(Debug, Template)]
#[template(path = "docs_api.html")]
pub struct DocsApi<'a> {
    /// The address of this server for the examples, without a final slash.
    pub server: &'a str,
    /// The introduction to the APIs.
    pub introduction: &'a NotesHtml,
    /// The ways of authentication.
    pub credentials: &'a [CredentialDoc],
    /// The operations.
    pub chapters: &'a [ChapterDoc],
    /// The schemas of bodies.
    pub schemas: &'a [SchemaDoc],
}

/// A way of authentication.
#[derive(Debug)]
pub struct CredentialDoc {
    /// The name in operations, which is also the anchor.
    pub name: String,
    /// The description in HTML.
    pub description: NotesHtml,
}

/// A group of related operations.
#[derive(Debug)]
pub struct ChapterDoc {
    /// The anchor.
    pub id: String,
    /// The name.
    pub name: String,
    /// The description in HTML.
    pub description: NotesHtml,
    /// The operations.
    pub operations: Vec<OperationDoc>,
}

/// One operation of an API.
#[derive(Debug)]
pub struct OperationDoc {
    /// The anchor.
    pub id: String,
    /// The method, in capitals.
    pub method: String,
    /// The path, with parameters in braces.
    pub path: String,
    /// The summary in a few words.
    pub summary: String,
    /// The description in HTML.
    pub description: NotesHtml,
    /// The accepted credentials: each name, and the scope if it needs one.
    pub credentials: Vec<(String, Option<String>)>,
    /// The parameters in the path, the query and the headers.
    pub parameters: Vec<FieldDoc>,
    /// The body of the request. `None` if there is none.
    pub body: Option<ContentDoc>,
    /// The options of `curl` for authentication and body, one for each line.
    pub curl: Vec<String>,
    /// The possible answers.
    pub answers: Vec<AnswerDoc>,
    /// An example of a successful answer. Empty if it has no body to show.
    pub example: String,
}

/// The content of a request's body.
#[derive(Debug)]
pub struct ContentDoc {
    /// The content types, separated by commas.
    pub types: String,
    /// The type of the body.
    pub shape: TypeDoc,
}

/// A possible answer of an operation.
#[derive(Debug)]
pub struct AnswerDoc {
    /// The HTTP status.
    pub status: String,
    /// The condition for this answer. Code is between backticks.
    pub description: String,
    /// The type of the body. `None` if there is none.
    pub body: Option<TypeDoc>,
    /// The error codes. Each is an anchor on `/docs/errors`.
    pub codes: Vec<String>,
}

/// A schema of a body or of a part of one.
#[derive(Debug)]
pub struct SchemaDoc {
    /// The name, which is also the anchor.
    pub name: String,
    /// The description in HTML.
    pub description: NotesHtml,
    /// The members of an object. Empty for any other type.
    pub fields: Vec<FieldDoc>,
    /// The type, if it is not an object.
    pub shape: Option<TypeDoc>,
}

/// A parameter of an operation, or a member of an object.
#[derive(Debug)]
pub struct FieldDoc {
    /// The name.
    pub name: String,
    /// The place of a parameter: `path`, `query` or `header`. Empty for members.
    pub place: String,
    /// True if the field is required.
    pub required: bool,
    /// The type of the value.
    pub shape: TypeDoc,
    /// The description in HTML.
    pub description: NotesHtml,
}

/// The type of a value: a text, and the name of a schema if it has one.
#[derive(Clone, Debug, Default)]
pub struct TypeDoc {
    /// The text before the name of the schema, or the whole type.
    pub text: String,
    /// The name of the schema that describes the type.
    pub schema: Option<String>,
    /// The limits beyond the type, such as lengths or names.
    pub limits: Vec<String>,
}
