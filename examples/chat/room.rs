//! Clients that hear each other.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::{cell::RefCell, rc::Rc};

use futures::StreamExt;
use futures::channel::mpsc::{Sender, channel};
use futures::future::select;
use loopline::prelude::*;

use crate::exit::{self, Failure};

/// How many lines behind a client may be.
const BEHIND: usize = 64;

/// What each client, by its number, is still to hear.
type Room = Rc<RefCell<HashMap<usize, Sender<Rc<[u8]>>>>>;

pub(crate) async fn run(event_loop: &Loop, listen: SocketAddr) -> Result<(), Failure> {
    let (room, mut number) = (Room::default(), 0);
    let serve = move |stream| {
        number += 1;
        attend(Rc::clone(&room), number, stream)
    };
    let options = ServerOptions::default();
    let server = event_loop.start_server(serve, listen, options).await;
    let server = server.map_err(Failure::usage)?;
    exit::print(format_args!("listening on {}\n", server.sockets()[0]))?;
    Ok(server.serve_forever().await?)
}

async fn attend(room: Room, number: usize, stream: Stream) -> Outcome {
    let (mut reader, mut writer) = stream.into_split();
    let (sender, mut lines) = channel(BEHIND);
    room.borrow_mut().insert(number, sender);
    let speaking = async {
        while let Some(line) = reader.read_line().await? {
            let line: Rc<[u8]> = [format!("{number}: ").as_bytes(), &line].concat().into();
            // Whoever is too far behind has to go.
            room.borrow_mut().retain(|&other, client| {
                other == number || client.try_send(Rc::clone(&line)).is_ok()
            });
        }
        Ok(())
    };
    let hearing = async {
        while let Some(line) = lines.next().await {
            writer.write_all(&line).await?;
        }
        Ok(())
    };
    let (speaking, hearing) = (pin!(speaking), pin!(hearing));
    let ended = select(speaking, hearing).await.factor_first().0;
    room.borrow_mut().remove(&number);
    ended
}
