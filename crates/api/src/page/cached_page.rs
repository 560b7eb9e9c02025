//! The data of a page in memory: all that reading a version needs, already rendered.

use releasepage_domain::{environment::Environment, page::CountedBy, time::time_iso8601};
use releasepage_http::{links::page_url, response::Rendered};
use releasepage_storage::{
    groups::timeline::LatestGroup,
    pages::{release_row::PageRelease, snapshots::PageSnapshot},
};
use releasepage_web::badge::Badge;
use url::Url;

use super::version_json::{LatestGroupedBody, LatestVersionBody, VersionsBody};

/// A page as it was at one generation.
#[derive(Debug)]
pub(crate) struct CachedPage {
    /// Its id as a number.
    pub(crate) number: u64,
    /// Its organization.
    pub(crate) organization_id: i64,
    /// The generation.
    pub(crate) generation: i64,
    /// The title that readers see.
    pub(crate) title: String,
    /// The last part of its address.
    pub(crate) slug: String,
    /// True if readers can see it.
    pub(crate) published: bool,
    /// True if its keys work.
    pub(crate) api_enabled: bool,
    /// The number of requests a minute for each key.
    pub(crate) rate_limit: u32,
    /// The way requests are counted.
    pub(crate) counted_by: CountedBy,
    /// The body of `version`.
    pub(crate) version: Rendered,
    /// The badge without parameters.
    pub(crate) badge: Rendered,
    /// Its components.
    pub(crate) components: Vec<CachedComponent>,
    /// The page's version. If readers see groups, it is that of the highest group. Otherwise it is that of the latest
    /// release that was published last.
    pub(crate) latest: Option<String>,
    /// True if readers see groups on it.
    pub(crate) grouped: bool,
    keys: Vec<(String, Environment)>,
}

/// A component of a page.
#[derive(Debug)]
pub(crate) struct CachedComponent {
    /// The value of each `repo` parameter that means this component.
    pub(crate) repo: String,
    /// Its display name.
    pub(crate) name: String,
    /// Its latest version, if it has one.
    pub(crate) latest: Option<String>,
}

impl CachedPage {
    /// Renders the data that was read.
    pub(crate) fn new(read: PageSnapshot, public_url: &Url) -> Self {
        let version = Rendered::json(&versions_body(&read, public_url));
        let latest_of = |component: i64| {
            read.latest.iter().find(|release| release.component.id == component).map(|release| release.version.clone())
        };
        let components = read
            .components
            .iter()
            .map(|component| CachedComponent {
                latest: latest_of(component.id),
                repo: component.repo.clone(),
                name: component.name.clone(),
            })
            .collect();
        let latest = read.latest_version().map(ToOwned::to_owned);
        Self {
            number: page_number(&read.page.id).unwrap_or_default(),
            organization_id: read.organization_id,
            generation: read.generation,
            badge: Rendered::new(Badge::of_version(&*read.page.title, latest.as_deref()).svg()),
            title: read.page.title,
            slug: read.page.slug,
            published: read.page.published,
            api_enabled: read.api_enabled,
            rate_limit: u32::try_from(read.rate_limit).unwrap_or_default(),
            counted_by: read.counted_by,
            version,
            components,
            latest,
            grouped: read.latest_grouped.is_some(),
            keys: read.keys,
        }
    }

    /// Returns the environment of one of the page's keys. Page keys are public, so the comparison need not take
    /// constant time.
    pub(crate) fn environment_of(&self, key: &str) -> Option<Environment> {
        self.keys.iter().find(|(known, _)| known == key).map(|(_, environment)| *environment)
    }

    /// Returns a component by its `repo`, in any case.
    pub(crate) fn component(&self, repo: &str) -> Option<&CachedComponent> {
        self.components.iter().find(|component| component.repo.eq_ignore_ascii_case(repo))
    }

    /// Returns its approximate size in bytes.
    pub(crate) fn weight(&self) -> u64 {
        let components: usize = self.components.iter().map(|part| part.repo.len() + part.name.len() + 100).sum();
        (self.version.body.len() + self.badge.body.len() + components + 1_000) as u64
    }
}

/// Returns a page's id as a number: it is 12 lower-case hex digits.
pub(crate) fn page_number(page_id: &str) -> Option<u64> {
    releasepage_domain::page::page_id_is_valid(page_id).then(|| u64::from_str_radix(page_id, 16).ok())?
}

/// Makes the body of `GET …/version`, as the contract defines it.
fn versions_body(read: &PageSnapshot, public_url: &Url) -> VersionsBody {
    VersionsBody {
        latest: read.latest.iter().map(latest_body).collect(),
        latest_grouped: read.latest_grouped.as_ref().map(latest_grouped_body),
        permalink: page_url(public_url, &read.page.slug),
    }
}

