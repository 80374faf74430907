//! Which of the engine's lists may hold something.

use bitflags::bitflags;

use super::Engine;

bitflags! {
    /// Set whenever something is put into a list, and cleared when the list was
    /// found empty: a turn that has nothing to do but its events looks at one byte
    /// instead of at six lists.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Todo: u8 {
        /// Interests that the backend has not been told.
        const ARM = 1;
        /// The ready queue.
        const RUN = 1 << 1;
        /// Timers.
        const TIMERS = 1 << 2;
        /// Timers of this turn.
        const DUE = 1 << 3;
        /// Flow control that is owed, and small writes that wait.
        const SETTLE = 1 << 4;
        /// Time is measured, which is never done with.
        const MEASURE = 1 << 5;
        /// The loop stops at the end of the turn.
        const STOP = 1 << 6;
    }
}

impl Engine {
    #[inline]
    pub(super) fn has_nothing_todo(&self) -> bool {
        self.todo.get().is_empty()
    }

    #[inline]
    pub(super) fn has_todo(&self, todo: Todo) -> bool {
        self.todo.get().intersects(todo)
    }

    pub(super) fn note(&self, todo: Todo) {
        self.todo.set(self.todo.get() | todo);
    }

    pub(super) fn done_with(&self, todo: Todo) {
        self.todo.set(self.todo.get() - todo);
    }
}
