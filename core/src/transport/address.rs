//! The address of one end of a connection.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The address of one end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// An IPv4 or IPv6 address and a port.
    Inet(SocketAddr),
    /// A Unix socket. The path is empty for one without a name, and begins
    /// with a NUL byte for one in the abstract namespace (unix(7)).
    Unix(Arc<Path>),
}

impl Address {
    /// The IP address and port, if it is one.
    #[must_use]
    pub fn as_inet(&self) -> Option<SocketAddr> {
        match self {
            Self::Inet(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// The path of the Unix socket, if it is one.
    #[must_use]
    pub fn as_unix(&self) -> Option<&Path> {
        match self {
            Self::Inet(_) => None,
            Self::Unix(path) => Some(path),
        }
    }

    pub(crate) fn from_sock_addr(address: &socket2::SockAddr) -> Option<Self> {
        if let Some(inet) = address.as_socket() {
            return Some(Self::Inet(inet));
        }
        address.is_unix().then(|| Self::Unix(unix_name(address)))
    }

    #[cfg(not(any(windows, target_vendor = "apple")))]
    pub(crate) fn from_any(address: &rustix::net::SocketAddrAny) -> Option<Self> {
        if let Ok(inet) = SocketAddr::try_from(address.clone()) {
            return Some(Self::Inet(inet));
        }
        let unix = rustix::net::SocketAddrUnix::try_from(address.clone()).ok()?;
        Some(Self::Unix(unix_any(&unix)))
    }
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn unix_any(address: &rustix::net::SocketAddrUnix) -> Arc<Path> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    if let Some(path) = address.path_bytes() {
        return Path::new(OsStr::from_bytes(path)).into();
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let name = address.abstract_name().unwrap_or_default();
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let name = &[];
    abstract_name(name)
}

#[cfg(unix)]
fn unix_name(address: &socket2::SockAddr) -> Arc<Path> {
    match address.as_pathname() {
        Some(path) => path.into(),
        None => abstract_name(address.as_abstract_namespace().unwrap_or_default()),
    }
}

/// The path that stands for a name in the abstract namespace, or for none.
#[cfg(unix)]
fn abstract_name(name: &[u8]) -> Arc<Path> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let mut bytes = Vec::with_capacity(name.len() + 1);
    if !name.is_empty() {
        bytes.push(0);
        bytes.extend_from_slice(name);
    }
    PathBuf::from(OsStr::from_bytes(&bytes)).into()
}

#[cfg(not(unix))]
fn unix_name(_: &socket2::SockAddr) -> Arc<Path> {
    PathBuf::new().into()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address) => address.fmt(f),
            Self::Unix(path) => match path.to_string_lossy().strip_prefix('\0') {
                Some(name) => write!(f, "unix:@{name}"),
                None => write!(f, "unix:{}", path.display()),
            },
        }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Inet(address)
    }
}
