//! TLS inside TLS, and what is carried from one transport to the next.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use loopline::prelude::*;
use loopline::tls::{StartTlsError, StartTlsOptions};

use crate::harness::{Contexts, Failure, Log, contexts, until};

type End = (Rc<dyn Transport>, Rc<RefCell<Log>>);

async fn pair(event_loop: &Loop) -> Result<(End, End), Failure> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    let client = event_loop.connect_accepted_socket(Log::default, ours);
    let client = client.await?;
    let server = event_loop.connect_accepted_socket(Log::default, theirs);
    Ok((client, server.await?))
}

/// Puts one more layer onto both ends.
async fn upgrade(
    event_loop: &Loop,
    contexts: &Contexts,
    client: &mut End,
    server: &mut End,
) -> Result<(), Failure> {
    let (transport, protocol) = server.clone();
    let (handle, context) = (event_loop.handle(), contexts.server.clone());
    let accepting = event_loop.spawn(async move {
        let options = StartTlsOptions::default().server_side(true);
        let accepted = handle.start_tls(&transport, protocol, &*context, options);
        accepted.await
    });
    let options = StartTlsOptions::default().server_hostname("localhost");
    let connected = event_loop.start_tls(&client.0, client.1.clone(), &*contexts.client, options);
    client.0 = connected.await?;
    server.0 = accepting.await??;
    Ok(())
}

#[test]
fn three_deep_with_a_file_and_a_clean_end() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (mut client, mut server) = pair(&event_loop).await?;
        for _ in 0..3 {
            upgrade(&event_loop, &contexts, &mut client, &mut server).await?;
        }
        assert_eq!(event_loop.snapshot().layers, 6);
        let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        client.0.write(b"before")?;
        let reader = FileSource::reader(io::Cursor::new(content.clone()));
        let sent = event_loop.sendfile(&client.0, reader, SendFileOptions::default());
        assert_eq!(sent.await?, 3_000_000);
        client.0.write(b"after")?;
        let received = || server.1.borrow().data.len();
        until(&event_loop, || received() == 3_000_011).await;
        let expected = [b"before", &content[..], b"after"].concat();
        assert!(server.1.borrow().data == expected);
        server.0.close();
        until(&event_loop, || server.1.borrow().lost.len() == 1).await;
        until(&event_loop, || client.1.borrow().lost.len() == 1).await;
        assert_eq!(
            (client.1.borrow().eof, client.1.borrow().lost[0]),
            (1, None)
        );
        assert_eq!(server.1.borrow().lost[0], None);
        let left = event_loop.snapshot();
        assert_eq!((left.layers, left.transports, left.timers), (0, 0, 0));
        Ok(())
    })?
}

#[test]
fn a_written_backlog_survives_the_peers_end() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (mut client, mut server) = pair(&event_loop).await?;
        upgrade(&event_loop, &contexts, &mut client, &mut server).await?;
        // The client reads nothing until its own close_notify is on its way.
        client.0.pause_reading();
        server.0.write(&vec![7; 4_000_000])?;
        assert!(server.0.is_writing_paused());
        assert!(server.0.write_buffer_size() > 512 * 1024);
        client.0.close();
        until(&event_loop, || server.1.borrow().lost.len() == 1).await;
        assert_eq!(
            (server.1.borrow().eof, server.1.borrow().lost[0]),
            (1, None)
        );
        until(&event_loop, || client.1.borrow().lost.len() == 1).await;
        assert_eq!(client.1.borrow().lost[0], None);
        assert_eq!(event_loop.snapshot().timers, 0);
        Ok(())
    })?
}

#[test]
fn what_was_paused_stays_paused() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (mut client, mut server) = pair(&event_loop).await?;
        server.0.pause_reading();
        upgrade(&event_loop, &contexts, &mut client, &mut server).await?;
        assert!(!server.0.is_reading());
        client.0.write(b"held")?;
        client.0.close();
        event_loop.sleep(Duration::from_millis(20)).await;
        assert!(server.1.borrow().data.is_empty());
        server.0.resume_reading();
        assert!(
            server.1.borrow().data.is_empty(),
            "not from inside the call"
        );
        until(&event_loop, || server.1.borrow().lost.len() == 1).await;
        let log = server.1.borrow();
        assert_eq!(
            (&log.data[..], log.eof, log.lost[0]),
            (&b"held"[..], 1, None)
        );
        Ok(())
    })?
}

