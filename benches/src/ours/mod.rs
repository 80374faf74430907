//! The same workloads served by loopline, as its users would.

mod batch;
mod calls;
mod connect;
mod echo;
mod file;
mod handshakes;
mod http;
mod idle;
mod remote;
mod spread;
mod stream;
mod timers;
mod watch;

use loopline::Loop;

use crate::Fallible;
use crate::subject::Subject;
use crate::workload::Workload;
use batch::Serving;

pub(crate) use idle::PROTOCOL_BYTES;

pub(crate) fn make(workload: Workload, event_loop: Loop) -> Fallible<Box<dyn Subject>> {
    Ok(match workload {
        Workload::Echo { over, size, .. } => {
            let serving = Serving::new(event_loop, over, echo::Connection::new)?;
            Box::new(echo::Echo::new(serving, size))
        }
        Workload::File { over, size, .. } => {
            let factory = file::Connection::factory(size)?;
            Box::new(file::Files(Serving::new(event_loop, over, factory)?))
        }
        Workload::Http { over, .. } => Box::new(http::Http::new(event_loop, over)?),
        Workload::Handshakes { library, .. } => {
            let factory = handshakes::Connection::new;
            let serving = Serving::new(event_loop, library.into(), factory)?;
            Box::new(handshakes::Handshakes(serving))
        }
        Workload::Connect => {
            let factory = connect::Connection::new;
            let serving = Serving::new(event_loop, crate::workload::Over::Plain, factory)?;
            Box::new(connect::Connect(serving))
        }
        Workload::Idle { over } => {
            let serving = Serving::new(event_loop, over, idle::Connection::new)?;
            Box::new(idle::Idle(serving))
        }
        Workload::Watch {
            descriptors,
            active,
        } => Box::new(watch::Watch::new(event_loop, descriptors, active)?),
        // Each of its threads has a loop of its own.
        Workload::Spread { loops } => Box::new(spread::Spread::new(loops)?),
        Workload::FireTimers { .. } => Box::new(timers::Fire(event_loop)),
        Workload::CancelTimers { .. } => Box::new(timers::Cancel(event_loop)),
        Workload::CallSoon => Box::new(calls::Calls(event_loop)),
        Workload::CallSoonThreadsafe => Box::new(remote::RemoteCalls::new(event_loop)),
        Workload::Wake => Box::new(remote::Wake::new(event_loop)),
    })
}

/// The echo of a task that reads and writes a stream.
pub(crate) fn make_streams(workload: Workload) -> Fallible<Box<dyn Subject>> {
    match workload {
        Workload::Echo { size, .. } => Ok(Box::new(stream::StreamEcho::new(size)?)),
        _ => Err("streams are compared by their echo alone".into()),
    }
}
