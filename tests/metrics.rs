//! What a loop counts.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use loopline::Metrics;
use loopline::prelude::*;

type Failure = Box<dyn std::error::Error>;

/// Notes how much it was sent.
struct Count(Rc<RefCell<usize>>);

impl Protocol for Count {
    fn data_received(&mut self, data: &[u8]) -> Outcome {
        *self.0.borrow_mut() += data.len();
        Ok(())
    }
}

/// A transport, the other end of its connection, and how much has arrived.
async fn connection(
    event_loop: &Loop,
) -> Result<(Rc<dyn Transport>, std::net::TcpStream, Rc<RefCell<usize>>), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let theirs = std::net::TcpStream::connect(listener.local_addr()?)?;
    let (ours, _) = listener.accept()?;
    let count = Rc::new(RefCell::new(0));
    let inside = Rc::clone(&count);
    let made = event_loop.connect_accepted_socket(move || Count(inside), ours);
    let (transport, _) = made.await?;
    Ok((transport, theirs, count))
}

#[test]
fn a_new_loop_has_done_nothing() -> Result<(), Failure> {
    assert_eq!(Loop::new()?.metrics(), Metrics::default());
    Ok(())
}

#[test]
fn turns_events_and_callbacks_are_counted() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    for _ in 0..10 {
        event_loop.call_soon(|| {})?;
    }
    let timer = event_loop.call_later(Duration::from_secs(60), || {})?;
    event_loop.call_later(Duration::from_millis(1), || {})?;
    event_loop.run_until_complete(event_loop.sleep(Duration::from_millis(5)))?;
    let metrics = event_loop.metrics();
    // The ten, the timer, the sleep's, and the two polls of the future.
    assert_eq!(metrics.callbacks, 14, "{metrics:?}");
    assert_eq!(metrics.timers, 1);
    assert_eq!(metrics.events, 0);
    assert!(metrics.turns >= 3, "{metrics:?}");
    assert_eq!(metrics.turns, u64::from(event_loop.snapshot().turns));
    timer.cancel();
    assert_eq!(event_loop.metrics().timers, 0);
    Ok(())
}

#[test]
fn bytes_are_counted_both_ways() -> Result<(), Failure> {
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (transport, mut theirs, count) = connection(&event_loop).await?;
        assert_eq!(event_loop.metrics().sources, 1);
        theirs.write_all(&[1; 1000])?;
        while *count.borrow() < 1000 {
            event_loop.sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(event_loop.metrics().bytes_in, 1000);
        assert!(event_loop.metrics().events >= 1);

        // More than the kernel takes at once, so that some of it is queued.
        let reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            theirs.read_to_end(&mut bytes).map(|_| bytes.len())
        });
        transport.write(&vec![2; 8 << 20])?;
        transport.writelines(&[std::io::IoSlice::new(&[3; 5])])?;
        transport.close();
        while event_loop.metrics().sources > 0 {
            event_loop.sleep(Duration::from_millis(1)).await;
        }
        let read = reader.join().map_err(|_| "the reader panicked")??;
        assert_eq!(read, (8 << 20) + 5);
        assert_eq!(event_loop.metrics().bytes_out, (8 << 20) + 5);
        assert_eq!(event_loop.metrics().bytes_in, 1000);
        Ok(())
    })?
}

#[test]
fn files_are_counted_by_the_way_they_go() -> Result<(), Failure> {
    const LEN: u64 = 300_000;
    let event_loop = Loop::new()?;
    event_loop.run_until_complete(async {
        let (transport, mut theirs, _) = connection(&event_loop).await?;
        let reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            theirs.read_to_end(&mut bytes).map(|_| bytes.len() as u64)
        });
        let mut file = tempfile::tempfile()?;
        file.write_all(&vec![7; usize::try_from(LEN)?])?;
        let file = Arc::new(file);
        for _ in 0..2 {
            let options = SendFileOptions::default();
            let sent = event_loop.sendfile(&transport, Arc::clone(&file).into(), options);
            assert_eq!(sent.await?, LEN);
        }
        // What is no file of the system is read.
        let content = std::io::Cursor::new(vec![8; usize::try_from(LEN)?]);
        let options = SendFileOptions::default();
        let sent = event_loop.sendfile(&transport, FileSource::reader(content), options);
        assert_eq!(sent.await?, LEN);
        transport.close();
        while event_loop.metrics().sources > 0 {
            event_loop.sleep(Duration::from_millis(1)).await;
        }
        let metrics = event_loop.metrics();
        let native = if event_loop.capabilities().send_file {
            2
        } else {
            0
        };
        assert_eq!(metrics.sendfile_native, native);
        assert_eq!(metrics.sendfile_fallback, 3 - native);
        assert_eq!(metrics.bytes_out, 3 * LEN);
        assert_eq!(reader.join().map_err(|_| "the reader panicked")??, 3 * LEN);
        Ok(())
    })?
}

#[test]
fn time_is_measured_on_demand() -> Result<(), Failure> {
    const MOMENT: Duration = Duration::from_millis(30);
    let event_loop = Loop::new()?;
    let wait_and_work = || {
        event_loop.run_until_complete(async {
            event_loop.sleep(MOMENT).await;
            thread::sleep(MOMENT);
        })
    };
    wait_and_work()?;
    let before = event_loop.metrics();
    assert_eq!(
        (before.waiting, before.working),
        (Duration::ZERO, Duration::ZERO)
    );
    event_loop.set_time_measured(true);
    wait_and_work()?;
    let after = event_loop.metrics();
    assert!(after.waiting >= MOMENT, "{after:?}");
    assert!(after.working >= MOMENT, "{after:?}");
    // What is done while the loop does not run is no work of it.
    thread::sleep(MOMENT);
    assert_eq!(event_loop.metrics(), after);
    event_loop.set_time_measured(false);
    wait_and_work()?;
    let last = event_loop.metrics();
    assert_eq!((last.waiting, last.working), (after.waiting, after.working));
    Ok(())
}
