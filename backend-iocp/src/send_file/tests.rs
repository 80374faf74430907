//! What TransmitFile may answer and Wine's never does, by scripted calls.

use std::cell::Cell;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU64;
use std::os::windows::io::BorrowedSocket;

use loopline_core::backend::{BorrowedFile, Event, Source};
use windows_sys::Win32::Networking::WinSock::{WSAECONNRESET, WSAENOTCONN};

use super::*;
use crate::sys::{Entries, scripted};

const KEY: Key = Key::new(7, 3);

thread_local! {
    static RELEASED: Cell<u32> = const { Cell::new(0) };
}

/// A release that is counted.
fn note_release(_: BorrowedSocket<'_>) -> io::Result<()> {
    RELEASED.set(RELEASED.get() + 1);
    Ok(())
}

/// The answer of one call for 5 bytes of 11.
fn send(files: &mut Files, port: &Port) -> io::Result<Sent> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let socket = TcpStream::connect(listener.local_addr()?)?;
    let mut file = tempfile::tempfile()?;
    file.write_all(b"hello world")?;
    let job = SendFile {
        socket: Source::from_socket(socket.as_socket()),
        file: BorrowedFile::from(&file),
        offset: 6,
        len: NonZeroU64::MIN.saturating_add(4),
    };
    let sent = files.send(port, KEY, &job);
    if sent.is_err() {
        assert_eq!(file.stream_position()?, 11, "the position was moved");
    }
    sent
}

fn ended(files: &mut Files, port: &Port) -> Vec<(Key, u64)> {
    let mut entries = Entries::with_capacity(8);
    port.take(&mut entries, 0).expect("packets");
    for packet in entries.drain() {
        assert_eq!(packet.key(), super::KEY);
        files.take(port, packet);
    }
    let mut events = Events::default();
    files.report(&mut events);
    let mut ended = Vec::new();
    while let Some(Event::Done { key, result }) = events.pop() {
        ended.push((key, result.expect("sent")));
    }
    ended
}

#[test]
fn what_is_sent_at_once_is_done_once() {
    let port = Port::new().expect("port");
    let mut files = Files::with(scripted::at_once(&port), note_release);
    for round in 0..3 {
        assert_eq!(send(&mut files, &port).expect("sent"), Sent::InFlight);
        assert_eq!(RELEASED.get(), round, "released too early");
        assert!(files.is_pending());
        assert_eq!(ended(&mut files, &port), [(KEY, 5)]);
        assert!(!files.is_pending());
        assert_eq!(RELEASED.get(), round + 1);
        assert_eq!(ended(&mut files, &port), []);
    }
}

#[test]
fn a_refusal_leaves_nothing_behind() {
    let port = Port::new().expect("port");
    for (code, kind) in [
        (WSAECONNRESET, io::ErrorKind::ConnectionReset),
        (WSAENOTCONN, io::ErrorKind::NotConnected),
        (WSAESHUTDOWN, io::ErrorKind::BrokenPipe),
        (WSAEOPNOTSUPP, io::ErrorKind::Unsupported),
        (ERROR_NETNAME_DELETED as i32, io::ErrorKind::ConnectionReset),
        (
            ERROR_OPERATION_ABORTED as i32,
            io::ErrorKind::ConnectionReset,
        ),
    ] {
        let mut files = Files::with(scripted::refused(code), note_release);
        let error = send(&mut files, &port).expect_err("it was refused");
        assert_eq!(error.kind(), kind, "{code}");
        assert!(!files.is_pending());
        assert_eq!(RELEASED.replace(0), 1, "{code}");
    }
    let mut files = Files::with(scripted::refused(ERROR_HANDLE_EOF as i32), note_release);
    assert_eq!(send(&mut files, &port).expect("the end"), Sent::Bytes(0));
}

#[test]
fn an_end_by_our_own_hand_is_an_abort() {
    let aborted = || io::Error::from_raw_os_error(ERROR_OPERATION_ABORTED as i32);
    let kinds = [true, false].map(|cancelled| failure(aborted(), cancelled).kind());
    assert_eq!(
        kinds,
        [
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::ConnectionReset
        ]
    );
}
