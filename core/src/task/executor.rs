//! Every task of a loop.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Context;

use slab::Slab;

use super::join::{End, TaskHandle, TaskState};
use super::{TaskId, TaskWaker};
use crate::engine::Engine;

type BoxFuture = Pin<Box<dyn Future<Output = ()>>>;

struct Task {
    serial: u64,
    /// None while it is being polled.
    body: Option<Body>,
}

/// What a poll needs. It is moved out for so long: to share it would be two
/// atomic counters up, and down again.
struct Body {
    future: BoxFuture,
    waker: TaskWaker,
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
    let (waker, state) = {
        let mut tasks = engine.tasks.borrow_mut();
        tasks.serial += 1;
        let serial = tasks.serial;
        let entry = tasks.tasks.vacant_entry();
        let id = TaskId {
            serial,
            index: entry.key(),
        };
        let waker = TaskWaker::new(id, engine.shared());
        let state = TaskState::begun(waker.waker().clone());
        entry.insert(Task {
            serial,
            body: Some(Body {
                future,
                waker: waker.clone(),
                state: Rc::clone(&state),
            }),
        });
        (waker, state)
    };
    waker.wake_by_ref();
    TaskHandle::new(state)
}

/// Polls a task that was woken.
pub(crate) fn run(engine: &Rc<Engine>, id: TaskId) {
    let body = engine
        .tasks
        .borrow_mut()
        .named(id)
        .and_then(|task| task.body.take());
    let Some(Body {
        mut future,
        waker,
        state,
    }) = body
    else {
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
    if let Some(task) = engine.tasks.borrow_mut().named(id) {
        task.body = Some(Body {
            future,
            waker,
            state,
        });
    }
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
        .filter_map(|(_, task)| task.body)
        .map(|body| {
            body.state.finish(End::Cancelled);
            body.future
        })
        .collect()
}
