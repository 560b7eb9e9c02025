//! HTTP requests of the tests.

use std::net::SocketAddr;

use reqwest::{
    Client, Method, RequestBuilder, StatusCode,
    header::{HeaderMap, HeaderValue},
};
use serde_json::Value;

use super::conformity::{Answered, conformity_check};

/// A client of one server, with or without a token.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client,
    base: String,
    token: Option<String>,
}

impl Api {
    /// A client that follows no redirect and keeps no cookie, so that a test sees each answer.
    pub(crate) fn new(address: SocketAddr, token: &str) -> Self {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client without options that can fail");
        Self { client, base: format!("http://{address}"), token: Some(token.to_owned()) }
    }

    /// Requests without credentials through a client with settings of its own.
    pub(super) fn of_client(client: Client, address: SocketAddr) -> Self {
        Self { client, base: format!("http://{address}"), token: None }
    }

    /// The same server without credentials.
    pub(crate) fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same server with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request. The test completes it and sends it with [`Api::send`]. `target` is a path, or a whole URL from an
    /// email.
    pub(crate) fn request(&self, method: Method, target: &str) -> RequestBuilder {
        let url = if target.starts_with('/') { format!("{}{target}", self.base) } else { target.to_owned() };
        let request = self.client.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request).await
    }

    /// GET.
    pub(crate) async fn get(&self, target: &str) -> Answer {
        Answer::read(self.request(Method::GET, target)).await
    }

    /// POST of JSON.
    pub(crate) async fn post(&self, target: &str, body: &Value) -> Answer {
        Answer::read(self.request(Method::POST, target).json(body)).await
    }

    /// PUT of JSON.
    pub(crate) async fn put(&self, target: &str, body: &Value) -> Answer {
        Answer::read(self.request(Method::PUT, target).json(body)).await
    }

    /// PATCH of JSON.
    pub(crate) async fn patch(&self, target: &str, body: &Value) -> Answer {
        Answer::read(self.request(Method::PATCH, target).json(body)).await
    }

    /// DELETE.
    pub(crate) async fn delete(&self, target: &str) -> Answer {
        Answer::read(self.request(Method::DELETE, target)).await
    }

    /// POST of a form, as a browser sends it.
    pub(crate) async fn post_form(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        Answer::read(self.request(Method::POST, target).form(fields)).await
    }
}

/// An answer with its whole body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    async fn read(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.expect("a request that can be sent");
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let response = client.execute(request).await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.expect("the answer arrives whole").to_vec();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        conformity_check(&Answered {
            method: &method,
            path: &path,
            status: status.as_u16(),
            headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: &body,
        });
        Self { status, headers, body }
    }

    /// The same answer, if it has this status.
    ///
    /// # Panics
    ///
    /// If it has another status, with the body.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// A header. Empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
