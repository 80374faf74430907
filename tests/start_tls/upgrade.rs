//! A live connection upgraded.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use loopline::prelude::*;
use loopline::tls::{StartTlsError, StartTlsOptions, TlsErrorKind, TlsVersion};

use crate::harness::{Failure, Log, contexts, until};

type Shared = Rc<RefCell<Log>>;
type End = (Rc<dyn Transport>, Shared);

async fn pair(event_loop: &Loop) -> Result<(End, End), Failure> {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    let client = event_loop
        .connect_accepted_socket(Log::default, ours)
        .await?;
    let server = event_loop
        .connect_accepted_socket(Log::default, theirs)
        .await?;
    Ok((client, server))
}

/// Upgrades both ends at once.
async fn upgrade(
    event_loop: &Loop,
    (client, server): (&End, &End),
    name: &str,
) -> Result<
    (
        Result<Rc<dyn Transport>, StartTlsError>,
        Result<Rc<dyn Transport>, StartTlsError>,
    ),
    Failure,
> {
    let contexts = contexts()?;
    let (transport, protocol) = server.clone();
    let handle = event_loop.handle();
    let accepting = event_loop.spawn(async move {
        let options = StartTlsOptions::default().server_side(true);
        handle
            .start_tls(&transport, protocol, &*contexts.server, options)
            .await
    });
    let options = StartTlsOptions::default().server_hostname(name);
    let connected = event_loop
        .start_tls(&client.0, client.1.clone(), &*contexts.client, options)
        .await;
    Ok((connected, accepting.await?))
}

#[test]
fn both_directions_and_a_clean_end() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (client, server) = pair(&event_loop).await?;
        client.0.write(b"plain before")?;
        until(&event_loop, || server.1.borrow().data.len() == 12).await;
        let (secure, accepted) = upgrade(&event_loop, (&client, &server), "localhost").await?;
        let (secure, accepted) = (secure?, accepted?);
        let session = secure.session().ok_or("no session")?;
        assert_eq!(session.version, TlsVersion::Tls13);
        assert!(
            client.0.write(b"x").is_err(),
            "the old transport takes no more"
        );

        server.1.borrow_mut().transport = Some(Rc::clone(&accepted));
        server.1.borrow_mut().echo = true;
        let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        secure.write(&content)?;
        until(&event_loop, || {
            client.1.borrow().data.len() == content.len()
        })
        .await;
        assert!(client.1.borrow().data == content);

        secure.close();
        until(&event_loop, || client.1.borrow().lost.len() == 1).await;
        until(&event_loop, || server.1.borrow().lost.len() == 1).await;
        for end in [&client.1, &server.1] {
            let log = end.borrow();
            assert_eq!((log.made, log.lost.clone()), (1, vec![None]));
        }
        assert_eq!(server.1.borrow().eof, 1);
        Ok(())
    })?
}

#[test]
fn a_wrong_name_is_refused_and_the_peer_told() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (client, server) = pair(&event_loop).await?;
        let (refused, told) = upgrade(&event_loop, (&client, &server), "elsewhere").await?;
        let Err(StartTlsError::Handshake(error)) = refused else {
            return Err("the wrong name was accepted".into());
        };
        assert!(
            matches!(error.kind(), TlsErrorKind::BadCertificate(_)),
            "{error}"
        );
        let Err(StartTlsError::Handshake(error)) = told else {
            return Err("the server was not told".into());
        };
        assert!(matches!(error.kind(), TlsErrorKind::Alert(_)), "{error}");
        until(&event_loop, || client.1.borrow().lost.len() == 1).await;
        until(&event_loop, || server.1.borrow().lost.len() == 1).await;
        assert!(client.1.borrow().lost[0].is_some());
        Ok(())
    })?
}

#[test]
fn a_client_without_a_name_changes_nothing() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (client, server) = pair(&event_loop).await?;
        let contexts = contexts()?;
        let refused = event_loop
            .start_tls(
                &client.0,
                client.1.clone(),
                &*contexts.client,
                StartTlsOptions::default(),
            )
            .await;
        assert!(matches!(refused, Err(StartTlsError::NoServerName)));
        client.0.write(b"as before")?;
        until(&event_loop, || server.1.borrow().data == b"as before").await;
        Ok(())
    })?
}

#[test]
fn a_stalling_peer_runs_out_of_time() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (client, _server) = pair(&event_loop).await?;
        let contexts = contexts()?;
        let options = StartTlsOptions::default()
            .server_hostname("localhost")
            .handshake_timeout(Duration::from_millis(20));
        let late = event_loop
            .start_tls(&client.0, client.1.clone(), &*contexts.client, options)
            .await;
        assert!(matches!(late, Err(StartTlsError::TimedOut { .. })));
        until(&event_loop, || client.1.borrow().lost.len() == 1).await;
        assert_eq!(
            client.1.borrow().lost,
            [Some(io::ErrorKind::ConnectionAborted)]
        );
        Ok(())
    })?
}

#[test]
fn plaintext_is_no_handshake() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (client, server) = pair(&event_loop).await?;
        let contexts = contexts()?;
        let options = StartTlsOptions::default()
            .server_side(true)
            .received(b"EVIL COMMAND\r\n".to_vec());
        let refused = event_loop
            .start_tls(&server.0, server.1.clone(), &*contexts.server, options)
            .await;
        assert!(matches!(refused, Err(StartTlsError::Handshake(_))));
        until(&event_loop, || server.1.borrow().lost.len() == 1).await;
        assert!(
            server.1.borrow().data.is_empty(),
            "it never reached the protocol"
        );
        until(&event_loop, || client.1.borrow().lost.len() == 1).await;
        Ok(())
    })?
}
