//! Requests, and the files that they get.

use std::net::SocketAddr;
use std::{path::Path, rc::Rc, sync::Arc};

use cap_std::{ambient_authority, fs::Dir};
use loopline::prelude::*;

use crate::exit::{self, Failure};
use crate::range;

pub(crate) async fn run(event_loop: &Loop, root: &Path, listen: SocketAddr) -> Result<(), Failure> {
    let root = Dir::open_ambient_dir(root, ambient_authority()).map_err(Failure::usage)?;
    let root = Rc::new(root);
    let serve = move |stream| attend(Rc::clone(&root), stream);
    let options = ServerOptions::default();
    let server = event_loop.start_server(serve, listen, options).await;
    let server = server.map_err(Failure::usage)?;
    exit::print(format_args!("listening on {}\n", server.sockets()[0]))?;
    Ok(server.serve_forever().await?)
}

async fn attend(root: Rc<Dir>, mut stream: Stream) -> Outcome {
    loop {
        let head = match stream.read_until("\r\n\r\n").await {
            Err(end) if end.is_end() => return Ok(()),
            head => String::from_utf8(head?)?,
        };
        let path = head
            .strip_prefix("GET /")
            .and_then(|rest| rest.split(' ').next());
        let Some(path) = path.filter(|path| root.is_file(path)) else {
            return Ok(stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").await?);
        };
        let file = root.open(path)?.into_std();
        let length = file.metadata()?.len();
        let (status, part) = match range::asked(&head.to_ascii_lowercase(), length) {
            Some(part) => (
                format!("206 Partial Content\r\n{}", range::named(&part, length)),
                part,
            ),
            None => ("200 OK".to_owned(), 0..length),
        };
        let count = part.end - part.start;
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {count}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        if count > 0 {
            let options = SendFileOptions::default().offset(part.start).count(count);
            stream.sendfile(Arc::new(file), options).await?;
        }
    }
}
