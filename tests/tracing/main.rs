//! The spans of the feature `tracing`, as a subscriber sees them.
#![cfg(all(feature = "rustls", feature = "tracing"))]

mod subscriber;

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use loopline::prelude::*;
use loopline::rustls::RustlsContext;
use loopline::tls::Pem;

use subscriber::{Seen, Spans};

type Failure = Box<dyn std::error::Error>;

/// Says hello when a connection is made, and tells of data.
#[derive(Default)]
struct Chatty {
    transport: Option<Rc<dyn Transport>>,
    heard: bool,
}

impl Protocol for Chatty {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        transport.write(b"hello")?;
        self.transport = Some(Rc::clone(transport));
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        tracing::info!("{} bytes", data.len());
        self.heard = true;
        if let (b"stop", Some(transport)) = (data, &self.transport) {
            transport.close();
        }
        Ok(())
    }
}

/// A connection of which this process has both ends.
async fn connection(event_loop: &Loop) -> Result<(Rc<dyn Transport>, TcpStream), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let theirs = TcpStream::connect(listener.local_addr()?)?;
    let (ours, _) = listener.accept()?;
    let made = event_loop.connect_accepted_socket(Chatty::default, ours);
    Ok((made.await?.0, theirs))
}

async fn until_lost(event_loop: &Loop) {
    while event_loop.snapshot().transports > 0 {
        event_loop.sleep(Duration::from_millis(1)).await;
    }
}

/// Runs something, and says what spans it has left.
fn spans_of(work: impl AsyncFnOnce(&Loop) -> Result<(), Failure>) -> Result<Vec<Seen>, Failure> {
    let spans = Spans::default();
    tracing::subscriber::with_default(spans.clone(), || {
        let event_loop = Loop::new()?;
        event_loop.run_until_complete(work(&event_loop))??;
        event_loop.close()?;
        Ok::<_, Failure>(())
    })?;
    Ok(spans.take())
}

#[test]
fn a_connection_is_a_span_with_its_bytes_and_its_end() -> Result<(), Failure> {
    let mut names = None;
    let spans = spans_of(async |event_loop| {
        let (transport, mut theirs) = connection(event_loop).await?;
        names = transport.peername().zip(transport.sockname());
        drop(transport);
        theirs.write_all(b"stop")?;
        until_lost(event_loop).await;
        Ok(())
    })?;
    let (peer, local) = names.ok_or("no names")?;
    let [span] = &spans[..] else {
        return Err(format!("{spans:#?}").into());
    };
    assert_eq!((span.name, span.target), ("connection", "loopline"));
    for (field, value) in [
        ("peer", peer.to_string()),
        ("local", local.to_string()),
        ("received", "4".to_owned()),
        ("sent", "5".to_owned()),
        ("outcome", "closed".to_owned()),
    ] {
        assert_eq!(span.field(field), Some(&*value), "{field}");
    }
    // What the protocol says belongs to its connection.
    assert_eq!(span.events, ["4 bytes"]);
    assert!(span.closed);
    Ok(())
}

#[test]
fn a_reset_is_the_outcome_of_its_connection() -> Result<(), Failure> {
    let spans = spans_of(async |event_loop| {
        let (_transport, theirs) = connection(event_loop).await?;
        let theirs = socket2::Socket::from(theirs);
        theirs.set_linger(Some(Duration::ZERO))?;
        drop(theirs);
        until_lost(event_loop).await;
        Ok(())
    })?;
    let outcome = spans[0].field("outcome").ok_or("no outcome")?;
    assert!(outcome.to_lowercase().contains("reset"), "{outcome}");
    Ok(())
}

