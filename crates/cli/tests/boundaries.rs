//! Holds the workspace to its map (`docs/architecture.md`): which crate may use which, and where each heavy library
//! lives. Only direct, normal dependencies count; a test may use what it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each crate with those of ours that it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("egress", &[]),
    ("storage", &["domain"]),
    ("auth", &["domain"]),
    ("content", &["domain"]),
    ("jobs", &["domain", "storage"]),
    ("sources", &["domain", "storage", "auth", "egress", "jobs"]),
    ("mailer", &["domain", "storage", "auth", "content", "jobs"]),
    ("web", &["domain", "content"]),
    ("http", &["domain", "storage", "auth"]),
    ("api", &["domain", "storage", "auth", "content", "sources", "web", "http"]),
    ("site", &["domain", "storage", "auth", "content", "web", "http"]),
    ("server", &["domain", "storage", "auth", "content", "web", "http", "api", "site"]),
    ("cli", &["domain", "storage", "auth", "content", "egress", "jobs", "sources", "mailer", "web", "http", "server"]),
];

/// Each heavy library, with all packages whose name begins like it, and its homes.
const HOMES: &[(&str, &[&str])] = &[
    ("actix", &["http", "api", "site", "server"]),
    ("utoipa", &["api", "server"]),
    ("prometheus-client", &["http"]),
    ("diesel", &["storage"]),
    ("r2d2", &["storage"]),
    ("libsqlite3-sys", &["storage"]),
    ("pq-sys", &["storage"]),
    ("openssl-sys", &["storage"]),
    ("lettre", &["mailer"]),
    ("hyper", &["egress"]),
    ("reqwest", &["egress"]),
    ("argon2", &["auth"]),
    ("chacha20poly1305", &["auth"]),
    ("csv", &["api"]),
    ("clap", &["cli"]),
    ("config", &["cli"]),
    ("indicatif", &["cli"]),
];

/// The libraries that bring IO, a clock or randomness, which the domain must do without.
const NOT_IN_DOMAIN: &[&str] = &["tokio", "reqwest", "rand", "getrandom", "tracing", "url"];

#[test]
fn crates_use_only_what_is_below_them() {
    let faults = edge_faults(&dependencies_of_workspace());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn heavy_libraries_have_one_home() {
    let faults = home_faults(&dependencies_of_workspace());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn domain_is_pure() {
    let dependencies = dependencies_of_workspace();
    let found: Vec<_> = dependencies["domain"].iter().filter(|name| NOT_IN_DOMAIN.contains(&name.as_str())).collect();
    assert!(found.is_empty(), "domain uses {found:?}");
}

#[test]
fn faults_are_found() {
    let crate_with = |name: &str, uses: &[&str]| {
        let uses = uses.iter().map(|used| (*used).to_owned()).collect();
        BTreeMap::from([(name.to_owned(), uses)])
    };
    let upward = crate_with("storage", &["releasepage-domain", "releasepage-api", "diesel"]);
    assert_eq!(edge_faults(&upward), ["storage may not use api"]);
    assert_eq!(edge_faults(&crate_with("helpers", &[])), ["helpers is not on the map"]);
    let stray = crate_with("web", &["actix-files", "askama"]);
    assert_eq!(home_faults(&stray), ["actix-files lives in http, api, site, server, not in web"]);
}

/// The direct, normal dependencies of each of our crates, whose names are without `releasepage-`.
type Dependencies = BTreeMap<String, BTreeSet<String>>;

fn dependencies_of_workspace() -> Dependencies {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1"])
        .current_dir(root)
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages is a list");
    packages.iter().map(|package| (short_name(package), normal_dependencies(package))).collect()
}

fn short_name(package: &Value) -> String {
    let name = package["name"].as_str().expect("a package has a name");
    name.strip_prefix("releasepage-").expect("our packages are named releasepage-<crate>").to_owned()
}

fn normal_dependencies(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().expect("dependencies is a list");
    let normal = dependencies.iter().filter(|dependency| dependency["kind"].is_null());
    normal.filter_map(|dependency| dependency["name"].as_str()).map(str::to_owned).collect()
}

fn edge_faults(dependencies: &Dependencies) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, used) in dependencies {
        let Some((_, allowed)) = EDGES.iter().find(|(known, _)| known == name) else {
            faults.push(format!("{name} is not on the map"));
            continue;
        };
        let ours = used.iter().filter_map(|used| used.strip_prefix("releasepage-"));
        faults.extend(ours.filter(|used| !allowed.contains(used)).map(|used| format!("{name} may not use {used}")));
    }
    faults
}

fn home_faults(dependencies: &Dependencies) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, used) in dependencies {
        for library in used {
            let home = HOMES.iter().find(|(prefix, _)| is_of_family(library, prefix));
            if let Some((_, homes)) = home.filter(|(_, homes)| !homes.contains(&name.as_str())) {
                faults.push(format!("{library} lives in {}, not in {name}", homes.join(", ")));
            }
        }
    }
    faults
}

/// `diesel` and `diesel_migrations` are of the family `diesel`, `configparser` is not of `config`.
fn is_of_family(library: &str, prefix: &str) -> bool {
    library.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}
