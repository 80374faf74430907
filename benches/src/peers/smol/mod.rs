//! smol: an executor and a reactor, on one thread.

mod alone;
mod net;

use crate::Fallible;
use crate::subject::Subject;
use crate::workload::{Over, Workload};
use net::{Answer, Connections};

pub(crate) fn make(workload: Workload) -> Fallible<Box<dyn Subject>> {
    Ok(match workload {
        Workload::Echo { over, size, .. } => {
            Box::new(Connections::new(over, Answer::Echo, size as u64)?)
        }
        Workload::File { over, size, .. } => Box::new(Connections::new(over, Answer::File, size)?),
        Workload::Http { .. } => return Err("hyper is compared on tokio".into()),
        Workload::Handshakes { library, .. } => {
            Box::new(Connections::new(library.into(), Answer::Goodbye, 0)?)
        }
        Workload::Connect => Box::new(Connections::new(Over::Plain, Answer::OneByte, 0)?),
        Workload::Idle { over } => Box::new(Connections::new(over, Answer::Nothing, 0)?),
        Workload::Watch {
            descriptors,
            active,
        } => Box::new(alone::Watch::new(descriptors, active)?),
        Workload::FireTimers { .. } => Box::new(alone::Fire::default()),
        Workload::CancelTimers { .. } => Box::new(alone::Cancel),
        Workload::CallSoon => Box::new(alone::Calls::default()),
        Workload::CallSoonThreadsafe => Box::new(alone::RemoteCalls::new()),
        Workload::Wake => Box::new(alone::Wake::new()),
        Workload::Spread { .. } => return Err("several loops are loopline's alone".into()),
    })
}
