//! Debug mode: what reports say beyond that a callback was slow.
#![cfg(feature = "debug")]

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use loopline::ExceptionContext;
use loopline::prelude::*;

type Failure = Box<dyn std::error::Error>;
type Reports = Rc<RefCell<Vec<String>>>;

/// A loop that keeps what it reports; every callback is too slow for it.
fn impatient() -> Result<(Loop, Reports), Failure> {
    let event_loop = Loop::new()?;
    let reports = Reports::default();
    let inside = Rc::clone(&reports);
    event_loop.set_exception_handler(Some(Rc::new(move |context: &ExceptionContext<'_>| {
        inside.borrow_mut().push(context.to_string());
    })));
    event_loop.set_slow_callback_duration(Duration::ZERO);
    event_loop.set_debug(true);
    Ok((event_loop, reports))
}

/// Whether a slow callback of this line was reported.
#[track_caller]
fn names_line(reports: &Reports, line: u32) {
    let place = format!("registered at {}:{line}:", file!());
    let reports = reports.borrow();
    assert!(
        reports.iter().any(|report| report.contains(&place)),
        "no {place} in {reports:#?}"
    );
}

#[test]
fn slow_callbacks_are_reported_with_their_place() -> Result<(), Failure> {
    let (event_loop, reports) = impatient()?;
    let mut lines = Vec::new();

    lines.push(line!() + 1);
    event_loop.call_soon(|| {})?;
    lines.push(line!() + 1);
    event_loop.call_later(Duration::from_millis(1), || {})?;
    lines.push(line!() + 1);
    event_loop.call_at(event_loop.time(), || {})?;
    lines.push(line!() + 1);
    event_loop.remote().call_soon_threadsafe(|| {})?;
    lines.push(line!() + 1);
    let task = event_loop.spawn(async {});
    let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(socket.local_addr()?)?;
    socket.send(b"x")?;
    lines.push(line!() + 1);
    event_loop.add_reader(&socket, || {})?;
    lines.push(line!() + 1);
    event_loop.add_writer(&socket, || {})?;

    event_loop.run_until_complete(event_loop.sleep(Duration::from_millis(10)))?;
    event_loop.run_until_complete(task)??;
    for line in lines {
        names_line(&reports, line);
    }
    event_loop.remove_reader(&socket)?;
    event_loop.remove_writer(&socket)?;
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_slow_signal_handler_is_reported_with_its_place() -> Result<(), Failure> {
    let (event_loop, reports) = impatient()?;
    let kind = SignalKind::user_defined1();
    let handle = event_loop.handle();
    let line = line!() + 1;
    event_loop.add_signal_handler(kind, move || handle.stop())?;
    signal_hook::low_level::raise(kind.as_raw())?;
    event_loop.run_forever()?;
    names_line(&reports, line);
    Ok(())
}

#[test]
fn through_the_trait_object_the_place_is_known_too() -> Result<(), Failure> {
    let (event_loop, reports) = impatient()?;
    let object: &dyn EventLoop = &event_loop.handle();
    let line = line!() + 1;
    object.call_soon(|| {})?;
    event_loop.run_until_complete(event_loop.sleep(Duration::from_millis(1)))?;
    names_line(&reports, line);
    Ok(())
}

#[test]
fn without_debug_mode_there_is_no_place_and_no_report() -> Result<(), Failure> {
    let (event_loop, reports) = impatient()?;
    event_loop.set_debug(false);
    event_loop.call_soon(|| {})?;
    event_loop.run_until_complete(event_loop.sleep(Duration::from_millis(1)))?;
    assert_eq!(*reports.borrow(), [""; 0]);
    Ok(())
}

struct Nothing;

impl Protocol for Nothing {}

#[test]
fn what_is_open_when_a_loop_is_closed_is_reported_once() -> Result<(), Failure> {
    for debug in [false, true] {
        let (event_loop, reports) = impatient()?;
        event_loop.set_slow_callback_duration(Duration::MAX);
        event_loop.set_debug(debug);
        let (open, closed) = event_loop.run_until_complete(async {
            let options = ServerOptions::default();
            let target = ("127.0.0.1", 0);
            let server = event_loop
                .create_server(|| Nothing, target, options)
                .await?;
            let address = server.sockets()[0].clone();
            let inet = address.as_inet().ok_or("no address")?;
            let options = ConnectOptions::default();
            let (open, _) = event_loop
                .create_connection(|| Nothing, inet, options)
                .await?;
            let options = ConnectOptions::default();
            let (closed, _) = event_loop
                .create_connection(|| Nothing, inet, options)
                .await?;
            let closed_name = closed.sockname().ok_or("no name")?;
            closed.close();
            // Both sides of it end.
            while event_loop.snapshot().transports != 2 {
                event_loop.sleep(Duration::from_millis(1)).await;
            }
            Ok::<_, Failure>(((address, open.sockname().ok_or("no name")?), closed_name))
        })??;
        event_loop.close()?;
        event_loop.close()?;
        let (server, client) = open;
        let expected = [
            format!("the loop was closed before the server on {server} was closed"),
            format!("the loop was closed before the connection to {server} was lost"),
            format!("the loop was closed before the connection to {client} was lost"),
        ];
        let reports = reports.borrow();
        assert_eq!(reports.len(), if debug { 3 } else { 0 }, "{reports:#?}");
        for report in &*reports {
            assert!(expected.contains(report), "{report}");
            assert!(!report.contains(&format!("{closed} ")));
        }
    }
    Ok(())
}
