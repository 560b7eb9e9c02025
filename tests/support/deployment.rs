//! The files of the repository for running the product: docker-compose.yml and `deploy/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::process::SettingValues;

/// The prefix of the product's environment variables.
const PREFIX: &str = "RELEASEPAGE__";

/// The path of a file of the repository, given its path from the top.
pub(crate) fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The text of such a file.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(file(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The parts of `docker-compose.yml` that concern the program.
#[derive(Debug, Deserialize)]
pub(crate) struct Compose {
    services: BTreeMap<String, Service>,
}

/// A service of the file.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Service {
    /// The arguments of the program.
    #[serde(default)]
    pub(crate) command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    healthcheck: Option<HealthCheck>,
    /// The image.
    pub(crate) image: String,
    /// The source of the image if it is missing.
    pub(crate) pull_policy: Option<String>,
    build: Option<serde_json::Value>,
    /// The profiles with which `up` starts it. Without a profile, `up` always starts it.
    #[serde(default)]
    pub(crate) profiles: Vec<String>,
    /// The action of Docker when it ends.
    pub(crate) restart: Option<String>,
    #[serde(default)]
    depends_on: BTreeMap<String, Dependency>,
}

#[derive(Clone, Debug, Deserialize)]
struct Dependency {
    condition: String,
}

#[derive(Clone, Debug, Deserialize)]
struct HealthCheck {
    #[serde(default)]
    test: Vec<String>,
}

impl Compose {
    /// Reads the file.
    pub(crate) fn read() -> Self {
        serde_saphyr::from_str(&text("docker-compose.yml")).expect("docker-compose.yml is YAML of this shape")
    }

    /// All services, by name.
    pub(crate) fn services(&self) -> &BTreeMap<String, Service> {
        &self.services
    }

    /// A service that runs the program.
    pub(crate) fn service(&self, name: &str) -> &Service {
        self.services.get(name).unwrap_or_else(|| panic!("docker-compose.yml has no service {name}"))
    }
}

impl Service {
    /// The arguments of the program.
    pub(crate) fn arguments(&self) -> Vec<&str> {
        self.command.iter().map(String::as_str).collect()
    }

    /// The arguments of the program for the health check of the service.
    pub(crate) fn health_arguments(&self) -> Vec<&str> {
        let test = &self.healthcheck.as_ref().expect("the service has a health check").test;
        let ["CMD", "releasepage", arguments @ ..] = &test.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
            panic!("the health check is no command of ours: {test:?}");
        };
        arguments.to_vec()
    }

    /// True if its image is built here.
    pub(crate) fn builds(&self) -> bool {
        self.build.is_some()
    }

    /// True if it has a health check.
    pub(crate) fn is_watched(&self) -> bool {
        self.healthcheck.as_ref().is_some_and(|check| !check.test.is_empty())
    }

    /// The services that it waits for, each with the condition.
    pub(crate) fn dependencies(&self) -> Vec<(&str, &str)> {
        self.depends_on.iter().map(|(name, dependency)| (name.as_str(), dependency.condition.as_str())).collect()
    }

    /// Its settings. All of its variables are settings.
    pub(crate) fn settings(&self) -> SettingValues {
        self.environment.iter().map(|(name, value)| setting(name, value)).collect()
    }
}

/// The parts of a systemd unit that concern the program.
pub(crate) struct Unit {
    /// The arguments of the program.
    pub(crate) arguments: Vec<String>,
    /// The settings in its environment.
    pub(crate) settings: SettingValues,
}

impl Unit {
    /// Reads `deploy/{name}.service`.
    pub(crate) fn read(name: &str) -> Self {
        let text = text(&format!("deploy/{name}.service"));
        let values = |key: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        let [start] = &values("ExecStart")[..] else { panic!("{name} has one ExecStart") };
        let arguments = start.strip_prefix("/usr/local/bin/releasepage ").expect("the unit starts releasepage");
        let variable = |assignment: &String| {
            let (name, value) = assignment.split_once('=').expect("a variable has a value");
            setting(name, value)
        };
        Self {
            arguments: arguments.split(' ').map(str::to_owned).collect(),
            settings: values("Environment").iter().map(variable).collect(),
        }
    }
}

/// The settings in `deploy/Dockerfile`.
pub(crate) fn image_settings() -> SettingValues {
    let text = text("deploy/Dockerfile");
    let words = text.split_whitespace().filter(|word| word.starts_with(PREFIX));
    let assignments = words.map(|word| word.split_once('=').expect("ENV gives each variable a value"));
    assignments.map(|(name, value)| setting(name, value)).collect()
}

/// The setting of an environment variable.
fn setting(name: &str, value: &str) -> (String, String) {
    let key = name.strip_prefix(PREFIX).unwrap_or_else(|| panic!("{name} is no setting"));
    (key.to_lowercase().replace("__", "."), value.to_owned())
}
