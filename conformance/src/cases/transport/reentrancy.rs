//! Connections: calls on a transport from inside every callback.

use std::cell::RefCell;
use std::io::{IoSlice, Write};
use std::rc::Rc;

use loopline_core::{BoxError, Transport};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, over_each};
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        D57,
        every_call_is_safe_in_every_callback,
        "Each call of a transport inside each callback keeps the order of callbacks and one end."
    )
    .anywhere(),
    case!(
        D1,
        no_sequence_of_calls_breaks_the_order,
        "Whatever a protocol and its user call in turn, the callbacks keep their order, and end once."
    )
    .anywhere(),
    case!(
        D31,
        a_protocol_may_replace_itself_in_every_callback,
        "After `set_protocol` inside a callback the next one goes to the new protocol."
    )
    .anywhere(),
];

/// Something to do with a transport.
#[derive(Clone, Copy, Debug)]
enum Act {
    Write,
    WriteMuch,
    WriteLines,
    WriteEof,
    Close,
    Abort,
    Pause,
    PauseAndResume,
    Limits,
    Swap,
}

impl Act {
    const ALL: [Self; 10] = [
        Self::Write,
        Self::WriteMuch,
        Self::WriteLines,
        Self::WriteEof,
        Self::Close,
        Self::Abort,
        Self::Pause,
        Self::PauseAndResume,
        Self::Limits,
        Self::Swap,
    ];

    fn on(self, transport: &Rc<dyn Transport>, log: &Log) -> Result<(), BoxError> {
        match self {
            // Refused after `write_eof`, which is an answer and no failure.
            Self::Write => {
                let _ = transport.write(b"reaction");
            }
            Self::WriteMuch => {
                let _ = transport.write(&[b'm'; 300_000]);
            }
            Self::WriteLines => {
                let lines = [IoSlice::new(b""), IoSlice::new(&[b'l'; 9000])];
                let _ = transport.writelines(&lines);
            }
            Self::WriteEof => transport.write_eof()?,
            Self::Close => transport.close(),
            Self::Abort => transport.abort(),
            Self::Pause => transport.pause_reading(),
            Self::PauseAndResume => {
                transport.pause_reading();
                transport.resume_reading();
            }
            Self::Limits => {
                transport.set_write_buffer_limits(Some(1 << 20), None)?;
                transport.set_write_buffer_limits(Some(0), None)?;
            }
            Self::Swap => {
                // The same log, so that it goes on as one connection's.
                let next = log.recorder().keep_open();
                drop(transport.set_protocol(Rc::new(RefCell::new(next))));
            }
        }
        Ok(())
    }
}

/// The states that line D1 allows, and the pairs of flow control.
fn check_order(log: &Log) -> Outcome {
    let calls = log.calls();
    let wrong = || Stop::failed(format_args!("out of order: {calls:?}"));
    let (mut ended, mut paused) = (false, false);
    for (at, call) in calls.iter().enumerate() {
        let right = match call {
            Call::Made => at == 0,
            Call::Data(count) => !ended && *count > 0,
            Call::Eof => !std::mem::replace(&mut ended, true),
            Call::Pause => !std::mem::replace(&mut paused, true),
            Call::Resume => std::mem::replace(&mut paused, false),
            Call::Lost(_) => at + 1 == calls.len(),
        };
        if !right {
            return Err(wrong());
        }
    }
    match calls.last() {
        Some(Call::Lost(_)) => Ok(()),
        _ => Err(wrong()),
    }
}

