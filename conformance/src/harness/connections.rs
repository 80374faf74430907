//! Connections between the loop and a peer, and within the loop.

use std::net::TcpStream;
use std::rc::Rc;

use loopline_core::{ConnectOptions, EventLoopExt, ServerOptions, Transport};

use super::recorder::{Log, Recorder};
use super::scene::Scene;
use super::sockets;
use crate::verdict::Stop;

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
    let address = listening.sockets().first().and_then(|name| name.as_inet());
    let address = address.ok_or_else(|| Stop::failed("the server has no address"))?;
    let (transport, _) = scene
        .create_connection(|| client, address, ConnectOptions::default())
        .await?;
    accepted.until(|calls, _| !calls.is_empty()).await;
    listening.close();
    let other = accepted.transport();
    let other = other.ok_or_else(|| Stop::failed("connection_made was not called"))?;
    Ok((transport, other))
}
