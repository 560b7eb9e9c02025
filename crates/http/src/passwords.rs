//! The queue for hashing passwords.
//!
//! A hash takes tens of milliseconds of a core. Whoever waits for a turn holds no thread meanwhile, so that a burst of
//! sign-ins takes none from pages, the API and `/readyz`; and the queue is short, so that nobody waits for long.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use releasepage_auth::password::PasswordHasher;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, spawn_blocking},
};

/// How many may wait for a turn.
const WAITING_MAX: usize = 16;

/// Seconds until the whole queue has had its turn, about.
pub const QUEUE_SECONDS: u64 = 2;

/// Hashes and verifies passwords, a few at once.
#[derive(Debug)]
pub struct Passwords {
    hasher: Arc<PasswordHasher>,
    /// As many permits as may be in the queue or have their turn.
    places: Arc<Semaphore>,
    /// As many permits as have their turn at once: others need cores too.
    turns: Arc<Semaphore>,
}

/// A place in the queue; given back when dropped, or after its turn.
#[derive(Debug)]
pub struct Place {
    hasher: Arc<PasswordHasher>,
    turns: Arc<Semaphore>,
    place: OwnedSemaphorePermit,
}

impl Default for Passwords {
    /// The queue of a server: half of its cores hash.
    fn default() -> Self {
        Self::with_turns((available_parallelism().map_or(1, NonZero::get) / 2).max(1))
    }
}

impl Passwords {
    fn with_turns(turns: usize) -> Self {
        Self {
            hasher: Arc::new(PasswordHasher::new()),
            places: Arc::new(Semaphore::new(turns + WAITING_MAX)),
            turns: Arc::new(Semaphore::new(turns)),
        }
    }

    /// The hasher itself, which blocks.
    pub fn hasher(&self) -> &PasswordHasher {
        &self.hasher
    }

    /// A place in the queue; `None` where it is full. Take it before any other work that a password needs.
    pub fn place(&self) -> Option<Place> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Place { hasher: Arc::clone(&self.hasher), turns: Arc::clone(&self.turns), place })
    }
}

impl Place {
    /// Waits for the turn, and works on a blocking thread then. Fails where the work panics.
    pub async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce(&PasswordHasher) -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let turn = self.turns.acquire_owned().await.expect("this semaphore is never closed");
        // Both end with the work, even where nobody waits for its result any more.
        let held = (turn, self.place);
        let hasher = self.hasher;
        spawn_blocking(move || {
            let _held = held;
            work(&hasher)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Future, poll_fn},
        sync::{
            atomic::{AtomicUsize, Ordering::SeqCst},
            mpsc,
        },
        task::Poll,
    };

    use futures_util::future::join_all;

    use super::*;

    #[actix_web::test]
    async fn the_queue_is_short_and_a_turn_is_for_few() {
        let passwords = Passwords::with_turns(2);
        let all = || std::iter::from_fn(|| passwords.place()).collect::<Vec<Place>>();
        let places = all();
        assert_eq!(places.len(), 2 + WAITING_MAX);
        static AT_WORK: AtomicUsize = AtomicUsize::new(0);
        let most = join_all(places.into_iter().map(|place| {
            place.work(|_| {
                let at_work = AT_WORK.fetch_add(1, SeqCst) + 1;
                std::thread::yield_now();
                AT_WORK.fetch_sub(1, SeqCst);
                at_work
            })
        }));
        assert!(most.await.into_iter().all(|at_work| at_work.expect("no panic") <= 2));
        assert_eq!(all().len(), 2 + WAITING_MAX, "all are given back");
    }

    #[actix_web::test]
    async fn a_place_is_held_as_long_as_its_work_goes_on() {
        let passwords = Passwords::with_turns(1);
        let (end, ended) = mpsc::channel::<()>();
        {
            let mut work = Box::pin(passwords.place().expect("a place").work(move |_| ended.recv()));
            let waits = poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_pending())).await;
            assert!(waits, "its client goes away");
        }
        assert_eq!(passwords.places.available_permits(), WAITING_MAX);
        drop(end);
        // Who waits for the same turn gets it after that.
        passwords.place().expect("a place").work(|_| ()).await.expect("no panic");
        assert_eq!(passwords.turns.available_permits(), 1);
    }
}
