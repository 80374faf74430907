//! Putting TLS onto a stream.

use super::Stream;
use crate::event_loop::EventLoop;
use crate::tls::{StartTlsError, StartTlsOptions, TlsContext};

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
}
