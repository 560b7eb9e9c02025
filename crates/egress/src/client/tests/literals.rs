//! Addresses that are refused before anybody is asked for them.

use super::*;

#[test]
fn some_addresses_are_never_asked() {
    for (url, reason) in [
        ("ftp://forge.example/", "the address is not an http or https one"),
        ("data:text/plain,x", "the address is not an http or https one"),
        ("https://user@forge.example/", "the address holds a user name or a password"),
        ("https://user:word@forge.example/", "the address holds a user name or a password"),
    ] {
        let error = Request::get(Url::parse(url).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), reason, "{url}");
    }
}

#[test]
fn literals_of_both_families_are_refused_before_a_look_up() {
    let egress = egress(EgressSettings::default(), Arc::new(Silent));
    for address in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
        let mut url = Url::parse("https://forge.example/").unwrap();
        url.set_ip_host(address).unwrap();
        assert!(egress.client_for(&url).is_err(), "{address}");
    }
}
