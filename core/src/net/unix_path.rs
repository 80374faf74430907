//! The file of a listening Unix socket.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use super::error::ListenError;
use super::listener::Bound;
use super::socket::ListeningSocket;
use crate::transport::Address;

/// A file that binding a socket has made, known by its inode: what another
/// process has put in its place is left alone (line E32).
#[derive(Debug)]
pub(super) struct BoundPath {
    path: PathBuf,
    inode: (u64, u64),
}

impl BoundPath {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            inode: inode(path)?,
        })
    }

    /// Removes the file, if it is still the same one.
    pub(super) fn remove(&self) {
        if inode(&self.path).is_ok_and(|found| found == self.inode) {
            // Whoever removed it in between was faster.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Binds a Unix socket, in place of a socket file that an earlier server has
/// left behind (line E32).
pub(super) fn bind(path: &Path, cleanup: bool) -> Result<Bound, ListenError> {
    let address = Address::Unix(path.into());
    let failed = |source| ListenError::Bind {
        address: address.clone(),
        source,
    };
    let name = SockAddr::unix(path).map_err(failed)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(ListenError::Socket)?;
    socket.set_nonblocking(true).map_err(ListenError::Socket)?;
    let in_file_system = path.as_os_str().as_bytes().first().is_some_and(|&b| b != 0);
    if in_file_system {
        remove_stale(path, &address)?;
    }
    socket.bind(&name).map_err(failed)?;
    let path = if in_file_system && cleanup {
        Some(BoundPath::of(path).map_err(failed)?)
    } else {
        None
    };
    // An empty path lets the system choose a name (unix(7)).
    let address = match socket.local_addr() {
        Ok(name) if !in_file_system => Address::from_sock_addr(&name).unwrap_or(address),
        _ => address,
    };
    Ok(Bound {
        socket: ListeningSocket::System(socket),
        address,
        path,
    })
}

fn remove_stale(path: &Path, address: &Address) -> Result<(), ListenError> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !metadata.file_type().is_socket() {
        return Err(ListenError::PathTaken {
            address: address.clone(),
        });
    }
    // If it cannot be removed, binding says why it matters.
    let _ = fs::remove_file(path);
    Ok(())
}
