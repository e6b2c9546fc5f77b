//! The one queue of jobs of a run: filled while sources become ready, emptied by the threads of the
//! pool, the largest file first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::compile::Busy;

/// Jobs `J` to be done, and sources `S` whose jobs will follow.
pub struct Queue<J, S> {
    state: Mutex<QueueState<J, S>>,
    changed: Condvar,
}

/// A job by the size of its file, in bytes, and for equal sizes in the order of the jobs.
pub type SizedJob<J> = (u64, Reverse<J>);

struct QueueState<J, S> {
    /// The largest first.
    jobs: BinaryHeap<SizedJob<J>>,
    /// Jobs that somebody else was compiling when they were looked at.
    elsewhere: VecDeque<J>,
    /// Sources whose jobs are not queued yet.
    waiting: Vec<S>,
    /// Sources that are being fetched, or whose thread still opens what became ready with them.
    fetching: usize,
}

impl<J: Ord + Copy, S: Copy> Queue<J, S> {
    /// One in which no job is yet: those of the sources `waiting` will be. `fetching` threads of
    /// work bring them.
    pub fn new(waiting: Vec<S>, fetching: usize) -> Self {
        Self {
            state: Mutex::new(QueueState {
                jobs: BinaryHeap::new(),
                elsewhere: VecDeque::new(),
                waiting,
                fetching,
            }),
            changed: Condvar::new(),
        }
    }

    /// The next job, and what to do where somebody else is compiling it; waits while there may be
    /// one, and gives `None` when there can't be any more. What is compiled elsewhere is looked at
    /// again when there is nothing else to do, and waited for when there won't be.
    pub fn next(&self) -> Option<(J, Busy)> {
        const AGAIN: Duration = Duration::from_millis(100);
        let mut state = lock(&self.state);
        loop {
            if let Some((_, Reverse(job))) = state.jobs.pop() {
                return Some((job, Busy::Leave));
            }
            if state.fetching == 0 {
                return state.elsewhere.pop_front().map(|job| (job, Busy::Wait));
            }
            if state.elsewhere.is_empty() {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (locked, waited) = self
                .changed
                .wait_timeout(state, AGAIN)
                .unwrap_or_else(PoisonError::into_inner);
            state = locked;
            if waited.timed_out()
                && let Some(job) = state.elsewhere.pop_front()
            {
                return Some((job, Busy::Leave));
            }
        }
    }

    /// Those of the waiting sources that are ready; they wait no more, so that no other thread
    /// opens them too.
    pub fn take_waiting(&self, is_ready: impl Fn(S) -> bool) -> Vec<S> {
        let mut state = lock(&self.state);
        let (ready, waiting) = state.waiting.iter().partition(|&&source| is_ready(source));
        state.waiting = waiting;
        ready
    }

    pub fn extend(&self, jobs: Vec<SizedJob<J>>) {
        lock(&self.state).jobs.extend(jobs);
        self.changed.notify_all();
    }

    /// Whether there are jobs that nobody has taken yet.
    pub fn has_jobs(&self) -> bool {
        !lock(&self.state).jobs.is_empty()
    }

    /// One thread less will add jobs.
    pub fn fetched(&self) {
        lock(&self.state).fetching -= 1;
        self.changed.notify_all();
    }

    pub fn put_back(&self, job: J) {
        lock(&self.state).elsewhere.push_back(job);
    }
}

/// A panic of another thread ends the run by itself; its lock's content is still good to read.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
