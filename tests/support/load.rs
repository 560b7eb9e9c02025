//! Requests without a pause, and the result of each.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::api::Answer;
use super::wait::{PATIENCE, eventually};

/// A request that was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    /// Its number. It is unique in the load.
    pub(crate) number: usize,
    /// The status of the answer.
    pub(crate) status: u16,
    /// The time when it was sent.
    pub(crate) sent: Instant,
    /// The time until the answer.
    pub(crate) took: Duration,
}

impl Answered {
    /// True if the status is a success.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Several senders. Each sends one request after the other until the load is stopped.
pub(crate) struct Load {
    name: &'static str,
    stop: watch::Sender<bool>,
    senders: JoinSet<()>,
    answered: Arc<Mutex<Vec<Answered>>>,
}

impl Load {
    /// Starts this number of senders. The request gets its number, from 1.
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

    /// The answers so far.
    pub(crate) fn answered(&self) -> Vec<Answered> {
        locked(&self.answered).clone()
    }

    /// Waits until this number of new requests are answered with this status.
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

    /// Lets the current requests end and returns all answers.
    ///
    /// # Panics
    ///
    /// If a request got no answer at all.
    pub(crate) async fn stop(mut self) -> Vec<Answered> {
        self.stop.send_replace(true);
        while let Some(ended) = self.senders.join_next().await {
            ended.expect("every request was answered");
        }
        self.answered()
    }

    /// A sender ends early only if a request got no answer.
    async fn expect_running(&mut self) {
        if let Some(ended) = self.senders.try_join_next() {
            ended.expect("every request was answered");
        }
    }
}

fn locked(answered: &Mutex<Vec<Answered>>) -> MutexGuard<'_, Vec<Answered>> {
    answered.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of answers with each status.
pub(crate) fn statuses(answered: &[Answered]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    answered.iter().for_each(|answer| *counts.entry(answer.status).or_default() += 1);
    counts
}
