//! The APIs as people read them.

use askama::Template;

use crate::NotesHtml;

/// Every operation of every API, `/docs`: a page to read and to search, with an anchor for each operation and schema.
#[derive(Debug, Template)]
#[template(path = "docs_api.html")]
pub struct DocsApi<'a> {
    /// The address of this server, for the examples, without a slash at its end.
    pub server: &'a str,
    /// What the APIs are.
    pub introduction: &'a NotesHtml,
    /// How a program shows who it is.
    pub credentials: &'a [CredentialDoc],
    /// The operations.
    pub chapters: &'a [ChapterDoc],
    /// What bodies are made of.
    pub schemas: &'a [SchemaDoc],
}

/// A way to show who one is.
#[derive(Debug)]
pub struct CredentialDoc {
    /// What operations call it; its anchor.
    pub name: String,
    /// What it is.
    pub description: NotesHtml,
}

/// Operations that belong together.
#[derive(Debug)]
pub struct ChapterDoc {
    /// Its anchor.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: NotesHtml,
    /// Its operations.
    pub operations: Vec<OperationDoc>,
}

/// One operation.
#[derive(Debug)]
pub struct OperationDoc {
    /// Its anchor.
    pub id: String,
    /// The method, in capitals.
    pub method: String,
    /// The path, with parameters in braces.
    pub path: String,
    /// What it does, in a few words.
    pub summary: String,
    /// What there is to know of it.
    pub description: NotesHtml,
    /// Which credentials it takes: the name, and the scope where there is one.
    pub credentials: Vec<(String, Option<String>)>,
    /// The parameters of its path, query and headers.
    pub parameters: Vec<FieldDoc>,
    /// What is sent; `None` where there is nothing to send.
    pub body: Option<ContentDoc>,
    /// The options of `curl` that show who asks and what is sent, one a line.
    pub curl: Vec<String>,
    /// What can be answered.
    pub answers: Vec<AnswerDoc>,
    /// An answer of success; empty where it has no body to show.
    pub example: String,
}

/// What a body is.
#[derive(Debug)]
pub struct ContentDoc {
    /// The content types, separated by commas.
    pub types: String,
    /// What it is made of.
    pub shape: TypeDoc,
}

/// What an operation can answer.
#[derive(Debug)]
pub struct AnswerDoc {
    /// The status.
    pub status: String,
    /// When it is answered. Code stands between backticks.
    pub description: String,
    /// Its body.
    pub body: Option<TypeDoc>,
    /// The codes of errors, each with its anchor on `/docs/errors`.
    pub codes: Vec<String>,
}

/// What a body is made of.
#[derive(Debug)]
pub struct SchemaDoc {
    /// Its name, and its anchor.
    pub name: String,
    /// What it is.
    pub description: NotesHtml,
    /// Its members; empty where it is no object.
    pub fields: Vec<FieldDoc>,
    /// What it is, where it is no object.
    pub shape: Option<TypeDoc>,
}

/// A parameter, or a member of an object.
#[derive(Debug)]
pub struct FieldDoc {
    /// Its name.
    pub name: String,
    /// Where it stands, for parameters: `path`, `query`, `header`. Empty for members.
    pub place: String,
    /// Whether it has to be there.
    pub required: bool,
    /// What it may be.
    pub shape: TypeDoc,
    /// What it means.
    pub description: NotesHtml,
}

/// What a value may be: a text, and the schema that explains the rest.
#[derive(Clone, Debug, Default)]
pub struct TypeDoc {
    /// Before the name of the schema, or all there is to say.
    pub text: String,
    /// The name of the schema that explains it.
    pub schema: Option<String>,
    /// What is accepted beyond the type, such as lengths and names.
    pub limits: Vec<String>,
}