#[test]
fn a_file_is_a_span_with_its_way() -> Result<(), Failure> {
    const LEN: usize = 100_000;
    let spans = spans_of(async |event_loop| {
        let (transport, theirs) = connection(event_loop).await?;
        let reader = std::thread::spawn(move || std::io::copy(&mut &theirs, &mut std::io::sink()));
        let mut file = tempfile::tempfile()?;
        file.write_all(&[7; LEN])?;
        let file = Arc::new(file);
        let options = SendFileOptions::default().offset(10);
        let sent = event_loop.sendfile(&transport, Arc::clone(&file).into(), options);
        assert_eq!(sent.await?, LEN as u64 - 10);
        let content = std::io::Cursor::new(vec![8; 50]);
        let options = SendFileOptions::default().count(40);
        let sent = event_loop.sendfile(&transport, FileSource::reader(content), options);
        assert_eq!(sent.await?, 40);
        // An error is an outcome as well.
        transport.close();
        let options = SendFileOptions::default();
        assert!(
            event_loop
                .sendfile(&transport, file.into(), options)
                .await
                .is_err()
        );
        until_lost(event_loop).await;
        reader.join().map_err(|_| "the reader panicked")??;
        Ok(())
    })?;
    let files: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "sendfile")
        .collect();
    let [native, fallback] = &files[..] else {
        return Err(format!("{spans:#?}").into());
    };
    let capable = Loop::new()?.capabilities().send_file;
    assert_eq!(
        native.field("way"),
        Some(if capable { "native" } else { "fallback" })
    );
    assert_eq!(native.field("offset"), Some("10"));
    assert_eq!(native.field("sent"), Some("99990"));
    assert_eq!(native.field("outcome"), Some("done"));
    assert_eq!(native.field("peer"), spans[0].field("peer"));
    assert_eq!(fallback.field("way"), Some("fallback"));
    assert_eq!(fallback.field("count"), Some("40"));
    assert_eq!(fallback.field("sent"), Some("40"));
    assert!(native.closed && fallback.closed);
    let sent = (5 + LEN - 10 + 40).to_string();
    assert_eq!(spans[0].field("sent"), Some(&*sent));
    Ok(())
}

#[test]
fn a_file_that_is_given_up_says_how_far_it_got() -> Result<(), Failure> {
    let spans = spans_of(async |event_loop| {
        let (transport, _theirs) = connection(event_loop).await?;
        let file = tempfile::tempfile()?;
        file.set_len(64 << 20)?;
        let options = SendFileOptions::default();
        let sending = event_loop.sendfile(&transport, Arc::new(file).into(), options);
        let limit = Duration::from_millis(5);
        assert!(event_loop.timeout(limit, sending).await.is_err());
        transport.abort();
        until_lost(event_loop).await;
        Ok(())
    })?;
    let file = spans.iter().find(|span| span.name == "sendfile");
    let file = file.ok_or("no span")?;
    let sent: u64 = file.field("sent").ok_or("not said")?.parse()?;
    assert!(sent < 64 << 20);
    let outcome = file.field("outcome").ok_or("no outcome")?;
    assert!(outcome.contains("closed"), "{outcome}");
    Ok(())
}

#[test]
fn a_handshake_is_a_span_with_what_was_agreed_on() -> Result<(), Failure> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    for trusted in [true, false] {
        let spans = spans_of(async |event_loop| {
            let chain = Pem::bytes(made.cert.pem());
            let key = Pem::bytes(made.signing_key.serialize_pem());
            let server = RustlsContext::builder()
                .identity(chain, key)
                .build_server()?;
            let server = Arc::new(server);
            let roots = if trusted { &made } else { &other };
            let roots = Pem::bytes(roots.cert.pem());
            let client = RustlsContext::builder().roots(roots).build_client()?;
            let options = ServerOptions::default().ssl(server);
            let server = event_loop
                .create_server(Chatty::default, ("127.0.0.1", 0), options)
                .await?;
            let address = server.sockets()[0].as_inet().ok_or("no address")?;
            let options = ConnectOptions::default()
                .ssl(Arc::new(client))
                .server_hostname("localhost");
            let made = event_loop
                .create_connection(Chatty::default, address, options)
                .await;
            assert_eq!(made.is_ok(), trusted);
            if let Ok((_, chatty)) = made {
                // What the server says is said after its handshake.
                while !chatty.borrow().heard {
                    event_loop.sleep(Duration::from_millis(1)).await;
                }
                event_loop.shutdown().await;
            }
            server.close();
            until_lost(event_loop).await;
            Ok(())
        })?;
        let handshakes: Vec<_> = spans
            .iter()
            .filter(|span| span.name == "handshake")
            .collect();
        assert_eq!(handshakes.len(), 2, "{spans:#?}");
        for span in handshakes {
            assert!(span.field("peer").is_some() && span.closed);
            let outcome = span.field("outcome").ok_or("no outcome")?;
            assert_eq!(outcome == "done", trusted, "{outcome}");
            assert_eq!(span.field("version"), trusted.then_some("TLSv1.3"));
            assert_eq!(span.field("cipher_suite").is_some(), trusted);
        }
    }
    Ok(())
}