fn every_call_is_safe_in_every_callback(context: &Context) -> Outcome {
    let callbacks: [fn(&Call) -> bool; 6] = [
        |call| *call == Call::Made,
        |call| matches!(call, Call::Data(_)),
        |call| *call == Call::Eof,
        |call| *call == Call::Pause,
        |call| *call == Call::Resume,
        |call| matches!(call, Call::Lost(_)),
    ];
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for (at, callback) in callbacks.into_iter().enumerate() {
                for act in Act::ALL {
                    scene
                        .context
                        .doing(format!("{act:?} in callback {at} over {kind:?}"));
                    let log = Log::default();
                    let inner = log.clone();
                    let mut left = 3;
                    let recorder = log.recorder().keep_open().reacting(move |call, transport| {
                        if left > 0 && callback(call) {
                            left -= 1;
                            act.on(transport, &inner)?;
                        }
                        Ok(())
                    });
                    let (transport, theirs) = connections::narrow(scene, kind, recorder).await?;
                    transport.set_write_buffer_limits(Some(0), None)?;
                    if !transport.is_closing() {
                        let _ = transport.write(&[b'.'; 300_000]);
                    }
                    theirs.talk();
                    // Reading that an act has paused goes on, so that the end
                    // is seen.
                    while log.count(|call| matches!(call, Call::Eof | Call::Lost(_))) == 0 {
                        scene.turns(1).await;
                        transport.resume_reading();
                    }
                    transport.close();
                    log.until_lost().await;
                    scene.turns(2).await;
                    check_order(&log)?;
                }
            }
            Ok(())
        })
        .await
    })
}

/// Numbers that look random, the same ones in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 40).unwrap_or(0) % bound
    }

    fn act(&mut self) -> Act {
        // Most sequences should be longer than one call.
        loop {
            let act = Act::ALL[self.below(Act::ALL.len())];
            if !matches!(act, Act::Close | Act::Abort) || self.below(5) == 0 {
                return act;
            }
        }
    }
}

fn no_sequence_of_calls_breaks_the_order(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for seed in 0..100 {
                scene.context.doing(format!("seed {seed} over {kind:?}"));
                let log = Log::default();
                let inner = log.clone();
                let mut dice = Dice(seed);
                // Each reaction writes, and each write may call for another.
                let mut left = 20;
                let recorder = log.recorder().keep_open().reacting(move |_, transport| {
                    if left > 0 && dice.below(2) == 0 {
                        left -= 1;
                        dice.act().on(transport, &inner)?;
                    }
                    Ok(())
                });
                let (transport, theirs) = connections::narrow(scene, kind, recorder).await?;
                theirs.talk();
                let mut dice = Dice(seed + 1000);
                for _ in 0..10 {
                    scene.turns(dice.below(3)).await;
                    dice.act().on(&transport, &log).map_err(Stop::failed)?;
                }
                transport.resume_reading();
                scene.turns(2).await;
                transport.close();
                transport.resume_reading();
                log.until_lost().await;
                scene.turns(2).await;
                check_order(&log)?;
                // What was dropped on the way may have been warned of.
                drop(scene.reports());
            }
            Ok(())
        })
        .await
    })
}

fn a_protocol_may_replace_itself_in_every_callback(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let last = Log::default();
            let (first, second) = (Log::default(), Log::default());
            let (to_last, to_second) = (last.clone(), second.clone());
            let second_recorder =
                RefCell::new(Some(second.recorder().reacting(move |call, transport| {
                    if *call == Call::Data(1) {
                        let next = to_last.recorder();
                        transport.set_protocol(Rc::new(RefCell::new(next)));
                    }
                    Ok(())
                })));
            let recorder = first.recorder().reacting(move |call, transport| {
                if let (Call::Made, Some(next)) = (call, second_recorder.take()) {
                    to_second.adopt(transport);
                    transport.set_protocol(Rc::new(RefCell::new(next)));
                }
                Ok(())
            });
            let (_transport, mut theirs) = connections::narrow(scene, kind, recorder).await?;
            theirs.write_all(b"1")?;
            second.until_data(1).await;
            theirs.write_all(b"22")?;
            last.until_data(2).await;
            drop(theirs);
            assert_eq!(last.until_lost().await, None);
            assert_eq!(first.calls(), [Call::Made]);
            assert_eq!(second.calls(), [Call::Data(1)]);
            assert_eq!(last.calls(), [Call::Data(2), Call::Eof, Call::Lost(None)]);
            Ok(())
        })
        .await
    })
}
