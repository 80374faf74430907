//! Status codes and their phrases.

/// A status code; it displays with its phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(u16, &'static str);

impl Status {
    pub(crate) const OK: Self = Self(200, "OK");
    pub(crate) const PARTIAL_CONTENT: Self = Self(206, "Partial Content");
    pub(crate) const MOVED_PERMANENTLY: Self = Self(301, "Moved Permanently");
    pub(crate) const NOT_MODIFIED: Self = Self(304, "Not Modified");
    pub(crate) const BAD_REQUEST: Self = Self(400, "Bad Request");
    pub(crate) const FORBIDDEN: Self = Self(403, "Forbidden");
    pub(crate) const NOT_FOUND: Self = Self(404, "Not Found");
    pub(crate) const METHOD_NOT_ALLOWED: Self = Self(405, "Method Not Allowed");
    pub(crate) const REQUEST_TIMEOUT: Self = Self(408, "Request Timeout");
    pub(crate) const LENGTH_REQUIRED: Self = Self(411, "Length Required");
    pub(crate) const PRECONDITION_FAILED: Self = Self(412, "Precondition Failed");
    pub(crate) const CONTENT_TOO_LARGE: Self = Self(413, "Content Too Large");
    pub(crate) const URI_TOO_LONG: Self = Self(414, "URI Too Long");
    pub(crate) const RANGE_NOT_SATISFIABLE: Self = Self(416, "Range Not Satisfiable");
    pub(crate) const EXPECTATION_FAILED: Self = Self(417, "Expectation Failed");
    pub(crate) const HEADERS_TOO_LARGE: Self = Self(431, "Request Header Fields Too Large");
    pub(crate) const INTERNAL_ERROR: Self = Self(500, "Internal Server Error");
    pub(crate) const NOT_IMPLEMENTED: Self = Self(501, "Not Implemented");
    pub(crate) const UNAVAILABLE: Self = Self(503, "Service Unavailable");
    pub(crate) const VERSION_UNSUPPORTED: Self = Self(505, "HTTP Version Not Supported");
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.0, self.1)
    }
}
