//! One TLS connection as a machine.

use super::{Session, TlsError};

/// One TLS connection as a pure machine: bytes in, bytes out; no input and
/// output, no clock.
///
/// The caller owns every buffer. `wire` is what has to be sent to the peer and
/// `plain` what the peer sent to the user; a coder only ever appends to both.
///
/// # The contract
///
/// * **T1, unconsumed input is the coder's to rewrite.** What `receive` leaves
///   of `input` may have been changed, such as decrypted in place. The caller
///   keeps exactly those bytes, appends what arrives later behind them, and
///   gives all of it again.
/// * **T2, input is consumed by records, and may have to be more than one.** A
///   handshake message can span several records of which none is consumed
///   before the last has arrived: up to
///   [`UNCONSUMED_LIMIT`](super::UNCONSUMED_LIMIT) bytes.
/// * **T3, `receive` stops where the handshake ends.** While handshaking it
///   takes one record at a time, so that bytes behind the peer's last handshake
///   record are still the caller's when it answers
///   [`Open`](Progress::Open). The caller calls again until nothing is consumed.
/// * **T4, nothing behind the peer's close_notify is consumed**, nor changed,
///   and the answer stays [`PeerClosed`](Progress::PeerClosed). Everything up to
///   it is consumed by the call that answers so for the first time: what is left
///   then is what came behind, which
///   [`stop_tls`](crate::EventLoop::stop_tls) takes for plaintext. Whether the
///   stream ended without a close_notify is for the caller to see.
/// * **T5, an error of `receive` leaves what came before it.** `plain` holds
///   data that was authenticated before the bad record, and `wire` the alert,
///   where the library makes one: the caller delivers the one and sends the
///   other.
/// * **T6, the coder latches its end.** After an error of `receive` or `start`
///   every further call but `close` and `session` answers
///   [`Failed`](super::TlsErrorKind::Failed). After `close`, `send` answers
///   [`Closed`](super::TlsErrorKind::Closed), while `receive` goes on. It writes
///   nothing any more then, be it an answer or an alert: what follows a
///   close_notify may be plaintext.
/// * **T7, `send` before `Open` is refused** with
///   [`NotOpen`](super::TlsErrorKind::NotOpen); that ends nothing.
/// * **T8, a peer can make no call panic**, whatever it sends and however it is
///   cut.
/// * **T9, `send_into` is `send`, or nothing.** What it says it has filled is what
///   `send` would have appended; where it answers None, nothing has happened, to
///   the connection or to the memory, and `send` is called with the same data.
pub trait Coder {
    /// Begins: a client writes its first message. Called once, before anything
    /// else.
    ///
    /// # Errors
    ///
    /// What the library answers.
    fn start(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError>;

    /// Takes what the peer has sent.
    ///
    /// # Errors
    ///
    /// [`TlsError`], whose kind says whose fault it is. The connection is over
    /// then (T5, T6).
    fn receive(
        &mut self,
        input: &mut [u8],
        plain: &mut Vec<u8>,
        wire: &mut Vec<u8>,
    ) -> Result<Received, TlsError>;

    /// Encrypts all of `plain`, in as many records as it needs.
    ///
    /// # Errors
    ///
    /// [`NotOpen`](super::TlsErrorKind::NotOpen) and
    /// [`Closed`](super::TlsErrorKind::Closed), which end nothing; what the
    /// library answers otherwise.
    fn send(&mut self, plain: &[u8], wire: &mut Vec<u8>) -> Result<(), TlsError>;

    /// Encrypts all of `plain` into memory that is there already, and says how
    /// much of it was filled. Whoever has much to send is spared what growing a
    /// vector costs: each of its bytes is written once more.
    ///
    /// None if `room` is too small, if `send` would fail, or if the library
    /// cannot do it; nothing has happened then, and [`send`](Self::send) is to
    /// be called instead (T9). The default answers that.
    fn send_into(&mut self, plain: &[u8], room: &mut [u8]) -> Option<usize> {
        let _ = (plain, room);
        None
    }

    /// Changes the keys of the sending direction and asks the peer to do the
    /// same (RFC 8446, section 4.6.3).
    ///
    /// # Errors
    ///
    /// [`Unsupported`](super::TlsErrorKind::Unsupported) by the library or by
    /// the version of the connection; that ends nothing.
    fn update_keys(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        let _ = wire;
        Err(super::TlsErrorKind::Unsupported.into())
    }

    /// Ends the sending direction with a close_notify. Again is without effect,
    /// and so it is where no alert can be sent any more.
    ///
    /// # Errors
    ///
    /// What the library answers.
    fn close(&mut self, wire: &mut Vec<u8>) -> Result<(), TlsError>;

    /// What was agreed on; there once the handshake is done.
    fn session(&self) -> Option<&Session>;
}

/// What [`Coder::receive`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many bytes of the input are done with.
    pub consumed: usize,
    /// Where the connection stands.
    pub progress: Progress,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The handshake is not done.
    Handshaking,
    /// Data can be sent and received. To a TLS 1.3 client that does not mean
    /// that the server has accepted its certificate: a refusal comes later, as
    /// an error of `receive`.
    Open,
    /// The peer has sent its close_notify.
    PeerClosed,
}
