//! The releases of a repository as its forge lists them.
//!
//! Each page of the list takes one request. A release is read into the same form as a webhook's, so the same rules
//! decide about it. A release that cannot be used is refused alone, and the others of its page are used. The caller
//! decides how often a forge is asked and what is stored between requests.

mod error;
mod gitea;
mod github;
mod gitlab;
mod limit;
mod link;
mod page;

use std::fmt;

use releasepage_domain::{
    fault::{Fault, Faults},
    fields::Fields,
    repository::RepositoryOrigin,
    source_event::SourceEvent,
    time::UtcTime,
};
use releasepage_egress::{
    Egress, EgressError, Request, Response,
    header::{HeaderValue, IF_NONE_MATCH, LINK},
};
use releasepage_storage::database::clock::Clock;
use secrecy::SecretString;
use serde_json::{Map, Value, value::RawValue};
use url::Url;

pub use error::ForgeError;
pub use page::PageAddress;

use crate::{
    fields::{id_read, tag_read},
    forge::limit::{limited_until, pause_until},
};

/// The most releases that an answer may list. No forge is asked for more than 100.
const RELEASES_MAX: usize = 1_000;

/// A kind of forge whose repositories list their releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    /// GitHub, including GitHub Enterprise Server.
    Github,
    /// GitLab.
    Gitlab,
    /// Gitea or Forgejo.
    Gitea,
}

impl Forge {
    /// The forge of repositories with this origin. `None` if releases cannot be listed there.
    pub const fn of(origin: RepositoryOrigin) -> Option<Self> {
        match origin {
            RepositoryOrigin::Github => Some(Self::Github),
            RepositoryOrigin::Gitlab => Some(Self::Gitlab),
            RepositoryOrigin::Gitea => Some(Self::Gitea),
            RepositoryOrigin::Api | RepositoryOrigin::Gogs | RepositoryOrigin::Generic => None,
        }
    }

    /// The most releases on a page by default. The forge's operator may choose another number.
    pub const fn page_size_max(self) -> u64 {
        match self {
            Self::Github | Self::Gitlab => 100,
            Self::Gitea => 50,
        }
    }
}

/// A repository in the form for requests to its forge.
#[derive(Clone, Debug)]
pub struct ForgeRepository {
    /// The kind of the forge.
    pub forge: Forge,
    /// The address of the forge's API with its version: `https://api.github.com/`, `https://gitlab.com/api/v4/`.
    pub api_url: Url,
    /// The name at the forge: `owner/name`, or `group/subgroup/name`.
    pub name: String,
    /// The token for the forge. Public repositories need none.
    pub token: Option<SecretString>,
}

/// A page of a list of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgePage {
    /// The page has not changed since it had the given entity tag.
    NotModified {
        /// The time when the forge may be asked again, if its limit is used up.
        pause_until: Option<UtcTime>,
    },
    /// The releases of the page.
    Releases(ForgeReleases),
}

/// The contents of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeReleases {
    /// The releases in the forge's order, newest first. Each is an edit with the release's present state.
    pub releases: Vec<Result<SourceEvent, ReleaseRefused>>,
    /// The next page.
    pub next: Option<PageAddress>,
    /// The entity tag. A later request can send it to find out if the page has changed.
    pub etag: Option<String>,
    /// The time when the forge may be asked again, if its limit is used up.
    pub pause_until: Option<UtcTime>,
}

/// A release that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRefused {
    /// The release's id at its forge, as in [`SourceEvent::release_id`], if it can be read.
    pub release_id: Option<String>,
    /// The tag, if it can be used.
    pub tag: Option<String>,
    /// The faults of the release.
    pub faults: Faults,
}

impl fmt::Display for ReleaseRefused {
    /// Writes one line for the owner.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.tag.as_ref().or(self.release_id.as_ref());
        write!(formatter, "the release {}: {}", name.map_or("without a tag", String::as_str), self.faults)
    }
}

/// The client for the forges' APIs.
#[derive(Clone, Debug)]
pub struct ForgeClient {
    egress: Egress,
    clock: Clock,
}

impl ForgeClient {
    /// Makes a client whose requests leave through `egress`.
    pub fn new(egress: Egress, clock: Clock) -> Self {
        Self { egress, clock }
    }

