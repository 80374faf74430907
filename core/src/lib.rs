//! Traits and the OS-independent engine of loopline, an asyncio-style event
//! loop.
//!
//! Applications use the `loopline` crate, which adds a backend for the system
//! at hand. This crate is what authors of backends build on: it holds the
//! [`Backend`](backend::Backend) trait with its numbered contract, and the
//! [`Loop`] over any implementation of it.
//!
//! References such as "line A36" name the lines of the project's behaviour
//! list, which the conformance suite checks one by one.
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

// As tests outside of the crate know it, so that they can share files.
#[cfg(test)]
extern crate self as loopline_core;

pub mod backend;
mod debug;
mod engine;
mod event_loop;
#[cfg(feature = "hyper")]
pub mod hyper;
mod net;
mod pipe;
mod protocol;
mod send_file;
mod signal;
mod stream;
#[allow(unsafe_code, reason = "the one place for it")]
mod sys;
mod task;
pub mod tls;
mod trace;
mod transport;
mod watched;

pub use engine::{
    ExceptionContext, Handle, Metrics, Remote, RemoteHandle, Severity, Snapshot, TimerHandle,
};
pub use event_loop::{
    Callback, Connection, EventLoop, EventLoopExt, ExceptionHandler, IntoOutcome, Loop, LoopClosed,
    LoopHandle, PipeExt, ProtocolFactory, RunError, SignalExt, SockExt, WatchCallback, WatchError,
    running_loop,
};
pub use net::{
    AcceptOptions, AttemptError, BindTarget, ConnectError, ConnectOptions, ConnectTarget,
    ConnectedSocket, ListenError, Resolution, Resolver, SendAllError, Server, ServerOptions,
    SystemResolver,
};
pub use pipe::{OwnedPipe, PipeError};
pub use protocol::{BufferedProtocol, Outcome, Protocol, SharedProtocol};
pub use send_file::{
    FileJob, FilePosition, FileSource, Progress, ReadSeek, SendFileError, SendFileErrorKind,
    SendFileFuture, SendFileOptions, SendFileSupport, SharedReader,
};
pub use signal::{Signal, SignalError, SignalKind};
pub use stream::{ReadError, ReadErrorKind, ReadHalf, ReuniteError, Stream, WriteHalf};
pub use task::{Elapsed, Interval, JoinError, JoinHandle, MissedTicks, Sleep, TaskHandle, Timeout};
pub use transport::{
    Address, Flow, HandBack, HandOver, LimitsError, Returned, Transport, TransportSocket,
    WriteBufferLimits, WriteError,
};

pub use watched::{NotWatched, Watched};

/// An error of any type, as callbacks answer it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
