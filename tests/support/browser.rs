//! A browser. It keeps cookies, and sends forms with their hidden fields and their origin.

use std::net::SocketAddr;

use reqwest::header::ORIGIN;
use reqwest::{Client, Method};

use super::api::{Answer, Api};

/// A browser for one server. It follows no redirect, so that a test sees each answer.
pub(crate) struct Browser {
    api: Api,
    origin: String,
}

impl Browser {
    /// A browser without cookies.
    pub(crate) fn new(address: SocketAddr) -> Self {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .cookie_store(true)
            .no_proxy()
            .build()
            .expect("a client without options that can fail");
        Self { api: Api::of_client(client, address), origin: format!("http://{address}") }
    }

    /// Opens a document.
    pub(crate) async fn open(&self, target: &str) -> Answer {
        self.api.get(target).await
    }

    /// A request of this browser without a body.
    pub(crate) async fn request(&self, method: Method, target: &str) -> Answer {
        self.api.send(self.api.request(method, target)).await
    }

    /// Fills in the first form of `shown`, the document at `target`. Sends it with its hidden fields.
    pub(crate) async fn submit(&self, target: &str, shown: &Answer, filled_in: &[(&str, &str)]) -> Answer {
        let form = Form::first_of(&shown.text());
        let mut values = form.hidden;
        values.extend(filled_in.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let action = form.action.unwrap_or_else(|| target.to_owned());
        self.api.send(self.api.request(Method::POST, &action).header(ORIGIN, &self.origin).form(&values)).await
    }
}

/// A form of a document.
pub(crate) struct Form {
    /// The address it is sent to. `None` for the address of its document.
    pub(crate) action: Option<String>,
    /// Its hidden fields.
    pub(crate) hidden: Vec<(String, String)>,
}

impl Form {
    /// The first form of a document.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub(crate) fn first_of(html: &str) -> Self {
        let form = html.find("<form").map(|start| &html[start..]).unwrap_or_else(|| panic!("no form in {html}"));
        let form = &form[..form.find("</form>").unwrap_or(form.len())];
        let (tag, fields) = form.split_once('>').expect("a tag ends");
        let hidden = fields.split("<input").filter(|input| input.contains("type=\"hidden\""));
        Self {
            action: attribute(tag, "action").filter(|action| !action.is_empty()),
            hidden: hidden.filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?))).collect(),
        }
    }
}

/// The value of an attribute in our own HTML, which uses double quotes.
fn attribute(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&"))
}
