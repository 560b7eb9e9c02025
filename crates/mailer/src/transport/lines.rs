//! The lines to the mail server. They limit the messages on their way and set their order.
//!
//! Every message may use every free line, so a message that takes minutes delays only itself as long as there is
//! another line. Answers go before deliveries: the next line that becomes free carries them. If the server accepts
//! fewer connections than the settings allow, fewer lines are used. One more line is tried from time to time.

use std::{
    collections::BTreeSet,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

/// The time after which one more line is tried, once the server refused a connection.
const RAISE_AFTER: Duration = Duration::from_secs(60);

/// The purpose of a message. The first variant is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Errand {
    /// The answer to a request. Somebody waits for it.
    Answer,
    /// A message of an announcement.
    Delivery,
}

/// The lines of one transport.
#[derive(Debug)]
pub(super) struct Lines {
    /// The most lines that the settings allow.
    most: u16,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    /// The number of lines that may be used now.
    limit: u16,
    /// The number of lines that carry messages.
    busy: u16,
    /// The number of busy lines whose connection was refused.
    refused: u16,
    /// The time when the server last refused a connection, or when one more line was tried after that.
    refused_at: Option<Instant>,
    /// The waiting messages, in the order of their turns.
    waiting: BTreeSet<(Errand, u64)>,
    /// The number of the next message.
    next: u64,
}

impl State {
    fn new(most: u16) -> Self {
        Self { limit: most, busy: 0, refused: 0, refused_at: None, waiting: BTreeSet::new(), next: 0 }
    }

    /// Allows one more line if the last refusal was long ago.
    fn raise(&mut self, most: u16, now: Instant) {
        if self.limit < most && self.refused_at.is_some_and(|at| now.duration_since(at) >= RAISE_AFTER) {
            self.limit += 1;
            self.refused_at = Some(now);
        }
    }

    /// Allows no more lines than there are other connections. Returns `false` and changes nothing if there are none.
    /// The server's reason is not the number of connections then.
    fn lower(&mut self, others: u16, now: Instant) -> bool {
        if others == 0 {
            return false;
        }
        self.limit = self.limit.min(others);
        self.refused_at = Some(now);
        true
    }
}

impl Lines {
    pub(super) fn new(most: u16) -> Arc<Self> {
        Arc::new(Self { most, state: Mutex::new(State::new(most)), freed: Notify::new() })
    }

    /// Waits for a line.
    pub(super) async fn place(self: &Arc<Self>, errand: Errand) -> Place {
        let turn = Turn::new(self, errand);
        loop {
            let mut freed = pin!(self.freed.notified());
            // Registers for news before the check, so that none is missed.
            freed.as_mut().enable();
            if self.take(turn.number, Instant::now()) {
                return Place { lines: Arc::clone(self), is_refused: false };
            }
            // Time alone may allow one more line. No event reports that.
            let _ = timeout(RAISE_AFTER, freed).await;
        }
    }

    /// Takes a line for this message, if the message is first and a line is free.
    fn take(&self, number: (Errand, u64), now: Instant) -> bool {
        let mut state = self.state();
        state.raise(self.most, now);
        let taken = state.waiting.first() == Some(&number) && state.busy < state.limit;
        if taken {
            state.busy += 1;
        }
        taken
    }

    /// The state. No code panics while it holds the lock, so a poisoned lock still guards a complete state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waiting message. Dropping it ends the wait.
struct Turn<'a> {
    lines: &'a Lines,
    number: (Errand, u64),
}

impl<'a> Turn<'a> {
    fn new(lines: &'a Lines, errand: Errand) -> Self {
        let mut state = lines.state();
        let number = (errand, state.next);
        state.next += 1;
        state.waiting.insert(number);
        drop(state);
        Self { lines, number }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.lines.state().waiting.remove(&self.number);
        self.lines.freed.notify_waiters();
    }
}

/// A line in use. Dropping it gives the line back.
#[derive(Debug)]
pub(super) struct Place {
    lines: Arc<Lines>,
    is_refused: bool,
}

