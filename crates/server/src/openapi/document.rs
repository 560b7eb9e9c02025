//! The OpenAPI document, built once.

use std::sync::LazyLock;

use releasepage_api::{
    amplitude::ReleasesApi,
    hooks::Hooks,
    management::{Administration, Resources},
    operation::Surface as _,
    page::PageApi,
};
use releasepage_http::response::Rendered;
use serde_json::Value;

use super::shared::complete;
use crate::{service::RenderedDocument, surfaces::Service};

/// The document. It is the same on every server, because its addresses are relative.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut annotated = Service::openapi();
    for surface in
        [PageApi::openapi(), Resources::openapi(), ReleasesApi::openapi(), Hooks::openapi(), Administration::openapi()]
    {
        annotated.merge(surface);
    }
    let annotated = serde_json::to_value(annotated);
    complete(annotated.expect("the document is made of text, numbers and flags, under keys that are text"))
});

/// Returns the OpenAPI document that the server answers with.
pub fn openapi_document() -> &'static Value {
    &DOCUMENT
}

static RENDERED: LazyLock<Rendered> = LazyLock::new(|| Rendered::json(&*DOCUMENT));

/// Returns the document in the form of an answer. It is made at the first request for it, so that it costs no start.
pub(crate) const fn rendered_document() -> RenderedDocument {
    RenderedDocument(&RENDERED)
}

/// Returns the document in its committed form, with a line for each member.
#[cfg(test)]
fn document_text() -> String {
    format!("{:#}\n", *DOCUMENT)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, env, fs, path::Path};

    use super::{super::preamble::tags, *};

    #[test]
    fn every_operation_has_a_chapter() {
        let operations = DOCUMENT["paths"].as_object().unwrap().values();
        let operations = operations.flat_map(|path| path.as_object().unwrap().values());
        let used: BTreeSet<&str> = operations.map(|operation| operation["tags"][0].as_str().unwrap()).collect();
        let tags = tags();
        let known: BTreeSet<&str> = tags.as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
        assert_eq!(used, known);
    }

    /// `script/generate` writes the committed document, and every run of the tests compares it with the code.
    #[test]
    fn committed_document_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        if env::var_os("RELEASEPAGE_GENERATE").is_some() {
            fs::write(&path, document_text()).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == document_text(), "docs/openapi.json is out of date: run script/generate");
    }
}
