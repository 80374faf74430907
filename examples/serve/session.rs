//! The conversation over one connection: a task that takes one request after
//! the other and answers it, so that answers keep the order of the requests.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use loopline::{FileJob, FilePosition, SendFileOptions};

use crate::answer::{self, Body};
use crate::connection::{Connection, Next};
use crate::http::{Manner, Request, Status};
use crate::server::Shared;

/// After so many answers at a stretch other connections have their turn.
const STRETCH: u32 = 16;

/// The connection cannot be used on: the client has got less than it was told.
struct Broken;

/// Answers requests until there are no more.
pub(crate) async fn run(shared: Rc<Shared>, connection: Rc<Connection>) {
    let mut answered = 0_u32;
    loop {
        match poll_fn(|cx| connection.poll_next(cx)).await {
            Next::End => return connection.transport.close(),
            Next::Refuse(status) => {
                refuse(&shared, &connection, status);
                return connection.finish();
            }
            Next::Request(request) => match respond(&shared, &connection, &request).await {
                Ok(true) => {}
                Ok(false) => return connection.finish(),
                Err(Broken) => return connection.transport.close(),
            },
        }
        answered += 1;
        if answered % STRETCH == 0 {
            yield_now().await;
        }
    }
}

/// Answers one request, and whether another one may follow.
async fn respond(
    shared: &Shared,
    connection: &Connection,
    request: &Request,
) -> Result<bool, Broken> {
    let keep_alive = request.keep_alive && !shared.is_stopping();
    let mut text = shared.scratch.take();
    let body = answer::answer(&shared.site, request, keep_alive, &mut text);
    send_text(shared, connection, text)?;
    if let Some(body) = body {
        send_file(connection, body).await?;
    }
    poll_fn(|cx| connection.poll_room(cx)).await;
    Ok(keep_alive && !shared.is_stopping())
}

/// The last answer; what the client spoke is not known well enough to tell
/// whether it would assume that the connection ends.
fn refuse(shared: &Shared, connection: &Connection, status: Status) {
    let manner = Manner {
        keep_alive: false,
        old: false,
        bare: false,
    };
    let mut text = shared.scratch.take();
    answer::refuse(status, manner, &mut text);
    // The connection ends in any case.
    let _ = send_text(shared, connection, text);
}

/// Sends a text and gives its buffer back.
fn send_text(shared: &Shared, connection: &Connection, mut text: Vec<u8>) -> Result<(), Broken> {
    let written = connection.transport.write(&text);
    text.clear();
    shared.scratch.set(text);
    written.map(drop).map_err(|_| Broken)
}

/// Sends the body. A file that has become shorter than the head says leaves
/// nothing but to end the connection.
async fn send_file(connection: &Connection, body: Body) -> Result<(), Broken> {
    let options = SendFileOptions::default()
        .offset(body.start)
        .count(body.length)
        .position(FilePosition::Keep);
    let sent = FileJob::new(body.file, options)
        .send(&connection.transport)
        .await;
    match sent {
        Ok(sent) if sent == body.length => Ok(()),
        // Also a connection that was lost on the way: there is nobody to tell.
        Ok(_) | Err(_) => Err(Broken),
    }
}

/// Lets everything else that is ready run first.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
