//! Bodies that are not read to their end, and answers that take long to make.
//!
//! Without this, a chunked body that nobody holds any longer is read and thrown away by actix for as long as the client
//! sends. An endless body would keep a thread busy forever.
//!
//! The body is therefore held until its answer has been sent. The connection is then closed, as actix itself does for
//! an unread body of known length.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::header::TRANSFER_ENCODING,
    web::Bytes,
};
use futures_util::Stream;

use crate::paced::AtWork;

/// The body of a request, held even after its handler has dropped it.
#[derive(Clone)]
pub(crate) struct BodyHeld(Rc<RefCell<Payload>>);

/// Holds the body of a request that comes in chunks. The handler can read it as usual.
pub(crate) fn body_hold(request: &mut ServiceRequest) -> Option<BodyHeld> {
    if !request.headers().contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let held = BodyHeld(Rc::new(RefCell::new(request.take_payload())));
    request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
    Some(held)
}

/// Releases the body with the last byte of the answer. A request with a streamed answer is in progress until then. Any
/// other request ends here.
pub(crate) fn body_release<B>(
    mut response: ServiceResponse<B>,
    held: Option<BodyHeld>,
    at_work: Option<AtWork>,
) -> ServiceResponse<EitherBody<B, BoxBody>>
where
    B: MessageBody + 'static,
{
    let at_work = at_work.filter(|_| matches!(response.response().body().size(), BodySize::Stream));
    if held.is_none() && at_work.is_none() {
        return response.map_into_left_body();
    }
    if let Some(held) = &held {
        // The head holds the body too, because an answer without a body has no last byte.
        response.response_mut().extensions_mut().insert(held.clone());
    }
    let answer = |body: B| BoxBody::new(AnswerWithBody { answer: body.boxed(), _held: held, _at_work: at_work });
    response.map_body(|_, body| EitherBody::right(answer(body)))
}

impl Stream for BodyHeld {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// The body of an answer, together with the body of its request.
struct AnswerWithBody {
    answer: BoxBody,
    _held: Option<BodyHeld>,
    _at_work: Option<AtWork>,
}

impl MessageBody for AnswerWithBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.answer).poll_next(context)
    }
}
