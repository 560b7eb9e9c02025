//! The OpenAPI document for people, `/docs`.

use std::sync::LazyLock;

use releasepage_content::RemoteImages;
use releasepage_web::{
    NotesHtml,
    docs_api::{AnswerDoc, ChapterDoc, ContentDoc, CredentialDoc, DocsApi, FieldDoc, OperationDoc, SchemaDoc, TypeDoc},
};
use serde_json::Value;

use super::{document::DOCUMENT, example::example_of, shape::shape_of};

/// The content of `/docs`, built once.
pub(crate) struct Browsable {
    introduction: NotesHtml,
    credentials: Vec<CredentialDoc>,
    chapters: Vec<ChapterDoc>,
    schemas: Vec<SchemaDoc>,
}

/// The document in the form that `/docs` shows.
pub(crate) static BROWSABLE: LazyLock<Browsable> = LazyLock::new(|| Browsable::of(&DOCUMENT));

impl Browsable {
    /// Returns the view for the server at this address, which has no slash at its end.
    pub(crate) fn page<'a>(&'a self, server: &'a str) -> DocsApi<'a> {
        let Self { introduction, credentials, chapters, schemas } = self;
        DocsApi { server, introduction, credentials, chapters, schemas }
    }

    fn of(document: &Value) -> Self {
        let chapters = members(&document["tags"]).map(|tag| chapter_doc(document, tag)).collect();
        let credentials = object(&document["components"]["securitySchemes"])
            .map(|(name, scheme)| CredentialDoc { name: name.clone(), description: markdown(&scheme["description"]) });
        let schemas =
            object(&document["components"]["schemas"]).map(|(name, schema)| schema_doc(document, name, schema));
        let mut schemas: Vec<SchemaDoc> = schemas.collect();
        schemas.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            introduction: markdown(&document["info"]["description"]),
            credentials: credentials.collect(),
            chapters,
            schemas,
        }
    }
}

