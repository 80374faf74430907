//! The parts of the example `serve` that need no connection.

#[path = "../examples/serve/http/mod.rs"]
#[allow(dead_code, reason = "the example uses what is not tested here")]
mod http;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Conditions, Head, MAX_HEAD, Manner, Method, Part, RangeSpec, Request, Status};
use http::{Target, Validators, Verdict, parse};

fn request(text: &str) -> Request {
    match parse(text.as_bytes()) {
        Ok(Some((request, length))) => {
            assert_eq!(length, text.len());
            request
        }
        other => panic!("{text:?}: {other:?}"),
    }
}

fn refusal(text: &str) -> Status {
    parse(text.as_bytes()).expect_err(text)
}

fn target(text: &str) -> Result<String, Status> {
    Target::parse(text).map(|target| {
        let path = target.path().expect("these names are valid everywhere");
        path.to_str().expect("these names are UTF-8").to_owned()
    })
}

#[test]
fn a_request_is_complete_or_not_at_every_length() {
    let text = "GET /a?b HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\n\r\n";
    for end in 0..text.len() {
        let partial = parse(&text.as_bytes()[..end]);
        assert!(matches!(partial, Ok(None)), "{end}: {partial:?}");
    }
    let request = request(text);
    assert_eq!(request.method, Method::Get);
    assert!(request.keep_alive && !request.old);
    assert_eq!(request.body, 0);
    assert_eq!(request.range, Some(RangeSpec::Within(1, 2)));
    assert!(request.conditions.is_none());
}

#[test]
fn what_follows_a_request_is_left_alone() {
    let text = b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /next";
    let parsed = parse(text).expect("a request");
    let (_, length) = parsed.expect("a whole request");
    assert_eq!(&text[length..], b"GET /next");
}

#[test]
fn connections_stay_open_by_the_rules() {
    for (version, field, stays) in [
        ("1.1", "X: y", true),
        ("1.1", "Connection: close", false),
        ("1.1", "connection: upgrade , CLOSE", false),
        ("1.1", "Connection: closed", true),
        ("1.0", "X: y", false),
        ("1.0", "Connection: keep-alive", true),
        ("1.0", "Connection: keep-alive, close", false),
    ] {
        let text = format!("GET / HTTP/{version}\r\nHost: x\r\n{field}\r\n\r\n");
        assert_eq!(request(&text).keep_alive, stays, "{text}");
    }
}

#[test]
fn framing_that_is_not_clear_is_refused() {
    for (fields, status) in [
        ("", Status::BAD_REQUEST),
        ("Host: a\r\nHost: a\r\n", Status::BAD_REQUEST),
        (
            "Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
            Status::BAD_REQUEST,
        ),
        ("Host: a\r\nContent-Length: +1\r\n", Status::BAD_REQUEST),
        ("Host: a\r\nContent-Length: 1 1\r\n", Status::BAD_REQUEST),
        (
            "Host: a\r\nContent-Length: 65537\r\n",
            Status::CONTENT_TOO_LARGE,
        ),
        (
            "Host: a\r\nTransfer-Encoding: chunked\r\n",
            Status::LENGTH_REQUIRED,
        ),
        (
            "Host: a\r\nTransfer-Encoding: x\r\nContent-Length: 1\r\n",
            Status::BAD_REQUEST,
        ),
        ("Host: a\r\nExpect: x\r\n", Status::EXPECTATION_FAILED),
    ] {
        let text = format!("GET / HTTP/1.1\r\n{fields}\r\n");
        assert_eq!(refusal(&text), status, "{text}");
    }
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n";
    assert_eq!(refusal(post), Status::METHOD_NOT_ALLOWED);
    let skipped = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n";
    assert_eq!(request(skipped).body, 65536);
    let withheld = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n";
    assert!(!request(withheld).keep_alive);
}

#[test]
fn heads_have_a_limit() {
    let long = "x".repeat(MAX_HEAD);
    for end in ["", "\r\n", "\r\n\r\n"] {
        let line = format!("GET /{long} HTTP/1.1{end}");
        assert_eq!(refusal(&line), Status::URI_TOO_LONG);
        let field = format!("GET / HTTP/1.1\r\nHost: {long}{end}");
        assert_eq!(refusal(&field), Status::HEADERS_TOO_LARGE);
    }
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(65));
    assert_eq!(refusal(&many), Status::HEADERS_TOO_LARGE);
}

