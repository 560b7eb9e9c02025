//! Requests without a pause, and what became of each.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::api::Answer;
use super::wait::{PATIENCE, eventually};

/// One request that was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    /// Its number: no two requests of a load have the same.
    pub(crate) number: usize,
    /// The status of the answer.
    pub(crate) status: u16,
    /// When it was sent.
    pub(crate) sent: Instant,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Answered {
    /// Whether the server said that it is done.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Several senders, each of which sends one request after the other until the load is stopped.
pub(crate) struct Load {
    name: &'static str,
    stop: watch::Sender<bool>,
    senders: JoinSet<()>,
    answered: Arc<Mutex<Vec<Answered>>>,
}

impl Load {
    /// Starts so many senders. The request is told its number, from 1.
    pub(crate) fn start<F>(
        name: &'static str,
        senders: usize,
        request: impl Fn(usize) -> F + Clone + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Answer> + Send,
    {
        let mut load =
            Self { name, stop: watch::Sender::new(false), senders: JoinSet::new(), answered: Arc::default() };
        let numbers = Arc::new(AtomicUsize::new(1));
        for _ in 0..senders {
            let (request, numbers, stop) = (request.clone(), Arc::clone(&numbers), load.stop.subscribe());
            let answered = Arc::clone(&load.answered);
            load.senders.spawn(async move {
                while !*stop.borrow() {
                    let (number, sent) = (numbers.fetch_add(1, Ordering::Relaxed), Instant::now());
                    let answer = tokio::time::timeout(PATIENCE, request(number)).await;
                    let answer =
                        answer.unwrap_or_else(|_| panic!("{name} {number} was not answered within {PATIENCE:?}"));
                    locked(&answered).push(Answered {
                        number,
                        status: answer.status.as_u16(),
                        sent,
                        took: sent.elapsed(),
                    });
                }
            });
        }
        load
    }

    /// What was answered so far.
    pub(crate) fn answered(&self) -> Vec<Answered> {
        locked(&self.answered).clone()
    }

    /// Waits until so many requests that are sent from now on are answered with this status.
    pub(crate) async fn go_on_until(&mut self, count: usize, status: u16) {
        let now = Instant::now();
        let what = format!("{} is answered with {status} {count} times", self.name);
        eventually(&what, async || {
            self.expect_running().await;
            let answered = self.answered();
            let fitting = answered.iter().filter(|answer| answer.sent >= now && answer.status == status).count();
            (fitting >= count).then_some(())
        })
        .await;
    }

    /// Lets the requests that are under way end, and hands back all.
    ///
    /// # Panics
    ///
    /// Where a request was not answered at all.
    pub(crate) async fn stop(mut self) -> Vec<Answered> {
        self.stop.send_replace(true);
        while let Some(ended) = self.senders.join_next().await {
            ended.expect("every request was answered");
        }
        self.answered()
    }

    /// A sender ends early only where a request was not answered.
    async fn expect_running(&mut self) {
        if let Some(ended) = self.senders.try_join_next() {
            ended.expect("every request was answered");
        }
    }
}

fn locked(answered: &Mutex<Vec<Answered>>) -> MutexGuard<'_, Vec<Answered>> {
    answered.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often each status was answered.
pub(crate) fn statuses(answered: &[Answered]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    answered.iter().for_each(|answer| *counts.entry(answer.status).or_default() += 1);
    counts
}
