//! One thread for work that blocks: reading files, compiling, freeing large tables.
//!
//! In: closures. Out: their results, in the order of the closures. The thread is started once, with the
//! daemon, because the system may refuse a thread later: at its limit, the thread pool of the runtime panics,
//! or lets the work wait for ever.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | jobs at a time | 1 | further jobs wait |
//! | [`LONG`] | 60 s | the log and `status` report that a job takes long; it continues |
//!
//! # Invariants
//!
//! - A job that panics is a [`JobError`]; the thread continues.

use std::{
    any::Any,
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{self, Sender},
    thread,
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use super::{record, state::health::Health};

/// A job that takes longer is reported. Most likely a file system does not answer.
pub const LONG: Duration = Duration::from_secs(60);

type Job = Box<dyn FnOnce() + Send>;

/// A handle of the thread, which ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Jobs {
    sender: Sender<Job>,
    name: String,
    health: Health,
}

/// Why a job has no result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum JobError {
    /// The job panicked, with this message.
    Panicked(String),
    /// The thread has ended.
    NoThread,
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::NoThread => f.write_str("its thread has ended"),
        }
    }
}

impl std::error::Error for JobError {}

impl Jobs {
    /// Starts the thread. Problems are listed under its name.
    pub fn start(name: &str, health: Health) -> io::Result<Self> {
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || jobs.iter().for_each(|job| job()))?;
        Ok(Self {
            sender,
            name: name.to_owned(),
            health,
        })
    }

    /// Returns the name of the thread.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the list of problems.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Runs `job` on the thread, after the jobs before it. If the future is dropped, the job runs
    /// nevertheless.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JobError> {
        let (sender, mut result) = oneshot::channel();
        let started = Instant::now();
        self.give(move || {
            let done = catch_unwind(AssertUnwindSafe(job));
            // An error is fine: whoever wanted the result may have left.
            let _ = sender.send(done.map_err(|cause| JobError::Panicked(message(&*cause))));
        });
        loop {
            if let Ok(result) = timeout(LONG, &mut result).await {
                self.health.well(&self.name);
                return result.unwrap_or(Err(JobError::NoThread));
            }
            let seconds = started.elapsed().as_secs();
            let what = format!(
                "still at work after {seconds} s: does the file system answer? What was read before stays in force"
            );
            if self.health.wrong(&self.name, &what) {
                record::job_takes_long(&self.name, seconds);
            }
        }
    }

    /// Drops `value` on the thread.
    pub fn free(&self, value: impl Send + 'static) {
        self.give(move || {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
        });
    }

    fn give(&self, job: impl FnOnce() + Send + 'static) {
        // If the thread has ended, the job is dropped here, together with the channel of its result.
        let _ = self.sender.send(Box::new(job));
    }
}

/// Returns the message of a panic.
pub fn message(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| cause.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn jobs_run_in_order_and_a_panic_ends_one_alone() {
        let jobs = Jobs::start("test", Health::default()).unwrap();
        let name = jobs.run(|| thread::current().name().map(ToOwned::to_owned));
        assert_eq!(name.await, Ok(Some("test".to_owned())));
        let broken: Result<(), _> = jobs.run(|| panic!("at {}", 7)).await;
        assert_eq!(broken, Err(JobError::Panicked("at 7".to_owned())));
        assert_eq!(jobs.run(|| 1).await, Ok(1));
        let (sender, dropped) = mpsc::channel::<()>();
        jobs.free(sender);
        assert!(jobs.run(move || dropped.recv().is_err()).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_takes_long_is_a_problem_until_it_is_done() {
        let health = Health::default();
        let jobs = Jobs::start("rules", health.clone()).unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let mut job = std::pin::pin!(jobs.run(move || ended.recv().is_err()));
        assert!(timeout(LONG * 5 / 2, &mut job).await.is_err());
        let problems = health.problems();
        assert_eq!(problems[0].part, "rules");
        assert!(problems[0].what.contains("after 120 s"), "{problems:?}");
        drop(end);
        assert_eq!(job.await, Ok(true));
        assert!(health.problems().is_empty());
    }
}