#[test]
fn noise_does_not_panic() {
    let pieces: &[&[u8]] = &[
        b"GET ",
        b"HEAD ",
        b"/",
        b"%",
        b"..",
        b" HTTP/1.",
        b"1",
        b"0",
        b"\r\n",
        b"\n",
        b":",
        b"Host: x",
        b"Range: bytes=",
        b"-",
        b"9",
        b"If-Match: ",
        b"If-Modified-Since: ",
        b"\"",
        b",",
        b"Content-Length: ",
        b"\0",
        b"\xff",
        b" ",
        b"If-Range: W/",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let mut text = if random.bool() {
            b"GET / HTTP/1.1\r\nHost: x\r\n".to_vec()
        } else {
            Vec::new()
        };
        for _ in 0..random.usize(..20) {
            text.extend_from_slice(pieces[random.usize(..pieces.len())]);
        }
        text.extend_from_slice(b"\r\n\r\n");
        if let Ok(Some((request, length))) = parse(&text) {
            assert!(length <= text.len());
            judge(&request);
        }
    }
}

fn judge(request: &Request) {
    for size in [0, 1, u64::MAX] {
        if let Some(conditions) = &request.conditions {
            let file = Validators::new(size, Some(SystemTime::now()));
            let _ = conditions.judge(&file, SystemTime::now());
        }
        let part = request.range.map(|range| range.of(size));
        if let Some(Part::Bytes { start, length }) = part {
            assert!(length > 0 && start.checked_add(length).is_some_and(|end| end <= size));
        }
    }
}

#[test]
fn a_slash_at_the_end_names_a_directory() {
    for (text, directory) in [
        ("/", Some(".")),
        ("/a/", Some("a")),
        ("/a/b/.", Some("a/b")),
        ("/a", None),
        ("/index.html", None),
        ("/a/index.html", None),
    ] {
        let target = Target::parse(text).expect(text);
        assert_eq!(target.directory(), directory.map(Path::new), "{text}");
    }
}

#[test]
fn targets_are_paths_below_the_root() {
    for (text, path) in [
        ("/", "index.html"),
        ("/a", "a"),
        ("/a/", "a/index.html"),
        ("//a//b", "a/b"),
        ("/./a/.", "a/index.html"),
        ("/a?/../b", "a"),
        ("/a#/../b", "a"),
        ("/a%2Fb", "a/b"),
        ("/%41", "A"),
        ("/%", "%"),
        ("/%zz", "%zz"),
        ("/...", "..."),
        ("/..a", "..a"),
        ("http://host", "index.html"),
        ("http://host/a", "a"),
        ("HTTPS://host?q", "index.html"),
    ] {
        assert_eq!(target(text).as_deref(), Ok(path), "{text}");
    }
    for text in [
        "/..",
        "/a/..",
        "/../a",
        "/%2e%2e",
        "/.%2E/a",
        "/..%2fa",
        "/%00",
        "*",
        "a",
        "",
        "ftp://a/b",
    ] {
        assert_eq!(target(text), Err(Status::BAD_REQUEST), "{text}");
    }
}

#[test]
fn redirects_stay_on_this_host() {
    for (text, location) in [
        ("/a", "/a/"),
        ("//evil.example", "/evil.example/"),
        ("/%2F%2Fevil.example", "/evil.example/"),
        ("/a%0d%0aX:y", "/a%0D%0AX%3Ay/"),
        ("/a b%25", "/a%20b%25/"),
    ] {
        let target = Target::parse(text).expect("a path");
        assert_eq!(target.with_slash(), location, "{text}");
    }
}

