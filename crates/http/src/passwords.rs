//! The queue for hashing passwords.
//!
//! A hash takes tens of milliseconds of a core. A request that waits for its turn holds no thread, so a burst of
//! sign-ins does not block pages, the API or `/readyz`. The queue is short, so that nobody waits for long.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use releasepage_auth::password::PasswordHasher;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, spawn_blocking},
};

/// The number of requests that may wait for a turn.
const WAITING_MAX: usize = 16;

/// The approximate seconds that a full queue takes.
pub const QUEUE_SECONDS: u64 = 2;

/// Hashes and verifies passwords, a few at once.
#[derive(Debug)]
pub struct Passwords {
    hasher: Arc<PasswordHasher>,
    /// The permits for requests that wait or hash.
    places: Arc<Semaphore>,
    /// The permits for requests that hash at the same time. They leave cores for other work.
    turns: Arc<Semaphore>,
}

/// A place in the queue. It is given back when it is dropped or its work is done.
#[derive(Debug)]
pub struct Place {
    hasher: Arc<PasswordHasher>,
    turns: Arc<Semaphore>,
    place: OwnedSemaphorePermit,
}

impl Default for Passwords {
    /// Makes the queue of a server, which hashes on half of its cores.
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

    /// Returns the hasher itself, which blocks the thread.
    pub fn hasher(&self) -> &PasswordHasher {
        &self.hasher
    }

    /// Takes a place in the queue, or returns `None` if it is full. Do this before any other work that a password
    /// needs.
    pub fn place(&self) -> Option<Place> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Place { hasher: Arc::clone(&self.hasher), turns: Arc::clone(&self.turns), place })
    }
}

impl Place {
    /// Waits for the turn, then works on a blocking thread. Fails if the work panics.
    pub async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce(&PasswordHasher) -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let turn = self.turns.acquire_owned().await.expect("this semaphore is never closed");
        // The permits are held until the work ends, even if the caller no longer waits for the result.
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
        // The next request gets the turn afterwards.
        passwords.place().expect("a place").work(|_| ()).await.expect("no panic");
        assert_eq!(passwords.turns.available_permits(), 1);
    }
}
