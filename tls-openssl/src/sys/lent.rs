//! A record that OpenSSL reads where it lies, and plaintext that it writes where
//! it will be: a copy and a memory to be zeroed less for each record.

use std::ptr::NonNull;

use openssl::ssl::{self, SslRef, SslStream};

use crate::pipe::Pipe;

/// What is lent to a connection, and what of it has not been read.
#[derive(Debug, Default)]
pub(crate) struct Lent(Option<NonNull<[u8]>>);

impl Lent {
    /// Copies as much as there is and as fits.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> usize {
        let Some(bytes) = self.0 else {
            return 0;
        };
        // SAFETY: `with_input` alone puts bytes in. It has borrowed them for longer
        // than they are here, as it takes them out before it returns or unwinds;
        // and nobody can move this elsewhere meanwhile, as a `Reading` gives out
        // no reference to the stream that it is in.
        let bytes = unsafe { bytes.as_ref() };
        let count = bytes.len().min(into.len());
        let (head, rest) = bytes.split_at(count);
        into[..count].copy_from_slice(head);
        self.0 = Some(NonNull::from(rest));
        count
    }

    /// Whether everything has been read.
    pub(crate) fn is_drained(&self) -> bool {
        self.0.is_none_or(|bytes| bytes.is_empty())
    }
}

/// A connection that has something to read.
pub(crate) struct Reading<'a>(&'a mut SslStream<Pipe>);

/// Lets a connection read `bytes`. What `call` leaves unread is lost.
pub(crate) fn with_input<R>(
    stream: &mut SslStream<Pipe>,
    bytes: &[u8],
    call: impl FnOnce(&mut Reading<'_>) -> R,
) -> R {
    /// Takes the bytes out again, whatever happens.
    struct Ended<'a>(Reading<'a>);

    impl Drop for Ended<'_> {
        fn drop(&mut self) {
            *self.0.0.get_mut().lent() = Lent(None);
        }
    }

    let mut ended = Ended(Reading(stream));
    *ended.0.0.get_mut().lent() = Lent(Some(NonNull::from(bytes)));
    call(&mut ended.0)
}

impl Reading<'_> {
    pub(crate) fn do_handshake(&mut self) -> Result<(), ssl::Error> {
        self.0.do_handshake()
    }

    /// Appends at most `room` bytes of data.
    pub(crate) fn read(&mut self, plain: &mut Vec<u8>, room: usize) -> Result<usize, ssl::Error> {
        plain.reserve(room);
        let spare = &mut plain.spare_capacity_mut()[..room];
        let count = self.0.ssl_read_uninit(spare)?;
        // SAFETY: so many bytes of the spare capacity were written, as
        // `ssl_read_uninit` guarantees, and they are not more than it was given.
        unsafe { plain.set_len(plain.len() + count) };
        Ok(count)
    }

    /// Whether neither OpenSSL nor what is lent to it has anything left.
    pub(crate) fn is_drained(&self) -> bool {
        self.ssl().pending() == 0 && self.0.get_ref().is_drained()
    }

    fn ssl(&self) -> &SslRef {
        self.0.ssl()
    }
}
