//! A client of the server's API with the calls that publishing needs.

use std::{env, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use ureq::{
    Agent, Body, RequestBuilder,
    http::Response,
    tls::{RootCerts, TlsConfig},
    typestate::WithBody,
};
use url::Url;

use crate::failure::Failure;

/// The environment variable with the server's address.
const URL_VARIABLE: &str = "RELEASEPAGE_URL";

/// The environment variable with the token.
const TOKEN_VARIABLE: &str = "RELEASEPAGE_TOKEN";

/// The longest time for one answer of the server.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A server and the token of the caller.
pub(super) struct Server {
    agent: Agent,
    base: Url,
    token: SecretString,
}

/// A release as the server has it now.
pub(super) struct Published {
    /// The state of the release.
    pub(super) state: String,
    /// The addresses where people read it, one for each page that shows it.
    pub(super) permalinks: Vec<String>,
}

/// An answer of the server.
struct Answer {
    status: u16,
    body: Value,
}

impl Server {
    /// The server that the environment names.
    pub(super) fn of_environment() -> Result<Self, Failure> {
        let said = |message: String| Failure::Said(message);
        let url = env::var(URL_VARIABLE)
            .map_err(|_| said(format!("{URL_VARIABLE} is not set: it is the server's address")))?;
        let is_web = |url: &Url| {
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
        };
        let base = Url::parse(&url).ok().filter(is_web).ok_or_else(|| {
            said(format!("{URL_VARIABLE} must be the server's address, such as https://releases.example.com"))
        })?;
        let token = env::var(TOKEN_VARIABLE).map_err(|_| {
            said(format!("{TOKEN_VARIABLE} is not set: it is a personal access token with the scope publish"))
        })?;
        let config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .user_agent(concat!("releasepage/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: Agent::new_with_config(config), base, token: token.into() })
    }

    /// Publishes a release of a repository. An existing release of this version is updated, and nobody gets another
    /// email.
    pub(super) fn release_publish(
        &self,
        repository: &str,
        version: &str,
        release: Map<String, Value>,
    ) -> Result<Published, Failure> {
        let releases = format!("v1/repositories/{}/releases", self.repository_id(repository)?);
        // A changelog may say 1.2.0 for the tag v1.2.0.
        if let Some(other) = version_respelled(version)
            && let Some(id) = self.release_id(&releases, &other)?
        {
            return self.release_edit(&id, release);
        }
        let made = self.send(self.agent.post(self.url(&releases, &[]).as_str()), &release)?;
        if made.status != 409 {
            return made.expect(201).map(|release| Published::of(&release));
        }
        let id = self.release_id(&releases, version)?.ok_or_else(|| {
            Failure::Said(format!("{repository} had {version} a moment ago, and has it no more: try again"))
        })?;
        self.release_edit(&id, release)
    }

    /// Returns the release of a version. Releases for some platforms only are published in other ways and are skipped.
    fn release_id(&self, releases: &str, version: &str) -> Result<Option<String>, Failure> {
        let found = self.get(releases, &[("version", version)])?.expect(200)?;
        let variants = found["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        let own = variants.iter().find(|release| release["platforms"].as_array().is_some_and(Vec::is_empty));
        Ok(own.and_then(|release| release["id"].as_str()).map(ToOwned::to_owned))
    }

    fn release_edit(&self, id: &str, mut change: Map<String, Value>) -> Result<Published, Failure> {
        // An edit sends no mail. The audience stays as it was.
        for once in ["version", "notify"] {
            change.remove(once);
        }
        let url = self.url(&format!("v1/releases/{id}"), &[]);
        self.send(self.agent.patch(url.as_str()), &change)?.expect(200).map(|release| Published::of(&release))
    }

    fn repository_id(&self, name: &str) -> Result<i64, Failure> {
        let found = self.get("v1/repositories", &[("name", name)])?.expect(200)?;
        let repository = &found["data"][0];
        // An older server does not know the filter and returns any repository.
        let is_it = repository["name"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name));
        repository["id"].as_i64().filter(|_| is_it).ok_or_else(|| {
            Failure::Said(format!(
                "the server has no repository {name}: make it first (POST /v1/repositories), or give --repo its name"
            ))
        })
    }

    fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, Failure> {
        let request = self.agent.get(self.url(path, query).as_str()).header("Authorization", self.authorization());
        self.read(request.call())
    }

    fn send(&self, request: RequestBuilder<WithBody>, body: &Map<String, Value>) -> Result<Answer, Failure> {
        let body = Value::from(body.clone()).to_string();
        let request = request.header("Authorization", self.authorization()).header("Content-Type", "application/json");
        self.read(request.send(body))
    }

    fn read(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Answer, Failure> {
        let unreachable = |error| Failure::Said(format!("{} does not answer: {error}", self.base));
        let mut answer = answer.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().map_err(unreachable)?;
        let body = serde_json::from_str(&text).map_err(|_| {
            Failure::Said(format!("{} answers {status} and no JSON: {URL_VARIABLE} names no such server", self.base))
        })?;
        Ok(Answer { status, body })
    }

    fn authorization(&self) -> String {
        format!("Bearer {}", self.token.expose_secret())
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url.set_query(None);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// The same version with a `v` added or removed. `None` for text that is no version.
fn version_respelled(version: &str) -> Option<String> {
    let begins_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    match version.strip_prefix('v') {
        Some(bare) => begins_with_digit(bare).then(|| bare.to_owned()),
        None => begins_with_digit(version).then(|| format!("v{version}")),
    }
}

impl Answer {
    /// Returns the body if the answer has this status. Otherwise fails with the server's message.
    fn expect(self, status: u16) -> Result<Value, Failure> {
        if self.status == status {
            return Ok(self.body);
        }
        let why = self.body["error_description"].as_str().unwrap_or_default();
        Err(Failure::Said(format!("the server refused ({}): {why}", self.status)))
    }
}

impl Published {
    fn of(release: &Value) -> Self {
        let links = release["permalinks"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            state: release["state"].as_str().unwrap_or_default().to_owned(),
            permalinks: links.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        }
    }
}
