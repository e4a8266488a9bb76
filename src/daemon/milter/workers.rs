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

/// All of them, as those see them who give them work.
#[derive(Clone, Debug)]
pub struct Workers(Arc<[Worker]>);

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

impl Workers {
    /// Starts a thread for each processor that this process may use.
    pub fn start() -> io::Result<(Self, Ends)> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let (mut workers, mut ends) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in 0..count {
            let (end, ended) = oneshot::channel::<()>();
            let runtime = Builder::new_current_thread().enable_all().build()?;
            workers.push(Worker {
                handle: runtime.handle().clone(),
                load: Arc::default(),
            });
            ends.push(end);
            thread::Builder::new()
                .name(format!("milter-{number}"))
                .spawn(move || {
                    // Also when the other end is gone without a word.
                    let _ = runtime.block_on(ended);
                    runtime.shutdown_background();
                })?;
        }
        Ok((Self(workers.into()), ends))
    }

    /// The runtime of the thread that accepts; `None` where there is no thread at all.
    pub fn first(&self) -> Option<&Handle> {
        self.0.first().map(|worker| &worker.handle)
    }

    /// Waits until each thread has run something.
    pub async fn answer(&self) {
        for worker in self.0.iter() {
            // One that has ended does not hang.
            let _ = worker.handle.spawn(async {}).await;
        }
    }

    /// A share of the thread with the fewest connections.
    pub fn share(&self) -> Option<Share> {
        let load = |worker: &Worker| worker.load.load(Relaxed);
        let (at, worker) = self
            .0
            .iter()
            .enumerate()
            .min_by_key(|(_, worker)| load(worker))?;
        worker.load.fetch_add(1, Relaxed);
        Some(Share {
            handle: worker.handle.clone(),
            load: Arc::clone(&worker.load),
            is_first: at == 0,
        })
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
        let count = workers.0.len();
        let shares: Vec<_> = (0..2 * count).filter_map(|_| workers.share()).collect();
        assert_eq!(shares.iter().filter(|share| share.is_first).count(), 2);
        assert!(
            workers
                .0
                .iter()
                .all(|worker| worker.load.load(Relaxed) == 2)
        );
        drop(shares);
        assert!(
            workers
                .0
                .iter()
                .all(|worker| worker.load.load(Relaxed) == 0)
        );
    }

    #[test]
    fn a_share_runs_on_a_thread_of_its_own_and_ends_with_the_others() {
        let (workers, ends) = Workers::start().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        workers.share().unwrap().spawn(async move {
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
        workers.share().unwrap().spawn(async move {
            let _ = receiver.recv();
        });
        let answered =
            tokio::time::timeout(std::time::Duration::from_millis(100), workers.answer());
        assert!(answered.await.is_err());
        drop(sender);
        workers.answer().await;
    }
}
