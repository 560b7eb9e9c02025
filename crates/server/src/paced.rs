//! A connection that is read no faster than it is answered.
//!
//! actix parses all requests that have arrived, up to 128 KiB at once, before it answers the first. It also reads on
//! while the client takes none of its answers. A client that sends many small requests and reads nothing could make it
//! hold megabytes.
//!
//! Here bytes are read in small turns. Nothing is read while answers wait to be sent, or while a request is in progress
//! that needs no more bytes. So a connection has at most some dozens of requests in memory, and its client waits.

use std::{
    cell::{Cell, RefCell},
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use actix_web::{
    dev::ServiceRequest,
    http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take};

/// The bytes of a turn: enough for the head of a usual request, and for only a few of the smallest requests.
const TURN: u64 = 1_024;

/// The bytes of a turn while a body is expected, because a body is not parsed here.
const TURN_OF_BODY: u64 = 32 * 1_024;

/// The state that a connection and its requests share.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    work: Cell<Work>,
    /// The waker of the task that waits to read on.
    waiting: RefCell<Option<Waker>>,
}

/// The request that a connection works on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Work {
    /// There is no request.
    #[default]
    None,
    /// A request with at most this many unread bytes of its body.
    Body(u64),
    /// A request with a body of unknown length.
    Chunks,
}

impl Pace {
    fn of_turn(&self) -> u64 {
        match self.work.get() {
            Work::Body(left) => left.clamp(TURN, TURN_OF_BODY),
            Work::None | Work::Chunks => TURN,
        }
    }

    fn is_enough(&self) -> bool {
        self.work.get() == Work::Body(0)
    }

    fn took(&self, bytes: usize) {
        if let Work::Body(left) = self.work.get() {
            self.work.set(Work::Body(left.saturating_sub(bytes as u64)));
        }
    }

    fn wait(&self, waker: &Waker) {
        self.waiting.replace(Some(waker.clone()));
    }

    fn wake(&self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

/// A request in progress. It ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct AtWork(Rc<Pace>);

/// Marks a request of the connection as in progress. Returns `None` for a connection without pacing.
pub(crate) fn work_begin(request: &ServiceRequest) -> Option<AtWork> {
    let pace = Rc::clone(request.conn_data::<Rc<Pace>>()?);
    pace.work.set(work_of(request.headers()));
    Some(AtWork(pace))
}

/// Returns the work of a request. The length is the client's, although some of the body may have been read with the
/// head.
fn work_of(headers: &HeaderMap) -> Work {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Work::Chunks;
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.trim().parse().ok());
    Work::Body(length.unwrap_or(0))
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.work.set(Work::None);
        self.0.wake();
    }
}

/// A connection with pacing.
#[derive(Debug)]
pub(crate) struct Paced<T> {
    io: Take<T>,
    pace: Rc<Pace>,
    /// True while the client takes no more bytes.
    unsent: bool,
}

impl<T: AsyncRead> Paced<T> {
    /// Paces a new connection.
    pub(crate) fn new(io: T) -> Self {
        Self { io: io.take(TURN), pace: Rc::default(), unsent: false }
    }

    /// Returns the state that the connection shares with its requests.
    pub(crate) fn pace(&self) -> Rc<Pace> {
        Rc::clone(&self.pace)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Paced<T> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.unsent || this.pace.is_enough() {
            this.pace.wait(context.waker());
            return Poll::Pending;
        }
        if this.io.limit() == 0 {
            // The bytes of this turn are processed first.
            this.io.set_limit(this.pace.of_turn());
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.io).poll_read(context, buffer);
        if read.is_pending() {
            this.io.set_limit(this.pace.of_turn());
        }
        this.pace.took(buffer.filled().len() - before);
        read
    }
}

