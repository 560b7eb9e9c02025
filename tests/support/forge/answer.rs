//! The answers of a forge to requests for releases.

use std::fmt::{self, Display};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;

use serde_json::Value;
use url::Url;

use super::{ForgeKind, ForgeRequest, State};

/// An answer.
pub(super) struct ForgeAnswer {
    pub(super) status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl ForgeAnswer {
    pub(super) fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

impl Display for ForgeAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HTTP/1.1 {} X\r\n", self.status)?;
        for (name, value) in &self.headers {
            write!(formatter, "{name}: {value}\r\n")?;
        }
        if self.status != 304 {
            write!(formatter, "Content-Length: {}\r\n", self.body.len())?;
        }
        write!(formatter, "\r\n{}", self.body)
    }
}

/// The meaning of a request.
struct Asked {
    kind: ForgeKind,
    repository: String,
    page: usize,
    size: usize,
}

impl Asked {
    /// Reads the target of a request. `None` if no such address exists.
    fn read(url: &Url) -> Option<Self> {
        let kinds = [ForgeKind::Github, ForgeKind::Gitlab, ForgeKind::Gitea];
        let (kind, rest) = kinds.into_iter().find_map(|kind| Some((kind, url.path().strip_prefix(kind.prefix())?)))?;
        let (prefix, size_name, size_max) = match kind {
            ForgeKind::Github => ("repos/", "per_page", 100),
            ForgeKind::Gitlab => ("projects/", "per_page", 100),
            ForgeKind::Gitea => ("repos/", "limit", 50),
        };
        let name = rest.strip_prefix(prefix)?.strip_suffix("/releases")?;
        let number = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted)?.1.parse().ok();
        Some(Self {
            kind,
            // GitLab takes the whole name as one segment of the path.
            repository: match kind {
                ForgeKind::Gitlab if name.contains('/') => return None,
                _ => name.replace("%2F", "/"),
            },
            page: number("page").unwrap_or(1).max(1),
            size: number(size_name).unwrap_or(30).clamp(1, size_max),
        })
    }
}

/// Makes the answer of the forge.
pub(super) fn answer(state: &mut State, address: SocketAddr, request: &ForgeRequest) -> ForgeAnswer {
    let url = Url::parse(&format!("http://{address}{}", request.target)).expect("hyper sends targets that are URLs");
    let not_found = || ForgeAnswer::new(404, "{\"message\":\"Not Found\"}");
    let Some(asked) = Asked::read(&url) else { return not_found() };
    let token = token_of(asked.kind, request);
    let Some(listed) = state.repositories.get(&(asked.kind, asked.repository.clone())) else { return not_found() };
    match (&listed.token, token) {
        (Some(wanted), Some(token)) if token != wanted => {
            return ForgeAnswer::new(401, "{\"message\":\"Bad credentials\"}");
        }
        // A private repository looks like a missing one.
        (Some(_), None) => return not_found(),
        _ => {}
    }
    if let Some(allowed) = state.allowed.filter(|allowed| allowed.remaining == 0) {
        let status = if asked.kind == ForgeKind::Github { 403 } else { 429 };
        let refusal = ForgeAnswer::new(status, "{\"message\":\"API rate limit exceeded\"}");
        return limit_headers(refusal, asked.kind, 0, allowed.reset);
    }
    // Drafts are listed for callers who may write.
    let seen: Vec<_> = listed.releases.iter().rev().filter(|release| !release.draft || token.is_some()).collect();
    let begin = (asked.page - 1).saturating_mul(asked.size).min(seen.len());
    let shown = &seen[begin..seen.len().min(begin + asked.size)];
    let body = Value::from_iter(shown.iter().map(|release| release.json(asked.kind))).to_string();
    let pages = seen.len().div_ceil(asked.size);
    let etag = entity_tag(&body);
    let is_known = asked.kind != ForgeKind::Gitea && request.header("if-none-match") == Some(&etag);
    let mut answer = if is_known { ForgeAnswer::new(304, "") } else { ForgeAnswer::new(200, body) };
    if asked.kind != ForgeKind::Gitea {
        answer = answer.with("ETag", etag);
    }
    if asked.page < pages {
        answer = answer.with("Link", links(&url, &asked, pages));
    }
    match &mut state.allowed {
        None => answer,
        Some(allowed) => {
            // An unchanged list does not count against the limit.
            allowed.remaining -= u32::from(!is_known);
            limit_headers(answer, asked.kind, allowed.remaining, allowed.reset)
        }
    }
}

fn token_of(kind: ForgeKind, request: &ForgeRequest) -> Option<&str> {
    match kind {
        ForgeKind::Github => request.header("authorization")?.strip_prefix("Bearer "),
        ForgeKind::Gitlab => request.header("private-token"),
        ForgeKind::Gitea => request.header("authorization")?.strip_prefix("token "),
    }
}

fn limit_headers(answer: ForgeAnswer, kind: ForgeKind, remaining: u32, reset: i64) -> ForgeAnswer {
    match kind {
        ForgeKind::Github => answer.with("X-RateLimit-Remaining", remaining).with("X-RateLimit-Reset", reset),
        ForgeKind::Gitlab => answer.with("RateLimit-Remaining", remaining).with("RateLimit-Reset", reset),
        ForgeKind::Gitea => answer,
    }
}

fn entity_tag(body: &str) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

/// The next and the last page. Gitea writes its address as its operator configured it, so it may be any address.
fn links(url: &Url, asked: &Asked, pages: usize) -> String {
    let mut url = url.clone();
    if asked.kind == ForgeKind::Gitea {
        url.set_host(Some("gitea.example")).expect("a host");
    }
    let link = |page: usize, relation: &str| {
        let mut url = url.clone();
        let others: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(name, _)| name != "page").collect();
        url.query_pairs_mut().clear().extend_pairs(others).append_pair("page", &page.to_string());
        format!("<{url}>; rel=\"{relation}\"")
    };
    format!("{}, {}", link(asked.page + 1, "next"), link(pages, "last"))
}
