//! What reading gives, and what it says when it cannot.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use loopline::ReadErrorKind;
use loopline::prelude::*;

use crate::harness::{Failing, Failure, on_loop, once, over, pair, settle};

#[test]
fn lines_come_whole_however_they_were_sent() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        for piece in ["one\r", "\ntwo\r\nthr", "ee\r\n", "rest"] {
            theirs.write_all(piece.as_bytes()).await?;
            settle(event_loop).await;
        }
        drop(theirs);
        assert_eq!(ours.read_until("\r\n").await?, b"one\r\n");
        assert_eq!(ours.read_until("\r\n").await?, b"two\r\n");
        assert_eq!(ours.read_until("\r\n").await?, b"three\r\n");
        let end = ours.read_until("\r\n").await.failed()?;
        assert!(matches!(end.kind(), ReadErrorKind::Incomplete));
        assert_eq!(end.partial(), b"rest");
        assert!(!end.is_end());
        assert!(ours.read_until("\r\n").await.failed()?.is_end());
        Ok(())
    })
}

#[test]
fn a_line_longer_than_the_limit_is_handed_out_with_the_error() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        ours.set_limit(8);
        theirs.write_all(b"0123456789abc\r\nshort\r\n").await?;
        let error = ours.read_until("\r\n").await.failed()?;
        assert!(matches!(
            error.kind(),
            ReadErrorKind::LimitOverrun { limit: 8 }
        ));
        // The last byte could have been the first of a separator.
        assert_eq!(error.partial(), b"0123456");
        assert_eq!(ours.read_until("\r\n").await?, b"789abc\r\n");
        assert_eq!(ours.read_until("\r\n").await?, b"short\r\n");
        Ok(())
    })
}

#[test]
fn a_separator_that_the_limit_cuts_is_found() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        ours.set_limit(8);
        theirs.write_all(b"0123456\r\nrest\r\n").await?;
        let error = ours.read_until("\r\n").await.failed()?;
        assert_eq!(error.into_partial(), b"0123456");
        assert_eq!(ours.read_until("\r\n").await?, b"\r\n");
        assert_eq!(ours.read_until("\r\n").await?, b"rest\r\n");
        Ok(())
    })
}

#[test]
fn an_empty_separator_is_refused() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        theirs.write_all(b"x").await?;
        let error = ours.read_until("").await.failed()?;
        assert!(matches!(error.kind(), ReadErrorKind::EmptySeparator));
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidInput);
        assert_eq!(ours.read_exact(1).await?, b"x");
        Ok(())
    })
}

#[test]
fn exactly_so_much_may_be_more_than_the_limit() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        ours.set_limit(100);
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(300_000).collect();
        let sent = content.clone();
        let writing = event_loop.spawn(async move {
            theirs.write_all(&sent).await?;
            theirs.close().await
        });
        assert_eq!(ours.read_exact(250_000).await?, content[..250_000]);
        let error = ours.read_exact(50_001).await.failed()?;
        assert!(matches!(error.kind(), ReadErrorKind::Incomplete));
        assert_eq!(error.partial(), &content[250_000..]);
        assert_eq!(ours.read_exact(0).await?, b"");
        writing.await??;
        Ok(())
    })
}

#[test]
fn what_had_come_stays_when_a_read_is_given_up() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        ours.set_limit(4);
        theirs.write_all(b"abcdef").await?;
        settle(event_loop).await;
        for _ in 0..3 {
            assert!(once(ours.read_exact(10)).await.is_none());
            settle(event_loop).await;
        }
        assert!(
            once(ours.read_until("\n")).await.is_some(),
            "it is too long"
        );
        theirs.write_all(b"g\n").await?;
        let mut buffer = [0; 10];
        let count = ours.read(&mut buffer).await?;
        assert_eq!(buffer[..count], b"ef"[..]);
        assert_eq!(ours.read_until("\n").await?, b"g\n");
        Ok(())
    })
}

#[test]
fn a_failed_connection_says_so_behind_what_had_come() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        let target = listener.local_addr()?;
        let options = ConnectOptions::default();
        let mut ours = event_loop.open_connection(target, options).await?;
        let (mut peer, _) = listener.accept()?;
        peer.write_all(b"half")?;
        settle(event_loop).await;
        socket2::SockRef::from(&peer).set_linger(Some(std::time::Duration::ZERO))?;
        drop(peer);
        settle(event_loop).await;
        let error = ours.read_exact(8).await.failed()?;
        assert_eq!(error.partial(), b"half");
        assert_eq!(
            io::Error::from(error).kind(),
            io::ErrorKind::ConnectionReset
        );
        let error = ours.write_all(b"x").await.failed()?;
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let error = ours.close().await.failed()?;
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        Ok(())
    })
}

