//! `releasepage work`: the worker alone.

use super::block_on;
use crate::{failure::Failure, settings::Settings, shutdown::shutdown_switch, wiring::Wiring};

/// Works until SIGTERM or SIGINT.
pub(super) fn work(settings: Settings) -> Result<(), Failure> {
    let wiring = Wiring::prepare(settings)?;
    // A worker listens nowhere: its links lead to where the server says it is.
    let public_url = wiring.settings.server.public_url(wiring.settings.server.listen).as_url().clone();
    block_on(async move {
        let runner = wiring.runner(public_url)?;
        let shutdown = shutdown_switch()?;
        tracing::info!("working");
        runner.run(shutdown).await;
        Ok(())
    })
}
