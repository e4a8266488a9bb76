//! The threads that serve MTAs: one a processor, each with a runtime of its own.
//!
//! A connection stays on the thread that it was given to, and what it does there wakes no other
//! thread. A new one goes to the thread with the fewest; the first, which also accepts, is preferred
//! among equals. Reading rules, compiling them and everything else runs elsewhere.

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

/// One thread.
#[derive(Clone, Debug)]
struct Worker {
    handle: Handle,
    load: Arc<AtomicUsize>,
}

/// The threads, as those see them who give them work: the first one, which also accepts, and the others.
#[derive(Clone, Debug)]
pub struct Workers {
    first: Worker,
    others: Arc<[Worker]>,
}

/// Ends the threads when they are dropped. What still runs on them then is dropped where it waits.
pub type Ends = Vec<oneshot::Sender<()>>;

/// A share of one worker's time; dropping it gives it back.
#[derive(Debug)]
pub struct Share {
    handle: Handle,
    load: Arc<AtomicUsize>,
    /// Whether it is the thread that accepts.
    pub is_first: bool,
}

impl Worker {
    fn start(number: usize) -> io::Result<(Self, oneshot::Sender<()>)> {
        let (end, ended) = oneshot::channel::<()>();
        let (sender, started) = mpsc::channel();
        // The runtime is made on its thread, because one that is not wanted after all, where there is
        // no thread for it, may not be dropped in the middle of another one.
        thread::Builder::new()
            .name(format!("milter-{number}"))
            .spawn(move || {
                let runtime = match Builder::new_current_thread().enable_all().build() {
                    Ok(runtime) => runtime,
                    Err(error) => return drop(sender.send(Err(error))),
                };
                // Whoever started it waits for this.
                let _ = sender.send(Ok(runtime.handle().clone()));
                // Also when the other end is gone without a word.
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
    pub fn start() -> io::Result<(Self, Ends)> {
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

    /// The runtime of the thread that accepts.
    pub fn first(&self) -> &Handle {
        &self.first.handle
    }

    /// The runtime of some thread, another one for the next number as long as there are more.
    pub fn any(&self, number: usize) -> &Handle {
        let mut all = self.all().map(|worker| &worker.handle);
        all.nth(number % (self.others.len() + 1))
            .unwrap_or(&self.first.handle)
    }

    fn all(&self) -> impl Iterator<Item = &Worker> {
        std::iter::once(&self.first).chain(self.others.iter())
    }

    /// Waits until each thread has run something.
    pub async fn answer(&self) {
        for worker in self.all() {
            // One that has ended does not hang.
            let _ = worker.handle.spawn(async {}).await;
        }
    }

    /// A share of the thread with the fewest connections.
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
    /// Runs `task` on that thread.
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
        workers.answer().await;
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        workers.share().spawn(async move {
            let _ = receiver.recv();
        });
        let answered =
            tokio::time::timeout(std::time::Duration::from_millis(100), workers.answer());
        assert!(answered.await.is_err());
        drop(sender);
        workers.answer().await;
    }
}
