//! A coder without cryptography, for cases about what the loop does with what a
//! coder leaves.

use loopline_core::tls::{
    Coder, Progress, Received, ServerName, Session, TlsContext, TlsError, TlsErrorKind, TlsVersion,
};

/// What stands for a close_notify.
pub(crate) const CLOSE: u8 = 0xff;

/// Takes nothing of its peer's handshake before so many bytes of it have come,
/// and then all of them at once. What follows is data as it is, up to [`CLOSE`].
#[derive(Clone, Copy)]
pub(crate) struct Clear {
    pub(crate) handshake: usize,
}

impl TlsContext for Clear {
    fn client(&self, _: &ServerName<'static>) -> Result<Box<dyn Coder>, TlsError> {
        self.server()
    }

    fn server(&self) -> Result<Box<dyn Coder>, TlsError> {
        Ok(Box::new(Machine {
            handshake: self.handshake,
            session: Session::new(TlsVersion::Tls13, 0, "none"),
            progress: Progress::Handshaking,
        }))
    }
}

struct Machine {
    handshake: usize,
    session: Session,
    progress: Progress,
}

impl Coder for Machine {
    fn start(&mut self, _: &mut Vec<u8>) -> Result<(), TlsError> {
        Ok(())
    }

    fn receive(
        &mut self,
        input: &mut [u8],
        plain: &mut Vec<u8>,
        _: &mut Vec<u8>,
    ) -> Result<Received, TlsError> {
        let consumed = match self.progress {
            Progress::Handshaking if input.len() >= self.handshake => {
                self.progress = Progress::Open;
                self.handshake
            }
            Progress::Open => {
                let data = input.split(|byte| *byte == CLOSE).next();
                let data = data.unwrap_or_default();
                plain.extend_from_slice(data);
                if data.len() < input.len() {
                    self.progress = Progress::PeerClosed;
                }
                input.len().min(data.len() + 1)
            }
            _ => 0,
        };
        Ok(Received {
            consumed,
            progress: self.progress,
        })
    }

    fn send(&mut self, plain: &[u8], wire: &mut Vec<u8>) -> Result<(), TlsError> {
        if self.session().is_none() {
            return Err(TlsErrorKind::NotOpen.into());
        }
        wire.extend_from_slice(plain);
        Ok(())
    }

    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        wire.push(CLOSE);
        Ok(())
    }

    fn session(&self) -> Option<&Session> {
        Some(&self.session).filter(|_| self.progress != Progress::Handshaking)
    }
}
