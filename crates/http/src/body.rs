//! Reading of request bodies, with limits on size and time.

use std::time::Duration;

use actix_web::{
    dev::Payload,
    web::{Bytes, BytesMut},
};
use futures_util::StreamExt;

/// The time that a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// The bytes that are still read of a body beyond its limit. Some clients send the whole body before they read: this
/// lets them read the answer.
const BODY_DRAINED: usize = 2 * 1024 * 1024;

/// The size limit of a body that comes with a page key, in bytes.
pub const BODY_MAX_KEY: usize = 64 * 1024;

/// The size limit of a body that a forge delivers, in bytes.
pub const BODY_MAX_HOOK: usize = 5 * 1024 * 1024;

/// The size limit of every other body, in bytes: 1 MiB of notes and the JSON around them.
pub const BODY_MAX: usize = 1536 * 1024;

/// The reason why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// The body has more bytes than are accepted.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The number of bytes that are accepted.
        limit: usize,
    },
    /// The body did not arrive within 15 seconds.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// The connection ended, or the bytes are not an HTTP body.
    #[error("the body could not be read to its end")]
    Broken,
}

/// Reads a body of at most `limit` bytes.
pub async fn body_read(payload: &mut Payload, limit: usize) -> Result<Bytes, BodyFault> {
    tokio::time::timeout(BODY_TIMEOUT, collect(payload, limit)).await.unwrap_or(Err(BodyFault::TooSlow))
}

async fn collect(payload: &mut Payload, limit: usize) -> Result<Bytes, BodyFault> {
    let mut body = BytesMut::new();
    let mut length = 0_usize;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyFault::Broken)?;
        length = length.saturating_add(chunk.len());
        if length <= limit {
            body.extend_from_slice(&chunk);
        } else if length > limit.saturating_add(BODY_DRAINED) {
            break;
        }
    }
    if length > limit { Err(BodyFault::TooLarge { limit }) } else { Ok(body.freeze()) }
}

#[cfg(test)]
mod tests {
    use actix_web::error::PayloadError;
    use futures_util::stream;

    use super::*;

    fn payload(chunks: Vec<Result<Bytes, PayloadError>>) -> Payload {
        let chunks: std::pin::Pin<Box<dyn futures_util::Stream<Item = _>>> = Box::pin(stream::iter(chunks));
        Payload::from(chunks)
    }

    #[actix_web::test]
    async fn bodies_end_at_their_limit() {
        let chunk = |length: usize| Ok(Bytes::from(vec![b'a'; length]));
        for (chunks, limit, read) in [
            (vec![], 0, Ok(0)),
            (vec![chunk(3), chunk(4)], 7, Ok(7)),
            (vec![chunk(3), chunk(5)], 7, Err(BodyFault::TooLarge { limit: 7 })),
            (vec![chunk(3), Err(PayloadError::Incomplete(None))], 7, Err(BodyFault::Broken)),
        ] {
            assert_eq!(body_read(&mut payload(chunks), limit).await.map(|body| body.len()), read);
        }
    }
}