/// Returns the elements of a list. A missing list has none.
fn members(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Returns the members of an object. A missing object has none.
fn object(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn markdown(value: &Value) -> NotesHtml {
    NotesHtml::from_markdown(value.as_str().unwrap_or_default(), RemoteImages::Refused, None)
}

/// Returns the target of a reference. A value without one is returned as it is.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    target.unwrap_or(value)
}

fn chapter_doc(document: &Value, tag: &Value) -> ChapterDoc {
    let name = text(&tag["name"]);
    let operations = object(&document["paths"])
        .flat_map(|(path, operations)| object(operations).map(move |(method, operation)| (path, method, operation)));
    let own = operations.filter(|(_, _, operation)| operation["tags"][0] == tag["name"]);
    ChapterDoc {
        id: name.to_lowercase().replace(' ', "-"),
        description: markdown(&tag["description"]),
        operations: own.map(|(path, method, operation)| operation_doc(document, path, method, operation)).collect(),
        name,
    }
}

fn operation_doc(document: &Value, path: &str, method: &str, operation: &Value) -> OperationDoc {
    let success = object(&operation["responses"]).find(|(status, _)| status.starts_with('2'));
    let example = success.map(|(_, answer)| body_schema(answer)).and_then(|schema| example_of(document, schema));
    let parameters = members(&operation["parameters"]).map(|parameter| FieldDoc {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        required: parameter["required"] == true,
        shape: shape_of(&parameter["schema"]),
        description: markdown(&parameter["description"]),
    });
    OperationDoc {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: markdown(&operation["description"]),
        credentials: members(&operation["security"]).flat_map(credentials_of).collect(),
        parameters: parameters.collect(),
        body: operation.get("requestBody").map(content_doc),
        curl: curl_options(document, operation),
        answers: object(&operation["responses"]).map(|(status, answer)| answer_doc(document, status, answer)).collect(),
        example: example.map(|example| format!("{example:#}")).unwrap_or_default(),
    }
}

/// Returns the credentials of a requirement, each with the highest scope that it needs.
fn credentials_of(requirement: &Value) -> impl Iterator<Item = (String, Option<String>)> {
    object(requirement).map(|(name, scopes)| (name.clone(), scopes[0].as_str().map(ToOwned::to_owned)))
}

fn content_doc(body: &Value) -> ContentDoc {
    let types: Vec<&str> = object(&body["content"]).map(|(media_type, _)| media_type.as_str()).collect();
    ContentDoc { types: types.join(", "), shape: shape_of(body_schema(body)) }
}

/// Returns the schema of a body's first content type.
fn body_schema(body: &Value) -> &Value {
    object(&body["content"]).next().map_or(&Value::Null, |(_, content)| &content["schema"])
}

/// Returns the options of `curl` besides method and address.
fn curl_options(document: &Value, operation: &Value) -> Vec<String> {
    let scheme = members(&operation["security"]).next().and_then(|requirement| object(requirement).next());
    let credential = scheme.and_then(|(name, _)| match name.as_str() {
        "pageKey" => Some("--header 'Authorization: Bearer PAGE_KEY'"),
        "token" => Some("--header 'Authorization: Bearer TOKEN'"),
        "project" => Some("--user 'API_KEY:SECRET_KEY'"),
        "github" => Some("--header 'X-Hub-Signature-256: sha256=SIGNATURE'"),
        "gitlab" => Some("--header 'X-Gitlab-Token: SECRET'"),
        "gitea" => Some("--header 'X-Gitea-Signature: SIGNATURE'"),
        "gogs" => Some("--header 'X-Gogs-Signature: SIGNATURE'"),
        "standardWebhooks" => Some("--header 'webhook-signature: v1,SIGNATURE'"),
        _ => None,
    });
    let mut options: Vec<String> = credential.map(ToOwned::to_owned).into_iter().collect();
    let body = &operation["requestBody"];
    if let Some((media_type, _)) = object(&body["content"]).next() {
        options.push(format!("--header 'Content-Type: {media_type}'"));
        match example_of(document, body_schema(body)).filter(|_| media_type == "application/json") {
            // A quote would end the word of the shell.
            Some(example) => options.push(format!("--data '{}'", example.to_string().replace('\'', "'\\''"))),
            None => options.push("--data-binary @FILE".to_owned()),
        }
    }
    options
}

fn answer_doc(document: &Value, status: &str, answer: &Value) -> AnswerDoc {
    let is_error = status >= "400";
    let answer = resolved(document, answer);
    let content = object(&answer["content"]).next();
    let codes = content.map(|(_, content)| &content["examples"]).into_iter().flat_map(object);
    AnswerDoc {
        status: status.to_owned(),
        description: text(&answer["description"]),
        body: content.filter(|_| !is_error).map(|(media_type, content)| match media_type.as_str() {
            "application/json" => shape_of(&content["schema"]),
            other => TypeDoc { text: other.to_owned(), ..TypeDoc::default() },
        }),
        codes: codes.filter(|_| is_error).map(|(code, _)| code.clone()).collect(),
    }
}

fn schema_doc(document: &Value, name: &str, schema: &Value) -> SchemaDoc {
    let mut fields = Vec::new();
    fields_collect(document, schema, &mut fields);
    SchemaDoc {
        name: name.to_owned(),
        description: markdown(&schema["description"]),
        shape: fields.is_empty().then(|| shape_of(schema)),
        fields,
    }
}

/// Collects the members of an object, including those of the objects that it combines.
fn fields_collect(document: &Value, schema: &Value, fields: &mut Vec<FieldDoc>) {
    for part in members(&schema["allOf"]) {
        fields_collect(document, resolved(document, part), fields);
    }
    for (name, field) in object(&schema["properties"]) {
        fields.push(FieldDoc {
            name: name.clone(),
            place: String::new(),
            required: members(&schema["required"]).any(|required| required == name.as_str()),
            shape: shape_of(field),
            description: markdown(&field["description"]),
        });
    }
}