/// Takes four bytes at a time, and pauses or panics on demand.
#[derive(Default)]
struct Sips {
    transport: Option<Rc<dyn Transport>>,
    space: [u8; 4],
    sips: Vec<Vec<u8>>,
    pauses: bool,
    panics: bool,
    lost: Vec<Option<io::ErrorKind>>,
}

impl Protocol for Sips {
    fn as_buffered(&mut self) -> Option<&mut dyn BufferedProtocol> {
        Some(self)
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        self.lost.push(error.map(io::Error::kind));
        Ok(())
    }
}

impl BufferedProtocol for Sips {
    fn buffer(&mut self, _: Option<usize>) -> Result<&mut [u8], BoxError> {
        Ok(&mut self.space)
    }

    fn buffer_updated(&mut self, filled: usize) -> Outcome {
        assert!(!self.panics, "as wanted");
        self.sips.push(self.space[..filled].to_vec());
        if let (true, Some(transport)) = (self.pauses, &self.transport) {
            transport.pause_reading();
        }
        Ok(())
    }
}

#[test]
fn a_buffered_protocol_pauses_in_the_middle() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (mut client, mut server) = pair(&event_loop).await?;
        upgrade(&event_loop, &contexts, &mut client, &mut server).await?;
        let sips = Rc::new(RefCell::new(Sips {
            transport: Some(Rc::clone(&server.0)),
            pauses: true,
            ..Sips::default()
        }));
        server.0.set_protocol(sips.clone());
        client.0.write(b"0123456")?;
        client.0.write(b"789")?;
        client.0.close();
        // One read has brought all of it.
        for taken in [&b"0123"[..], b"4567", b"89"] {
            until(&event_loop, || {
                let sips = sips.borrow();
                sips.sips.last().is_some_and(|sip| sip == taken)
            })
            .await;
            event_loop.sleep(Duration::from_millis(5)).await;
            assert_eq!(sips.borrow().sips.last().map(|sip| &sip[..]), Some(taken));
            assert!(sips.borrow().lost.is_empty());
            server.0.resume_reading();
        }
        until(&event_loop, || sips.borrow().lost.len() == 1).await;
        assert_eq!(sips.borrow().sips.len(), 3);
        assert_eq!(sips.borrow().lost, [None]);
        Ok(())
    })?
}

#[test]
fn a_panic_ends_that_connection_and_leaves_the_run() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    let (client, sips) = event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (mut client, mut server) = pair(&event_loop).await?;
        upgrade(&event_loop, &contexts, &mut client, &mut server).await?;
        let sips = Rc::new(RefCell::new(Sips {
            panics: true,
            ..Sips::default()
        }));
        server.0.set_protocol(sips.clone());
        client.0.write(b"poison")?;
        Ok::<_, Failure>((client, sips))
    })??;
    let until_lost =
        || event_loop.run_until_complete(until(&event_loop, || !sips.borrow().lost.is_empty()));
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(until_lost));
    assert!(ended.is_err());
    until_lost()?;
    assert_eq!(sips.borrow().lost, [Some(io::ErrorKind::Other)]);
    event_loop.run_until_complete(until(&event_loop, || !client.1.borrow().lost.is_empty()))?;
    Ok(())
}

#[test]
fn what_cannot_be_upgraded_says_why() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (mut client, mut server) = pair(&event_loop).await?;
        let try_again = async |end: &End| {
            let options = StartTlsOptions::default().server_hostname("localhost");
            let protocol = end.1.clone();
            let upgraded = event_loop.start_tls(&end.0, protocol, &*contexts.client, options);
            upgraded.await.err().ok_or("it was upgraded")
        };
        let old = client.clone();
        upgrade(&event_loop, &contexts, &mut client, &mut server).await?;
        assert!(matches!(try_again(&old).await?, StartTlsError::Unsupported));
        let reader = FileSource::reader(io::Cursor::new(vec![0; 100]));
        let mut job = FileJob::new(reader, SendFileOptions::default());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(client.0.poll_send_file(&mut context, &mut job).is_pending());
        assert!(matches!(
            try_again(&client).await?,
            StartTlsError::NotWritable
        ));
        drop(job);
        let (half, _peer) = pair(&event_loop).await?;
        half.0.write_eof()?;
        assert!(matches!(
            try_again(&half).await?,
            StartTlsError::NotWritable
        ));
        half.0.close();
        assert!(matches!(
            try_again(&half).await?,
            StartTlsError::TransportClosing
        ));
        Ok(())
    })?
}
