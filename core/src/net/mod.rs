//! Making connections and servers.

mod accept;
mod arrivals;
mod attempt;
mod bind;
mod clients;
mod connect;
mod error;
mod happy_eyeballs;
mod listener;
mod options;
mod resolve;
mod server;
mod serving;
mod sock;
mod socket;
mod target;
#[cfg(unix)]
mod unix_path;

pub use error::{AttemptError, ConnectError, ListenError};
pub use options::{AcceptOptions, ConnectOptions, ServerOptions};
pub use resolve::{Resolution, Resolver, SystemResolver};
pub use server::Server;
pub use sock::SendAllError;
pub use target::{BindTarget, ConnectTarget, ConnectedSocket};

pub(crate) use bind::create_server;
pub(crate) use clients::Clients;
pub(crate) use connect::{connect_accepted_socket, create_connection};
pub(crate) use sock::{sock_accept, sock_connect, sock_recv_into, sock_sendall};
pub(crate) use socket::StreamSocket;
