//! What a signal does to a process once no loop handles it any more: a child
//! finds out, which is this program again.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use loopline::prelude::*;
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::low_level::raise;

type Failure = Box<dyn std::error::Error>;

/// Tells a child what to do.
const PART: &str = "LOOPLINE_TEST_SIGNALS";

/// Runs a test of this program alone, as a child that plays its part. The shell
/// may prepare something before.
fn child(test: &str, before: &str) -> Result<Child, Failure> {
    let script = format!(r#"{before}; exec "$0" --exact "$1" --nocapture --test-threads=1"#);
    Ok(Command::new("sh")
        .arg("-c")
        .arg(script)
        .arg(std::env::current_exe()?)
        .arg(test)
        .env(PART, "child")
        .stdout(Stdio::piped())
        .spawn()?)
}

fn is_child() -> bool {
    std::env::var_os(PART).is_some()
}

/// Sends a signal to a child each time it says "ready", and returns how it ends.
fn ended_by(mut child: Child, signals: &[Signal]) -> Result<ExitStatus, Failure> {
    let out = child.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(out).lines();
    for signal in signals {
        loop {
            let line = lines.next().ok_or("the child was not ready")??;
            if line.ends_with("ready") {
                break;
            }
        }
        let id = i32::try_from(child.id())?;
        kill_process(Pid::from_raw(id).ok_or("no process")?, *signal)?;
    }
    Ok(child.wait()?)
}

fn ready() {
    println!("\nready");
}

#[test]
fn a_removed_handler_leaves_the_default() -> Result<(), Failure> {
    if is_child() {
        let event_loop = Loop::new()?;
        let kind = SignalKind::terminate();
        event_loop.add_signal_handler(kind, ready)?;
        event_loop.run_until_complete(async {
            raise(kind.as_raw())?;
            event_loop.sleep(Duration::from_millis(20)).await;
            assert!(event_loop.remove_signal_handler(kind));
            raise(kind.as_raw())?;
            Ok::<_, Failure>(())
        })??;
        return Err("it was not ended".into());
    }
    let status = ended_by(child("a_removed_handler_leaves_the_default", ":")?, &[])?;
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));
    Ok(())
}

#[test]
fn a_closed_loop_leaves_the_default() -> Result<(), Failure> {
    if is_child() {
        let event_loop = Loop::new()?;
        event_loop.add_signal_handler(SignalKind::hangup(), || {})?;
        drop(event_loop);
        ready();
        std::thread::sleep(Duration::from_secs(60));
        return Err("it was not ended".into());
    }
    let status = ended_by(
        child("a_closed_loop_leaves_the_default", ":")?,
        &[Signal::HUP],
    )?;
    assert_eq!(status.signal(), Some(Signal::HUP.as_raw()));
    Ok(())
}

#[test]
fn the_second_ctrl_c_ends_the_process() -> Result<(), Failure> {
    if is_child() {
        let event_loop = Loop::new()?;
        event_loop.run_until_complete(async {
            let mut waiting = Box::pin(event_loop.ctrl_c());
            let limit = Duration::from_millis(1);
            assert!(event_loop.timeout(limit, &mut waiting).await.is_err());
            ready();
            waiting.await?;
            ready();
            event_loop.sleep(Duration::from_secs(60)).await;
            Ok::<_, Failure>(())
        })??;
        return Err("it was not ended".into());
    }
    let signals = [Signal::INT, Signal::INT];
    let status = ended_by(child("the_second_ctrl_c_ends_the_process", ":")?, &signals)?;
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()));
    Ok(())
}

/// Only Linux tells that a signal is ignored, or handled by somebody else.
#[cfg(target_os = "linux")]
#[test]
fn what_was_ignored_before_is_ignored_again() -> Result<(), Failure> {
    let kind = SignalKind::hangup();
    if is_child() {
        let event_loop = Loop::new()?;
        let mut signal = event_loop.signal(kind)?;
        event_loop.run_until_complete(async {
            raise(kind.as_raw())?;
            signal.recv().await?;
            Ok::<_, Failure>(())
        })??;
        drop(signal);
        raise(kind.as_raw())?;
        return Ok(());
    }
    let test = "what_was_ignored_before_is_ignored_again";
    let status = ended_by(child(test, "trap '' HUP")?, &[])?;
    assert!(status.success(), "{status}");
    Ok(())
}

#[cfg(target_os = "linux")]
#[test]
fn a_handler_of_the_program_stays() -> Result<(), Failure> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let kind = SignalKind::terminate();
    if is_child() {
        let calls = Arc::new(AtomicUsize::new(0));
        signal_hook::flag::register_usize(kind.as_raw(), Arc::clone(&calls), 1)?;
        let event_loop = Loop::new()?;
        event_loop.add_signal_handler(kind, || {})?;
        raise(kind.as_raw())?;
        assert_eq!(calls.swap(0, Ordering::SeqCst), 1);
        assert!(event_loop.remove_signal_handler(kind));
        raise(kind.as_raw())?;
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        return Ok(());
    }
    let status = ended_by(child("a_handler_of_the_program_stays", ":")?, &[])?;
    assert!(status.success(), "{status}");
    Ok(())
}

/// Signals without a name, whose number the system chooses.
#[cfg(target_os = "linux")]
#[test]
fn real_time_signals_are_handled() -> Result<(), Failure> {
    let kind = SignalKind::from_raw(40);
    if is_child() {
        let event_loop = Loop::new()?;
        event_loop.run_until_complete(async {
            let mut signal = event_loop.signal(kind)?;
            raise(kind.as_raw())?;
            signal.recv().await?;
            Ok::<_, Failure>(())
        })??;
        raise(kind.as_raw())?;
        return Err("it was not ended".into());
    }
    let status = ended_by(child("real_time_signals_are_handled", ":")?, &[])?;
    assert_eq!(status.code(), Some(128 + 40));
    Ok(())
}
