//! Sending a file over a socket that no transport owns.

use std::rc::Rc;

use socket2::{SockRef, Type};

use super::{
    FileSource, SendFileError, SendFileErrorKind as Kind, SendFileOptions, Step, Transfer,
};
use crate::backend::Source;
use crate::engine::{Engine, ReadyFuture};
use crate::transport::socket_io;

/// Sends a file over a socket. The socket belongs to the loop meanwhile.
pub(crate) async fn sock_sendfile(
    engine: &Rc<Engine>,
    socket: Source<'_>,
    file: FileSource,
    options: SendFileOptions,
) -> Result<u64, SendFileError> {
    let refuse = |kind| SendFileError::new(kind, 0);
    check(engine, socket).map_err(refuse)?;
    Transfer::check(&options).map_err(refuse)?;
    let transfer = Transfer::new(file, options);
    let mut sending = Sending {
        parts: Some((ReadyFuture::new(engine, socket), transfer)),
    };
    let ended = match &mut sending.parts {
        Some((ready, transfer)) => send(engine, ready, transfer).await,
        None => Ok(()),
    };
    let Some((ready, mut transfer)) = sending.parts.take() else {
        return Err(refuse(Kind::Finished));
    };
    drop(ready);
    let sent = transfer.sent();
    let settled = transfer.settle(ended.as_ref().err());
    transfer.release(engine);
    match ended.and_then(|()| settled.map_err(Kind::File)) {
        Ok(()) => Ok(sent),
        Err(kind) => Err(SendFileError::new(kind, sent)),
    }
}

/// Sets the file position when the future is dropped on its way, or as soon as
/// the kernel has let go of the file (line A36).
struct Sending<'a> {
    /// None once it has ended.
    parts: Option<(ReadyFuture<'a>, Transfer)>,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        let Some((ready, mut transfer)) = self.parts.take() else {
            return;
        };
        ready.leave(move |done| {
            // Nobody is left to be told.
            if let Some(result) = done {
                let _ = transfer.done(result);
            }
            let _ = transfer.settle(Some(&Kind::Aborted));
        });
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
    // What has no type is no socket at all.
    if !options.r#type().is_ok_and(|kind| kind == Type::STREAM) {
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
            let write = &mut |data: &[u8]| socket_io::send(&*sink, data);
            transfer.step(engine, Some((ready.key(), socket)), write)
        };
        if matches!(step, Step::InFlight) {
            ready.begun();
        }
        transfer.report();
        match step {
            Step::Finished(result) => return result,
            Step::Writable => ready.writable().await.map_err(Kind::Connection)?,
            Step::InFlight => {
                let result = ready.done().await;
                let ended = transfer.done(result);
                transfer.report();
                if let Some(ended) = ended {
                    return ended;
                }
                // It may have got somewhere before it was given up.
                ready.check_open().map_err(Kind::Connection)?;
            }
            Step::Read => {
                ready.disarm();
                let Some(read) = transfer.read(engine) else {
                    return Ok(());
                };
                if let Some(ended) = transfer.restore(read.await) {
                    return ended;
                }
            }
        }
    }
}
