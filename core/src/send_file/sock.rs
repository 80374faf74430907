//! Sending a file over a socket that no transport owns.

use std::io;
use std::rc::Rc;

use socket2::{SockRef, Type};

use super::{
    FileSource, SendFileError, SendFileErrorKind as Kind, SendFileOptions, Step, Transfer,
};
use crate::backend::Source;
use crate::engine::{Engine, ReadyFuture};

/// Sends a file over a socket. The socket belongs to the loop meanwhile.
pub(crate) async fn sock_sendfile(
    engine: &Rc<Engine>,
    socket: Source<'_>,
    file: FileSource,
    options: SendFileOptions,
) -> Result<u64, SendFileError> {
    let refuse = |kind| SendFileError::new(kind, 0);
    check(engine, socket).map_err(refuse)?;
    let transfer = Transfer::new(file, options).map_err(refuse)?;
    let mut sending = Settled(transfer);
    let mut ready = ReadyFuture::new(engine, socket);
    let ended = send(engine, &mut ready, &mut sending.0).await;
    drop(ready);
    let sent = sending.0.sent();
    let settled = sending.0.settle();
    std::mem::forget(sending);
    match ended.and_then(|()| settled.map_err(Kind::File)) {
        Ok(()) => Ok(sent),
        Err(kind) => Err(SendFileError::new(kind, sent)),
    }
}

/// Sets the file position when the future is dropped on its way (line A36).
struct Settled(Transfer);

impl Drop for Settled {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.0.settle();
    }
}

fn check(engine: &Engine, socket: Source<'_>) -> Result<(), Kind> {
    if engine.is_closed() {
        return Err(Kind::LoopClosed);
    }
    if engine.role(socket).is_some() {
        return Err(Kind::Owned);
    }
    let options = SockRef::from(&socket);
    if options.r#type().map_err(Kind::Connection)? != Type::STREAM {
        return Err(Kind::NotStream);
    }
    // Windows cannot tell.
    #[cfg(unix)]
    if !options.nonblocking().map_err(Kind::Connection)? {
        return Err(Kind::Blocking);
    }
    Ok(())
}

async fn send(
    engine: &Rc<Engine>,
    ready: &mut ReadyFuture<'_>,
    transfer: &mut Transfer,
) -> Result<(), Kind> {
    let socket = ready.source();
    loop {
        let step = {
            let sink = SockRef::from(&socket);
            let write = &mut |data: &[u8]| io::Write::write(&mut &*sink, data);
            transfer.step(engine, ready.key(), socket, write)
        };
        transfer.report();
        match step {
            Step::Finished(result) => return result,
            Step::Writable => ready.writable().await.map_err(Kind::Connection)?,
            Step::InFlight => {
                let result = ready.done().await;
                if let Some(ended) = transfer.done(result) {
                    return ended;
                }
            }
            Step::Read => {
                ready.disarm();
                let Some(read) = transfer.read() else {
                    return Ok(());
                };
                if let Some(ended) = transfer.restore(read.await) {
                    return ended;
                }
            }
        }
    }
}
