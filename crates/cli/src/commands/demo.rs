//! `releasepage demo`: a whole running product with sample data in a fresh temporary directory.

mod history;
mod sample;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use secrecy::ExposeSecret as _;

use self::sample::{Sample, sample_write};
use super::{block_on, load, print, serve};
use crate::{failure::Failure, settings::SettingsSources, shutdown::shutdown_switch, wiring::Wiring};

/// Where the demo listens if nobody else does.
const PORT: u16 = 8080;

/// Runs the product until SIGTERM or SIGINT, and leaves nothing behind.
pub(super) fn demo(sources: SettingsSources) -> Result<(), Failure> {
    let directory = tempfile::Builder::new()
        .prefix("releasepage-demo-")
        .tempdir()
        .map_err(Failure::io("no temporary directory can be made"))?;
    let listener = listener_open()?;
    let address = listener.local_addr().map_err(Failure::io("the listening address cannot be read"))?;
    let settings = load(
        sources
            .with_fixed("data_dir", directory.path().display().to_string())
            .with_fixed("secret_key_file", directory.path().join("secret_key").display().to_string())
            .with_fixed("database.url", format!("sqlite://{}", directory.path().join("releasepage.db").display()))
            .with_fixed("mail.url", "mailbox:")
            .with_fixed("server.listen", address.to_string())
            .with_fixed("server.public_url", format!("http://{address}"))
            .with_default("notify.delay_seconds", "1")
            // Whoever tries the printed line again waits for another mail.
            .with_default("limits.confirmation_interval_minutes", "0")
            .with_default("limits.confirmations_per_subscriber_per_day", "1000")
            .with_default("limits.confirmations_per_address_per_day", "1000")
            .with_default("log.filter", "warn"),
    )?;
    let wiring = Wiring::prepare(settings)?;
    block_on(async move {
        let sample = sample_write(&wiring).await?;
        let shutdown = shutdown_switch()?;
        let public_url = wiring.settings.server.public_url(address);
        print(&welcome(&public_url.to_string(), &sample))?;
        serve::run(&wiring, listener, true, true, shutdown).await
    })
}

/// The usual port, or any free one.
fn listener_open() -> Result<TcpListener, Failure> {
    let at = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    at(PORT).or_else(|_| at(0)).map_err(Failure::io("no port of this machine can be listened on"))
}

fn welcome(url: &str, sample: &Sample) -> String {
    let Sample { slug, page_id, live_key, api_key, secret_key, email, password } = sample;
    let (secret_key, password) = (secret_key.expose_secret(), password.expose_secret());
    format!(
        r#"ReleasePage is running, with sample data that is gone when you press Ctrl-C.

  The page            {url}/p/{slug}
  The mailbox         {url}/mailbox     every mail the server sends ends here
  Sign in             {url}/sign-in     {email} / {password}

  Page id             {page_id}
  Page key            {live_key}
  Project API key     {api_key}
  Project secret key  {secret_key}

Read the latest versions:

  curl -H 'Authorization: {live_key}' {url}/v1/pages/{page_id}/version

Subscribe, then click "confirm" in the mail that is in the mailbox:

  curl -X PATCH -H 'Authorization: {live_key}' -H 'Content-Type: application/json' -d '{{"op":"add","data":{{"type":"email","value":"you@example.com"}}}}' {url}/v1/pages/{page_id}/subscribers

Publish a release, as a pipeline would:

  curl -u '{api_key}:{secret_key}' -d version=3.0.0 -d title='Offline mode' -d description='Everything works on a plane now.' --data-urlencode "release_start=$(date -u '+%Y-%m-%d %H:%M:%S')" {url}/api/2/release

"#
    )
}
