//! What people get to read: error messages, addresses, and debug output.

#[path = "../src/engine/idle.rs"]
mod idle;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Cursor;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use loopline_core::tls::{
    CertificateProblem, KeyLogFile, Origin, Pem, TlsError, TlsErrorKind, TlsVersion,
};
use loopline_core::{
    Address, ConnectOptions, EventLoopExt, FileJob, FileSource, HandBack, Loop, Protocol,
    SendFileOptions, Transport,
};

struct Nothing;

impl Protocol for Nothing {}

/// A transport, with the other end of its connection.
fn transport(event_loop: &Loop) -> (Rc<dyn Transport>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("its address");
    let peer = TcpStream::connect(address).expect("a connection");
    let (ours, _) = listener.accept().expect("its other end");
    let made = event_loop.connect_accepted_socket(|| Nothing, ours);
    let (transport, _) = event_loop
        .run_until_complete(made)
        .expect("an idle loop")
        .expect("a transport");
    (transport, peer)
}

#[test]
fn every_error_says_what_has_happened() {
    use CertificateProblem as Problem;
    use TlsErrorKind as Kind;
    let kinds = [
        Kind::BadCertificate(Problem::WrongName),
        Kind::BadCertificate(Problem::Expired),
        Kind::BadCertificate(Problem::NotYetValid),
        Kind::BadCertificate(Problem::UnknownIssuer),
        Kind::BadCertificate(Problem::Revoked),
        Kind::BadCertificate(Problem::WrongPurpose),
        Kind::BadCertificate(Problem::Invalid),
        Kind::NoCertificate,
        Kind::BadRecord,
        Kind::Incompatible,
        Kind::Alert(40),
        Kind::Alert(48),
        Kind::UnexpectedEof,
        Kind::TooMuchInput,
        Kind::NotOpen,
        Kind::Closed,
        Kind::Failed,
        Kind::Unsupported,
        Kind::Misuse("a mistake"),
        Kind::Config,
        Kind::Library,
    ];
    let texts: BTreeSet<_> = kinds.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), kinds.len(), "{texts:?}");
    assert!(texts.iter().all(|text| text.len() > 8), "{texts:?}");
    for kind in kinds {
        let text = kind.to_string();
        assert_eq!(TlsError::from(kind.clone()).to_string(), text);
        let caused = TlsError::new(kind, "the cause");
        assert_eq!(caused.to_string(), format!("{text}: the cause"));
    }
    let expired = Problem::Expired.to_string();
    assert_eq!(expired, "the certificate has expired");
}

#[test]
fn names_are_those_in_use() {
    let inet: std::net::SocketAddr = "[::1]:80".parse().expect("an address");
    assert_eq!(Address::from(inet).to_string(), "[::1]:80");
    let unix = |path: &str| Address::Unix(Path::new(path).into()).to_string();
    assert_eq!(unix("/run/socket"), "unix:/run/socket");
    assert_eq!(unix("\0hidden"), "unix:@hidden");
    assert_eq!(TlsVersion::Tls12.to_string(), "TLSv1.2");
    assert_eq!(TlsVersion::Tls13.to_string(), "TLSv1.3");
    let file = Origin::File(PathBuf::from("key.pem"));
    assert_eq!(file.to_string(), "key.pem");
    assert_eq!(Origin::Bytes.to_string(), "the given PEM text");
}

#[test]
fn debug_output_names_the_type() {
    fn check(value: &dyn std::fmt::Debug, expected: &str) {
        assert_eq!(format!("{value:?}"), expected);
    }
    let reader = || FileSource::reader(Cursor::new(b"content"));
    check(&reader(), "Reader(..)");
    let options = SendFileOptions::default().offset(3).fallback(false);
    let text = "SendFileOptions { offset: 3, count: None, fallback: false, position: Update, progress: false }";
    check(&options, text);
    let mut job = FileJob::new(reader(), options);
    check(&job, "FileJob(\"fresh\")");
    job.cancel();
    check(&job, "FileJob(\"over\")");
    let folder = tempfile::tempdir().expect("a folder");
    let log = KeyLogFile::open(&folder.path().join("keys")).expect("a file");
    check(&log, "KeyLogFile { .. }");
    // A key is nobody's to read.
    check(&Pem::bytes("secret"), "Pem(the given PEM text)");
    check(&Pem::file("key.pem"), "Pem(key.pem)");
    let options = format!("{:?}", ConnectOptions::default());
    assert!(
        options.contains("SslOptions { context: false, "),
        "{options}"
    );
}

#[test]
fn debug_output_of_a_connection_names_the_type() {
    let event_loop = Loop::with_backend(Box::new(idle::Idle));
    let (transport, _peer) = transport(&event_loop);
    let job = FileJob::new(
        FileSource::reader(Cursor::new(b"")),
        SendFileOptions::default(),
    );
    let sending = format!("{:?}", job.send(&transport));
    assert_eq!(sending, "SendFileFuture { job: FileJob(\"fresh\"), .. }");
    let socket = format!("{:?}", transport.socket().expect("a socket"));
    assert!(socket.starts_with("TransportSocket(Some("), "{socket}");
    let handed = transport.hand_over().expect("a connection to take over");
    assert_eq!(format!("{handed:?}"), "HandOver { .. }");
    let kept = Rc::new(RefCell::new(Some(transport)));
    let back = HandBack::new(move |_| kept.take().expect("it is given back once"));
    assert_eq!(format!("{back:?}"), "HandBack { .. }");
}