impl<T> Paced<T> {
    fn sent(&mut self, unsent: bool) {
        if self.unsent && !unsent {
            self.pace.wake();
        }
        self.unsent = unsent;
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Paced<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(this.io.get_mut()).poll_write(context, bytes);
        this.sent(written.is_pending());
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().io.get_mut()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().io.get_mut()).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};

    use actix_web::{http::header::HeaderValue, rt::time::timeout};
    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

    /// Reads one turn: all bytes until the connection tells the reader to wait.
    fn turn(connection: &mut Paced<DuplexStream>, context: &mut Context<'_>) -> Poll<usize> {
        let mut bytes = vec![0; 1_000_000];
        let mut buffer = ReadBuf::new(&mut bytes);
        while Pin::new(&mut *connection).poll_read(context, &mut buffer).is_ready() {}
        Poll::Ready(buffer.filled().len())
    }

    async fn turns(connection: &mut Paced<DuplexStream>, count: usize) -> Vec<usize> {
        let mut read = Vec::new();
        for _ in 0..count {
            read.push(poll_fn(|context| turn(connection, context)).await);
        }
        read
    }

    fn begin(connection: &Paced<DuplexStream>, work: Work) -> AtWork {
        connection.pace.work.set(work);
        AtWork(connection.pace())
    }

    #[actix_web::test]
    async fn bytes_come_in_small_turns_and_a_body_in_large_ones() {
        let (mut client, server) = duplex(1_000_000);
        let mut connection = Paced::new(server);
        client.write_all(&[b'x'; 200_000]).await.unwrap();
        assert_eq!(turns(&mut connection, 3).await, [1_024, 1_024, 1_024]);
        let at_work = begin(&connection, Work::Body(40_000));
        assert_eq!(turns(&mut connection, 4).await, [1_024, 32 * 1_024, 6_208, 0], "no more than the body");
        drop(at_work);
        let at_work = begin(&connection, Work::Chunks);
        assert_eq!(turns(&mut connection, 3).await, [0, 1_024, 1_024]);
        drop(at_work);
    }

    #[actix_web::test]
    async fn nothing_is_read_while_a_request_is_at_work() {
        let (mut client, server) = duplex(1_000_000);
        let mut connection = Paced::new(server);
        client.write_all(b"more").await.unwrap();
        let at_work = begin(&connection, Work::Body(0));
        let mut bytes = [0; 10];
        {
            let mut read = Box::pin(connection.read(&mut bytes));
            assert!(poll_fn(|context| Poll::Ready(read.as_mut().poll(context).is_pending())).await);
            drop(at_work);
            assert_eq!(timeout(PATIENCE, read).await.expect("woken").unwrap(), 4);
        }
    }

    #[actix_web::test]
    async fn nothing_is_read_while_answers_wait_to_be_sent() {
        let (mut client, server) = duplex(100);
        let mut connection = Paced::new(server);
        client.write_all(b"more").await.unwrap();
        let write = |connection: &mut Paced<DuplexStream>, context: &mut Context<'_>| {
            Pin::new(connection).poll_write(context, &[0; 100])
        };
        assert!(poll_fn(|context| Poll::Ready(write(&mut connection, context))).await.is_ready());
        assert!(poll_fn(|context| Poll::Ready(write(&mut connection, context))).await.is_pending());
        assert_eq!(turns(&mut connection, 2).await, [0, 0]);
        client.read_exact(&mut [0; 100]).await.unwrap();
        timeout(PATIENCE, poll_fn(|context| write(&mut connection, context))).await.expect("taken").unwrap();
        assert_eq!(turns(&mut connection, 1).await, [4]);
        drop(client);
        assert_eq!(connection.read(&mut [0; 10]).await.unwrap(), 0, "its end is seen");
    }

    #[test]
    fn what_a_request_needs_is_in_its_head() {
        let work = |name, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            work_of(&headers)
        };
        assert_eq!(work_of(&HeaderMap::new()), Work::Body(0));
        assert_eq!(work(CONTENT_LENGTH, "17"), Work::Body(17));
        assert_eq!(work(TRANSFER_ENCODING, "chunked"), Work::Chunks);
    }
}
