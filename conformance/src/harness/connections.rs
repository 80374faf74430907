//! Connections between the loop and a peer, and within the loop.

use std::io;
use std::net::TcpStream;
use std::rc::Rc;

use loopline_core::backend::{Network, NetworkStream};
use loopline_core::{
    Address, ConnectOptions, ConnectedSocket, EventLoopExt, Protocol, Server, ServerOptions,
    Transport,
};
use socket2::SockRef;

use super::peer::Peer;
use super::recorder::{Log, Recorder};
use super::scene::Scene;
use super::{os, sockets};
use crate::verdict::{Outcome, Stop};

/// What a connection goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tcp,
    Unix,
    /// A network of the backend's own.
    Network,
}

impl Kind {
    /// Every kind that the system has.
    pub(crate) const SYSTEM: &[Self] = if os::UNIX_SOCKETS {
        &[Self::Tcp, Self::Unix]
    } else {
        &[Self::Tcp]
    };

    /// Every kind that there is for a loop.
    pub(crate) fn all(scene: &Scene<'_>) -> &'static [Self] {
        match scene.network() {
            Some(_) => &[Self::Network],
            None => Self::SYSTEM,
        }
    }

    /// The first of them, where it does not matter which.
    pub(crate) fn any(scene: &Scene<'_>) -> Self {
        Self::all(scene)[0]
    }

    /// The two ends of a connection.
    pub(crate) async fn pair(self, scene: &Scene<'_>) -> Result<(ConnectedSocket, Peer), Stop> {
        if self == Self::Network {
            return network_pair(scene).await;
        }
        let (ours, theirs) = self.sockets()?;
        Ok((ours.into(), Peer::System(theirs)))
    }

    /// The two ends of a connection of the system, as [`sockets::pair`] makes
    /// them. The standard library's type serves here for any kind of stream
    /// socket.
    pub(crate) fn sockets(self) -> io::Result<(TcpStream, TcpStream)> {
        match self {
            Self::Tcp => sockets::pair(),
            Self::Unix => os::unix_pair(),
            Self::Network => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

async fn network_pair(scene: &Scene<'_>) -> Result<(ConnectedSocket, Peer), Stop> {
    let network = scene.network().ok_or_else(|| Stop::failed("no network"))?;
    let (ours, theirs) = connected(&**network).await?;
    Ok((ours.into(), Peer::Network(theirs)))
}

/// The two ends of a connection over a network of the backend's own.
pub(crate) async fn connected(
    network: &dyn Network,
) -> io::Result<(Box<dyn NetworkStream>, Box<dyn NetworkStream>)> {
    let anywhere = Address::Inet(([127, 0, 0, 1], 0).into());
    let listener = network.bind(&anywhere)?;
    listener.listen(1)?;
    let ours = network.connect(&listener.sockname(), None).await?;
    Ok((ours, listener.accept()?))
}

/// Runs a case over every kind of connection.
pub(crate) async fn over_each(
    scene: &Scene<'_>,
    body: impl AsyncFn(&Scene<'_>, Kind) -> Outcome,
) -> Outcome {
    for &kind in Kind::all(scene) {
        scene.context.doing(format!("over {kind:?}"));
        body(scene, kind).await?;
    }
    Ok(())
}

/// As [`to_peer`], over any kind of connection and for any protocol.
pub(crate) async fn peer_over(
    scene: &Scene<'_>,
    kind: Kind,
    protocol: impl Protocol,
) -> Result<(Rc<dyn Transport>, Peer), Stop> {
    let (ours, theirs) = kind.pair(scene).await?;
    let (transport, _) = scene.connect_accepted_socket(|| protocol, ours).await?;
    Ok((transport, theirs))
}

/// As [`peer_over`], with little room in the kernel on the way to the peer.
pub(crate) async fn narrow(
    scene: &Scene<'_>,
    kind: Kind,
    protocol: impl Protocol,
) -> Result<(Rc<dyn Transport>, Peer), Stop> {
    if kind == Kind::Network {
        return peer_over(scene, kind, protocol).await;
    }
    let (ours, theirs) = kind.sockets()?;
    SockRef::from(&ours).set_send_buffer_size(16 * 1024)?;
    SockRef::from(&theirs).set_recv_buffer_size(64 * 1024)?;
    let (transport, _) = scene.connect_accepted_socket(|| protocol, ours).await?;
    Ok((transport, Peer::System(theirs)))
}

/// Writes until something waits in the transport's own queue, and returns how
/// many bytes were written. From then on each further byte is queued, as long
/// as the loop does not turn.
pub(crate) fn stuff(transport: &Rc<dyn Transport>) -> Result<usize, Stop> {
    let bytes = [b'.'; 4096];
    let mut written = 0;
    while transport.write_buffer_size() == 0 {
        transport.write(&bytes)?;
        written += bytes.len();
    }
    Ok(written)
}

/// As [`stuff`], and so much that the queue stays, however long the loop
/// turns, for as long as the peer reads nothing.
pub(crate) fn block(transport: &Rc<dyn Transport>) -> Result<usize, Stop> {
    let written = stuff(transport)?;
    let more = vec![b'.'; 1 << 20];
    transport.write(&more)?;
    Ok(written + more.len())
}

/// The port of a server's first socket, as an address on this machine.
pub(crate) fn address_of(server: &dyn Server) -> Result<std::net::SocketAddr, Stop> {
    let address = server.sockets().first().and_then(|name| name.as_inet());
    address.ok_or_else(|| Stop::failed("the server has no address"))
}

/// A transport over TCP, and the other end as a blocking socket.
pub(crate) async fn to_peer(
    scene: &Scene<'_>,
    protocol: Recorder,
) -> Result<(Rc<dyn Transport>, TcpStream), Stop> {
    let (ours, theirs) = sockets::pair()?;
    let (transport, _) = scene.connect_accepted_socket(|| protocol, ours).await?;
    Ok((transport, theirs))
}

/// Two transports of one loop that are connected over TCP: the client's and
/// the server's. The server is closed; its connection lives on.
pub(crate) async fn within(
    scene: &Scene<'_>,
    client: Recorder,
    server: Recorder,
) -> Result<(Rc<dyn Transport>, Rc<dyn Transport>), Stop> {
    let accepted = Log::default();
    let probe = accepted.clone();
    let mut server = Some(server.noting(probe));
    let factory = move || server.take().unwrap_or_else(|| Log::default().recorder());
    let listening = scene
        .create_server(factory, ("127.0.0.1", 0), ServerOptions::default())
        .await?;
    let address = address_of(&*listening)?;
    let (transport, _) = scene
        .create_connection(|| client, address, ConnectOptions::default())
        .await?;
    accepted.until(|calls, _| !calls.is_empty()).await;
    listening.close();
    let other = accepted.transport();
    let other = other.ok_or_else(|| Stop::failed("connection_made was not called"))?;
    Ok((transport, other))
}
