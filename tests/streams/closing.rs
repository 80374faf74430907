//! How a stream ends.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use loopline::prelude::*;

use crate::harness::{Failing, Failure, on_loop, once, over, pair, settle, until};

#[test]
fn dropping_sends_what_was_written_and_closes() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut theirs) = pair(event_loop).await?;
        let mut ours = ours;
        let much = vec![7; 300_000];
        let (limit, big) = (1024 * 1024, much.clone());
        ours.set_limit(limit);
        ours.write_all(&big).await?;
        drop(ours);
        assert_eq!(theirs.read_exact(much.len()).await?, much);
        assert!(theirs.read_exact(1).await.failed()?.is_end());
        drop(theirs);
        until(event_loop, || event_loop.snapshot().transports == 0).await;
        Ok(())
    })
}

#[test]
fn closing_waits_until_everything_has_left() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut peer) = UnixStream::pair()?;
        let mut ours = over(event_loop, ours).await?;
        ours.set_limit(1024 * 1024);
        ours.write_all(&vec![7; 1_000_000]).await?;
        let mut closing = Box::pin(ours.close());
        assert!(once(&mut closing).await.is_none());
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).map(|_| all.len())
        });
        closing.await?;
        assert_eq!(reading.join().map_err(|_| "it panicked")??, 1_000_000);
        Ok(())
    })
}

#[test]
fn closing_says_when_not_everything_has_left() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, peer) = UnixStream::pair()?;
        let mut ours = over(event_loop, ours).await?;
        ours.set_limit(1024 * 1024);
        ours.write_all(&vec![7; 1_000_000]).await?;
        drop(peer);
        let error = ours.close().await.failed()?;
        assert!(
            matches!(
                error.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ),
            "{error}"
        );
        Ok(())
    })
}

#[test]
fn ending_the_sending_half_leaves_the_other_one() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        ours.write_all(b"question").await?;
        ours.write_eof()?;
        let error = ours.write_all(b"more").await.failed()?;
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(theirs.read_exact(8).await?, b"question");
        assert!(theirs.read_exact(1).await.failed()?.is_end());
        theirs.write_all(b"answer").await?;
        assert_eq!(ours.read_exact(6).await?, b"answer");
        Ok(())
    })
}

#[test]
fn halves_end_one_by_one_and_the_last_one_closes() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut theirs) = pair(event_loop).await?;
        let (mut reader, mut writer) = ours.into_split();
        writer.write_all(b"last").await?;
        drop(writer);
        assert_eq!(theirs.read_exact(4).await?, b"last");
        assert!(theirs.read_exact(1).await.failed()?.is_end());
        theirs.write_all(b"still").await?;
        assert_eq!(reader.read_exact(5).await?, b"still");
        drop(reader);
        drop(theirs);
        until(event_loop, || event_loop.snapshot().transports == 0).await;

        let (ours, mut theirs) = pair(event_loop).await?;
        let (reader, mut writer) = ours.into_split();
        drop(reader);
        writer.write_all(b"only").await?;
        assert_eq!(theirs.read_exact(4).await?, b"only");
        drop(writer);
        assert!(theirs.read_exact(1).await.failed()?.is_end());
        Ok(())
    })
}

#[test]
fn halves_are_reunited_with_what_was_unread() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut theirs) = pair(event_loop).await?;
        let (other, _other_peer) = pair(event_loop).await?;
        let (mut reader, writer) = ours.into_split();
        let (other_reader, other_writer) = other.into_split();
        theirs.write_all(b"line\nrest").await?;
        assert_eq!(reader.read_until("\n").await?, b"line\n");
        let error = reader.reunite(other_writer).failed()?;
        let (reader, other_writer) = (error.0, error.1);
        let mut ours = reader.reunite(writer)?;
        let other = other_reader.reunite(other_writer)?;
        assert_eq!(ours.read_exact(4).await?, b"rest");
        ours.write_all(b"open").await?;
        assert_eq!(theirs.read_exact(4).await?, b"open");
        other.abort();
        Ok(())
    })
}

#[test]
fn a_reader_is_told_that_its_own_side_has_closed() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, _theirs) = pair(event_loop).await?;
        let transport = ours.transport();
        let (mut reader, _writer) = ours.into_split();
        let reading = event_loop.spawn(async move { reader.read_exact(1).await });
        settle(event_loop).await;
        transport.abort();
        let error = io::Error::from(reading.await?.failed()?);
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        Ok(())
    })
}

#[test]
fn a_stream_outlives_its_loop_and_says_so() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    let (mut ours, theirs) = event_loop.run_until_complete(pair(&event_loop))??;
    drop(event_loop);
    let other = Loop::new()?;
    other.run_until_complete(async {
        let error = io::Error::from(ours.read_exact(1).await.failed()?);
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        let error = ours.write_all(b"x").await.failed()?;
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        assert_eq!(ours.flush().await.failed()?.kind(), ErrorKind::NotConnected);
        assert_eq!(ours.close().await.failed()?.kind(), ErrorKind::NotConnected);
        Ok::<_, Failure>(())
    })??;
    drop(theirs);
    Ok(())
}

#[test]
fn a_server_serves_each_client_and_reports_what_fails() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let reports = Rc::new(Cell::new(0));
        let count = Rc::clone(&reports);
        event_loop.set_exception_handler(Some(Rc::new(move |context| {
            assert!(context.to_string().contains("serving a client failed"));
            count.set(count.get() + 1);
        })));
        let served = Rc::new(Cell::new(0));
        let number = Rc::clone(&served);
        let serve = move |mut stream: Stream| {
            number.set(number.get() + 1);
            let fails = number.get() == 2;
            // The stream can be used before the future is made.
            assert!(stream.peer_addr().is_some());
            async move {
                let line = stream.read_until("\n").await?;
                if fails {
                    return Err(io::Error::other("on purpose"));
                }
                stream.write_all(&line).await?;
                stream.close().await
            }
        };
        let folder = tempfile::tempdir()?;
        let targets = [
            BindTarget::from(("127.0.0.1", 0)),
            BindTarget::unix(folder.path().join("socket")),
        ];
        for target in targets {
            served.set(0);
            reports.set(0);
            let options = ServerOptions::default();
            let server = event_loop
                .start_server(serve.clone(), target, options)
                .await?;
            let address = server.sockets().pop().ok_or("no address")?;
            for number in 1..=3 {
                let target = match address.as_unix() {
                    Some(path) => ConnectTarget::unix(path),
                    None => address.as_inet().ok_or("no address")?.into(),
                };
                let options = ConnectOptions::default();
                let mut client = event_loop.open_connection(target, options).await?;
                client.write_all(b"hello\n").await?;
                let answer = client.read_until("\n").await;
                assert_eq!(answer.is_ok(), number != 2);
            }
            assert_eq!(reports.get(), 1);
            server.close();
            server.wait_closed().await;
        }
        Ok(())
    })
}
