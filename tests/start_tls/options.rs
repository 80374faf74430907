//! TLS from the start: the `ssl` options of connections and servers.

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use loopline::prelude::*;
use loopline::tls::{StartTlsError, TlsErrorKind};
use loopline::{ConnectError, ListenError, Resolution, Resolver};

use crate::harness::{Contexts, Failure, Log, contexts, until};

type Logs = Rc<RefCell<Vec<Rc<RefCell<Log>>>>>;

/// A server that echoes over TLS, and the protocols that it has made.
async fn serve(
    event_loop: &Loop,
    contexts: &Contexts,
    options: ServerOptions,
) -> Result<(Rc<dyn Server>, SocketAddr, Logs), Failure> {
    let logs = Logs::default();
    let made = Rc::clone(&logs);
    let factory = Box::new(move || {
        let log = Rc::new(RefCell::new(Log {
            echo: true,
            ..Log::default()
        }));
        made.borrow_mut().push(Rc::clone(&log));
        Ok(log as SharedProtocol)
    });
    let options = options.ssl(contexts.server.clone());
    let server = event_loop
        .create_server_boxed(factory, ("127.0.0.1", 0).into(), options)
        .await?;
    let address = server.sockets()[0].as_inet().ok_or("no address")?;
    Ok((server, address, logs))
}

/// Counts what reaches the exception handler.
fn reports(event_loop: &Loop) -> Rc<Cell<usize>> {
    let count = Rc::new(Cell::new(0));
    let counter = Rc::clone(&count);
    event_loop.set_exception_handler(Some(Rc::new(move |_| counter.set(counter.get() + 1))));
    count
}

#[test]
fn client_and_server_from_the_start() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (server, address, logs) = serve(&event_loop, &contexts, Default::default()).await?;
        let options = ConnectOptions::default().ssl(contexts.client.clone());
        let (transport, client) = event_loop
            .create_connection(Log::default, address, options)
            .await?;
        assert_eq!(client.borrow().made, 1);
        let told = client.borrow().transport.clone().ok_or("no transport")?;
        assert!(Rc::ptr_eq(&told, &transport));
        let session = transport.session().ok_or("no session")?;
        assert_eq!(session.peer_certificates.len(), 1);

        let content: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
        transport.write(&content)?;
        until(&event_loop, || client.borrow().data.len() == content.len()).await;
        assert!(client.borrow().data == content);

        server.close();
        server.close_clients();
        server.wait_closed().await;
        let log = Rc::clone(&logs.borrow()[0]);
        assert_eq!(
            (log.borrow().made, log.borrow().lost.clone()),
            (1, vec![None])
        );
        until(&event_loop, || client.borrow().lost.len() == 1).await;
        assert_eq!(
            (client.borrow().eof, client.borrow().lost.clone()),
            (1, vec![None])
        );
        Ok(())
    })?
}

#[test]
fn a_handshake_that_fails_disturbs_nobody() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    let reports = reports(&event_loop);
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (server, address, logs) = serve(&event_loop, &contexts, Default::default()).await?;
        let connect = |name: &str, log: &Rc<RefCell<Log>>| {
            let log = Rc::clone(log) as SharedProtocol;
            let options = ConnectOptions::default()
                .ssl(contexts.client.clone())
                .server_hostname(name);
            let factory = Box::new(move || Ok(Rc::clone(&log)));
            event_loop.create_connection_boxed(factory, address.into(), options)
        };
        let client = Rc::new(RefCell::new(Log::default()));
        let refused = connect("elsewhere", &client).await.err();
        let Some(ConnectError::Tls(StartTlsError::Handshake(error))) = refused else {
            return Err(format!("not refused: {refused:?}").into());
        };
        assert!(matches!(error.kind(), TlsErrorKind::BadCertificate(_)));

        until(&event_loop, || event_loop.snapshot().transports == 0).await;
        assert_eq!(reports.get(), 0);

        // In debug mode the server says so.
        event_loop.set_debug(true);
        event_loop.set_slow_callback_duration(Duration::from_secs(3600));
        let mut garbage = std::net::TcpStream::connect(address)?;
        garbage.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
        until(&event_loop, || reports.get() == 1).await;
        event_loop.set_debug(false);
        until(&event_loop, || event_loop.snapshot().transports == 0).await;
        let mut alert = Vec::new();
        garbage.read_to_end(&mut alert)?;
        assert_eq!(alert.first(), Some(&21), "an alert (RFC 8446, section 5.1)");

        // Who never speaks holds the server until it is told to end.
        let silent = std::net::TcpStream::connect(address)?;
        until(&event_loop, || logs.borrow().len() == 3).await;
        connect("localhost", &client).await?.0.close();
        until(&event_loop, || client.borrow().lost.len() == 1).await;
        server.close();
        server.close_clients();
        server.wait_closed().await;
        drop(silent);
        let calls = |log: &Log| (log.made, log.lost.len());
        let calls: Vec<_> = logs
            .borrow()
            .iter()
            .map(|log| calls(&log.borrow()))
            .collect();
        assert_eq!(calls, [(0, 0), (0, 0), (0, 0), (1, 1)]);
        assert_eq!((client.borrow().made, reports.get()), (1, 1));
        let left = event_loop.snapshot();
        assert_eq!((left.transports, left.layers, left.timers), (0, 0, 0));
        Ok(())
    })?
}

