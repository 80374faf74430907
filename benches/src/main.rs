//! What a loop costs beside a bare one.
//!
//! Every workload is served by loopline as its users hold it, by a bare peer
//! that is written here for that workload alone, the tightest honest loop of
//! epoll, read, write and sendfile(2), and by other event loops. The figure is
//! the CPU time of one divided by that of the bare one, user and kernel
//! together. The client is another process (this program again, see
//! [`client`]), the same for all, and none of its time counts.
//!
//! # Why two runners
//!
//! A ratio is only as good as the moment in which its halves were taken: a
//! machine that clocks down or shares its cache between one half and the other
//! moves it by more than the few per cent in question. So the verdict comes
//! from rounds: all subjects stand, each in a process of its own, and take
//! short turns, A B C A B C; the median of the rounds' ratios counts
//! ([`rounds`]). That holds for what needs no client as well, such as timers:
//! criterion measures one function to its end before the next, so it cannot do
//! that. It draws the curve of each subject alone, with its statistics and its
//! comparison to the run before ([`curves`]). Workloads, subjects and clock are
//! the same. In both, subject and client run in lockstep ([`placement`]), unless
//! `--race` leaves that to the kernel.
//!
//! What can be counted is counted instead of timed ([`counts`]): system calls,
//! user instructions, allocations, and the memory of an idle connection.

mod bare;
mod bells;
mod client;
mod clock;
mod counts;
mod curves;
mod delays;
mod http;
mod neighbour;
mod options;
mod ours;
mod peers;
mod placement;
mod process;
mod report;
mod rounds;
mod rows;
mod stage;
mod subject;
mod sys;
mod tls;
mod workload;

use std::error::Error;
use std::process::ExitCode;

use options::Mode;

/// What anything here may answer: a benchmark has nobody to handle its errors.
pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

#[global_allocator]
static HEAP: sys::heap::Counting = sys::heap::Counting;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mode = match options::parse(&arguments) {
        Ok(mode) => mode,
        Err(problem) => {
            eprintln!("{problem}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(mode) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Answers whether the run is a success.
fn run(mode: Mode) -> Fallible<bool> {
    match mode {
        Mode::Help => println!("{}", options::USAGE),
        Mode::Curves(choice) => {
            placement::lockstep()?;
            curves::draw(&choice)?;
        }
        Mode::Client(task) => client::run(&task)?,
        Mode::Serve(subject, workload) => process::follow(subject, workload)?,
        Mode::Subject {
            subject,
            workload,
            requests,
        } => stage::Stage::set(subject, workload)?.answer(requests)?,
        Mode::Verdict(choice) => {
            placement::allow_descriptors()?;
            if !choice.race {
                placement::lockstep()?;
            }
            let met = report::verdict(&choice)?;
            return Ok(met || !choice.check);
        }
    }
    Ok(true)
}
