//! tokio's current-thread runtime: a task a connection.

mod alone;
mod http;
mod net;
mod wrap;

use crate::Fallible;
use crate::subject::Subject;
use crate::workload::Workload;
use net::{Answer, Connections};

pub(crate) fn make(workload: Workload) -> Fallible<Box<dyn Subject>> {
    Ok(match workload {
        Workload::Echo { over, size, .. } => {
            Box::new(Connections::new(over, Answer::Echo, size as u64)?)
        }
        Workload::File { over, size, .. } => Box::new(Connections::new(over, Answer::File, size)?),
        Workload::Http { over, .. } => Box::new(Connections::new(over, Answer::Http, 0)?),
        Workload::Handshakes { library, .. } => {
            Box::new(Connections::new(library.into(), Answer::Goodbye, 0)?)
        }
        Workload::Connect => {
            let over = crate::workload::Over::Plain;
            Box::new(Connections::new(over, Answer::OneByte, 0)?)
        }
        Workload::Idle { over } => Box::new(Connections::new(over, Answer::Nothing, 0)?),
        Workload::Watch {
            descriptors,
            active,
        } => Box::new(alone::Watch::new(descriptors, active)?),
        Workload::FireTimers { .. } => Box::new(alone::Fire::new()?),
        Workload::CancelTimers { .. } => Box::new(alone::Cancel::new()?),
        Workload::CallSoon => Box::new(alone::Calls::new()?),
        Workload::CallSoonThreadsafe => Box::new(alone::RemoteCalls::new()?),
        Workload::Wake => Box::new(alone::Wake::new()?),
        Workload::Spread { .. } => return Err("several loops are loopline's alone".into()),
    })
}
