//! Helpers of the black-box tests. A test reads like a sentence, and the details are here.

pub(crate) mod api;
pub(crate) mod app;
pub(crate) mod balancer;
pub(crate) mod browser;
pub(crate) mod conformity;
pub(crate) mod database;
pub(crate) mod deployment;
pub(crate) mod forge;
pub(crate) mod inbox;
pub(crate) mod load;
pub(crate) mod log;
pub(crate) mod mailbox;
pub(crate) mod page;
pub(crate) mod pgbouncer;
pub(crate) mod postgres_server;
pub(crate) mod process;
pub(crate) mod project;
pub(crate) mod setup;
pub(crate) mod small_disk;
pub(crate) mod smtp;
pub(crate) mod tcp_proxy;
pub(crate) mod wait;

/// Makes a test of a scenario for each database. The scenario takes a running [`app::App`], or a [`setup::Setup`] to
/// choose settings. The tests are called `scenario::sqlite` and `scenario::postgres`.
macro_rules! both_databases {
    ($(#[$attribute:meta])* async fn $name:ident($setup:ident: Setup) $body:block) => {
        $(#[$attribute])*
        async fn $name($setup: $crate::support::setup::Setup) $body

        // A function and a module may share a name.
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name($crate::support::setup::Setup::on_sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(setup) = $crate::support::setup::Setup::on_postgres() {
                    super::$name(setup).await;
                }
            }
        }
    };
    ($(#[$attribute:meta])* async fn $name:ident($app:ident: App) $body:block) => {
        $crate::support::both_databases! {
            $(#[$attribute])*
            async fn $name(setup: Setup) {
                let $app = setup.start().await;
                $body
            }
        }
    };
}
pub(crate) use both_databases;
