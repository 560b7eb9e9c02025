//! Conversion of the settings for the other crates. Each has a struct of its own, and so depends on no file and no
//! environment.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::TimeDelta;
use releasepage_domain::{repository_files::ForgeApis, subscription::RequestCaps};
use releasepage_egress::EgressSettings;
use releasepage_http::settings::ServerSettings;
use releasepage_jobs::settings::RunnerSettings;
use releasepage_sources::{backfill::FetchSettings, forge_address::ForgeAddress};
use releasepage_storage::StoreSettings;
use releasepage_storage::jobs::retention::Retention;

use super::declarations::Settings;

impl Settings {
    /// The settings of the database.
    pub(crate) fn store(&self) -> StoreSettings {
        StoreSettings {
            url: self.database_url(),
            connections: self.database.connections,
            wait: Duration::from_secs(self.database.wait_seconds),
            timeout: Duration::from_secs(self.database.timeout_seconds),
            silence: Duration::from_secs(self.database.silence_seconds),
        }
    }

    /// The settings of the worker.
    pub(crate) fn runner(&self) -> RunnerSettings {
        RunnerSettings {
            lease: Duration::from_secs(self.jobs.lease_seconds),
            heartbeat: Duration::from_secs(self.jobs.heartbeat_seconds),
            poll: Duration::from_millis(self.jobs.poll_milliseconds),
            concurrency: self.jobs.concurrency,
            drain: Duration::from_secs(self.jobs.drain_seconds),
        }
    }

    /// The settings of the server, which listens on `address`: `server.listen`, or the address after binding if its
    /// port is 0. The captured mailbox needs a sign-in. Only `demo` opens it.
    pub(crate) fn api(&self, address: SocketAddr) -> ServerSettings {
        let endpoints = &self.server.endpoints;
        ServerSettings {
            listen: address,
            public_url: self.server.public_url(address).as_url().clone(),
            region: self.server.region.clone(),
            endpoints: endpoints.iter().map(|(region, url)| (region.clone(), url.as_url().clone())).collect(),
            forges: self.forges(),
            trusted_proxies: self.server.trusted_proxies.clone(),
            notify_delay: Duration::from_secs(self.notify.delay_seconds.into()),
            anonymous_per_minute: self.limits.anonymous_requests_per_minute,
            token_per_minute: self.limits.token_requests_per_minute,
            subscribe_per_hour: self.limits.requests_per_client_per_hour,
            sign_in_per_quarter: self.limits.sign_ins_per_quarter_hour,
            mailbox_open: false,
            workers: self.server.workers(),
            metrics: self.metrics.enabled,
            drain: Duration::from_secs(self.server.drain_seconds),
        }
    }

    /// The caps that decide whether a subscription request causes mail.
    pub(crate) fn request_caps(&self) -> RequestCaps {
        RequestCaps {
            subscriber_interval: TimeDelta::minutes(self.limits.confirmation_interval_minutes.into()),
            subscriber_daily: self.limits.confirmations_per_subscriber_per_day.into(),
            address_daily: self.limits.confirmations_per_address_per_day.into(),
            page_daily: self.limits.confirmations_per_page_per_day.into(),
        }
    }

    /// The forges, for addresses in notes that are relative to a repository.
    pub(crate) fn forges(&self) -> ForgeApis {
        let address = |address: &ForgeAddress| address.as_url().to_string();
        ForgeApis {
            github: address(&self.sources.github_api_url),
            gitlab: address(&self.sources.gitlab_api_url),
            gitea: address(&self.sources.gitea_api_url),
        }
    }

    /// The settings for fetching releases from forges.
    pub(crate) fn fetch(&self) -> FetchSettings {
        FetchSettings {
            github: self.sources.github_api_url.clone(),
            gitlab: self.sources.gitlab_api_url.clone(),
            gitea: self.sources.gitea_api_url.clone(),
            poll_interval: TimeDelta::minutes(self.sources.poll_minutes.into()),
        }
    }

    /// The settings for requests to addresses that users typed.
    pub(crate) fn egress(&self) -> EgressSettings {
        EgressSettings {
            allowed_hosts: self.egress.allowed_hosts.clone(),
            timeout: Duration::from_secs(self.egress.timeout_seconds),
        }
    }

    /// The times after which old data is deleted.
    pub(crate) fn retention(&self) -> Retention {
        Retention {
            unconfirmed: TimeDelta::days(self.retention.unconfirmed_days.into()),
            deliveries: TimeDelta::days(self.retention.deliveries_days.into()),
            mailbox: TimeDelta::days(self.retention.mailbox_days.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SettingsSources;

    /// The defaults of the crates and of the settings are equal. So the tests of a crate use the values that are
    /// shipped.
    #[test]
    fn defaults_agree_with_those_of_the_crates() {
        let settings = SettingsSources::new(Vec::new()).load().unwrap();
        assert_eq!(settings.runner(), RunnerSettings::default());
        assert_eq!(settings.retention(), Retention::default());
        assert_eq!(settings.egress(), EgressSettings::default());
        assert_eq!(format!("{:?}", settings.request_caps()), format!("{:?}", RequestCaps::default()));
        let server = settings.api(settings.server.listen);
        // The addresses of forges may end in a slash. The number of threads depends on the machine.
        let expected =
            ServerSettings { forges: server.forges.clone(), workers: server.workers, ..ServerSettings::default() };
        assert_eq!(format!("{server:?}"), format!("{expected:?}"));
    }

    #[test]
    fn links_follow_the_address_that_the_server_got() {
        let settings = SettingsSources::new(Vec::new()).with_default("server.listen", "127.0.0.1:0").load().unwrap();
        let bound = "127.0.0.1:4321".parse().unwrap();
        assert_eq!(settings.api(bound).public_url.as_str(), "http://127.0.0.1:4321/");
    }
}
