//! The yardstick of `script/bench version`: a server that does nothing but answer every request with the same bytes,
//! as actix-web does it without any setting or middleware.
//!
//! Run as `bare ADDRESS FILE`: listens on the address and answers with the file, a response as `curl --include` writes
//! it: headers, an empty line, the body.

use std::io;

use actix_web::{
    App, HttpResponse, HttpServer,
    http::header::{CONTENT_LENGTH, DATE, HeaderName, HeaderValue},
    web,
};

#[actix_web::main]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: bare ADDRESS FILE"));
    };
    let response = std::fs::read_to_string(file)?;
    let (head, body) = response.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("the file is no response"))?;
    let headers: Vec<(HeaderName, HeaderValue)> = head.lines().skip(1).filter_map(header_parse).collect();
    let body = web::Bytes::copy_from_slice(body.as_bytes());
    let server = HttpServer::new(move || {
        let (headers, body) = (headers.clone(), body.clone());
        App::new().default_service(web::to(move || {
            let mut response = HttpResponse::Ok();
            for header in &headers {
                response.insert_header(header.clone());
            }
            let response = response.body(body.clone());
            async move { response }
        }))
    });
    server.bind(address)?.run().await
}

/// A line of the head; `None` for what actix-web writes by itself.
fn header_parse(line: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = line.split_once(": ")?;
    let name = HeaderName::try_from(name).ok().filter(|name| ![CONTENT_LENGTH, DATE].contains(name))?;
    Some((name, HeaderValue::try_from(value).ok()?))
}
