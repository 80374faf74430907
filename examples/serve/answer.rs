//! What a request is answered with.

use std::fs::File;
use std::time::SystemTime;

use crate::http::{Head, Manner, Method, Part, Request, Status, Target, Validators, Verdict};
use crate::listing;
use crate::site::{Found, Opened, Site};

/// The part of a file that follows a head. It is never empty.
pub(crate) struct Body {
    pub(crate) file: File,
    pub(crate) start: u64,
    pub(crate) length: u64,
}

/// Answers a request: appends the head to `out`, and a body that is no file.
pub(crate) fn answer(
    site: &Site,
    request: &Request,
    keep_alive: bool,
    out: &mut Vec<u8>,
) -> Option<Body> {
    let manner = Manner {
        keep_alive,
        old: request.old,
        bare: request.method == Method::Head,
    };
    match find(site, request) {
        Ok((target, Found::File(opened))) => send(target, opened, request, manner, out),
        Ok((target, Found::Directory)) => {
            redirect(&target.with_slash(), manner, out);
            None
        }
        Ok((_, Found::Listing(listing))) => {
            let page = listing.to_string();
            Head::begin(out, Status::OK, manner, SystemTime::now())
                .end_with_page(listing::TYPE, &page);
            None
        }
        Err(status) => {
            refuse(status, manner, out);
            None
        }
    }
}

fn find<'a>(site: &Site, request: &'a Request) -> Result<(&'a Target, Found), Status> {
    request.method.refusal().map_or(Ok(()), Err)?;
    let target = request.target.as_ref().map_err(|status| *status)?;
    Ok((target, site.find(target)?))
}

/// Answers with a status alone, and its words for a person.
pub(crate) fn refuse(status: Status, manner: Manner, out: &mut Vec<u8>) {
    let mut head = Head::begin(out, status, manner, SystemTime::now());
    if status == Status::METHOD_NOT_ALLOWED {
        head.field("Allow", "GET, HEAD");
    }
    if status == Status::UNAVAILABLE {
        head.field("Retry-After", 1);
    }
    head.end_with(&format!("{status}\n"));
}

fn redirect(location: &str, manner: Manner, out: &mut Vec<u8>) {
    let status = Status::MOVED_PERMANENTLY;
    Head::begin(out, status, manner, SystemTime::now())
        .field("Location", location)
        .end_with(&format!("{status}\n"));
}

fn send(
    target: &Target,
    opened: Opened,
    request: &Request,
    manner: Manner,
    out: &mut Vec<u8>,
) -> Option<Body> {
    let now = SystemTime::now();
    let verdict = request
        .conditions
        .as_ref()
        .map_or(Verdict::Send, |conditions| {
            conditions.judge(&opened.validators, now)
        });
    let range = match verdict {
        Verdict::Send => request.range,
        Verdict::SendWhole => None,
        Verdict::NotModified => {
            not_modified(&opened.validators, manner, now, out);
            return None;
        }
        Verdict::Failed => {
            refuse(Status::PRECONDITION_FAILED, manner, out);
            return None;
        }
    };
    let size = opened.size;
    let (status, start, length) = match range.map_or(Part::Whole, |range| range.of(size)) {
        Part::Whole => (Status::OK, 0, size),
        Part::Bytes { start, length } => (Status::PARTIAL_CONTENT, start, length),
        Part::Unsatisfiable => {
            out_of_range(size, manner, now, out);
            return None;
        }
    };
    let mut head = Head::begin(out, status, manner, now);
    if status == Status::PARTIAL_CONTENT {
        let last = start + length - 1;
        head.field("Content-Range", format_args!("bytes {start}-{last}/{size}"));
    }
    content_type(&mut head, target);
    head.field("Content-Length", length)
        .field("Accept-Ranges", "bytes");
    validators(&mut head, &opened.validators, now);
    head.end();
    (length > 0 && !manner.bare).then_some(Body {
        file: opened.file,
        start,
        length,
    })
}

fn not_modified(file: &Validators, manner: Manner, now: SystemTime, out: &mut Vec<u8>) {
    let mut head = Head::begin(out, Status::NOT_MODIFIED, manner, now);
    validators(&mut head, file, now);
    head.end();
}

fn out_of_range(size: u64, manner: Manner, now: SystemTime, out: &mut Vec<u8>) {
    let status = Status::RANGE_NOT_SATISFIABLE;
    Head::begin(out, status, manner, now)
        .field("Content-Range", format_args!("bytes */{size}"))
        .end_with(&format!("{status}\n"));
}

fn validators(head: &mut Head<'_>, file: &Validators, now: SystemTime) {
    if let Some(modified) = file.last_modified(now) {
        head.field("Last-Modified", modified);
    }
    head.field("ETag", file.etag());
}

fn content_type(head: &mut Head<'_>, target: &Target) {
    let guess = target
        .path()
        .and_then(|path| mime_guess::from_path(path).first_raw())
        .unwrap_or("application/octet-stream");
    if guess.starts_with("text/") {
        head.field("Content-Type", format_args!("{guess}; charset=utf-8"));
    } else {
        head.field("Content-Type", guess);
    }
}
