//! Putting TLS onto a stream, and taking it off.

use super::Stream;
use crate::event_loop::EventLoop;
use crate::tls::{StartTlsError, StartTlsOptions, StopTlsError, StopTlsOptions, TlsContext};

impl Stream {
    /// Upgrades the connection to TLS; afterwards the stream reads and writes
    /// plaintext through it (line B34).
    ///
    /// What was read ahead and not consumed goes to the TLS coder, behind what
    /// [`received`](StartTlsOptions::received) has: the beginning of the peer's
    /// handshake is not lost, and what an attacker has put there is never obeyed
    /// (lines B19, B20).
    ///
    /// Dropping the future aborts the connection (line B28).
    ///
    /// # Errors
    ///
    /// [`StartTlsError`]. After those that were found before anything was
    /// touched the stream goes on in plaintext; after the others it has ended.
    pub async fn start_tls(
        &mut self,
        context: &dyn TlsContext,
        options: StartTlsOptions,
    ) -> Result<(), StartTlsError> {
        let unread = self.reader.take_unread();
        let options = options.received_behind(&unread);
        let connection = self.connection();
        let transport = connection.transport();
        let upgraded = connection
            .event_loop()
            .start_tls(&transport, connection.protocol(), context, options)
            .await;
        match upgraded {
            Ok(upgraded) => {
                self.connection().succeed(upgraded);
                Ok(())
            }
            Err(error) => {
                if error.is_refusal() {
                    self.reader.put_back(&unread);
                }
                Err(error)
            }
        }
    }

    /// Takes TLS off the connection: both sides exchange close_notify, and
    /// afterwards the stream reads and writes in the clear
    /// (lines B93 to B104). It works on a stream that has read the end of TLS
    /// too, if that was [allowed](StartTlsOptions::allow_half_close) to be no
    /// more than that.
    ///
    /// Returns what the peer has sent in TLS and nobody has read, so that it
    /// cannot be taken for what comes in the clear, nor that for it. The peer's
    /// close_notify has to come before more than [`limit`](Self::set_limit)
    /// bytes of data; whoever expects more reads to the end first.
    ///
    /// Dropping the future closes the connection.
    ///
    /// # Errors
    ///
    /// [`StopTlsError`]. After those that were found before anything was
    /// touched the stream goes on in TLS; after the others it has ended.
    pub async fn stop_tls(&mut self, options: StopTlsOptions) -> Result<Vec<u8>, StopTlsError> {
        let connection = self.connection();
        let transport = connection.transport();
        let plain = connection
            .event_loop()
            .stop_tls(&transport, connection.protocol(), options)
            .await?;
        let unread = self.reader.take_unread();
        self.connection().succeed(plain);
        self.connection().reopen();
        Ok(unread)
    }
}
