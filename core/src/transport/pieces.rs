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
        for len in [
            1,
            PIECE,
            5,
            PIECE,
            PIECE / 2,
            PIECE / 2,
            2 * PIECE + 1,
            70_000,
            0,
            100_000,
        ] {
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

    /// Sends until nothing more is taken: how much the first call has sent, and
    /// what the last has answered.
    #[cfg(unix)]
    fn filled(send: impl Fn(&Socket) -> io::Result<usize>) -> (usize, io::Error) {
        // It takes a piece as a whole or not at all.
        let (ours, _theirs) =
            Socket::pair(socket2::Domain::UNIX, socket2::Type::DGRAM, None).expect("a pair");
        ours.set_nonblocking(true).expect("nonblocking");
        let sent = send(&ours).expect("the first piece");
        let refused = loop {
            match send(&ours) {
                Ok(sent) => assert!(sent > 0, "a full socket was taken for one with room"),
                Err(error) => break error,
            }
        };
        (sent, refused)
    }

    #[cfg(unix)]
    #[test]
    fn a_full_socket_is_an_error_of_the_first_piece_alone() {
        const PIECES: usize = 1_000;
        let data = vec![7; PIECES * PIECE];
        let slices: Vec<_> = data.chunks(PIECE).map(IoSlice::new).collect();
        for (sent, refused) in [
            filled(|socket| send(socket, &data)),
            filled(|socket| send_vectored(socket, &slices)),
        ] {
            assert!(sent > 0 && sent < data.len() && sent % PIECE == 0, "{sent}");
            assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
        }
    }
}
