use std::net::UdpSocket;
use std::os::windows::io::AsRawSocket;

use super::*;
use crate::sys::{Entries, RELEASE};

fn refuse(_: std::os::windows::io::BorrowedSocket<'_>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn socket() -> (u64, OwnedSocket) {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
    (socket.as_raw_socket(), socket.into())
}

fn take_all(associations: &mut Associations, port: &Port) -> usize {
    let mut entries = Entries::with_capacity(8);
    let count = port.take(&mut entries, 0).expect("packets");
    for packet in entries.drain() {
        assert_eq!(packet.key(), KEY);
        associations.take(packet);
    }
    count
}

fn enters(associations: &mut Associations, port: &Port, number: u64, socket: &OwnedSocket) -> bool {
    match associations.enter(port, number, socket) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::Unsupported, "{error}");
            false
        }
    }
}

/// One that was refused its release, and so has stayed in the port.
fn stayed(associations: &mut Associations, port: &Port) -> (u64, OwnedSocket) {
    let (number, socket) = socket();
    assert!(enters(associations, port, number, &socket));
    associations.leave(port, number, &socket);
    assert!(associations.has_stayed(number));
    (number, socket)
}

fn drain(associations: &mut Associations, port: &Port) {
    associations.clear();
    while associations.is_pending() {
        take_all(associations, port);
    }
}

#[test]
fn a_socket_comes_and_goes_as_often_as_it_likes() {
    let (port, other) = (Port::new().expect("port"), Port::new().expect("port"));
    for release in [RELEASE, refuse] {
        let mut associations = Associations::with(release);
        let (number, socket) = socket();
        for _ in 0..3 {
            assert!(enters(&mut associations, &port, number, &socket));
            associations.leave(&port, number, &socket);
        }
        // Either the system has taken it out, or we know that it is there.
        let is_free = other.associate_socket(socket.as_socket(), 7).is_ok();
        assert_eq!(is_free, !associations.has_stayed(number));
        drain(&mut associations, &port);
    }
}

#[test]
fn a_socket_that_can_leave_at_last_is_forgotten() {
    let port = Port::new().expect("port");
    let mut associations = Associations::with(refuse);
    let (number, socket) = stayed(&mut associations, &port);
    associations.release = |_| Ok(());
    associations.leave(&port, number, &socket);
    assert!(!associations.has_stayed(number));
    drain(&mut associations, &port);
}

#[test]
fn a_socket_of_another_port_is_refused() {
    let (port, other) = (Port::new().expect("port"), Port::new().expect("port"));
    let mut associations = Associations::with(RELEASE);
    let (number, socket) = socket();
    other.associate_socket(socket.as_socket(), 7).expect("free");
    assert!(!enters(&mut associations, &port, number, &socket));
    assert!(!associations.has_stayed(number));
}

#[test]
fn a_number_means_nothing_once_its_socket_was_closed() {
    const MANY: usize = 32;
    let (port, other) = (Port::new().expect("port"), Port::new().expect("port"));
    let mut associations = Associations::with(refuse);
    let closing: Vec<_> = (0..MANY)
        .map(|_| stayed(&mut associations, &port))
        .collect();
    let numbers: Vec<_> = closing.iter().map(|(number, _)| *number).collect();
    drop(closing);
    let mut taken = 0;
    while taken < MANY {
        taken += take_all(&mut associations, &port);
    }
    assert!(!associations.is_pending());
    // Which socket gets a number again is the system's to say, and other threads
    // open sockets too: this one is given out as the successor of each.
    let (_, successor) = socket();
    other
        .associate_socket(successor.as_socket(), 7)
        .expect("free");
    for number in numbers {
        assert!(!associations.has_stayed(number));
        assert!(!enters(&mut associations, &port, number, &successor));
    }
}

#[test]
fn nothing_is_remembered_at_the_end() {
    let port = Port::new().expect("port");
    let mut associations = Associations::with(refuse);
    let (number, socket) = socket();
    assert!(enters(&mut associations, &port, number, &socket));
    associations.clear();
    associations.leave(&port, number, &socket);
    assert!(!associations.is_pending());
}