#[test]
fn a_silent_client_runs_out_of_time() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let options = ServerOptions::default().ssl_handshake_timeout(Duration::from_millis(20));
        let (_server, address, logs) = serve(&event_loop, &contexts, options).await?;
        let silent = std::net::TcpStream::connect(address)?;
        until(&event_loop, || logs.borrow().len() == 1).await;
        until(&event_loop, || event_loop.snapshot().transports == 0).await;
        assert_eq!(
            (&silent).read(&mut [0]).map_err(|e| e.kind()).unwrap_or(0),
            0
        );
        let log = Rc::clone(&logs.borrow()[0]);
        assert_eq!((log.borrow().made, log.borrow().lost.len()), (0, 0));
        Ok(())
    })?
}

#[test]
fn accepted_elsewhere_and_connected_elsewhere() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        let handle = event_loop.handle();
        let context = contexts.server.clone();
        let accepting = event_loop.spawn(async move {
            let options = AcceptOptions::default().ssl(context);
            handle
                .connect_accepted_socket_with(Log::default, theirs, options)
                .await
        });
        let options = ConnectOptions::default()
            .ssl(contexts.client.clone())
            .server_hostname("localhost");
        let (transport, _) = event_loop
            .create_connection(Log::default, loopline::ConnectedSocket::from(ours), options)
            .await?;
        let (_, server) = accepting.await??;
        transport.write(b"hello")?;
        until(&event_loop, || server.borrow().data == b"hello").await;
        drop(transport);
        event_loop.shutdown().await;
        assert_eq!(server.borrow().lost.len(), 1);
        Ok(())
    })?
}

#[test]
fn a_dropped_attempt_leaves_nothing() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let options = ConnectOptions::default().ssl(contexts.client.clone());
        let attempt = event_loop.create_connection(Log::default, listener.local_addr()?, options);
        let late = event_loop.timeout(Duration::from_millis(30), attempt).await;
        assert!(late.is_err());
        let (mut peer, _) = listener.accept()?;
        until(&event_loop, || event_loop.snapshot().transports == 0).await;
        peer.read_to_end(&mut Vec::new())?;
        let left = event_loop.snapshot();
        assert_eq!((left.layers, left.timers), (0, 0));
        Ok(())
    })?
}

/// Nothing may be resolved, because nothing may be begun.
struct Unused;

impl Resolver for Unused {
    fn resolve(&self, host: &str, _: u16) -> Resolution {
        panic!("{host} was resolved")
    }
}

#[test]
fn bad_combinations_are_refused_before_anything_is_touched() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.set_resolver(Rc::new(Unused));
    event_loop.run_until_complete(async {
        let contexts = contexts()?;
        let (client, server) = (contexts.client.clone(), contexts.server.clone());
        let plain = ConnectOptions::default;
        let secure = || ConnectOptions::default().ssl(client.clone());
        let second = Duration::from_secs(1);
        let connect = async |target: ConnectTarget, options: ConnectOptions| {
            let made = event_loop.create_connection(Log::default, target, options);
            made.await.err().ok_or("it was accepted")
        };
        let host = || ConnectTarget::from(("nowhere.example", 443));
        for (option, options) in [
            ("server_hostname", plain().server_hostname("a.example")),
            (
                "ssl_handshake_timeout",
                plain().ssl_handshake_timeout(second),
            ),
            ("ssl_shutdown_timeout", plain().ssl_shutdown_timeout(second)),
            ("ssl_allow_truncation", plain().ssl_allow_truncation(true)),
        ] {
            let error = connect(host(), options).await?;
            assert!(
                matches!(error, ConnectError::WithoutTls { option: named } if named == option),
                "{option}: {error}"
            );
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        }
        let none = ConnectTarget::unix("/nowhere");
        assert!(matches!(
            connect(none, secure()).await?,
            ConnectError::Tls(StartTlsError::NoServerName)
        ));
        for options in [
            secure().ssl_handshake_timeout(Duration::ZERO),
            secure().ssl_shutdown_timeout(Duration::ZERO),
        ] {
            let error = connect(host(), options).await?;
            assert!(matches!(
                error,
                ConnectError::Tls(StartTlsError::InvalidTimeout(_))
            ));
        }
        let error = connect(host(), secure().server_hostname("a b")).await?;
        assert!(matches!(
            error,
            ConnectError::Tls(StartTlsError::InvalidServerName(_))
        ));
        let error = connect(host(), plain().ssl(server.clone())).await?;
        assert!(matches!(
            error,
            ConnectError::Tls(StartTlsError::Context(_))
        ));

        let listen = async |options: ServerOptions| {
            let made = event_loop.create_server(Log::default, ("nowhere.example", 1), options);
            made.await.err().ok_or("it was accepted")
        };
        let error = listen(ServerOptions::default().ssl_shutdown_timeout(second)).await?;
        assert!(matches!(error, ListenError::WithoutTls { .. }));
        let error = listen(ServerOptions::default().ssl(client.clone())).await?;
        assert!(matches!(error, ListenError::Tls(StartTlsError::Context(_))));
        let options = ServerOptions::default().ssl(server.clone());
        let error = listen(options.ssl_handshake_timeout(Duration::ZERO)).await?;
        assert!(matches!(
            error,
            ListenError::Tls(StartTlsError::InvalidTimeout(_))
        ));
        Ok(())
    })?
}
