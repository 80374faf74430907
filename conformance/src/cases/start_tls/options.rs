//! TLS from the start: the `ssl` options of connections and servers.

use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use loopline_core::tls::{CertificateProblem, StartTlsError, TlsContext, TlsErrorKind};
use loopline_core::{
    AcceptOptions, ConnectError, ConnectOptions, ConnectTarget, EventLoopExt, ListenError,
    ServerOptions, Transport,
};

use super::Peer;
use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::recorder::{Call, Log};
use crate::harness::sockets;
use crate::harness::tls::authority::NAME;
use crate::harness::tls::cut::Cut;
use crate::harness::tls::parts;
use crate::harness::tls::upgrade::{Upgrade, once, over_cuts};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B9,
        a_client_is_checked_against_its_target,
        "The certificate has to be valid for the host that is connected to, unless a server name is given."
    ),
    case!(
        B9,
        a_name_is_needed_and_needs_tls,
        "A target without a host needs a server name with TLS, and a server name without TLS is refused."
    ),
    case!(
        B10,
        timeouts_need_tls,
        "Timeouts of TLS without TLS are refused, by connections, sockets and servers."
    ),
    case!(
        B3,
        options_are_checked_before_anything_is_touched,
        "Timeouts of zero and contexts of the other side are refused before anything is connected or bound."
    ),
    case!(
        B38,
        connection_made_comes_after_the_handshake,
        "connection_made is called once, with the TLS connection, when the handshake is done."
    ),
];

pub(super) fn connecting(context: &Arc<dyn TlsContext>) -> ConnectOptions {
    ConnectOptions::default().ssl(Arc::clone(context))
}

/// A listener of the case's own, and what connects to it becomes a peer.
pub(super) async fn connected(
    upgrade: &Upgrade<'_>,
    options: ConnectOptions,
    log: &Log,
) -> Result<(Result<Rc<dyn Transport>, ConnectError>, Peer), Stop> {
    let listener = sockets::listener()?;
    let address = listener.local_addr()?;
    let recorder = log.recorder();
    let connecting = upgrade
        .scene
        .create_connection(|| recorder, address, options);
    let mut connecting = Box::pin(async move { connecting.await.map(|made| Made(made.0)) });
    let accept = async {
        loop {
            match listener.accept() {
                Ok((socket, _)) => return Ok::<TcpStream, Stop>(socket),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    upgrade.scene.turns(1).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    };
    let socket = upgrade
        .scene
        .while_pending(&mut connecting, accept)
        .await??;
    socket.set_nonblocking(true)?;
    let mut peer = Peer::new(socket, upgrade.setting.cut);
    peer.begin(
        upgrade
            .context(&parts::server().version(upgrade.setting.version))?
            .server()?,
    )?;
    let made = peer.alongside(upgrade.scene, connecting).await?;
    Ok((made.map(|Made(transport)| transport), peer))
}

pub(super) struct Made(Rc<dyn Transport>);

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a connection")
    }
}

pub(super) fn refused<T>(made: Result<T, ConnectError>) -> Result<ConnectError, Stop> {
    match made {
        Ok(_) => Err(Stop::failed("it was connected")),
        Err(error) => Ok(error),
    }
}

fn a_client_is_checked_against_its_target(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let client = upgrade.context(&parts::client())?;
        // The address is one that the certificate is for.
        for options in [
            connecting(&client),
            connecting(&client).server_hostname(NAME),
        ] {
            let log = Log::default();
            let (made, mut peer) = connected(upgrade, options, &log).await?;
            made?.close();
            peer.until(upgrade.scene, |peer| peer.ended.is_some())
                .await?;
            assert_eq!(log.calls(), [Call::Made, Call::Lost(None)]);
        }
        let log = Log::default();
        let options = connecting(&client).server_hostname("127.0.0.2");
        let (made, _peer) = connected(upgrade, options, &log).await?;
        let ConnectError::Tls(StartTlsError::Handshake(error)) = refused(made)? else {
            return Err(Stop::failed("refused for another reason"));
        };
        let wrong = TlsErrorKind::BadCertificate(CertificateProblem::WrongName);
        assert_eq!(*error.kind(), wrong);
        Ok(())
    })
}

fn a_name_is_needed_and_needs_tls(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let scene = upgrade.scene;
        let client = upgrade.context(&parts::client())?;
        let (ours, _theirs) = sockets::pair()?;
        let socket = loopline_core::ConnectedSocket::from(ours);
        let connecting = scene.create_connection(
            || Log::default().recorder(),
            ConnectTarget::from(socket),
            connecting(&client),
        );
        let error = refused(connecting.await)?;
        assert!(
            matches!(error, ConnectError::Tls(StartTlsError::NoServerName)),
            "{error}"
        );
        let options = ConnectOptions::default().server_hostname(NAME);
        let plain =
            scene.create_connection(|| Log::default().recorder(), ("127.0.0.1", 1), options);
        let error = refused(plain.await)?;
        let named = matches!(
            error,
            ConnectError::WithoutTls {
                option: "server_hostname"
            }
        );
        assert!(named, "{error}");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        Ok(())
    })
}

