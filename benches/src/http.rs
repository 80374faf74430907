//! What is asked of hyper and answered by it, on whatever runtime.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;

pub(crate) const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The body of each answer.
pub(crate) static BODY: [u8; 100] = [b'x'; 100];

pub(crate) fn answer() -> Response<Full<Bytes>> {
    Response::new(Full::new(Bytes::from_static(&BODY)))
}
