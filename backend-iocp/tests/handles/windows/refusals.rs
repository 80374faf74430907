//! What cannot be watched, and what cannot be sent or sent to: a typed error,
//! nothing sent, and nothing left.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, Write};
use std::num::NonZeroU64;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsSocket, BorrowedSocket};

use loopline_backend_iocp::IocpBackend;
use loopline_core::backend::{Backend, BorrowedFile, Events, Interest, SendFile, Sent, Source};
use loopline_core::{EventLoopExt, Loop, SendFileErrorKind, SendFileOptions};
use windows_sys::Win32::Foundation::ERROR_INVALID_HANDLE;
use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_BACKUP_SEMANTICS;

use super::{KEY, LONG, Test, leaves_no_handle, sockets, sys};

pub(crate) const TESTS: &[Test] = &[
    (
        "refusals::a_handle_that_is_no_socket",
        a_handle_that_is_no_socket,
    ),
    ("refusals::a_closed_socket", a_closed_socket),
    (
        "refusals::a_file_without_read_access",
        a_file_without_read_access,
    ),
    ("refusals::a_directory", a_directory),
    ("refusals::a_pipe_as_the_file", a_pipe_as_the_file),
    (
        "refusals::a_socket_in_another_port",
        a_socket_in_another_port,
    ),
    (
        "refusals::a_socket_in_another_backends_port",
        a_socket_in_another_backends_port,
    ),
    (
        "refusals::a_socket_that_was_in_another_backends_port",
        a_socket_that_was_in_another_backends_port,
    ),
    (
        "refusals::a_loop_reads_and_writes_instead",
        a_loop_reads_and_writes_instead,
    ),
];

const TEXT: &[u8] = b"hello world";

fn text() -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(TEXT)?;
    Ok(file)
}

fn send(backend: &mut IocpBackend, socket: BorrowedSocket<'_>, file: &File) -> io::Result<Sent> {
    let job = SendFile {
        socket: Source::from_socket(socket),
        file: BorrowedFile::from(file),
        offset: 0,
        len: NonZeroU64::MAX,
    };
    backend.send_file(KEY, &job)
}

/// Nothing is reported any more, and the loop goes on.
fn is_quiet(backend: &mut IocpBackend) -> io::Result<()> {
    let mut events = Events::default();
    backend.waker().wake();
    backend.wait(Some(LONG), &mut events)?;
    assert!(events.is_empty(), "{events:?}");
    Ok(())
}

/// Sending this file to a connection is refused so, and leaves everything as it
/// was.
fn is_refused(file: &mut File, kind: ErrorKind) -> io::Result<()> {
    let mut backend = IocpBackend::new()?;
    let (ours, theirs) = sockets::pair()?;
    let position = file.stream_position().ok();
    let error = send(&mut backend, ours.as_socket(), file).expect_err("it was sent");
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(file.stream_position().ok(), position);
    is_quiet(&mut backend)?;
    assert!(sockets::arrived(ours, theirs)?.is_empty());
    Ok(())
}

fn a_handle_that_is_no_socket() {
    leaves_no_handle(|| {
        let mut backend = IocpBackend::new()?;
        let file = text()?;
        let source = Source::from_socket(sys::as_socket(&file));
        for _ in 0..2 {
            let error = backend.watch(source, KEY, Interest::READ);
            assert_eq!(error.expect_err("watched").kind(), ErrorKind::Unsupported);
            let error = backend.rewatch(source, KEY, Interest::READ);
            assert_eq!(error.expect_err("watched").kind(), ErrorKind::Unsupported);
            backend.unwatch(source, KEY)?;
            let error = send(&mut backend, sys::as_socket(&file), &file);
            assert_eq!(error.expect_err("sent").kind(), ErrorKind::Unsupported);
        }
        is_quiet(&mut backend)
    });
}

fn a_closed_socket() {
    leaves_no_handle(|| {
        let mut backend = IocpBackend::new()?;
        let file = text()?;
        is_quiet(&mut backend)?;
        let is_closed = |error: io::Error| {
            assert_eq!(
                error.raw_os_error(),
                Some(ERROR_INVALID_HANDLE as i32),
                "{error}"
            );
        };
        let socket = sys::closed()?;
        let source = Source::from_socket(socket);
        is_closed(
            backend
                .watch(source, KEY, Interest::all())
                .expect_err("watched"),
        );
        is_closed(
            backend
                .rewatch(source, KEY, Interest::all())
                .expect_err("watched"),
        );
        backend.unwatch(source, KEY)?;
        is_closed(send(&mut backend, socket, &file).expect_err("sent"));
        is_quiet(&mut backend)
    });
}

