//! Handles on the driver, each shared by a few sockets.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};

use crate::sys::{Afd, Port};

/// How many sockets share one handle. The driver goes through all polls of a
/// handle when one of them ends, so that one handle for all would be slow, and
/// one for each a waste: wepoll's measure.
const SHARE: usize = 32;

/// One handle, and how many sockets it is for.
#[derive(Debug)]
struct Helper {
    afd: Rc<Afd>,
    sockets: Cell<usize>,
}

/// Those that have room for another socket.
#[derive(Debug, Default)]
struct Roomy(RefCell<Vec<Rc<Helper>>>);

/// All handles on the driver.
#[derive(Debug, Default)]
pub(crate) struct Group {
    roomy: Rc<Roomy>,
}

/// One socket's share of a handle.
#[derive(Debug)]
pub(crate) struct Share {
    helper: Rc<Helper>,
    roomy: Weak<Roomy>,
}

impl Group {
    /// Finds a handle for another socket, or opens one, the polls of which end
    /// at the port under `key`.
    pub(crate) fn join(&self, port: &Port, key: usize) -> io::Result<Share> {
        let mut roomy = self.roomy.0.borrow_mut();
        if roomy.is_empty() {
            roomy.push(Rc::new(Helper {
                afd: Rc::new(Afd::open(port, key)?),
                sockets: Cell::new(0),
            }));
        }
        let at = roomy.len() - 1;
        let helper = Rc::clone(&roomy[at]);
        helper.sockets.set(helper.sockets.get() + 1);
        if helper.sockets.get() == SHARE {
            roomy.pop();
        }
        Ok(Share {
            helper,
            roomy: Rc::downgrade(&self.roomy),
        })
    }
}

impl Share {
    pub(crate) fn afd(&self) -> &Rc<Afd> {
        &self.helper.afd
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let before = self.helper.sockets.get();
        self.helper.sockets.set(before - 1);
        let Some(roomy) = self.roomy.upgrade() else {
            return;
        };
        let mut roomy = roomy.0.borrow_mut();
        if before == SHARE {
            roomy.push(Rc::clone(&self.helper));
        }
        // The last one is kept: the next socket needs it again.
        if before == 1 && roomy.len() > 1 {
            roomy.retain(|other| !Rc::ptr_eq(other, &self.helper));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(group: &Group, port: &Port, count: usize) -> Vec<Share> {
        let share = || group.join(port, 1).expect("a handle on the driver");
        (0..count).map(|_| share()).collect()
    }

    fn handles(shares: &[Share]) -> usize {
        let mut handles: Vec<_> = shares.iter().map(|one| Rc::as_ptr(&one.helper)).collect();
        handles.sort_unstable();
        handles.dedup();
        handles.len()
    }

    #[test]
    fn a_handle_is_shared_by_so_many_and_no_more() {
        let (group, port) = (Group::default(), Port::new().expect("port"));
        let shares = join(&group, &port, 2 * SHARE + 1);
        assert_eq!(handles(&shares), 3);
        drop(shares);
        assert_eq!(group.roomy.0.borrow().len(), 1);
    }

    #[test]
    fn coming_and_going_opens_no_more_handles() {
        let (group, port) = (Group::default(), Port::new().expect("port"));
        let mut shares = join(&group, &port, 4 * SHARE);
        for round in 0..SHARE {
            shares.remove(round * 3);
            shares.extend(join(&group, &port, 1));
            assert_eq!(handles(&shares), 4, "in round {round}");
        }
    }
}
