//! HTTP/2, whose streams are tasks of the loop.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use futures::future::try_join_all;
use hyper::client::conn::http2 as client;
use hyper::server::conn::http2 as server;
use hyper::service::service_fn;
use loopline::prelude::*;
use loopline::tls::{Identities, Identity, Pem, Provider, TlsConfig};

use crate::harness::{Failure, body_of, echo, on_loop, pair, pattern, post};

#[test]
fn many_streams_share_a_connection() -> Result<(), Failure> {
    on_loop(async |event_loop| {
        let (ours, theirs) = pair(event_loop).await?;
        let (at_once, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let (highest, handle) = (Rc::clone(&most), event_loop.handle());
        let service = service_fn(move |request| {
            let (at_once, most) = (Rc::clone(&at_once), Rc::clone(&highest));
            let event_loop = handle.clone();
            async move {
                at_once.set(at_once.get() + 1);
                most.set(most.get().max(at_once.get()));
                // The others come meanwhile.
                event_loop.sleep(std::time::Duration::from_millis(1)).await;
                at_once.set(at_once.get() - 1);
                echo(request).await
            }
        });
        let builder = server::Builder::new(event_loop.handle());
        let serving = event_loop.spawn(builder.serve_connection(ours, service));
        let (sender, connection) = client::handshake(event_loop.handle(), theirs).await?;
        let talking = event_loop.spawn(connection);
        let asked = (0..50).map(|number| {
            let mut sender = sender.clone();
            async move {
                let body = pattern(number * 10_000);
                let response = sender.send_request(post(body.clone())?).await?;
                assert_eq!(body_of(response).await?, body, "stream {number}");
                Ok::<_, Failure>(())
            }
        });
        try_join_all(asked).await?;
        assert!(most.get() > 1, "one stream at a time");
        drop(sender);
        talking.await??;
        // A last frame may have found the client gone.
        let _ = serving.await?;
        Ok(())
    })
}

#[test]
fn is_agreed_on_over_tls() -> Result<(), Failure> {
    for provider in Provider::ALL {
        over_tls(*provider)?;
    }
    Ok(())
}

fn over_tls(provider: Provider) -> Result<(), Failure> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let mut config = TlsConfig::default();
    config.roots = vec![Pem::bytes(chain.clone())];
    config.alpn = vec!["h2".into()];
    let for_client = provider.client(config)?;
    let mut config = TlsConfig::default();
    config.identities = Identities::new().any(Identity {
        chain: Pem::bytes(chain),
        key: Pem::bytes(key),
    });
    config.alpn = vec!["h2".into(), "http/1.1".into()];
    let for_server = provider.server(config)?;
    on_loop(async |event_loop| {
        let handle = event_loop.handle();
        let serve = move |stream: Stream| {
            let alpn = stream.tls_session().and_then(|session| session.alpn);
            assert_eq!(alpn.as_deref(), Some(&b"h2"[..]));
            server::Builder::new(handle.clone()).serve_connection(stream, service_fn(echo))
        };
        let options = ServerOptions::default().ssl(Arc::clone(&for_server));
        let target = ("127.0.0.1", 0);
        let listening = event_loop.start_server(serve, target, options).await?;
        let address = listening.sockets()[0].as_inet().ok_or("no address")?;
        let options = ConnectOptions::default()
            .ssl(for_client)
            .server_hostname("localhost");
        let stream = event_loop.open_connection(address, options).await?;
        let (mut sender, connection) = client::handshake(event_loop.handle(), stream).await?;
        let talking = event_loop.spawn(connection);
        let response = sender.send_request(post(pattern(200_000))?).await?;
        assert_eq!(body_of(response).await?, pattern(200_000), "{provider}");
        drop(sender);
        talking.await??;
        listening.close();
        listening.wait_closed().await;
        Ok(())
    })
}
