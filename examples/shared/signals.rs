//! SIGINT and SIGTERM, as a descriptor that the loop watches.

use std::io;

use loopline::LoopHandle;

/// Calls `stop` for each SIGINT or SIGTERM.
///
/// A signal handler may do next to nothing; this one writes a byte into a
/// socket, and the loop finds it readable.
#[cfg(unix)]
pub(crate) fn on_stop(event_loop: &LoopHandle, mut stop: impl FnMut() + 'static) -> io::Result<()> {
    use std::os::unix::net::UnixStream;
    use std::rc::Rc;

    use loopline::EventLoopExt;
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::low_level::pipe;

    let (receiver, sender) = UnixStream::pair()?;
    receiver.set_nonblocking(true)?;
    pipe::register(SIGINT, sender.try_clone()?)?;
    pipe::register(SIGTERM, sender)?;
    let receiver = Rc::new(receiver);
    let watched = Rc::clone(&receiver);
    event_loop.add_reader(&*watched, move || -> io::Result<()> {
        let mut signals = [0; 16];
        let count = loop {
            match io::Read::read(&mut &*receiver, &mut signals) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        (0..count).for_each(|_| stop());
        Ok(())
    })?;
    Ok(())
}

/// Elsewhere the process ends at once.
#[cfg(not(unix))]
pub(crate) fn on_stop(_: &LoopHandle, _: impl FnMut() + 'static) -> io::Result<()> {
    Ok(())
}
