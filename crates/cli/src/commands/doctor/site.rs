//! Checks that the addresses in the settings fit together.

use std::net::IpAddr;

use releasepage_mailer::mail_url::MailUrl;
use url::Host;

use super::Finding;
use crate::settings::Settings;

const SUBJECT: &str = "public_url";

/// Checks `server.public_url`, from which every link in an email is built.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let server = &settings.server;
    let url = server.public_url(server.listen);
    let is_set = server.public_url.is_some();
    let host = url.as_url().host();
    if url.is_unspecified() || (!is_set && server.listen.port() == 0) {
        let what = format!("links would lead to {url}, which is no address of a server");
        return vec![Finding::fault(SUBJECT, what, "set server.public_url to the address that readers use")];
    }
    let is_here = host.as_ref().is_some_and(host_is_here);
    let mut findings = Vec::new();
    if is_here && mail_leaves(settings) {
        let what = format!("mail leaves this machine, and its links lead to {url}, which only this machine knows");
        findings.push(Finding::note(SUBJECT, what, "set server.public_url to the address that readers use"));
    } else if !is_here && url.as_url().scheme() == "http" {
        let what = format!("{url} is not encrypted: passwords and links can be read on their way");
        findings.push(Finding::note(
            SUBJECT,
            what,
            "put a proxy with TLS before the server and name its https address",
        ));
    }
    let is_behind = url.as_url().scheme() == "https" && server.listen.ip().is_loopback();
    if is_behind && server.trusted_proxies.is_empty() {
        let what = "the server stands behind a proxy that it does not trust: all readers count as one client";
        findings.push(Finding::note("proxies", what, "name the proxy's address in server.trusted_proxies"));
    }
    if findings.is_empty() {
        findings.push(Finding::well(SUBJECT, url.to_string()));
    }
    findings
}

fn host_is_here(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

/// True if mail goes to another machine.
fn mail_leaves(settings: &Settings) -> bool {
    matches!(&settings.mail.url, MailUrl::Smtp(server) if !server.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SettingsSources;

    #[test]
    fn addresses_that_make_no_sense_are_told() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[], "ok     public_url      http://127.0.0.1:8080"),
            (&[("SERVER__LISTEN", "0.0.0.0:80")], "FAULT  public_url      links would lead to http://0.0.0.0"),
            (
                &[("SERVER__PUBLIC_URL", "http://0.0.0.0:80")],
                "FAULT  public_url      links would lead to http://0.0.0.0",
            ),
            (&[("SERVER__PUBLIC_URL", "https://[::]")], "FAULT  public_url      links would lead to https://[::]"),
            (&[("SERVER__LISTEN", "127.0.0.1:0")], "FAULT"),
            (&[("MAIL__URL", "smtp://mail.example.com")], "note   public_url      mail leaves this machine"),
            (&[("MAIL__URL", "smtp://localhost")], "ok"),
            (&[("SERVER__PUBLIC_URL", "http://r.example.com")], "note   public_url      http://r.example.com is not"),
            (&[("SERVER__PUBLIC_URL", "https://r.example.com")], "note   proxies"),
            (
                &[("SERVER__PUBLIC_URL", "https://r.example.com"), ("SERVER__TRUSTED_PROXIES", "127.0.0.1")],
                "ok     public_url      https://r.example.com",
            ),
        ];
        for (variables, told) in cases {
            let variables = variables.iter().map(|(name, value)| (format!("RELEASEPAGE__{name}").into(), value.into()));
            let settings = SettingsSources::new(variables).load().unwrap();
            let findings = look(&settings);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert!(findings[0].told().starts_with(told), "{}\nis not\n{told}", findings[0].told());
        }
    }
}