#[test]
fn unread_bytes_can_be_taken_and_come_once() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut peer) = UnixStream::pair()?;
        let mut ours = over(event_loop, ours).await?;
        peer.write_all(b"command\nahead")?;
        assert_eq!(ours.read_until("\n").await?, b"command\n");
        assert_eq!(ours.take_unread(), b"ahead");
        assert_eq!(ours.take_unread(), b"");
        peer.write_all(b"more")?;
        assert_eq!(ours.read_exact(4).await?, b"more");
        Ok(())
    })
}

#[test]
fn lines_end_with_the_stream() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        theirs.write_all(b"one\n\nrest").await?;
        theirs.close().await?;
        assert_eq!(ours.read_line().await?.as_deref(), Some(&b"one\n"[..]));
        let (mut reader, _writer) = ours.into_split();
        assert_eq!(reader.read_line().await?.as_deref(), Some(&b"\n"[..]));
        assert_eq!(reader.read_line().await?.as_deref(), Some(&b"rest"[..]));
        assert!(reader.read_line().await?.is_none());
        assert!(reader.read_line().await?.is_none());
        Ok(())
    })
}

#[test]
fn a_line_that_is_too_long_or_cut_is_no_line() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        ours.set_limit(8);
        theirs.write_all(b"0123456789\nshort\nbe").await?;
        let error = ours.read_line().await.failed()?;
        assert!(matches!(
            error.kind(),
            ReadErrorKind::LimitOverrun { limit: 8 }
        ));
        assert_eq!(error.partial(), b"01234567");
        assert_eq!(ours.read_line().await?.as_deref(), Some(&b"89\n"[..]));
        assert_eq!(ours.read_line().await?.as_deref(), Some(&b"short\n"[..]));
        settle(event_loop).await;
        ours.transport().abort();
        let error = ours.read_line().await.failed()?;
        assert!(matches!(error.kind(), ReadErrorKind::Connection(_)));
        assert_eq!(error.partial(), b"be");
        Ok(())
    })
}

/// What had come is not in the error of a time limit: it stays in the stream.
#[test]
fn a_timeout_of_zero_asks_once() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        let now = std::time::Duration::ZERO;
        theirs.write_all(b"half").await?;
        settle(event_loop).await;
        let elapsed = event_loop.timeout(now, ours.read_exact(8)).await.failed()?;
        assert_eq!(io::Error::from(elapsed).kind(), io::ErrorKind::TimedOut);
        theirs.write_all(b" and half").await?;
        settle(event_loop).await;
        let whole = event_loop.timeout(now, ours.read_exact(13)).await??;
        assert_eq!(whole, b"half and half");
        Ok(())
    })
}

/// The end within a number of bytes, however few are missing.
#[test]
fn the_end_within_what_was_asked_for_has_what_came() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        for came in [0, 1, 7] {
            let (mut ours, mut theirs) = pair(event_loop).await?;
            let reading = event_loop.spawn(async move { ours.read_exact(8).await });
            settle(event_loop).await;
            theirs.write_all(&b"01234567"[..came]).await?;
            theirs.close().await?;
            let error = reading.await?.failed()?;
            assert!(matches!(error.kind(), ReadErrorKind::Incomplete));
            assert_eq!(error.partial(), &b"01234567"[..came]);
            assert_eq!(error.is_end(), came == 0);
            assert_eq!(io::Error::from(error).kind(), io::ErrorKind::UnexpectedEof);
        }
        Ok(())
    })
}

/// Of a stream a second reader cannot be written; of a socket that is lent by
/// reference it can.
#[test]
fn a_second_reader_of_a_socket_is_refused() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let ours = std::rc::Rc::new(ours);
        let (handle, socket) = (event_loop.handle(), std::rc::Rc::clone(&ours));
        let first = event_loop.spawn(async move { handle.sock_recv(&*socket, 10).await });
        settle(event_loop).await;
        let second = event_loop.sock_recv(&*ours, 10).await.failed()?;
        assert_eq!(second.kind(), io::ErrorKind::ResourceBusy, "{second}");
        theirs.write_all(b"for the first")?;
        assert_eq!(first.await??, b"for the fi");
        assert_eq!(event_loop.sock_recv(&*ours, 10).await?, b"rst");
        Ok(())
    })
}
