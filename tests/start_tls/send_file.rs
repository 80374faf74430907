//! Files over TLS: the contract of a plain connection, through the coder.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use loopline::prelude::*;
use loopline::{SendFileErrorKind, SendFileSupport, SharedReader, WriteError};

use crate::harness::{Failure, Log, contexts, until};

type End = (Rc<dyn Transport>, Rc<RefCell<Log>>);

/// Both ends of a TLS connection, over TCP.
async fn pair(event_loop: &Loop) -> Result<(End, End), Failure> {
    let contexts = contexts()?;
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let socket = std::net::TcpStream::connect(listener.local_addr()?)?;
    let handle = event_loop.handle();
    let options = AcceptOptions::default().ssl(contexts.server.clone());
    let accepting = event_loop.spawn(async move {
        handle
            .connect_accepted_socket_with(Log::default, socket, options)
            .await
    });
    let (socket, _) = listener.accept()?;
    let options = ConnectOptions::default()
        .ssl(contexts.client.clone())
        .server_hostname("localhost");
    let client = event_loop
        .create_connection(
            Log::default,
            loopline::ConnectedSocket::from(socket),
            options,
        )
        .await?;
    Ok((accepting.await??, client))
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

fn file_of(content: &[u8]) -> Result<Arc<File>, Failure> {
    let mut file = tempfile::tempfile()?;
    file.write_all(content)?;
    file.seek(SeekFrom::Start(7))?;
    Ok(Arc::new(file))
}

fn position(file: &File) -> io::Result<u64> {
    (&*file).stream_position()
}

#[test]
fn in_order_guarded_and_reported() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (server, client) = pair(&event_loop).await?;
        let content = content(6_000_000);
        let file = file_of(&content)?;
        assert_eq!(server.0.send_file_support(), SendFileSupport::Fallback);

        // Read until the end of the file, and nothing of the peer meanwhile.
        server.0.write(b"before")?;
        let reports = Rc::new(Cell::new((0, 0)));
        let told = Rc::clone(&reports);
        let options = SendFileOptions::default()
            .offset(100)
            .progress(move |sent, total| {
                told.set((told.get().0 + 1, sent));
                assert_eq!(total, Some(5_999_900));
            });
        let sending = event_loop.sendfile(&server.0, (&file).into(), options);
        let mut sending = std::pin::pin!(sending);
        assert!(poll_once(sending.as_mut()).is_pending());
        client.0.write(b"from the peer")?;
        assert!(matches!(
            server.0.write(b""),
            Err(WriteError::SendFileInProgress)
        ));
        let second = event_loop.sendfile(&server.0, (&file).into(), SendFileOptions::default());
        let refused = second.await.err().ok_or("a second file was taken")?;
        assert!(matches!(refused.kind(), SendFileErrorKind::InProgress));
        // What the user asks for meanwhile holds afterwards (line A52).
        server.0.pause_reading();
        server.0.resume_reading();

        assert_eq!(sending.await?, 5_999_900);
        assert!(server.1.borrow().data.is_empty());
        assert_eq!(position(&file)?, 6_000_000);
        assert!(reports.get().0 > 1);
        assert_eq!(reports.get().1, 5_999_900);
        server.0.write(b"after")?;
        until(&event_loop, || client.1.borrow().data.len() == 5_999_911).await;
        let expected = [b"before", &content[100..], b"after"].concat();
        assert!(client.1.borrow().data == expected);
        until(&event_loop, || server.1.borrow().data == b"from the peer").await;

        // Small, in memory, and more than there is.
        let reader = SharedReader::new(Cursor::new(b"0123456789".to_vec()));
        let source = FileSource::reader(reader.clone());
        let options = SendFileOptions::default().offset(4).count(100);
        assert_eq!(event_loop.sendfile(&server.0, source, options).await?, 6);
        assert_eq!(reader.lock().position(), 10);
        until(&event_loop, || client.1.borrow().data.ends_with(b"456789")).await;
        Ok(())
    })?
}

