//! Servers and connections over Unix sockets with a name.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::rc::Rc;

use loopline_core::{
    Address, BindTarget, ConnectError, ConnectOptions, ConnectTarget, EventLoopExt, ListenError,
    Server, ServerOptions, Transport,
};

use super::listening::anybody;
use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::os;
use crate::harness::recorder::Log;
use crate::harness::scene::{Scene, on_loop};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E32,
        a_path_is_served_and_removed,
        "A server at a path serves connections, which know the path, and its file goes with it."
    )
    .needs(Need::UNIX_SOCKETS),
    case!(
        E32,
        a_stale_socket_is_replaced,
        "A socket file that an earlier server has left behind is replaced."
    )
    .needs(Need::UNIX_SOCKETS),
    case!(
        E32,
        other_files_are_left_alone,
        "A path where something else than a socket lies is refused, and keeps its content."
    )
    .needs(Need::UNIX_SOCKETS),
    case!(
        E32,
        what_took_the_place_of_the_file_stays,
        "Closing removes only the file that the server has made."
    )
    .needs(Need::UNIX_SOCKETS),
    case!(
        E32,
        the_file_stays_if_that_was_asked_for,
        "Without `cleanup_socket` closing leaves the file."
    )
    .needs(Need::UNIX_SOCKETS),
    case!(
        E32,
        abstract_names_touch_no_file,
        "A name outside the file system is served and connected to, and is free after close."
    )
    .needs(Need::UNIX_SOCKETS),
    case!(
        E32,
        impossible_paths_are_errors,
        "A path that is too long or in no directory is an error that names it, on both sides."
    )
    .needs(Need::UNIX_SOCKETS),
    case!(
        E27,
        reuse_port_is_not_for_paths,
        "`reuse_port` is refused for Unix sockets."
    )
    .needs(Need::UNIX_SOCKETS),
];

async fn serve(scene: &Scene<'_>, path: &Path, log: &Log) -> Result<Rc<dyn Server>, Stop> {
    let shared = log.clone();
    let target = BindTarget::unix(path);
    let options = ServerOptions::default();
    Ok(scene
        .create_server(move || shared.recorder(), target, options)
        .await?)
}

async fn connect(scene: &Scene<'_>, path: &Path) -> Result<Rc<dyn Transport>, ConnectError> {
    let target = ConnectTarget::unix(path);
    let options = ConnectOptions::default();
    let (transport, _) = scene.create_connection(anybody, target, options).await?;
    Ok(transport)
}

async fn serves(scene: &Scene<'_>, path: &Path, log: &Log) -> Outcome {
    let client = connect(scene, path).await?;
    client.write(b"hello")?;
    log.until_data(5).await;
    let named = Some(Address::Unix(path.into()));
    assert_eq!(client.peername(), named);
    let server = log.transport();
    let server = server.ok_or_else(|| Stop::failed("no transport"))?;
    assert_eq!(server.sockname(), named);
    client.close();
    assert_eq!(log.until_lost().await, None);
    Ok(())
}

fn a_path_is_served_and_removed(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("socket");
        let log = Log::default();
        let server = serve(scene, &path, &log).await?;
        assert_eq!(server.sockets(), [Address::Unix(path.as_path().into())]);
        serves(scene, &path, &log).await?;
        assert!(path.exists());
        server.close();
        assert!(!path.exists());
        let error = connect(scene, &path).await.err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::NotFound));
        Ok(())
    })
}

fn a_stale_socket_is_replaced(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("socket");
        os::leave_socket(&path)?;
        let error = connect(scene, &path).await.err();
        let kind = error.map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::ConnectionRefused));
        let log = Log::default();
        let _server = serve(scene, &path, &log).await?;
        serves(scene, &path, &log).await
    })
}

fn other_files_are_left_alone(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("file");
        fs::write(&file, "precious")?;
        for path in [file.as_path(), directory.path()] {
            let answer = serve(scene, path, &Log::default()).await;
            let target = BindTarget::unix(path);
            assert!(answer.is_err());
            let answer = scene
                .create_server(anybody, target, ServerOptions::default())
                .await;
            let error = answer.err().ok_or_else(|| Stop::failed("it listens"))?;
            assert!(matches!(error, ListenError::PathTaken { .. }), "{error}");
            assert_eq!(error.kind(), ErrorKind::AddrInUse);
        }
        assert_eq!(fs::read(&file)?, b"precious");
        Ok(())
    })
}

fn what_took_the_place_of_the_file_stays(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("socket");
        let server = serve(scene, &path, &Log::default()).await?;
        // The old file lives on under another name, so that the new one cannot
        // be given its inode.
        fs::rename(&path, directory.path().join("old"))?;
        fs::write(&path, "new")?;
        server.close();
        assert_eq!(fs::read(&path)?, b"new");
        fs::remove_file(&path)?;

        let first = serve(scene, &path, &Log::default()).await?;
        fs::rename(&path, directory.path().join("older"))?;
        let log = Log::default();
        let _second = serve(scene, &path, &log).await?;
        first.close();
        serves(scene, &path, &log).await
    })
}

fn the_file_stays_if_that_was_asked_for(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("socket");
        let options = ServerOptions::default().cleanup_socket(false);
        let server = scene
            .create_server(anybody, BindTarget::unix(&path), options)
            .await?;
        server.close();
        assert!(path.exists());
        Ok(())
    })
}

fn abstract_names_touch_no_file(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let name = os::abstract_name(&format!("loopline-{:p}", scene))?;
        for _ in 0..2 {
            let log = Log::default();
            let server = serve(scene, &name, &log).await?;
            assert_eq!(server.sockets(), [Address::Unix(name.as_path().into())]);
            serves(scene, &name, &log).await?;
            let again = serve(scene, &name, &Log::default()).await;
            assert!(again.is_err());
            server.close();
        }
        // Without any name the system chooses one.
        let log = Log::default();
        let server = serve(scene, Path::new(""), &log).await?;
        let chosen = server.sockets();
        let chosen = chosen.first().and_then(Address::as_unix);
        let chosen = chosen.ok_or_else(|| Stop::failed("no name"))?;
        serves(scene, chosen, &log).await
    })
}

fn impossible_paths_are_errors(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let directory = tempfile::tempdir()?;
        let nowhere = directory.path().join("missing").join("socket");
        let long = directory.path().join("x".repeat(200));
        for path in [nowhere, long] {
            let answer = connect(scene, &path).await;
            let error = answer.err().ok_or_else(|| Stop::failed("connected"))?;
            assert!(matches!(error, ConnectError::Attempts(_)), "{error}");
            let answer = scene
                .create_server(anybody, BindTarget::unix(&path), ServerOptions::default())
                .await;
            let error = answer.err().ok_or_else(|| Stop::failed("it listens"))?;
            let named = Address::Unix(path.as_path().into());
            assert!(matches!(&error, ListenError::Bind { address, .. } if *address == named));
        }
        Ok(())
    })
}

fn reuse_port_is_not_for_paths(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("socket");
        let options = ServerOptions::default().reuse_port(true);
        let answer = scene
            .create_server(anybody, BindTarget::unix(&path), options)
            .await;
        assert!(matches!(answer.err(), Some(ListenError::Option { .. })));
        assert!(!path.exists());
        Ok(())
    })
}
