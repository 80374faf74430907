//! Tests of the cases of TLS: coders with one fault each, and the cases that
//! have to find it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use loopline_backend_epoll::EpollBackend;
use loopline_core::backend::Backend;
use loopline_core::tls::{
    ClientAuth, Coder, Progress, Received, ServerName, Session, TlsContext, TlsError, TlsErrorKind,
    TlsVersion,
};

pub(super) use self::fault::FINDINGS;
use self::fault::Fault;
use super::findings::Shows;
use crate::case::{Case, Layer};
use crate::cases::LAYERS;
use crate::cast::Cast;
use crate::context;
use crate::harness::tls::parts;
use crate::options::Options;
use crate::run::Run;
use crate::verdict::Verdict;
use crate::{Subject, TlsCoder};

mod fault;
#[path = "../../../tls-rustls/tests/conformance/coder.rs"]
mod rustls;

/// Makes coders with a fault.
struct Context {
    inner: Arc<dyn TlsContext>,
    fault: Fault,
}

impl Context {
    fn wrap(&self, inner: Box<dyn Coder>) -> Box<dyn Coder> {
        Box::new(Faulty {
            inner,
            fault: self.fault,
            invented: Session::new(TlsVersion::Tls13, 0x1301, "TLS_AES_128_GCM_SHA256"),
            kept: Vec::new(),
            goodbye: Vec::new(),
            failed: false,
            closed: false,
        })
    }
}

impl TlsContext for Context {
    fn client(&self, name: &ServerName<'static>) -> Result<Box<dyn Coder>, TlsError> {
        let right = parts::name();
        let name = match self.fault {
            Fault::IgnoresNames => &right,
            _ => name,
        };
        Ok(self.wrap(self.inner.client(name)?))
    }

    fn server(&self) -> Result<Box<dyn Coder>, TlsError> {
        Ok(self.wrap(self.inner.server()?))
    }
}

/// One connection with a fault.
struct Faulty {
    inner: Box<dyn Coder>,
    fault: Fault,
    /// What is claimed before anything was agreed on.
    invented: Session,
    /// Input that was taken and not used.
    kept: Vec<u8>,
    /// The close_notify that was sent.
    goodbye: Vec<u8>,
    failed: bool,
    closed: bool,
}