impl Place {
    /// Records that the server refused a connection to this line, beside `idle` unused connections. Returns true if
    /// other connections exist. This line then only has to wait for one of them.
    ///
    /// A busy line that was not refused counts as a connection, also while it is still connecting: two lines that the
    /// server accepts must not become one because a third was refused first.
    pub(super) fn refused(&mut self, idle: usize) -> bool {
        let mut state = self.lines.state();
        let before = state.limit;
        state.refused += u16::from(!self.is_refused);
        self.is_refused = true;
        let others = state.busy - state.refused;
        let others = others.saturating_add(u16::try_from(idle).unwrap_or(u16::MAX));
        let only_fewer = state.lower(others, Instant::now());
        if !only_fewer {
            // The server accepts no connection at all. The refusals just before say nothing about how many it accepts.
            state.limit = self.lines.most;
        }
        if state.limit < before {
            tracing::warn!(connections = state.limit, "the mail server takes no more connections: fewer are used");
        }
        only_fewer
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.lines.state();
        state.busy -= 1;
        state.refused -= u16::from(self.is_refused);
        drop(state);
        self.lines.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that must be free at once.
    async fn free(lines: &Arc<Lines>, errand: Errand) -> Place {
        timeout(Duration::from_secs(5), lines.place(errand)).await.expect("a line is free")
    }

    #[tokio::test]
    async fn a_slow_message_delays_itself_alone() {
        for limit in 2..=4 {
            let lines = Lines::new(4);
            if limit < 4 {
                let mut state = lines.state();
                assert!(state.lower(limit, Instant::now()) && state.limit == limit);
            }
            // All lines but one carry messages that do not end.
            let mut slow = Vec::new();
            for _ in 1..limit {
                slow.push(free(&lines, Errand::Delivery).await);
            }
            for errand in [Errand::Delivery, Errand::Answer, Errand::Delivery] {
                drop(free(&lines, errand).await);
            }
            let last = free(&lines, Errand::Delivery).await;
            let mut answer = pin!(lines.place(Errand::Answer));
            let pending = timeout(Duration::ZERO, answer.as_mut()).await;
            assert!(pending.is_err(), "{limit} lines are busy");
            drop(last);
            timeout(Duration::from_secs(5), answer).await.expect("the next free line carries the answer");
        }
    }

    #[test]
    fn a_refused_connection_means_fewer_lines_for_a_while() {
        let begin = Instant::now();
        let mut state = State::new(4);
        state.raise(4, begin);
        assert!(!state.lower(0, begin), "no other connection exists");
        assert_eq!(state.limit, 4);
        assert!(state.lower(2, begin) && state.limit == 2);
        state.raise(4, begin + RAISE_AFTER / 2);
        assert_eq!(state.limit, 2);
        state.raise(4, begin + RAISE_AFTER);
        assert_eq!(state.limit, 3, "one more is tried");
        assert!(state.lower(2, begin + RAISE_AFTER) && state.limit == 2);
        for minutes in 2..9 {
            state.raise(4, begin + RAISE_AFTER * minutes);
        }
        assert_eq!(state.limit, 4, "never more than the settings allow");
    }

    #[tokio::test]
    async fn refusals_at_once_count_the_lines_that_are_connecting() {
        let lines = Lines::new(4);
        for (refused, expected, limit) in [
            (2, &[true, true][..], 2),
            // A server that is away accepts none, and its limit is not known then.
            (4, &[true, true, true, false], 4),
        ] {
            lines.state().limit = 4;
            let mut places = Vec::new();
            for _ in 0..4 {
                places.push(free(&lines, Errand::Delivery).await);
            }
            let told: Vec<bool> = places.iter_mut().take(refused).map(|place| place.refused(0)).collect();
            assert_eq!((told.as_slice(), lines.state().limit), (expected, limit));
        }
    }

    #[tokio::test]
    async fn answers_stand_before_deliveries_and_nobody_is_forgotten() {
        let lines = Lines::new(1);
        let first = lines.place(Errand::Delivery).await;
        let (order, mut served) = tokio::sync::mpsc::unbounded_channel();
        for (number, errand) in [(1, Errand::Delivery), (2, Errand::Delivery), (3, Errand::Answer)] {
            let (waiter, order) = (Arc::clone(&lines), order.clone());
            tokio::spawn(async move {
                let _place = waiter.place(errand).await;
                order.send(number).expect("the test waits");
            });
            while lines.state().waiting.len() < number {
                tokio::task::yield_now().await;
            }
        }
        // A message that stops waiting must not block the others.
        tokio::select! {
            biased;
            _ = lines.place(Errand::Answer) => panic!("no line is free"),
            () = std::future::ready(()) => {}
        }
        drop(first);
        for expected in [3, 1, 2] {
            assert_eq!(served.recv().await, Some(expected));
        }
    }
}
