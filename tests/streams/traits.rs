//! Streams under the functions of other crates.

use std::io;

use futures::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use futures::{FutureExt, StreamExt, join, select};

use loopline::prelude::*;

use crate::harness::{Failing, Failure, contexts, on_loop, pair};

#[test]
fn lines_copies_and_exact_reads() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, mut theirs) = pair(event_loop).await?;
        let (reader, mut writer) = ours.into_split();
        let talking = async {
            theirs.write_all(b"first\nsecond\n").await?;
            AsyncWriteExt::close(&mut theirs).await?;
            let mut answer = String::new();
            theirs.read_to_string(&mut answer).await.map(|_| answer)
        };
        let answering = async {
            let mut lines = reader.lines();
            while let Some(line) = lines.next().await {
                writer.write_all(line?.to_uppercase().as_bytes()).await?;
            }
            writer.close().await
        };
        let (answer, answered) = join!(talking, answering);
        answered?;
        assert_eq!(answer?, "FIRSTSECOND");
        Ok(())
    })
}

#[test]
fn vectored_writes_and_a_proxy() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut client, inner) = pair(event_loop).await?;
        let (outer, mut server) = pair(event_loop).await?;
        let proxy = event_loop.spawn(async move {
            let (from, mut to) = (BufReader::new(inner), outer);
            futures::io::copy_buf(from, &mut to).await?;
            AsyncWriteExt::close(&mut to).await
        });
        client.set_limit(1000);
        let pieces = [vec![1; 700], vec![2; 0], vec![3; 600], vec![4; 70_000]];
        let sent = pieces.concat();
        let writing = async {
            let mut slices: Vec<_> = pieces.iter().map(|piece| io::IoSlice::new(piece)).collect();
            let mut rest = &mut slices[..];
            while !rest.is_empty() {
                let count = client.write_vectored(rest).await?;
                io::IoSlice::advance_slices(&mut rest, count);
            }
            client.close().await
        };
        let mut arrived = Vec::new();
        let (written, read) = join!(writing, server.read_to_end(&mut arrived));
        written?;
        read?;
        assert_eq!(arrived, sent);
        proxy.await??;
        Ok(())
    })
}

#[test]
fn whichever_is_first() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut ours, mut theirs) = pair(event_loop).await?;
        let millisecond = std::time::Duration::from_millis(1);
        for _ in 0..3 {
            select! {
                read = ours.read_exact(4).fuse() => return Err(format!("{read:?}").into()),
                () = event_loop.sleep(millisecond).fuse() => {}
            }
            theirs.write_all(b"x").await?;
        }
        theirs.write_all(b"y").await?;
        select! {
            read = ours.read_exact(4).fuse() => assert_eq!(read?, b"xxxy"),
            () = event_loop.sleep(millisecond * 10_000).fuse() => return Err("too late".into()),
        }
        Ok(())
    })
}

#[test]
fn closing_over_tls_ends_both_halves() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let contexts = contexts()?;
        let serve = async |mut stream: Stream| {
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await?;
            assert_eq!(all, b"all of it");
            Ok::<_, io::Error>(())
        };
        let options = ServerOptions::default().ssl(contexts.server);
        let target = ("127.0.0.1", 0);
        let server = event_loop.start_server(serve, target, options).await?;
        let address = server.sockets()[0].as_inet().ok_or("no address")?;
        let options = ConnectOptions::default()
            .ssl(contexts.client)
            .server_hostname("localhost");
        let mut client = event_loop.open_connection(address, options).await?;
        assert!(client.tls_session().is_some());
        client.write_all(b"all of it").await?;
        let error = client.write_eof().failed()?;
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::Unsupported);
        AsyncWriteExt::close(&mut client).await?;
        server.close();
        server.wait_closed().await;
        Ok(())
    })
}