impl Faulty {
    /// As the good one receives, with what is wrong about the success.
    fn received(
        &mut self,
        input: &mut [u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<Received, TlsError> {
        let mut received = self.inner.receive(input, plain, wire)?;
        let rest = input.len() - received.consumed;
        match self.fault {
            Fault::SwallowsTheEnd if received.progress == Progress::PeerClosed => {
                received.progress = Progress::Open;
            }
            Fault::DeliversEarly if received.progress == Progress::Handshaking => {
                plain.extend_from_slice(b"x");
            }
            Fault::ConsumesEverything => received.consumed = input.len(),
            Fault::ConsumesTooLittle => received.consumed = received.consumed.saturating_sub(1),
            Fault::GoesOnPastOpen if received.progress == Progress::Open && rest > 0 => {
                let more = self
                    .inner
                    .receive(&mut input[received.consumed..], plain, wire)?;
                received.consumed += more.consumed;
                received.progress = more.progress;
            }
            Fault::SpoilsTheRest => input[received.consumed..].fill(0),
            Fault::EndsWithItsOwnClose if self.closed => {
                received.progress = Progress::PeerClosed;
            }
            _ => {}
        }
        Ok(received)
    }

    /// Takes all input at once, and keeps what cannot be used yet.
    fn hoard(
        &mut self,
        input: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<Received, TlsError> {
        self.kept.extend_from_slice(input);
        loop {
            let received = self.inner.receive(&mut self.kept, plain, wire)?;
            self.kept.drain(..received.consumed);
            if received.consumed == 0 {
                return Ok(Received {
                    consumed: input.len(),
                    progress: received.progress,
                });
            }
        }
    }

    /// What becomes of an error.
    fn failure(&mut self, error: TlsError, len: usize) -> Result<Received, TlsError> {
        let nothing = Ok(Received {
            consumed: 0,
            progress: Progress::Handshaking,
        });
        match self.fault {
            Fault::ForgetsItsFailure if self.failed => nothing,
            Fault::TakesAnything => Ok(Received {
                consumed: len,
                progress: Progress::Handshaking,
            }),
            Fault::BlamesTheLibrary => Err(TlsErrorKind::Library.into()),
            Fault::Panics => panic!("{error}"),
            _ => {
                self.failed = true;
                Err(error)
            }
        }
    }
}

impl Coder for Faulty {
    fn start(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        self.inner.start(wire)
    }

    fn receive(
        &mut self,
        input: &mut [u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<Received, TlsError> {
        if self.fault == Fault::ClearsBuffers {
            plain.clear();
        }
        let before = (plain.len(), wire.len());
        let received = match self.fault {
            Fault::Hoards => self.hoard(input, plain, wire),
            _ => self.received(input, plain, wire),
        };
        received.or_else(|error| {
            match self.fault {
                Fault::LosesDataBeforeAnError => plain.truncate(before.0),
                Fault::DropsAlerts => wire.truncate(before.1),
                Fault::SpeaksAfterClosing if self.closed => {
                    wire.extend_from_slice(&[21, 3, 3, 0, 2, 2, 20]);
                }
                _ => {}
            }
            self.failure(error, input.len())
        })
    }

    fn send(&mut self, plain: &[u8], wire: &mut Vec<u8>) -> Result<(), TlsError> {
        let from = wire.len();
        match (self.fault, self.inner.send(plain, wire)) {
            (Fault::SendsTwice, Ok(())) => wire.extend_from_within(from..),
            (Fault::SwallowsRefusals, Err(_)) => {}
            (_, sent) => return sent,
        }
        Ok(())
    }

    fn send_into(&mut self, plain: &[u8], room: &mut [u8]) -> Option<usize> {
        match (self.fault, self.inner.send_into(plain, room)) {
            (Fault::CutsAtTheRoom, None) if room.len() > 100 => {
                self.inner.send_into(&plain[..room.len() - 100], room)
            }
            (Fault::HidesWhatItFilled, Some(_)) => None,
            (Fault::FillsWhatItMayNot, None) => {
                room.fill(0);
                Some(room.len().min(plain.len()))
            }
            (_, filled) => filled,
        }
    }

    fn update_keys(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        let from = wire.len();
        let updated = self.inner.update_keys(wire);
        if self.fault == Fault::HidesUpdates {
            wire.truncate(from);
        }
        updated
    }

    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        let from = wire.len();
        self.closed = true;
        self.inner.close(wire)?;
        match self.fault {
            Fault::ClosesTwice if wire.len() == from => wire.extend_from_slice(&self.goodbye),
            Fault::ClosesSilently => wire.truncate(from),
            _ => self.goodbye = wire[from..].to_vec(),
        }
        Ok(())
    }

    fn session(&self) -> Option<&Session> {
        match self.fault {
            Fault::ClaimsASessionEarly => self.inner.session().or(Some(&self.invented)),
            Fault::ForgetsTheSession => None,
            Fault::InventsTheSession => self.inner.session().map(|_| &self.invented),
            _ => self.inner.session(),
        }
    }
}

/// rustls with a fault.
fn faulty(fault: Fault) -> TlsCoder {
    let good = rustls::coder();
    TlsCoder::new("faulty", move |side, wanted| {
        let mut wanted = wanted.clone();
        match fault {
            Fault::IgnoresVersions => {
                wanted.min_version = TlsVersion::Tls12;
                wanted.max_version = TlsVersion::Tls13;
            }
            Fault::IgnoresProtocols => wanted.alpn.clear(),
            Fault::ResumesNothing => wanted.resumption = false,
            Fault::AsksForNothing => wanted.client_auth = ClientAuth::None,
            _ => {}
        }
        let inner = good.context(side, &wanted)?;
        Ok(Context { inner, fault })
    })
}

struct Epoll;

impl Subject for Epoll {
    fn name(&self) -> &'static str {
        "epoll"
    }

    fn backend(&self) -> std::io::Result<Box<dyn Backend>> {
        Ok(Box::new(EpollBackend::new()?))
    }
}

fn case(name: &str) -> (&'static Layer, &'static Case) {
    let of_layer =
        |layer: &'static Layer| layer.cases().map(move |(name, case)| (name, layer, case));
    let mut cases = LAYERS.iter().flat_map(of_layer);
    let (_, layer, case) = cases.find(|(other, _, _)| other == name).expect(name);
    (layer, case)
}

fn finds(fault: Fault, shows: Shows, name: &str) {
    let limit = match shows {
        Shows::Hanging => Duration::from_secs(2),
        Shows::Failing => Options::DEFAULT.limit,
    };
    let subject: Arc<dyn Subject> = Arc::new(Epoll);
    let (layer, case) = case(name);
    let run = Run {
        name: name.to_owned(),
        cast: Cast::of_both(&subject, &faulty(fault)),
        layer,
        case,
    };
    let Verdict::Failed(why) = run.judged_here(limit, context::Progress::default()) else {
        panic!("{name} does not find {fault:?}");
    };
    let shown = if why.starts_with("no end after") {
        Shows::Hanging
    } else {
        Shows::Failing
    };
    assert_eq!(shown, shows, "{name} on {fault:?}: {why}");
}

#[test]
fn faults_of_coders_are_found() {
    thread::scope(|scope| {
        for (fault, shows, names) in FINDINGS {
            scope.spawn(move || {
                for name in *names {
                    finds(*fault, *shows, name);
                }
            });
        }
    });
}

#[test]
fn every_fault_of_a_coder_is_looked_for() {
    for fault in Fault::ALL {
        let known = FINDINGS.iter().any(|(other, _, _)| other == fault);
        assert!(known, "{fault:?}");
    }
}
