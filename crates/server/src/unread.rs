//! Bodies that are not read to their end, and answers that take long to be made.
//!
//! Once nobody holds a body that comes in chunks, actix reads on and throws away what comes, for as long as the client
//! sends: a body without an end would keep a thread busy for ever. Held until its answer has been sent, it has the
//! connection closed instead, as actix does by itself with a body whose length was told.

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

/// The body of a request, which its handler may have let go of.
#[derive(Clone)]
pub(crate) struct BodyHeld(Rc<RefCell<Payload>>);

/// Holds the body of a request that comes in chunks. Its handler reads it as any other.
pub(crate) fn body_hold(request: &mut ServiceRequest) -> Option<BodyHeld> {
    if !request.headers().contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let held = BodyHeld(Rc::new(RefCell::new(request.take_payload())));
    request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
    Some(held)
}

/// Lets the body go with the last byte of the answer. A request whose answer is made while it is sent is at work until
/// then, any other only until here.
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
        // With the head as well: an answer without a body has no last byte.
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

/// The body of an answer, and that of its request.
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
