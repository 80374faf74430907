//! What of SMTP needs no connection: commands, replies, addresses, and the text
//! of a mail.

mod command;
mod path;
mod reply;
mod text;

pub(crate) use command::{Command, MAX_LINE, Mail, parse};
pub(crate) use path::Path;
pub(crate) use reply::Reply;
pub(crate) use text::Text;
