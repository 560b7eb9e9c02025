//! The yardstick of `script/bench version`: a server that does nothing but answer every request with the same bytes,
//! as actix-web does it without any setting or middleware.
//!
//! Run as `bare ADDRESS FILE`: listens on the address and answers with the file.

use std::io;

use actix_web::{App, HttpResponse, HttpServer, http::header, web};

#[actix_web::main]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: bare ADDRESS FILE"));
    };
    let body = web::Bytes::from(std::fs::read(file)?);
    let server = HttpServer::new(move || {
        let body = body.clone();
        App::new().default_service(web::to(move || {
            let body = body.clone();
            async move {
                HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/json; charset=utf-8")).body(body)
            }
        }))
    });
    server.bind(address)?.run().await
}