fn a_file_without_read_access() {
    leaves_no_handle(|| {
        let named = tempfile::NamedTempFile::new()?;
        let mut file = File::options().write(true).open(named.path())?;
        file.write_all(TEXT)?;
        is_refused(&mut file, ErrorKind::PermissionDenied)
    });
}

fn a_directory() {
    leaves_no_handle(|| {
        let place = tempfile::tempdir()?;
        let mut options = File::options();
        options.read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
        is_refused(&mut options.open(place.path())?, ErrorKind::Unsupported)
    });
}

fn a_pipe_as_the_file() {
    leaves_no_handle(|| {
        let (mut pipe, mut writer) = sys::pipe()?;
        writer.write_all(TEXT)?;
        is_refused(&mut pipe, ErrorKind::Unsupported)?;
        drop(writer);
        assert_eq!(io::read_to_string(pipe)?.as_bytes(), TEXT);
        Ok(())
    });
}

fn a_socket_in_another_port() {
    leaves_no_handle(|| {
        let mut backend = IocpBackend::new()?;
        let (ours, theirs) = sockets::pair()?;
        let _port = sys::Port::of(&ours)?;
        let mut file = text()?;
        file.seek(io::SeekFrom::Start(3))?;
        // It can be watched all the same.
        backend.watch(Source::from_socket(ours.as_socket()), KEY, Interest::READ)?;
        let error = send(&mut backend, ours.as_socket(), &file).expect_err("it was sent");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert_eq!(file.stream_position()?, 3);
        backend.unwatch(Source::from_socket(ours.as_socket()), KEY)?;
        is_quiet(&mut backend)?;
        assert!(sockets::arrived(ours, theirs)?.is_empty());
        Ok(())
    });
}

fn a_socket_in_another_backends_port() {
    leaves_no_handle(|| {
        let mut others = IocpBackend::new()?;
        let mut backend = IocpBackend::new()?;
        let (ours, theirs) = sockets::pair()?;
        let file = text()?;
        assert_eq!(send(&mut others, ours.as_socket(), &file)?, Sent::InFlight);
        let error = send(&mut backend, ours.as_socket(), &file).expect_err("it was sent");
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        let sent = super::until_done(&mut others, KEY)?;
        assert_eq!(sent?, TEXT.len() as u64);
        is_quiet(&mut backend)?;
        assert_eq!(sockets::arrived(ours, theirs)?, TEXT);
        Ok(())
    });
}

/// Nothing is on its way any more: where the system can take a socket out of a
/// port, any other one may send, and a refusal is for the others.
fn a_socket_that_was_in_another_backends_port() {
    leaves_no_handle(|| {
        let mut others = IocpBackend::new()?;
        let mut backend = IocpBackend::new()?;
        let (ours, theirs) = sockets::pair()?;
        let file = text()?;
        let mut expected = Vec::new();
        for _ in 0..3 {
            assert_eq!(send(&mut others, ours.as_socket(), &file)?, Sent::InFlight);
            assert_eq!(
                super::until_done(&mut others, KEY)??,
                TEXT.len() as u64,
                "by the first"
            );
            expected.extend(TEXT);
            match send(&mut backend, ours.as_socket(), &file) {
                Ok(sent) => {
                    assert_eq!(sent, Sent::InFlight);
                    assert_eq!(super::until_done(&mut backend, KEY)??, TEXT.len() as u64);
                    expected.extend(TEXT);
                }
                Err(error) => {
                    assert!(sys::is_wine(), "Windows can take a socket out: {error}");
                    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
                }
            }
        }
        is_quiet(&mut backend)?;
        assert_eq!(sockets::arrived(ours, theirs)?, expected);
        Ok(())
    });
}

fn a_loop_reads_and_writes_instead() {
    leaves_no_handle(|| {
        let event_loop = Loop::with_backend(Box::new(IocpBackend::new()?));
        let (ours, theirs) = sockets::pair()?;
        let _port = sys::Port::of(&ours)?;
        let sent = event_loop.run_until_complete(async {
            let by_the_kernel = SendFileOptions::default().fallback(false);
            let refused = event_loop.sock_sendfile_from(&ours, text()?, by_the_kernel);
            let refused = refused.await.expect_err("it was sent");
            assert!(
                matches!(refused.kind(), SendFileErrorKind::NotAvailable),
                "{refused}"
            );
            let sent = event_loop.sock_sendfile_from(&ours, text()?, SendFileOptions::default());
            sent.await.map_err(io::Error::other)
        });
        assert_eq!(sent.map_err(io::Error::other)??, TEXT.len() as u64);
        drop(event_loop);
        assert_eq!(sockets::arrived(ours, theirs)?, TEXT);
        Ok(())
    });
}
