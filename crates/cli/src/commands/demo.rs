//! `releasepage demo`: a whole running product with sample data in a fresh temporary directory.

mod history;
mod sample;

use std::net::{SocketAddr, TcpListener};

use releasepage_server as server;
use secrecy::ExposeSecret as _;

use self::sample::{Sample, sample_write};
use super::{block_on, load, print, serve};
use crate::{
    failure::Failure,
    settings::{Origin, Settings, SettingsSources},
    shutdown::shutdown_switch,
    wiring::Wiring,
};

/// The setting of the address that the demo listens on.
const LISTEN: &str = "server.listen";

/// Runs the product until SIGTERM or SIGINT, then removes everything.
///
/// It always uses data, a database and mail of its own, whatever the environment sets. Only the address can be set, so
/// that several demos run at once.
pub(super) fn demo(sources: SettingsSources) -> Result<(), Failure> {
    let directory = tempfile::Builder::new()
        .prefix("releasepage-demo-")
        .tempdir()
        .map_err(Failure::io("no temporary directory can be made"))?;
    let settings = load(
        sources
            .with_fixed("data_dir", directory.path().display().to_string())
            .with_fixed("secret_key_file", directory.path().join("secret_key").display().to_string())
            .with_fixed("database.url", format!("sqlite://{}", directory.path().join("releasepage.db").display()))
            .with_fixed("mail.url", "mailbox:")
            .with_default("notify.delay_seconds", "1")
            // A person who tries the printed line again waits for another email.
            .with_default("limits.confirmation_interval_minutes", "0")
            .with_default("limits.confirmations_per_subscriber_per_day", "1000")
            .with_default("limits.confirmations_per_address_per_day", "1000")
            .with_default("log.filter", "warn"),
    )?;
    let listener = listener_open(&settings)?;
    let address = listener.local_addr().map_err(Failure::io("the listening address cannot be read"))?;
    let wiring = Wiring::prepare(settings)?;
    block_on(async move {
        let sample = sample_write(&wiring).await?;
        let shutdown = shutdown_switch()?;
        let public_url = wiring.settings.server.public_url(address);
        print(&welcome(&public_url.to_string(), &sample))?;
        serve::run(&wiring, listener, true, true, shutdown).await
    })
}

/// The address that the operator set. Without one, the usual address, or any free port.
fn listener_open(settings: &Settings) -> Result<TcpListener, Failure> {
    let usual = settings.server.listen;
    if settings.origin(LISTEN) != Origin::Default {
        return serve::listener_open(settings, LISTEN, usual);
    }
    let free = SocketAddr::new(usual.ip(), 0);
    let opened = server::bind(usual).or_else(|_| server::bind(free));
    opened.map_err(Failure::io("no port of this machine can be listened on"))
}

fn welcome(url: &str, sample: &Sample) -> String {
    let Sample { slug, page_id, live_key, api_key, secret_key, email, password, token } = sample;
    let (secret_key, password, token) = (secret_key.expose_secret(), password.expose_secret(), token.expose_secret());
    format!(
        r#"ReleasePage is running, with sample data that is gone when you press Ctrl-C.

  The page            {url}/p/{slug}
  The mailbox         {url}/mailbox     every mail the server sends ends here
  Sign in             {url}/sign-in     {email} / {password}

  Page id             {page_id}
  Page key            {live_key}
  Project API key     {api_key}
  Project secret key  {secret_key}
  Access token        {token}     for the management API, see {url}/docs

Read the latest versions:

  curl -H 'Authorization: {live_key}' {url}/v1/pages/{page_id}/version

Subscribe, then click "confirm" in the mail that is in the mailbox:

  curl -X PATCH -H 'Authorization: {live_key}' -H 'Content-Type: application/json' -d '{{"op":"add","data":{{"type":"email","value":"you@example.com"}}}}' {url}/v1/pages/{page_id}/subscribers

Publish a release, as a pipeline would:

  curl -u '{api_key}:{secret_key}' -d version=3.0.0 -d title='Offline mode' -d description='Everything works on a plane now.' --data-urlencode "release_start=$(date -u '+%Y-%m-%d %H:%M:%S')" {url}/api/2/release

"#
    )
}
