//! Files leave nothing, whether they are sent, given up, or fail.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, Write};
use std::net::TcpStream;
use std::num::NonZeroU64;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsSocket;

use loopline_backend_iocp::IocpBackend;
use loopline_core::backend::{Backend, BorrowedFile, Key, SendFile, Sent, Source};

use super::{KEY, Test, leaves_no_handle, sockets, until_done};

pub(crate) const TESTS: &[Test] = &[
    ("files::what_is_sent", what_is_sent),
    ("files::what_is_given_up", what_is_given_up),
    ("files::what_the_peer_resets", what_the_peer_resets),
    (
        "files::what_a_dropped_backend_was_sending",
        what_a_dropped_backend_was_sending,
    ),
    ("files::one_file_to_many_at_once", one_file_to_many_at_once),
];

/// More than the two sockets of a connection hold, in bytes.
const MUCH: usize = 8 << 20;

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|at| ((at * 31) >> 5) as u8).collect()
}

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
enum Opened {
    /// As most are.
    Plainly,
    /// So that nobody can open it once more.
    ForOne,
}

fn file(opened: Opened, content: &[u8]) -> io::Result<(File, tempfile::TempDir)> {
    let place = tempfile::tempdir()?;
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    if let Opened::ForOne = opened {
        options.share_mode(0);
    }
    let mut file = options.open(place.path().join("file"))?;
    file.write_all(content)?;
    file.seek(io::SeekFrom::Start(5))?;
    Ok((file, place))
}

fn send(
    backend: &mut IocpBackend,
    key: Key,
    socket: &TcpStream,
    file: &File,
    offset: u64,
) -> io::Result<Sent> {
    backend.send_file(
        key,
        &SendFile {
            socket: Source::from_socket(socket.as_socket()),
            file: BorrowedFile::from(file),
            offset,
            len: NonZeroU64::MAX,
        },
    )
}

fn over_all(work: impl Fn(Opened) -> io::Result<()>) {
    for opened in [Opened::Plainly, Opened::ForOne] {
        leaves_no_handle(|| work(opened));
    }
}

fn what_is_sent() {
    over_all(|opened| {
        let mut backend = IocpBackend::new()?;
        let content = content(MUCH);
        let (file, _place) = file(opened, &content)?;
        let (ours, theirs) = sockets::pair()?;
        let arrived = std::thread::scope(|scope| {
            let reader = scope.spawn(|| sockets::read(&theirs));
            let mut at = 3;
            loop {
                let count = match send(&mut backend, KEY, &ours, &file, at)? {
                    Sent::InFlight => until_done(&mut backend, KEY)??,
                    Sent::Bytes(count) => count,
                    Sent::NotReady => continue,
                };
                at += count;
                if count == 0 {
                    break;
                }
            }
            ours.shutdown(std::net::Shutdown::Write)?;
            reader.join().expect("the reader")
        })?;
        assert!(arrived == content[3..], "{opened:?}: other bytes arrived");
        assert_eq!((&file).stream_position()?, 5, "{opened:?}");
        Ok(())
    });
}

fn what_is_given_up() {
    over_all(|opened| {
        let mut backend = IocpBackend::new()?;
        let (file, _place) = file(opened, &content(MUCH))?;
        let (ours, _theirs) = sockets::pair()?;
        sockets::fill(&ours)?;
        assert_eq!(send(&mut backend, KEY, &ours, &file, 3)?, Sent::InFlight);
        backend.cancel(KEY);
        // With what had left until then, or with an error.
        if let Err(error) = until_done(&mut backend, KEY)? {
            assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        }
        assert_eq!((&file).stream_position()?, 5, "{opened:?}");
        Ok(())
    });
}

fn what_the_peer_resets() {
    over_all(|opened| {
        let mut backend = IocpBackend::new()?;
        let (file, _place) = file(opened, &content(MUCH))?;
        let (ours, theirs) = sockets::pair()?;
        sockets::fill(&ours)?;
        assert_eq!(send(&mut backend, KEY, &ours, &file, 3)?, Sent::InFlight);
        sockets::reset(theirs)?;
        if let Err(error) = until_done(&mut backend, KEY)? {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        assert_eq!((&file).stream_position()?, 5, "{opened:?}");
        Ok(())
    });
}

fn what_a_dropped_backend_was_sending() {
    over_all(|opened| {
        let mut backend = IocpBackend::new()?;
        let (file, _place) = file(opened, &content(MUCH))?;
        let mut connections = Vec::new();
        for slot in 0..8 {
            let (ours, theirs) = sockets::pair()?;
            sockets::fill(&ours)?;
            let key = Key::new(slot, 0);
            assert_eq!(send(&mut backend, key, &ours, &file, 3)?, Sent::InFlight);
            // The backend has handles of its own.
            if slot % 2 == 0 {
                connections.push((ours, theirs));
            }
        }
        drop(backend);
        assert_eq!((&file).stream_position()?, 5, "{opened:?}");
        Ok(())
    });
}

fn one_file_to_many_at_once() {
    over_all(|opened| {
        const MANY: u32 = 8;
        let mut backend = IocpBackend::new()?;
        let content = content(100_000);
        let (file, _place) = file(opened, &content)?;
        let mut connections = Vec::new();
        for slot in 0..MANY {
            let (ours, theirs) = sockets::pair()?;
            let key = Key::new(slot, 0);
            let sent = send(&mut backend, key, &ours, &file, u64::from(slot) * 1000)?;
            assert_eq!(sent, Sent::InFlight);
            connections.push((key, ours, theirs));
        }
        // One of those that may have to wait gives up.
        backend.cancel(Key::new(5, 0));
        let mut ended: [Option<io::Result<u64>>; MANY as usize] = Default::default();
        let mut events = loopline_core::backend::Events::default();
        while ended.iter().any(Option::is_none) {
            backend.wait(Some(super::LONG), &mut events)?;
            while let Some(event) = events.pop() {
                if let loopline_core::backend::Event::Done { key, result } = event {
                    assert!(ended[key.slot() as usize].replace(result).is_none());
                }
            }
        }
        for ((key, ours, theirs), ended) in connections.into_iter().zip(ended) {
            let arrived = sockets::arrived(ours, theirs)?;
            let rest = &content[key.slot() as usize * 1000..];
            let whole = match ended {
                Some(Ok(count)) => {
                    assert_eq!(count, arrived.len() as u64);
                    count == rest.len() as u64
                }
                _ => false,
            };
            assert!(whole || key.slot() == 5, "{opened:?}: {key:?} was cut");
            assert!(
                rest.starts_with(&arrived),
                "{opened:?}: other bytes arrived"
            );
        }
        assert_eq!((&file).stream_position()?, 5, "{opened:?}");
        Ok(())
    });
}
