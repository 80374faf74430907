//! The addresses of both ends of a connection.

use std::net::{SocketAddr, SocketAddrV4};

use super::Address;

/// The addresses of both ends. They are kept because they can be asked for when
/// the connection is lost; two of IPv4 need no box.
pub(crate) struct Names(Kept);

enum Kept {
    V4 {
        peername: SocketAddrV4,
        sockname: SocketAddrV4,
    },
    Other(Box<Pair>),
}

struct Pair {
    peername: Option<Address>,
    sockname: Option<Address>,
}

impl Names {
    pub(crate) fn new(peername: Option<Address>, sockname: Option<Address>) -> Self {
        Self(match (peername, sockname) {
            (
                Some(Address::Inet(SocketAddr::V4(peername))),
                Some(Address::Inet(SocketAddr::V4(sockname))),
            ) => Kept::V4 { peername, sockname },
            (peername, sockname) => Kept::Other(Box::new(Pair { peername, sockname })),
        })
    }

    pub(crate) fn peername(&self) -> Option<Address> {
        match &self.0 {
            Kept::V4 { peername, .. } => Some(SocketAddr::V4(*peername).into()),
            Kept::Other(pair) => pair.peername.clone(),
        }
    }

    pub(crate) fn sockname(&self) -> Option<Address> {
        match &self.0 {
            Kept::V4 { sockname, .. } => Some(SocketAddr::V4(*sockname).into()),
            Kept::Other(pair) => pair.sockname.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_keep_their_addresses() {
        let inet = |text: &str| text.parse().ok().map(Address::Inet);
        let cases = [
            (inet("192.0.2.1:1"), inet("192.0.2.2:2")),
            (inet("[2001:db8::1]:1"), inet("[2001:db8::2]:2")),
            (inet("192.0.2.1:1"), None),
            (None, None),
        ];
        for (peername, sockname) in cases {
            let names = Names::new(peername.clone(), sockname.clone());
            assert_eq!((names.peername(), names.sockname()), (peername, sockname));
        }
    }
}
