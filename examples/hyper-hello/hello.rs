//! What is answered.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

/// 100 bytes.
static HELLO: &[u8] = b"Hello from hyper on loopline: one thread, one loop, and each \
    connection is a task that never leaves\n";

const _: () = assert!(HELLO.len() == 100);

/// `GET /` gets the greeting, `HEAD /` all but its body, everything else a status.
pub(crate) async fn answer<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::default());
    if request.uri().path() != "/" {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else if !matches!(*request.method(), Method::GET | Method::HEAD) {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
    } else {
        let headers = response.headers_mut();
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(CONTENT_TYPE, text);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(HELLO.len()));
        if request.method() == Method::GET {
            *response.body_mut() = Full::new(Bytes::from_static(HELLO));
        }
    }
    Ok(response)
}