fn timeouts_need_tls(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let scene = upgrade.scene;
        let second = Duration::from_secs(1);
        let of_clients = [
            ConnectOptions::default().ssl_handshake_timeout(second),
            ConnectOptions::default().ssl_shutdown_timeout(second),
            ConnectOptions::default().ssl_allow_truncation(true),
        ];
        for options in of_clients {
            let made =
                scene.create_connection(|| Log::default().recorder(), ("127.0.0.1", 1), options);
            let error = refused(made.await)?;
            assert!(matches!(error, ConnectError::WithoutTls { .. }), "{error}");
        }
        let of_servers = [
            ServerOptions::default().ssl_handshake_timeout(second),
            ServerOptions::default().ssl_shutdown_timeout(second),
        ];
        for options in of_servers {
            let made = scene.create_server(|| Log::default().recorder(), ("127.0.0.1", 0), options);
            let error = made.await.err().ok_or_else(|| Stop::failed("it listens"))?;
            assert!(matches!(error, ListenError::WithoutTls { .. }), "{error}");
        }
        let (ours, _theirs) = sockets::pair()?;
        let options = AcceptOptions::default().ssl_handshake_timeout(second);
        let made = scene.connect_accepted_socket_with(|| Log::default().recorder(), ours, options);
        let error = refused(made.await)?;
        assert!(matches!(error, ConnectError::WithoutTls { .. }), "{error}");
        Ok(())
    })
}

fn options_are_checked_before_anything_is_touched(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let scene = upgrade.scene;
        let client = upgrade.context(&parts::client())?;
        let server = upgrade.context(&parts::server())?;
        let listener = sockets::listener()?;
        let address = listener.local_addr()?;
        for options in [
            connecting(&client).ssl_handshake_timeout(Duration::ZERO),
            connecting(&client).ssl_shutdown_timeout(Duration::ZERO),
            connecting(&client).server_hostname("a name"),
            connecting(&server),
        ] {
            let made = scene.create_connection(|| Log::default().recorder(), address, options);
            let error = refused(made.await)?;
            assert!(matches!(error, ConnectError::Tls(_)), "{error}");
        }
        let untouched = listener.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(untouched, Err(std::io::ErrorKind::WouldBlock));
        let listening =
            |context: &Arc<dyn TlsContext>| ServerOptions::default().ssl(Arc::clone(context));
        for options in [
            listening(&server).ssl_handshake_timeout(Duration::ZERO),
            listening(&server).ssl_shutdown_timeout(Duration::ZERO),
            listening(&client),
        ] {
            let made = scene.create_server(|| Log::default().recorder(), ("127.0.0.1", 0), options);
            let error = made.await.err().ok_or_else(|| Stop::failed("it listens"))?;
            assert!(matches!(error, ListenError::Tls(_)), "{error}");
        }
        Ok(())
    })
}

fn connection_made_comes_after_the_handshake(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Server {
            return Ok(());
        }
        let client = upgrade.context(&upgrade.ours())?;
        let log = Log::default();
        let (made, mut peer) = connected(upgrade, connecting(&client), &log).await?;
        let transport = made?;
        assert_eq!(log.calls(), [Call::Made]);
        let told = log
            .transport()
            .ok_or_else(|| Stop::failed("no transport"))?;
        assert!(
            Rc::ptr_eq(&told, &transport),
            "it was told another transport"
        );
        let version = transport.session().map(|session| session.version);
        assert_eq!(version, Some(upgrade.setting.version));
        transport.write(b"hello")?;
        peer.until_plain(upgrade.scene, 5).await?;
        peer.send(b"and back")?;
        peer.close()?;
        peer.alongside(upgrade.scene, log.until_lost()).await?;
        let calls = [Call::Made, Call::Data(8), Call::Eof, Call::Lost(None)];
        assert_eq!(log.calls(), calls);
        Ok(())
    })
}

/// A client of a server, which has begun.
pub(super) fn client(upgrade: &Upgrade<'_>, to: SocketAddr, cut: Cut) -> Result<Peer, Stop> {
    let mut peer = silent(to, cut)?;
    let context = upgrade.context(&parts::client().version(upgrade.setting.version))?;
    peer.begin(context.client(&parts::name())?)?;
    Ok(peer)
}

pub(super) fn silent(to: SocketAddr, cut: Cut) -> Result<Peer, Stop> {
    let socket = TcpStream::connect(to)?;
    socket.set_nonblocking(true)?;
    socket.set_nodelay(true)?;
    Ok(Peer::new(socket, cut))
}
