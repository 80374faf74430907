//! Every task of a loop.

use std::rc::Rc;
use std::task::Context;

use slab::Slab;

use super::join::{BoxFuture, End, TaskHandle, TaskState};
use super::{TaskId, TaskWaker};
use crate::engine::Engine;

struct Task {
    serial: u64,
    state: Rc<TaskState>,
}

/// Every task that has not ended.
#[derive(Default)]
pub(crate) struct Tasks {
    tasks: Slab<Task>,
    serial: u64,
}

impl Tasks {
    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    fn named(&mut self, id: TaskId) -> Option<&mut Task> {
        self.tasks
            .get_mut(id.index)
            .filter(|task| task.serial == id.serial)
    }
}

/// Begins a task; it is polled in the next turn.
pub(crate) fn spawn(engine: &Rc<Engine>, future: BoxFuture) -> TaskHandle {
    if engine.is_closed() {
        drop(future);
        return TaskHandle::new(TaskState::ended(End::Cancelled));
    }
    let state = {
        let mut tasks = engine.tasks.borrow_mut();
        tasks.serial += 1;
        let serial = tasks.serial;
        let entry = tasks.tasks.vacant_entry();
        let id = TaskId {
            serial,
            index: entry.key(),
        };
        let state = TaskState::begun(future, TaskWaker::new(id, engine.shared()));
        entry.insert(Task {
            serial,
            state: Rc::clone(&state),
        });
        state
    };
    state.wake();
    TaskHandle::new(state)
}

/// Polls a task that was woken.
#[inline]
pub(crate) fn run(engine: &Rc<Engine>, id: TaskId) {
    let named = engine
        .tasks
        .borrow_mut()
        .named(id)
        .map(|task| Rc::clone(&task.state));
    let Some(state) = named else {
        return;
    };
    let (Some(mut future), Some(waker)) = (state.take_future(), state.waker()) else {
        return;
    };
    let mut polled = Polled {
        engine,
        id,
        state: &state,
        end: End::Panicked,
    };
    if state.is_cancelled() {
        polled.end = End::Cancelled;
        drop(future);
        return;
    }
    waker.clear();
    let poll = future
        .as_mut()
        .poll(&mut Context::from_waker(waker.waker()));
    if poll.is_ready() {
        polled.end = End::Completed;
        drop(future);
        return;
    }
    std::mem::forget(polled);
    state.put_future(future);
}

/// Removes a task that has ended, also by a panic.
struct Polled<'a> {
    engine: &'a Engine,
    id: TaskId,
    state: &'a TaskState,
    end: End,
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        let removed = {
            let mut tasks = self.engine.tasks.borrow_mut();
            tasks.named(self.id).is_some() && {
                tasks.tasks.remove(self.id.index);
                true
            }
        };
        if removed {
            self.state.finish(self.end);
        }
    }
}

/// Ends every task of a loop that is being closed, and hands their futures to
/// the caller to drop.
pub(crate) fn take_all(engine: &Rc<Engine>) -> Vec<impl Sized> {
    let tasks = std::mem::take(&mut engine.tasks.borrow_mut().tasks);
    tasks
        .into_iter()
        .filter_map(|(_, task)| {
            let future = task.state.take_future()?;
            task.state.finish(End::Cancelled);
            Some(future)
        })
        .collect()
}
