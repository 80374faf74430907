//! hyper on a loop: its traits for streams, tasks and timers.
//!
//! The feature `hyper` adds this. With it [`Stream`] and its halves are
//! [`hyper::rt::Read`] and [`hyper::rt::Write`], a [`LoopHandle`] is the
//! [`hyper::rt::Executor`] of futures that stay on its thread, and [`Timer`] is
//! hyper's clock. They are implemented here and not by wrappers elsewhere, so that
//! a stream goes into `serve_connection` and comes out of `into_parts` as it is.
//!
//! Bodies and services need neither `Send` nor a lock: all of a connection stays
//! on the thread of its loop. Two things of hyper do ask for `Send`. Its
//! `with_upgrades` does: without it, `without_shutdown` and `into_parts` hand out
//! the stream, and what hyper has read of the next protocol. Timers do, and
//! [`Timer`] says how they get along.
//!
//! ```
//! use loopline_core::{EventLoop, EventLoopExt, Stream};
//! use std::convert::Infallible;
//!
//! async fn serve(stream: Stream) -> hyper::Result<()> {
//!     let event_loop = loopline_core::running_loop().expect("a loop runs this");
//!     let service = hyper::service::service_fn(async |_request| {
//!         let body = String::from("hello");
//!         Ok::<_, Infallible>(hyper::Response::new(body))
//!     });
//!     hyper::server::conn::http1::Builder::new()
//!         .timer(loopline_core::hyper::Timer::new(event_loop))
//!         .serve_connection(stream, service)
//!         .await
//! }
//! ```
//!
//! [`Stream`]: crate::Stream
//! [`LoopHandle`]: crate::LoopHandle
//! [`hyper::rt::Read`]: ::hyper::rt::Read
//! [`hyper::rt::Write`]: ::hyper::rt::Write
//! [`hyper::rt::Executor`]: ::hyper::rt::Executor

mod executor;
mod io;
mod timer;

pub use timer::{Sleep, Timer};
