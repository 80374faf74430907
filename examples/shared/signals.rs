//! SIGINT and SIGTERM, or what a console of Windows has in their place, as a
//! descriptor that the loop watches.

use std::io::{self, Read};
use std::rc::Rc;

use loopline::{EventLoopExt, LoopHandle};

use crate::pipe::{self, Pipe};

/// Calls `stop` for each SIGINT or SIGTERM; on Windows for each Ctrl-C and
/// Ctrl-Break, and when the console is closed.
///
/// A signal handler may do next to nothing, and a console's handler runs on
/// another thread; this one writes a byte into a pipe, and the loop finds it
/// readable.
pub(crate) fn on_stop(event_loop: &LoopHandle, mut stop: impl FnMut() + 'static) -> io::Result<()> {
    let (receiver, sender) = pipe::pair()?;
    receiver.set_nonblocking(true)?;
    register(sender)?;
    let receiver = Rc::new(receiver);
    let watched = Rc::clone(&receiver);
    event_loop.add_reader(&*watched, move || -> io::Result<()> {
        let mut signals = [0; 16];
        let count = loop {
            match (&*receiver).read(&mut signals) {
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

/// Has each signal write a byte.
#[cfg(unix)]
fn register(sender: Pipe) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::low_level::pipe::register;

    register(SIGINT, sender.try_clone()?)?;
    register(SIGTERM, sender)?;
    Ok(())
}

#[cfg(not(unix))]
fn register(sender: Pipe) -> io::Result<()> {
    let write = move || {
        // Of a pipe that is full, the loop has enough to read.
        let _ = io::Write::write(&mut &sender, &[0]);
    };
    ctrlc::set_handler(write).map_err(io::Error::other)
}