    /// Asks for a page. With `etag`, the forge need not list an unchanged page again, and the request does not count
    /// against its limit.
    ///
    /// If the answer is too large, the page is requested again in smaller parts. The next page then has the smaller
    /// size too.
    ///
    /// # Errors
    ///
    /// Returns a [`ForgeError`]. [`ForgeError::retry`] tells if another try may help.
    pub async fn releases_page(
        &self,
        repository: &ForgeRepository,
        page: &PageAddress,
        etag: Option<&str>,
    ) -> Result<ForgePage, ForgeError> {
        let mut page = page.clone();
        loop {
            let answer = self.egress.get(request(repository, &page, etag)?).await;
            let error = match answer {
                Ok(answer) => return answer_read(repository.forge, &page, etag.is_some(), &answer, self.clock.now()),
                Err(error) => error,
            };
            page = match (&error, page.smaller()) {
                (EgressError::TooLarge { .. }, Some(smaller)) => smaller,
                _ => return Err(error.into()),
            };
        }
    }
}

/// The request for a page.
fn request(repository: &ForgeRepository, page: &PageAddress, etag: Option<&str>) -> Result<Request, ForgeError> {
    let mut url = repository.api_url.clone();
    {
        let unusable = |()| EgressError::Address("is not an http or https one");
        let mut path = url.path_segments_mut().map_err(unusable)?;
        path.pop_if_empty();
        match repository.forge {
            Forge::Github | Forge::Gitea => path.push("repos").extend(repository.name.split('/')),
            // The name is one segment, with each slash as %2F.
            Forge::Gitlab => path.push("projects").push(&repository.name),
        };
        path.push("releases");
    }
    url.set_query(Some(page.as_str()));
    let request = Request::get(url)?;
    let request = match repository.forge {
        Forge::Github => github::headers(request, repository.token.as_ref())?,
        Forge::Gitlab => gitlab::headers(request, repository.token.as_ref())?,
        Forge::Gitea => gitea::headers(request, repository.token.as_ref())?,
    };
    // An entity tag that no header can hold did not come from the forge.
    let etag = etag.and_then(|etag| HeaderValue::from_str(etag).ok());
    Ok(match etag {
        Some(etag) => request.header(IF_NONE_MATCH, etag),
        None => request,
    })
}

/// Reads the answer of a forge.
fn answer_read(
    forge: Forge,
    page: &PageAddress,
    is_conditional: bool,
    answer: &Response,
    now: UtcTime,
) -> Result<ForgePage, ForgeError> {
    match answer.status {
        200 => {}
        304 if is_conditional => return Ok(ForgePage::NotModified { pause_until: pause_until(answer, now) }),
        401 => return Err(ForgeError::Unauthorized),
        403 | 429 => {
            return Err(
                limited_until(answer, now).map_or(ForgeError::Forbidden, |until| ForgeError::RateLimited { until })
            );
        }
        404 => return Err(ForgeError::NotFound),
        status @ (408 | 500..) => {
            let reason = format!("it answers with the status {status}");
            return Err(ForgeError::Unavailable { reason, until: pause_until(answer, now) });
        }
        status => return Err(ForgeError::Broken { reason: format!("its status is {status}") }),
    }
    let broken = |reason: &str| ForgeError::Broken { reason: reason.to_owned() };
    let listed: Vec<&RawValue> =
        serde_json::from_slice(&answer.body).map_err(|_| broken("it is not a list of releases in JSON"))?;
    if listed.len() > RELEASES_MAX {
        return Err(broken("it lists more releases than were asked for"));
    }
    let links = answer.headers.get_all(LINK).iter().filter_map(|link| link.to_str().ok());
    let next = page.next(links, listed.len()).map_err(broken)?;
    let releases = listed.into_iter().map(|release| release_read(forge, release)).collect();
    let etag = answer.header("etag").map(str::to_owned);
    Ok(ForgePage::Releases(ForgeReleases { releases, next, etag, pause_until: pause_until(answer, now) }))
}

/// Reads one release of a list.
fn release_read(forge: Forge, release: &RawValue) -> Result<SourceEvent, ReleaseRefused> {
    let object: Map<String, Value> = serde_json::from_str(release.get()).map_err(|_| ReleaseRefused {
        release_id: None,
        tag: None,
        faults: Fault::invalid("release", "must be an object").into(),
    })?;
    let fields = Fields::new(&object);
    let mut faults = Faults::new();
    let event = match forge {
        Forge::Github => github::event_read(&fields, &mut faults),
        Forge::Gitlab => gitlab::event_read(&fields, &mut faults),
        Forge::Gitea => gitea::event_read(&fields, &mut faults),
    };
    faults.finish(|| event).map_err(|faults| {
        let mut known = Faults::new();
        let tag = tag_read(&fields, &mut known, "tag_name");
        let release_id = match forge {
            Forge::Github | Forge::Gitea => id_read(&fields, &mut known, "id").map(|id| id.to_string()),
            Forge::Gitlab => tag.clone(),
        };
        ReleaseRefused { release_id, tag, faults }
    })
}

#[cfg(test)]
mod tests;
