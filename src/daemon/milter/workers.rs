//! The threads that serve MTAs: one for each processor, each with a runtime of its own.
//!
//! A connection stays on its thread, and nothing that it does wakes another thread. A new connection goes to the
//! thread with the fewest connections; among equals to the first thread, which also accepts. Rules are read and
//! compiled on other threads.

use std::{
    future::Future,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

/// One worker thread.
#[derive(Clone, Debug)]
struct Worker {
    handle: Handle,
    load: Arc<AtomicUsize>,
}

/// The worker threads: the first one, which also accepts, and the others.
#[derive(Clone, Debug)]
pub struct Workers {
    first: Worker,
    others: Arc<[Worker]>,
}

/// Ends the worker threads when it is dropped. Tasks that still run on them are dropped where they wait.
pub type WorkersGuard = Vec<oneshot::Sender<()>>;

/// The place of one connection on a worker thread. Dropping the share tells the thread that the connection ended.
#[derive(Debug)]
pub struct Share {
    handle: Handle,
    load: Arc<AtomicUsize>,
    /// True for the thread that accepts connections.
    pub is_first: bool,
}

impl Worker {
    fn start(number: usize) -> io::Result<(Self, oneshot::Sender<()>)> {
        let (end, ended) = oneshot::channel::<()>();
        let (sender, started) = mpsc::channel();
        // The thread makes its own runtime. If the caller made it and the system then had no thread for it, the
        // caller would have to drop it inside of another runtime, which is not allowed.
        thread::Builder::new()
            .name(format!("milter-{number}"))
            .spawn(move || {
                let runtime = match Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => return drop(sender.send(Err(error))),
                };
                // The caller waits for this.
                let _ = sender.send(Ok(runtime.handle().clone()));
                // Returns also when the sender is dropped.
                let _ = runtime.block_on(ended);
                runtime.shutdown_background();
            })?;
        let gone = |_| io::Error::other("the thread has ended");
        let worker = Self {
            handle: started.recv().map_err(gone)??,
            load: Arc::default(),
        };
        Ok((worker, end))
    }
}

impl Workers {
    /// Starts a thread for each processor that this process may use.
    pub fn start() -> io::Result<(Self, WorkersGuard)> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let (first, end) = Worker::start(0)?;
        let (mut others, mut ends) = (Vec::with_capacity(count), vec![end]);
        for number in 1..count {
            let (worker, end) = Worker::start(number)?;
            others.push(worker);
            ends.push(end);
        }
        let others = others.into();
        Ok((Self { first, others }, ends))
    }

    /// Returns the runtime of the thread that accepts.
    pub fn first(&self) -> &Handle {
        &self.first.handle
    }

    /// Returns the runtime of the thread with this number; numbers beyond the last thread begin anew.
    pub fn nth(&self, number: usize) -> &Handle {
        let mut all = self.all().map(|worker| &worker.handle);
        all.nth(number % (self.others.len() + 1))
            .unwrap_or(&self.first.handle)
    }

    fn all(&self) -> impl Iterator<Item = &Worker> {
        std::iter::once(&self.first).chain(self.others.iter())
    }

    /// Waits until each thread has run a task; for ever, if a thread hangs.
    pub async fn all_answer(&self) {
        for worker in self.all() {
            // A thread that has ended does not hang.
            let _ = worker.handle.spawn(async {}).await;
        }
    }

    /// Returns a share of the thread with the fewest connections.
    pub fn share(&self) -> Share {
        let load = |worker: &Worker| worker.load.load(Relaxed);
        let mut chosen = (&self.first, true);
        for other in self.others.iter() {
            if load(other) < load(chosen.0) {
                chosen = (other, false);
            }
        }
        let (worker, is_first) = chosen;
        worker.load.fetch_add(1, Relaxed);
        Share {
            handle: worker.handle.clone(),
            load: Arc::clone(&worker.load),
            is_first,
        }
    }
}

impl Share {
    /// Runs `task` on the thread of this share.
    pub fn spawn(self, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.handle.clone();
        handle.spawn(async move {
            task.await;
            drop(self);
        });
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.load.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_spread_and_given_back() {
        let (workers, _ends) = Workers::start().unwrap();
        let count = workers.all().count();
        let shares: Vec<_> = (0..2 * count).map(|_| workers.share()).collect();
        assert_eq!(shares.iter().filter(|share| share.is_first).count(), 2);
        assert!(workers.all().all(|worker| worker.load.load(Relaxed) == 2));
        drop(shares);
        assert!(workers.all().all(|worker| worker.load.load(Relaxed) == 0));
    }

    #[test]
    fn a_share_runs_on_a_thread_of_its_own_and_ends_with_the_others() {
        let (workers, ends) = Workers::start().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        workers.share().spawn(async move {
            let name = thread::current().name().map(ToOwned::to_owned);
            sender.send(name).unwrap();
        });
        assert_eq!(receiver.recv().unwrap().as_deref(), Some("milter-0"));
        drop(ends);
    }

    #[tokio::test]
    async fn a_thread_that_hangs_does_not_answer() {
        let (workers, _ends) = Workers::start().unwrap();
        workers.all_answer().await;
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        workers.share().spawn(async move {
            let _ = receiver.recv();
        });
        let answered =
            tokio::time::timeout(std::time::Duration::from_millis(100), workers.all_answer());
        assert!(answered.await.is_err());
        drop(sender);
        workers.all_answer().await;
    }
}
