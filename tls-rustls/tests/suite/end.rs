//! One end of a connection, as the filter would hold it.

use loopline_core::tls::{Coder, Progress, Session, TlsError, TlsErrorKind};

/// How the bytes of one flight arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// At once.
    Whole,
    /// One by one.
    Bytes,
    /// In pieces that end within each record header.
    Headers,
}

pub const CUTS: [Cut; 3] = [Cut::Whole, Cut::Bytes, Cut::Headers];

/// What stands in `plain` and `wire` before each call: it has to stay.
const MARK: &[u8] = b"what was there before";

pub struct End {
    coder: Box<dyn Coder>,
    /// What was not consumed.
    pub input: Vec<u8>,
    pub plain: Vec<u8>,
    pub wire: Vec<u8>,
    pub progress: Progress,
}

impl End {
    /// A coder that has not been started.
    pub fn idle(coder: Box<dyn Coder>) -> Self {
        Self {
            coder,
            input: Vec::new(),
            plain: Vec::new(),
            wire: Vec::new(),
            progress: Progress::Handshaking,
        }
    }

    pub fn started(coder: Box<dyn Coder>) -> Self {
        let mut end = Self::idle(coder);
        end.start().unwrap();
        end
    }

    pub fn session(&self) -> &Session {
        self.coder.session().unwrap()
    }

    pub fn has_session(&self) -> bool {
        self.coder.session().is_some()
    }

    pub fn start(&mut self) -> Result<(), TlsError> {
        self.call(|coder, _, wire| coder.start(wire))
    }

    pub fn send(&mut self, plain: &[u8]) -> Result<(), TlsError> {
        self.call(|coder, _, wire| coder.send(plain, wire))
    }

    pub fn send_into(&mut self, plain: &[u8], room: &mut [u8]) -> Option<usize> {
        self.coder.send_into(plain, room)
    }

    pub fn update_keys(&mut self) -> Result<(), TlsError> {
        self.call(|coder, _, wire| coder.update_keys(wire))
    }

    pub fn close(&mut self) -> Result<(), TlsError> {
        self.call(|coder, _, wire| coder.close(wire))
    }

    pub fn take_wire(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.wire)
    }

    pub fn take_plain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plain)
    }

    /// One call of `receive` on all that is unconsumed.
    pub fn receive_once(&mut self) -> Result<usize, TlsError> {
        let mut input = std::mem::take(&mut self.input);
        let received = self.call(|coder, plain, wire| coder.receive(&mut input, plain, wire));
        self.input = input;
        let received = received?;
        assert!(received.consumed <= self.input.len());
        self.input.drain(..received.consumed);
        self.progress = received.progress;
        if self.progress == Progress::Handshaking {
            assert!(self.plain.is_empty() && !self.has_session());
        } else {
            assert!(self.has_session());
        }
        Ok(received.consumed)
    }

    /// `bytes` arrive at once, and `receive` is called until it consumes nothing.
    pub fn arrive(&mut self, bytes: &[u8]) -> Result<(), TlsError> {
        self.input.extend_from_slice(bytes);
        while self.receive_once()? > 0 {}
        Ok(())
    }

    /// `bytes`, which begin with a record, arrive in pieces.
    pub fn feed(&mut self, bytes: &[u8], cut: Cut) -> Result<(), TlsError> {
        let ends: Vec<usize> = match cut {
            Cut::Whole => Vec::new(),
            Cut::Bytes => (1..bytes.len()).collect(),
            Cut::Headers => records(bytes)
                .flat_map(|(start, _)| [start, start + 3])
                .filter(|end| *end > 0)
                .collect(),
        };
        let mut from = 0;
        for end in ends.into_iter().chain([bytes.len()]) {
            self.arrive(&bytes[from..end])?;
            from = end;
        }
        Ok(())
    }

    fn call<R>(
        &mut self,
        call: impl FnOnce(&mut dyn Coder, &mut Vec<u8>, &mut Vec<u8>) -> Result<R, TlsError>,
    ) -> Result<R, TlsError> {
        let (mut plain, mut wire) = (MARK.to_vec(), MARK.to_vec());
        let result = call(&mut *self.coder, &mut plain, &mut wire);
        assert!(plain.starts_with(MARK) && wire.starts_with(MARK));
        self.plain.extend_from_slice(&plain[MARK.len()..]);
        self.wire.extend_from_slice(&wire[MARK.len()..]);
        result
    }
}

/// Where the records of `bytes` begin and end.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let header = bytes.get(at..at + 5)?;
        let start = at;
        at += 5 + usize::from(u16::from_be_bytes([header[3], header[4]]));
        Some((start, at.min(bytes.len())))
    })
}

/// Carries what each side writes to the other until nothing moves.
pub fn exchange(a: &mut End, b: &mut End, cut: Cut) -> Result<(), TlsError> {
    loop {
        let (to_b, to_a) = (a.take_wire(), b.take_wire());
        if to_b.is_empty() && to_a.is_empty() {
            return Ok(());
        }
        b.feed(&to_b, cut)?;
        a.feed(&to_a, cut)?;
    }
}

/// Hands over what `a` says, whatever comes of it: the error of `b`.
pub fn refused_by(a: &mut End, b: &mut End) -> TlsError {
    for _ in 0..10 {
        let to_b = a.take_wire();
        if let Err(error) = b.arrive(&to_b) {
            return error;
        }
        let to_a = b.take_wire();
        a.arrive(&to_a).unwrap();
    }
    panic!("nothing was refused");
}

pub fn kind<T: std::fmt::Debug>(result: Result<T, TlsError>) -> TlsErrorKind {
    result.unwrap_err().kind().clone()
}