fn poll_once<F: Future + ?Sized>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn what_is_refused_touches_nothing() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (server, client) = pair(&event_loop).await?;
        let file = file_of(b"content")?;
        for (options, expected) in [
            (SendFileOptions::default().fallback(false), "NotAvailable"),
            (SendFileOptions::default().count(0), "InvalidCount"),
            (SendFileOptions::default().offset(u64::MAX), "InvalidOffset"),
        ] {
            let refused = event_loop
                .sendfile(&server.0, (&file).into(), options)
                .await;
            let refused = refused.err().ok_or("it was sent")?;
            assert_eq!(format!("{:?}", refused.kind()), expected);
            assert_eq!(refused.sent(), 0);
        }
        server.0.write(b"as before")?;
        until(&event_loop, || client.1.borrow().data == b"as before").await;
        server.0.close();
        let sending = event_loop.sendfile(&server.0, (&file).into(), SendFileOptions::default());
        let refused = sending.await.err().ok_or("it was sent")?;
        assert!(matches!(refused.kind(), SendFileErrorKind::Closing));
        Ok(())
    })?
}

#[test]
fn a_cancelled_file_gives_the_connection_back() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (server, client) = pair(&event_loop).await?;
        let content = content(8_000_000);
        let file = file_of(&content)?;
        let mut job = FileJob::new(&file, SendFileOptions::default());
        let mut context = Context::from_waker(Waker::noop());
        assert!(server.0.poll_send_file(&mut context, &mut job).is_pending());
        until(&event_loop, || !client.1.borrow().data.is_empty()).await;
        let sent = job.cancel();
        assert!(sent > 0 && sent < 8_000_000);
        assert_eq!(position(&file)?, sent);
        server.0.write(b"after")?;
        let total = sent as usize + 5;
        until(&event_loop, || client.1.borrow().data.len() == total).await;
        assert!(client.1.borrow().data[..total - 5] == content[..total - 5]);
        client.0.write(b"still read")?;
        until(&event_loop, || server.1.borrow().data == b"still read").await;
        Ok(())
    })?
}

#[test]
fn a_connection_that_ends_fails_the_file() -> Result<(), Failure> {
    for local in [false, true] {
        let event_loop = Loop::new()?;
        event_loop.run_until_complete(async {
            let (server, client) = pair(&event_loop).await?;
            let file = file_of(&content(8_000_000))?;
            let sending = event_loop.sendfile(&server.0, (&file).into(), Default::default());
            let mut sending = std::pin::pin!(sending);
            assert!(poll_once(sending.as_mut()).is_pending());
            if local {
                server.0.close();
            } else {
                client.0.abort();
            }
            let failed = sending.await.err().ok_or("it was sent")?;
            let expected = match failed.kind() {
                SendFileErrorKind::Aborted => local,
                SendFileErrorKind::Connection(_) => !local,
                _ => false,
            };
            assert!(expected, "{failed}");
            assert_eq!(position(&file)?, failed.sent());
            client.0.abort();
            until(&event_loop, || server.1.borrow().lost.len() == 1).await;
            assert_eq!(event_loop.snapshot().layers, 0);
            Ok::<(), Failure>(())
        })??;
    }
    Ok(())
}

#[test]
fn a_panic_in_the_report_leaves_the_run_and_not_the_connection() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    let (server, client) = event_loop.run_until_complete(pair(&event_loop))??;
    let file = file_of(&content(8_000_000))?;
    let calls = Cell::new(0);
    let options = SendFileOptions::default().progress(move |_, _| {
        calls.set(calls.get() + 1);
        assert!(calls.get() < 3, "as wanted");
    });
    let sending = event_loop.sendfile(&server.0, (&file).into(), options);
    let mut sending = std::pin::pin!(sending);
    let run = std::panic::AssertUnwindSafe(|| event_loop.run_until_complete(sending.as_mut()));
    assert!(std::panic::catch_unwind(run).is_err());
    event_loop.run_until_complete(async {
        let failed = sending.await.err().ok_or("it was sent")?;
        assert!(
            matches!(failed.kind(), SendFileErrorKind::Panicked),
            "{failed}"
        );
        let before = failed.sent() as usize;
        server.0.write(b"after")?;
        until(&event_loop, || client.1.borrow().data.len() == before + 5).await;
        Ok(())
    })?
}
