//! What forges answer when they are asked for the releases of a repository.
//!
//! One page of a list is one request. What it holds is read into the form that webhooks are read into, so that the same
//! rules decide what comes of it; a release that cannot be used is refused for itself, and the others of its page come in.
//! How often a forge is asked, and what is remembered between two requests, is the caller's affair.

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
use releasepage_storage::clock::Clock;
use secrecy::SecretString;
use serde_json::{Map, Value, value::RawValue};
use url::Url;

pub use error::ForgeError;
pub use page::PageAddress;

use crate::{
    fields::{id_read, tag_read},
    forge::limit::{limited_until, pause_until},
};

/// The most releases that an answer may list; no forge is asked for more than 100.
const RELEASES_MAX: usize = 1_000;

/// A kind of forge whose repositories list their releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    /// GitHub, also an Enterprise server.
    Github,
    /// GitLab.
    Gitlab,
    /// Gitea or Forgejo.
    Gitea,
}

impl Forge {
    /// The forge that repositories of this origin are on; `None` for those that cannot be asked.
    pub const fn of(origin: RepositoryOrigin) -> Option<Self> {
        match origin {
            RepositoryOrigin::Github => Some(Self::Github),
            RepositoryOrigin::Gitlab => Some(Self::Gitlab),
            RepositoryOrigin::Gitea => Some(Self::Gitea),
            RepositoryOrigin::Api | RepositoryOrigin::Gogs | RepositoryOrigin::Generic => None,
        }
    }

    /// The most releases that it puts on a page, where its operator did not choose another number.
    pub const fn page_size_max(self) -> u64 {
        match self {
            Self::Github | Self::Gitlab => 100,
            Self::Gitea => 50,
        }
    }
}

/// A repository as its forge is asked for it.
#[derive(Clone, Debug)]
pub struct ForgeRepository {
    /// The kind of its forge.
    pub forge: Forge,
    /// Where the forge's API is, with its version: `https://api.github.com/`, `https://gitlab.com/api/v4/`.
    pub api_url: Url,
    /// Its name there: `owner/name`, or `group/subgroup/name`.
    pub name: String,
    /// What the forge lets in; public repositories need none.
    pub token: Option<SecretString>,
}

/// A page of a list of releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgePage {
    /// It is as it was when it had the entity tag.
    NotModified {
        /// When the forge may be asked again, where it says so.
        pause_until: Option<UtcTime>,
    },
    /// What it lists now.
    Releases(ForgeReleases),
}

/// What a page lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeReleases {
    /// Its releases in the forge's order, the newest first. Each says how the release is at present, as an edit does.
    pub releases: Vec<Result<SourceEvent, ReleaseRefused>>,
    /// The page after it.
    pub next: Option<PageAddress>,
    /// Its entity tag, with which it can be asked for whether it has changed.
    pub etag: Option<String>,
    /// When the forge may be asked again, where it says so: the requests that it allows are used up.
    pub pause_until: Option<UtcTime>,
}

/// A release that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRefused {
    /// What names it at its forge, as in [`SourceEvent::release_id`], where that can be told.
    pub release_id: Option<String>,
    /// Its tag, where that can be used.
    pub tag: Option<String>,
    /// What is wrong with it.
    pub faults: Faults,
}

impl fmt::Display for ReleaseRefused {
    /// One line for the owner.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.tag.as_ref().or(self.release_id.as_ref());
        write!(formatter, "the release {}: {}", name.map_or("without a tag", String::as_str), self.faults)
    }
}

/// Asks forges.
#[derive(Clone, Debug)]
pub struct ForgeClient {
    egress: Egress,
    clock: Clock,
}

impl ForgeClient {
    /// A client whose requests leave through `egress`.
    pub fn new(egress: Egress, clock: Clock) -> Self {
        Self { egress, clock }
    }

    /// Asks for a page. With the entity tag that it had, the forge need not list it again; that costs nothing of the
    /// requests it allows.
    ///
    /// A page that is too large to be taken in is asked for in smaller ones; the next page is then as small.
    ///
    /// # Errors
    ///
    /// [`ForgeError`]; [`ForgeError::retry`] tells whether another try may help.
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
            // One segment, in which a slash is written as %2F.
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
    // An entity tag that no header could bring is none that the forge gave.
    let etag = etag.and_then(|etag| HeaderValue::from_str(etag).ok());
    Ok(match etag {
        Some(etag) => request.header(IF_NONE_MATCH, etag),
        None => request,
    })
}

/// What an answer says.
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

/// One release of a list.
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
