//! TLS on a stream that has begun in plaintext.

use std::io::{self, ErrorKind};
use std::time::Duration;

use loopline::prelude::*;

use crate::harness::{Failing, Failure, contexts, on_loop, once, pair, settle};

/// Upgrades both ends at once.
pub(crate) async fn upgrade(
    event_loop: &Loop,
    (client, server): (Stream, Stream),
) -> Result<(Stream, Stream), Failure> {
    let contexts = contexts()?;
    let (mut client, mut server) = (client, server);
    let accepting = event_loop.spawn(async move {
        let options = StartTlsOptions::default().server_side(true);
        server.start_tls(&*contexts.server, options).await?;
        Ok::<_, StartTlsError>(server)
    });
    let options = StartTlsOptions::default().server_hostname("localhost");
    client.start_tls(&*contexts.client, options).await?;
    Ok((client, accepting.await??))
}

#[test]
fn the_stream_reads_and_writes_through_tls() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut client, mut server) = pair(event_loop).await?;
        client.write_all(b"STARTTLS\r\n").await?;
        assert_eq!(server.read_until("\r\n").await?, b"STARTTLS\r\n");
        let (mut client, mut server) = upgrade(event_loop, (client, server)).await?;
        assert!(client.tls_session().is_some());
        client.write_all(b"secret").await?;
        assert_eq!(server.read_exact(6).await?, b"secret");
        let content = vec![5; 1_000_000];
        let sent = content.clone();
        let writing = event_loop.spawn(async move {
            server.write_all(&sent).await?;
            server.close().await
        });
        assert_eq!(client.read_exact(content.len()).await?, content);
        assert!(client.read_exact(1).await.failed()?.is_end());
        writing.await??;
        Ok(())
    })
}

#[test]
fn reading_that_was_paused_goes_on_through_tls() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut client, mut server) = pair(event_loop).await?;
        server.set_limit(10);
        client.write_all(b"0123456789").await?;
        settle(event_loop).await;
        assert!(!server.transport().is_reading());
        assert_eq!(server.read_exact(10).await?, b"0123456789");
        let (mut client, mut server) = upgrade(event_loop, (client, server)).await?;
        client.write_all(&[1; 1000]).await?;
        settle(event_loop).await;
        assert!(!server.transport().is_reading());
        assert_eq!(server.read_exact(1000).await?, [1; 1000]);
        Ok(())
    })
}

#[test]
fn a_handshake_that_came_early_is_not_lost() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut client, mut server) = pair(event_loop).await?;
        let contexts = contexts()?;
        client.write_all(b"STARTTLS\r\n").await?;
        let connecting = event_loop.spawn(async move {
            let options = StartTlsOptions::default().server_hostname("localhost");
            client.start_tls(&*contexts.client, options).await?;
            client.write_all(b"through").await?;
            client.close().await?;
            Ok::<_, io::Error>(())
        });
        // The command and the ClientHello arrive together.
        settle(event_loop).await;
        assert_eq!(server.read_until("\r\n").await?, b"STARTTLS\r\n");
        let options = StartTlsOptions::default().server_side(true);
        server.start_tls(&*contexts.server, options).await?;
        assert_eq!(server.read_exact(7).await?, b"through");
        connecting.await??;
        Ok(())
    })
}

#[test]
fn a_command_that_was_slipped_in_is_never_obeyed() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut client, mut server) = pair(event_loop).await?;
        let contexts = contexts()?;
        client.write_all(b"STARTTLS\r\nEVIL\r\n").await?;
        let connecting = event_loop.spawn(async move {
            let options = StartTlsOptions::default().server_hostname("localhost");
            client.start_tls(&*contexts.client, options).await
        });
        settle(event_loop).await;
        assert_eq!(server.read_until("\r\n").await?, b"STARTTLS\r\n");
        let options = StartTlsOptions::default().server_side(true);
        let error = server
            .start_tls(&*contexts.server, options)
            .await
            .failed()?;
        assert!(matches!(error, StartTlsError::Handshake(_)), "{error}");
        let error = server.read_until("\r\n").await.failed()?;
        assert_eq!(error.partial(), b"");
        assert!(!error.is_end());
        assert!(connecting.await?.is_err());
        Ok(())
    })
}

#[test]
fn a_refused_upgrade_leaves_what_was_read_ahead() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut client, mut server) = pair(event_loop).await?;
        let contexts = contexts()?;
        client.write_all(b"line\nahead").await?;
        assert_eq!(server.read_until("\n").await?, b"line\n");
        for options in [
            StartTlsOptions::default(),
            StartTlsOptions::default()
                .server_side(true)
                .handshake_timeout(Duration::ZERO),
        ] {
            assert!(server.start_tls(&*contexts.client, options).await.is_err());
        }
        client.write_all(b" and more\n").await?;
        assert_eq!(server.read_until("\n").await?, b"ahead and more\n");
        server.write_all(b"in clear").await?;
        assert_eq!(client.read_exact(8).await?, b"in clear");
        Ok(())
    })
}

#[test]
fn an_upgrade_that_is_given_up_ends_the_stream() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (mut client, mut server) = pair(event_loop).await?;
        let contexts = contexts()?;
        let options = StartTlsOptions::default().server_side(true);
        assert!(
            once(server.start_tls(&*contexts.server, options))
                .await
                .is_none()
        );
        let error = io::Error::from(server.read_exact(1).await.failed()?);
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        assert!(client.read_exact(1).await.is_err());
        Ok(())
    })
}
