//! The suite that every backend and TLS coder of loopline passes, and yours can
//! too.
//!
//! An implementation is a [`Subject`]: it says its name and makes backends. The
//! suite knows nothing else of it, and asks the rest of the backend itself. A
//! TLS coder is a [`TlsCoder`]: a name, and a function that makes contexts of
//! what a case wants; a subject may have any number, and
//! [`Suite::coder`] is for one alone.
//!
//! # Running it
//!
//! Give a test target of your crate `harness = false`, and let its `main` be:
//!
//! ```no_run
//! use std::{io, process::ExitCode};
//! use loopline_conformance::Subject;
//! use loopline_core::backend::Backend;
//!
//! struct Mine;
//!
//! impl Subject for Mine {
//!     fn name(&self) -> &'static str {
//!         "mine"
//!     }
//!     fn backend(&self) -> io::Result<Box<dyn Backend>> {
//!         // Ok(Box::new(MyBackend::new()?))
//!         Err(io::ErrorKind::Unsupported.into())
//!     }
//! }
//!
//! fn main() -> ExitCode {
//!     loopline_conformance::main(Mine)
//! }
//! ```
//!
//! Cases are named `subject::layer::LINE_what`, after the clause of the
//! contract or the line of the behaviour that they check (with TLS it is
//! `subject+coder`, and `client+server` for coders alone), and are chosen as
//! with any test program: `cargo test --test conformance -- mine::backend::B4`,
//! or through cargo-nextest. These options come on top:
//!
//! * `--strict`: a case that has to be skipped fails.
//! * `--limit SECONDS`: how long one case may take, instead of 30 seconds.
//! * `--fail-fast`: no further case is begun once one has failed; the others are
//!   skipped, which is no failure of theirs.
//! * `--isolate`: each case runs in a process of its own. A case that crashes its
//!   process, by an abort or a bad pointer, is then one that fails, and the others
//!   go on.
//! * `--report json` or `--report markdown`: what came of each case, or a table of
//!   it, on the standard output; with `--output PATH`, in a file.
//!
//! `--list` shows the line and the promise of each case. The program
//! `loopline-conformance` of this crate makes one table of the JSON reports of
//! several systems ([`command`]). The exit code is 0 if nothing failed, 101 if
//! something did, and 2 if nothing could be run or reported.
//!
//! # What can come of a case
//!
//! * It **passes** or **fails**. A panic is a failure, so is a backend that
//!   cannot be made, and so is a case that has not ended in time: that one is
//!   left behind, and the program ends with an error once the others are done.
//!   Cases that look at what belongs to the whole process, such as descriptors and
//!   their limits, or signals, run in processes of their own, without `--isolate`
//!   too. There it is a failure as well if the process crashes, or if the case
//!   leaves descriptors open, and what hangs is killed. The suite does that by
//!   itself: it runs the program again, with the name of the case.
//! * It is **not applicable**: the backend lacks a capability. Where there is a
//!   case for the lack, such as that the call answers `Unsupported`, that one
//!   runs instead.
//! * It is **skipped**: the machine lacks something. The reason is shown.
//! * It **fails as expected**: the subject has declared so, with a reason
//!   ([`Expectation`]). A declared failure that passes is a failure, and so is a
//!   declaration that no case answers to.
//!
//! A filter that chooses no case at all is an error.
#![deny(unsafe_code)]

mod behaviour;
mod case;
mod cases;
mod cast;
mod command;
mod context;
mod expectation;
mod harness;
mod isolated;
mod layer;
mod options;
mod report;
mod run;
mod runner;
mod subject;
mod suite;
mod tls_coder;
mod verdict;
mod watchdog;

#[cfg(all(test, target_os = "linux"))]
extern crate self as loopline_conformance;

#[cfg(all(test, target_os = "linux"))]
mod adversary;

pub use command::command;
pub use expectation::Expectation;
pub use layer::Layer;
pub use subject::Subject;
pub use suite::{Suite, main};
pub use tls_coder::{TlsCoder, TlsSide};