fn latest_body(release: &PageRelease) -> LatestVersionBody {
    LatestVersionBody {
        repo: release.component.repo.clone(),
        version: release.version.clone(),
        author: release.author_or_owner().to_owned(),
        published_at: time_iso8601(release.published_at),
        name: release.component.name.clone(),
        tag: Some(release.tag.clone()).filter(|tag| *tag != release.version),
    }
}

fn latest_grouped_body(group: &LatestGroup) -> LatestGroupedBody {
    LatestGroupedBody {
        version: group.version.clone(),
        authors: group.authors.clone(),
        published_at: time_iso8601(group.published_at),
        repos: group.repos.clone(),
    }
}

#[cfg(test)]
mod tests {
    use releasepage_domain::{bump::Bump, time::time_parse};
    use releasepage_storage::pages::row::{PageComponent, PageIdentity};

    use super::*;

    fn release(repo: &str, name: &str, tag: &str, version: &str, author: &str, time: &str) -> PageRelease {
        PageRelease {
            id: "xbcehyc".into(),
            component: PageComponent { id: 1, repo: repo.into(), name: name.into() },
            tag: tag.into(),
            version: version.into(),
            version_key: String::new(),
            bump: Bump::Minor,
            prerelease: false,
            title: String::new(),
            notes: None,
            author: Some(author.into()),
            platforms: Vec::new(),
            published_at: time_parse(time).unwrap(),
            ends_at: None,
        }
    }

    fn read() -> PageSnapshot {
        PageSnapshot {
            page: PageIdentity {
                id: "0767f57acc44".into(),
                title: "Acme".into(),
                slug: "acme".into(),
                published: true,
            },
            organization_id: 1,
            generation: 4,
            api_enabled: true,
            rate_limit: 60,
            counted_by: CountedBy::Key,
            keys: vec![("live.x".into(), Environment::Live)],
            components: Vec::new(),
            latest: vec![
                release("releasepage/api", "Public API", "v1.0.2", "v1.0.2", "Jivings", "2017-04-12T11:20:10Z"),
                release("acme/mono/web", "Web", "web-v4.5.0", "v4.5.0", "acme", "2017-02-22T06:53:02Z"),
            ],
            latest_grouped: None,
        }
    }

    /// The example of the contract, byte for byte except for white space, and an entry with a tag of its own.
    #[test]
    fn version_is_as_the_contract_has_it() {
        let read = read();
        let page = CachedPage::new(read, &Url::parse("https://releases.example.com").unwrap());
        assert_eq!(
            std::str::from_utf8(&page.version.body).unwrap(),
            concat!(
                r#"{"latest":[{"repo":"releasepage/api","version":"v1.0.2","author":"Jivings","#,
                r#""published_at":"2017-04-12T11:20:10Z","name":"Public API"},"#,
                r#"{"repo":"acme/mono/web","version":"v4.5.0","author":"acme","#,
                r#""published_at":"2017-02-22T06:53:02Z","name":"Web","tag":"web-v4.5.0"}],"#,
                r#""permalink":"https://releases.example.com/p/acme"}"#
            )
        );
        assert_eq!(page.environment_of("live.x"), Some(Environment::Live));
        assert_eq!(page.environment_of("live.y"), None);
        assert_eq!(page.number, 0x0767_f57a_cc44);
    }

    #[test]
    fn version_of_a_grouped_page_is_as_the_contract_has_it() {
        let group = LatestGroup {
            id: 7,
            version: "v0.5.0".into(),
            authors: vec!["Jivings".into(), "dinkydani".into()],
            published_at: time_parse("2017-04-12T11:20:10Z").unwrap(),
            repos: vec!["releasepage/api".into(), "releasepage/portal".into()],
        };
        let read = PageSnapshot { latest: Vec::new(), latest_grouped: Some(group), ..read() };
        let page = CachedPage::new(read, &Url::parse("https://releases.example.com").unwrap());
        assert_eq!(
            std::str::from_utf8(&page.version.body).unwrap(),
            concat!(
                r#"{"latest":[],"latestGrouped":{"version":"v0.5.0","authors":["Jivings","dinkydani"],"#,
                r#""published_at":"2017-04-12T11:20:10Z","repos":["releasepage/api","releasepage/portal"]},"#,
                r#""permalink":"https://releases.example.com/p/acme"}"#
            )
        );
        assert_eq!((page.latest.as_deref(), page.grouped), (Some("v0.5.0"), true));
        assert!(std::str::from_utf8(&page.badge.body).unwrap().contains("Acme: v0.5.0"));
    }

    #[test]
    fn page_numbers() {
        assert_eq!(page_number("00000000000a"), Some(10));
        for bad in ["", "00000000000A", "0000000000a", "0000000000000a", "+0000000000a"] {
            assert_eq!(page_number(bad), None, "{bad}");
        }
    }
}
