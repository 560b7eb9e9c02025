//! A proxy between the program and its database. A test can cut it like a cable.

use std::io::copy;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;

use super::setup::Setup;

/// A proxy in front of a Postgres server.
pub(crate) struct TcpProxy {
    state: Arc<Mutex<State>>,
}

struct State {
    is_cut: bool,
    open: Vec<TcpStream>,
}

impl TcpProxy {
    /// Puts a proxy in front of the database of a program that is about to start.
    pub(crate) fn before_database(setup: Setup) -> (Self, Setup) {
        let mut url = Url::parse(setup.setting("database.url").expect("every setup has a database")).expect("a URL");
        let target = url.socket_addrs(|| Some(5432)).expect("the database's host has an address")[0];
        let (proxy, address) = Self::start(target);
        url.set_ip_host(address.ip()).expect("a host can be an address");
        url.set_port(Some(address.port())).expect("a host can have a port");
        (proxy, setup.with("database.url", url))
    }

    fn start(target: SocketAddr) -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(Mutex::new(State { is_cut: false, open: Vec::new() }));
        let weak = Arc::downgrade(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Some(state) = weak.upgrade() else { return };
                // While the cable is cut, a new connection is dropped, and its client sees the end.
                let mut state = locked(&state);
                if !state.is_cut
                    && let Ok(server) = TcpStream::connect(target)
                {
                    connect(&mut state, client, server);
                }
            }
        });
        (Self { state }, address)
    }

    /// Ends every connection and refuses new ones.
    pub(crate) fn cut(&self) {
        let mut state = locked(&self.state);
        state.is_cut = true;
        for stream in state.open.drain(..) {
            // An error means that it has ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Accepts connections again.
    pub(crate) fn mend(&self) {
        locked(&self.state).is_cut = false;
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(state: &mut State, client: TcpStream, server: TcpStream) {
    let twin = |stream: &TcpStream| stream.try_clone().expect("a connection can be used twice");
    state.open.extend([twin(&client), twin(&server)]);
    for (mut from, mut to) in [(twin(&client), twin(&server)), (server, client)] {
        std::thread::spawn(move || {
            // An error means that one side went away. The other side ends then too.
            let _ = copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}
