//! The authentication of projects: a key pair as HTTP Basic authentication (RFC 7617, `amplitude-2.md`).

use std::collections::BTreeMap;

use actix_web::http::header::{self, HeaderMap};
use base64::{Engine, engine::general_purpose::STANDARD};
use releasepage_auth::{
    project_key::{Region, project_api_key_region},
    token::secret_matches,
};
use releasepage_storage::{Store, repositories::projects::project_by_api_key};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::error::AmplitudeError;

/// The project of a request's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProjectCaller {
    /// Its repository: its `app_id`.
    pub(crate) repository_id: i64,
    /// Its organization: its `org_id`.
    pub(crate) organization_id: i64,
}

/// A key pair as it was sent.
#[derive(Debug)]
pub(crate) struct Credentials {
    api_key: String,
    secret_key: SecretString,
}

impl Credentials {
    /// Reads `Authorization: Basic base64(api_key:secret_key)`. A missing header or another scheme counts as no
    /// credentials.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, AmplitudeError> {
        let mut values = headers.get_all(header::AUTHORIZATION);
        let value = values.next().ok_or(AmplitudeError::CredentialsMissing)?;
        if values.next().is_some() {
            return Err(AmplitudeError::CredentialsInvalid);
        }
        let text = value.to_str().map_err(|_| AmplitudeError::CredentialsInvalid)?;
        let (scheme, encoded) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("Basic") {
            return Err(AmplitudeError::CredentialsMissing);
        }
        pair_read(encoded.trim_matches(' ')).ok_or(AmplitudeError::CredentialsInvalid)
    }

    /// Refuses a pair of another region, because this server does not know its projects. The error has the address of
    /// this path in that region, if the settings have it.
    pub(crate) fn region_check(
        &self,
        ours: &Region,
        endpoints: &BTreeMap<String, Url>,
        path: &str,
    ) -> Result<(), AmplitudeError> {
        match project_api_key_region(&self.api_key) {
            None => Err(AmplitudeError::CredentialsInvalid),
            Some(region) if region == ours.as_str() => Ok(()),
            Some(region) => Err(AmplitudeError::RegionOther {
                theirs: region.to_owned(),
                ours: ours.as_str().to_owned(),
                endpoint: endpoints.get(region).and_then(|server| server.join(path).ok()).map(String::from),
            }),
        }
    }

    /// Looks up the project of the pair.
    pub(crate) async fn project(self, store: &Store) -> Result<ProjectCaller, AmplitudeError> {
        let project = project_by_api_key(store, self.api_key).await?.ok_or(AmplitudeError::CredentialsInvalid)?;
        if !secret_matches(self.secret_key.expose_secret(), &project.secret_hash) {
            return Err(AmplitudeError::CredentialsInvalid);
        }
        Ok(ProjectCaller { repository_id: project.repository_id, organization_id: project.organization_id })
    }
}

/// Splits the credentials into user-id and password (RFC 7617).
fn pair_read(encoded: &str) -> Option<Credentials> {
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (api_key, secret_key) = pair.split_once(':')?;
    Some(Credentials { api_key: api_key.to_owned(), secret_key: secret_key.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;
    use releasepage_auth::project_key::project_api_key_new;

    fn credentials(values: &[&str]) -> Result<Credentials, AmplitudeError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a header"));
        }
        Credentials::of(&headers)
    }

    #[test]
    fn a_pair_is_read() {
        for scheme in ["Basic", "basic", "BASIC"] {
            let read = credentials(&[&format!("{scheme} {}", STANDARD.encode("key:se:cret"))]).expect("a pair");
            assert_eq!((read.api_key.as_str(), read.secret_key.expose_secret()), ("key", "se:cret"));
            assert!(!format!("{read:?}").contains("se:cret"));
        }
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for values in [&[] as &[&str], &["Bearer a"], &["rp_pat_1"], &[""]] {
            assert!(matches!(credentials(values), Err(AmplitudeError::CredentialsMissing)), "{values:?}");
        }
        let pair = format!("Basic {}", STANDARD.encode("a:b"));
        for values in [
            &["Basic"] as &[&str],
            &["Basic "],
            &["Basic !"],
            &["Basic YTpi~"],
            &["Basic YQ=="],
            &["Basic /zpi"],
            &["Basic YTpi YTpi"],
            &[&pair, &pair],
        ] {
            assert!(matches!(credentials(values), Err(AmplitudeError::CredentialsInvalid)), "{values:?}");
        }
    }

    #[test]
    fn a_pair_of_another_region_is_shown_the_way() {
        let (standard, eu): (Region, Region) = ("standard".parse().expect("a region"), "eu".parse().expect("a region"));
        let endpoints = BTreeMap::from([("eu".to_owned(), "https://eu.example.com".parse().expect("a URL"))]);
        let path = "/api/2/release";
        let pair = |api_key: String| Credentials { api_key, secret_key: "b".to_owned().into() };
        assert!(pair(project_api_key_new(&standard)).region_check(&standard, &endpoints, path).is_ok());
        let other =
            pair(project_api_key_new(&eu)).region_check(&standard, &endpoints, path).expect_err("another region");
        assert!(other.to_string().contains("https://eu.example.com/api/2/release"), "{other}");
        let unknown =
            pair(project_api_key_new(&standard)).region_check(&eu, &endpoints, path).expect_err("another region");
        assert!(unknown.to_string().contains("standard"), "{unknown}");
        assert!(matches!(
            pair("typo".into()).region_check(&standard, &endpoints, path),
            Err(AmplitudeError::CredentialsInvalid)
        ));
    }
}