#[test]
fn ranges() {
    let part = |value: &str, size| RangeSpec::parse(value.as_bytes()).map(|range| range.of(size));
    let bytes = |start, length| Some(Part::Bytes { start, length });
    assert_eq!(part("bytes=0-0", 10), bytes(0, 1));
    assert_eq!(part("bytes=5-", 10), bytes(5, 5));
    assert_eq!(part("bytes=5-99", 10), bytes(5, 5));
    assert_eq!(part("bytes=-3", 10), bytes(7, 3));
    assert_eq!(part("bytes=-30", 10), bytes(0, 10));
    assert_eq!(part("Bytes = 1-2", 10), bytes(1, 2));
    assert_eq!(part("bytes=10-", 10), Some(Part::Unsatisfiable));
    assert_eq!(part("bytes=-0", 10), Some(Part::Unsatisfiable));
    assert_eq!(part("bytes=0-", 0), Some(Part::Unsatisfiable));
    assert_eq!(part("bytes=-1", 0), Some(Part::Whole));
    let most = "18446744073709551616";
    assert_eq!(
        part(&format!("bytes=0-{most}"), u64::MAX),
        bytes(0, u64::MAX)
    );
    assert_eq!(
        part(&format!("bytes={most}-"), u64::MAX),
        Some(Part::Unsatisfiable)
    );
    for ignored in [
        "bytes=2-1",
        "bytes=0-1,3-4",
        "bytes=",
        "bytes=-",
        "lines=1-2",
        "1-2",
        "bytes=+1-",
    ] {
        assert_eq!(part(ignored, 10), None, "{ignored}");
    }
}

#[test]
fn conditions_in_their_order() {
    let now = SystemTime::now();
    let changed = now - Duration::from_secs(1000);
    let file = Validators::new(10, Some(changed));
    let tag = file.etag().to_string();
    let date = |ago| httpdate::fmt_http_date(now - Duration::from_secs(ago));
    let judge = |fields: &[(&str, &str)]| {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| httparse::Header {
                name,
                value: value.as_bytes(),
            })
            .collect();
        Conditions::of(&fields).map(|conditions| conditions.judge(&file, now))
    };
    assert_eq!(judge(&[("Range", "bytes=0-1")]), None);
    assert_eq!(
        judge(&[("If-None-Match", &tag)]),
        Some(Verdict::NotModified)
    );
    assert_eq!(judge(&[("If-None-Match", "\"x\"")]), Some(Verdict::Send));
    assert_eq!(
        judge(&[("If-None-Match", "\"x\""), ("If-Modified-Since", &date(0))]),
        Some(Verdict::Send),
        "the tag counts"
    );
    assert_eq!(
        judge(&[("if-modified-since", &date(0))]),
        Some(Verdict::NotModified)
    );
    assert_eq!(
        judge(&[("If-Modified-Since", &date(2000))]),
        Some(Verdict::Send)
    );
    assert_eq!(judge(&[("If-Match", &tag)]), Some(Verdict::Send));
    assert_eq!(judge(&[("If-Match", "*")]), Some(Verdict::Send));
    assert_eq!(judge(&[("If-Match", "\"x\"")]), Some(Verdict::Failed));
    assert_eq!(
        judge(&[("If-Unmodified-Since", &date(2000))]),
        Some(Verdict::Failed)
    );
    assert_eq!(judge(&[("If-Range", &tag)]), Some(Verdict::Send));
    assert_eq!(judge(&[("If-Range", &date(1000))]), Some(Verdict::Send));
    assert_eq!(judge(&[("If-Range", &date(0))]), Some(Verdict::SendWhole));
    assert_eq!(
        judge(&[("If-Range", &format!("W/{tag}"))]),
        Some(Verdict::SendWhole)
    );
}

#[test]
fn times_that_http_cannot_write() {
    let now = SystemTime::now();
    let told = |modified| Validators::new(1, modified).last_modified(now).is_some();
    assert!(told(Some(UNIX_EPOCH)));
    assert!(told(Some(now + Duration::from_secs(1 << 36))), "as now");
    assert!(!told(Some(UNIX_EPOCH - Duration::from_secs(1))));
    assert!(!told(None));
}

#[test]
fn a_head_tells_of_the_connection_what_is_not_assumed() {
    for (keep_alive, old, told) in [
        (true, false, None),
        (false, false, Some("Connection: close\r\n")),
        (true, true, Some("Connection: keep-alive\r\n")),
        (false, true, None),
    ] {
        let manner = Manner {
            keep_alive,
            old,
            bare: false,
        };
        let mut out = Vec::new();
        Head::begin(&mut out, Status::NOT_FOUND, manner, SystemTime::now()).end_with("words");
        let text = String::from_utf8(out).expect("text");
        assert!(
            text.starts_with("HTTP/1.1 404 Not Found\r\nDate: "),
            "{text}"
        );
        assert!(text.ends_with("Content-Length: 5\r\n\r\nwords"), "{text}");
        assert_eq!(text.find("Connection").is_some(), told.is_some(), "{text}");
        assert!(told.is_none_or(|told| text.contains(told)), "{text}");
    }
}
