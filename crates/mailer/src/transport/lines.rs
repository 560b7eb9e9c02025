//! The lines to the mail server. They limit the messages on their way and set their order.
//!
//! Deliveries leave one line free for answers. Answers may use every line and go before deliveries. If the server
//! accepts fewer connections than the settings allow, fewer lines are used. One more line is tried from time to time.

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
    /// The number of lines that carry answers.
    answers: u16,
    /// The number of lines that carry deliveries.
    deliveries: u16,
    /// The number of lines with a connection.
    connected: u16,
    /// The time when the server last refused a connection, or when one more line was tried after that.
    refused_at: Option<Instant>,
    /// The waiting messages, in the order of their turns.
    waiting: BTreeSet<(Errand, u64)>,
    /// The number of the next message.
    next: u64,
}

impl State {
    fn new(most: u16) -> Self {
        Self {
            limit: most,
            answers: 0,
            deliveries: 0,
            connected: 0,
            refused_at: None,
            waiting: BTreeSet::new(),
            next: 0,
        }
    }

    /// True if a line is free for this purpose.
    fn is_free(&self, errand: Errand) -> bool {
        let any = self.answers + self.deliveries < self.limit;
        match errand {
            Errand::Answer => any,
            Errand::Delivery => any && self.deliveries < self.limit.saturating_sub(1).max(1),
        }
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

    fn busy(&mut self, errand: Errand) -> &mut u16 {
        match errand {
            Errand::Answer => &mut self.answers,
            Errand::Delivery => &mut self.deliveries,
        }
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
                return Place { lines: Arc::clone(self), errand, is_connected: false };
            }
            // Time alone may allow one more line. No event reports that.
            let _ = timeout(RAISE_AFTER, freed).await;
        }
    }

    /// Takes a line for this message, if the message is first and a line is free.
    fn take(&self, number: (Errand, u64), now: Instant) -> bool {
        let mut state = self.state();
        state.raise(self.most, now);
        let taken = state.waiting.first() == Some(&number) && state.is_free(number.0);
        if taken {
            *state.busy(number.0) += 1;
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
    errand: Errand,
    is_connected: bool,
}

impl Place {
    /// Records that the line has a connection.
    pub(super) fn connected(&mut self) {
        if !self.is_connected {
            self.is_connected = true;
            self.lines.state().connected += 1;
        }
    }

    /// Records that the server refused a connection to this line, beside `idle` unused connections. Returns true if
    /// other connections exist. This line then only has to wait for one of them.
    pub(super) fn refused(&self, idle: usize) -> bool {
        let mut state = self.lines.state();
        let before = state.limit;
        let others = state.connected - u16::from(self.is_connected);
        let others = others.saturating_add(u16::try_from(idle).unwrap_or(u16::MAX));
        let only_fewer = state.lower(others, Instant::now());
        if state.limit < before {
            tracing::warn!(connections = state.limit, "the mail server takes no more connections: fewer are used");
        }
        only_fewer
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.lines.state();
        *state.busy(self.errand) -= 1;
        state.connected -= u16::from(self.is_connected);
        drop(state);
        self.lines.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_leave_a_line_to_answers() {
        for (limit, answers, deliveries, answer, delivery) in [
            (4, 0, 2, true, true),
            (4, 0, 3, true, false),
            (4, 1, 3, false, false),
            (4, 3, 0, true, true),
            (4, 4, 0, false, false),
            (2, 0, 1, true, false),
            (2, 1, 0, true, true),
            (1, 0, 0, true, true),
            (1, 0, 1, false, false),
            (1, 1, 0, false, false),
        ] {
            let state = State { answers, deliveries, ..State::new(limit) };
            let free = (state.is_free(Errand::Answer), state.is_free(Errand::Delivery));
            assert_eq!(free, (answer, delivery), "{state:?}");
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
