//! Sending a piece at a time.
//!
//! Windows takes whatever it is given, megabytes at once, for as long as its own
//! buffer has any room (send(), "the send buffer"). Flow control would come too
//! late then: so it is given a piece at a time (line D42).

use std::io::{self, IoSlice};

use socket2::Socket;

/// The most that is given to the kernel at once, in bytes: the size that
/// its buffer has unless somebody changes it.
const PIECE: usize = 64 * 1024;

/// Sends until the kernel takes no more.
pub(crate) fn send(socket: &Socket, data: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    for piece in data.chunks(PIECE) {
        match socket.send(piece) {
            Ok(count) => {
                sent += count;
                if count < piece.len() {
                    break;
                }
            }
            // If it is an error, it comes again.
            Err(_) if sent > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

/// Sends until the kernel takes no more.
pub(crate) fn send_vectored(socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    let mut sent = 0;
    let mut rest = slices;
    while let Some(first) = rest.first() {
        let together = together(rest);
        let asked: usize = rest[..together].iter().map(|slice| slice.len()).sum();
        let answer = if asked > PIECE {
            send(socket, first)
        } else {
            socket.send_vectored(&rest[..together])
        };
        match answer {
            Ok(count) => {
                sent += count;
                if count < asked {
                    break;
                }
            }
            Err(_) if sent > 0 => break,
            Err(error) => return Err(error),
        }
        rest = &rest[together..];
    }
    Ok(sent)
}

/// How many slices make one piece: one at least, be it too large.
fn together(slices: &[IoSlice<'_>]) -> usize {
    let mut total = 0;
    let fitting = slices.iter().take_while(|slice| {
        total += slice.len();
        total <= PIECE
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    #[test]
    fn slices_are_joined_up_to_a_piece() {
        let (small, large) = (vec![0; PIECE / 2], vec![0; 3 * PIECE]);
        let slices = |parts: &[usize]| -> usize {
            let all: Vec<_> = parts
                .iter()
                .map(|&len| IoSlice::new(&large[..len]))
                .collect();
            together(&all)
        };
        assert_eq!(slices(&[small.len(), small.len(), 1]), 2);
        assert_eq!(slices(&[PIECE, 1]), 1);
        assert_eq!(slices(&[PIECE + 1, 1]), 1);
        assert_eq!(slices(&[3 * PIECE]), 1);
        assert_eq!(slices(&[0, 0, 1]), 3);
    }

    #[test]
    fn everything_arrives_in_order_whatever_the_slices() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("listen");
        let address = listener.local_addr().expect("address");
        let ours = Socket::from(TcpStream::connect(address).expect("connect"));
        let (mut theirs, _) = listener.accept().expect("accept");
        let data: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
        let reader = thread::spawn(move || {
            let mut bytes = Vec::new();
            theirs.read_to_end(&mut bytes).map(|_| bytes)
        });
        let mut slices = Vec::new();
        let mut rest = &data[..];
        for len in [1, PIECE, 5, 2 * PIECE + 1, 70_000, 0, 100_000] {
            let (slice, behind) = rest.split_at(len);
            slices.push(IoSlice::new(slice));
            rest = behind;
        }
        slices.push(IoSlice::new(rest));
        assert_eq!(send_vectored(&ours, &slices).expect("send"), data.len());
        assert_eq!(send(&ours, &data).expect("send"), data.len());
        drop(ours);
        let bytes = reader.join().expect("join").expect("read");
        assert!(bytes == [&data[..], &data[..]].concat());
    }
}
