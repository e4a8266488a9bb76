//! Watches the tasks that the daemon needs, and starts them again if they end.
//!
//! In: functions that make a task (reloader, configuration, the tasks that accept, the status for systemd). If a task
//! ends, by a panic or by itself, the supervisor logs that, `status` shows it, and the supervisor starts the task
//! again after a pause. If a task ends again and again, the daemon ends, with an exit status after which systemd
//! starts the daemon again.
//!
//! Each task answers calls. [`Supervisor::first_silent`] returns the name of a task that does not answer; the
//! watchdog asks for it. The answer comes from inside the task: a task does not answer if it has ended, or if it
//! blocks its thread. A task that waits for a file system or for a change answers.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`PAUSE_MIN`] to [`PAUSE_MAX`] | 0.1 s to 10 s, doubled each time | the task is started again |
//! | [`MAX_ENDS`] | 8 ends in a row | the daemon ends |
//! | [`STEADY`] | 60 s without an end | the count begins anew |

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::watch,
    task::{JoinError, JoinSet},
    time::{Instant, sleep, timeout},
};

use super::{jobs::message, record, state::health::Health};

/// The first pause before a task is started again.
pub const PAUSE_MIN: Duration = Duration::from_millis(100);

/// The longest pause.
pub const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The number of ends in a row after which the daemon ends.
pub const MAX_ENDS: u32 = 8;

/// After this time without an end, the count of ends begins anew.
pub const STEADY: Duration = Duration::from_secs(60);

/// Calls one task, and waits for its answer.
#[derive(Clone, Debug)]
struct Call {
    name: String,
    asked: watch::Sender<u64>,
    answered: watch::Sender<u64>,
}

impl Call {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            asked: watch::Sender::new(0),
            answered: watch::Sender::new(0),
        }
    }

    /// Waits until the task has answered.
    async fn ask(&self) {
        let mut number = 0;
        self.asked.send_modify(|asked| {
            *asked += 1;
            number = *asked;
        });
        let mut answers = self.answered.subscribe();
        // `self` holds the sender, so this cannot fail.
        let _ = answers.wait_for(|answered| *answered >= number).await;
    }

    /// Runs `task`, and answers calls until it has ended.
    async fn answer_during(self, task: impl Future<Output = ()>) {
        let mut asked = self.asked.subscribe();
        asked.mark_changed();
        let answering = async {
            while asked.changed().await.is_ok() {
                let number = *asked.borrow_and_update();
                self.answered.send_replace(number);
            }
        };
        tokio::select! {
            // The task is polled first: a task that ends must not answer.
            biased;
            () = task => {}
            () = answering => {}
        }
    }
}

/// Watches tasks until it is dropped.
#[derive(Debug)]
pub struct Supervisor {
    health: Health,
    calls: Mutex<Vec<Call>>,
    /// The first task that was not started again.
    given_up: Arc<watch::Sender<Option<String>>>,
    stop: watch::Sender<bool>,
    tasks: Mutex<JoinSet<()>>,
}

impl Supervisor {
    /// Returns a supervisor that watches nothing yet.
    pub fn new(health: Health) -> Self {
        Self {
            health,
            calls: Mutex::default(),
            given_up: Arc::new(watch::Sender::new(None)),
            stop: watch::Sender::new(false),
            tasks: Mutex::default(),
        }
    }

    /// Returns where problems of tasks are reported.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Makes a task with `make` and runs it on the runtime `on`. If the task ends, makes and runs it again.
    pub fn keep<F>(&self, name: &str, on: &Handle, make: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let call = Call::new(name);
        let calls = &mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(call.clone());
        let watch = TaskWatch {
            call,
            on: on.clone(),
            health: self.health.clone(),
            given_up: Arc::clone(&self.given_up),
        };
        let mut stop = self.stop.subscribe();
        let watched = async move {
            let mut running = JoinSet::new();
            tokio::select! {
                () = watch.keep(&mut running, make) => {}
                // The sender is dropped together with the supervisor.
                _ = stop.wait_for(|stop| *stop) => {}
            }
            running.shutdown().await;
        };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(watched);
    }

    /// Calls every task. Returns the name of the first task that does not answer in time.
    pub async fn first_silent(&self, patience: Duration) -> Option<String> {
        let calls = {
            let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            calls.clone()
        };
        let end = Instant::now() + patience;
        for call in calls {
            let left = end.saturating_duration_since(Instant::now());
            if timeout(left, call.ask()).await.is_err() {
                return Some(call.name);
            }
        }
        None
    }

    /// Waits until a task is not started again. Returns the name of the task.
    pub async fn given_up(&self) -> String {
        let mut given_up = self.given_up.subscribe();
        let name = given_up.wait_for(Option::is_some).await;
        // `self` holds the sender, so this cannot fail.
        name.ok().and_then(|name| name.clone()).unwrap_or_default()
    }

    /// Ends every task. Returns when everything that the tasks held was dropped.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        let mut tasks = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        while tasks.join_next().await.is_some() {}
    }
}

/// Runs one task, again and again.
struct TaskWatch {
    call: Call,
    on: Handle,
    health: Health,
    given_up: Arc<watch::Sender<Option<String>>>,
}

impl TaskWatch {
    /// Runs the task again and again, and returns when it has ended too often. `running` holds the task meanwhile.
    async fn keep<F: Future<Output = ()> + Send + 'static>(
        self,
        running: &mut JoinSet<()>,
        mut make: impl FnMut() -> F,
    ) {
        let name = &self.call.name;
        let (mut pause, mut ends) = (PAUSE_MIN, 0);
        loop {
            let started = Instant::now();
            running.spawn_on(self.call.clone().answer_during(make()), &self.on);
            let ended = running.join_next().await;
            if started.elapsed() >= STEADY {
                (pause, ends) = (PAUSE_MIN, 0);
            }
            ends += 1;
            let reason = reason(ended.and_then(Result::err));
            self.health.wrong(name, &format!("has ended: {reason}"));
            if ends >= MAX_ENDS {
                record::task_given_up(name, &reason, ends);
                self.give_up();
                return;
            }
            record::task_ended(name, &reason, pause);
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
            self.health.well(name);
        }
    }

    fn give_up(&self) {
        self.given_up.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert_with(|| self.call.name.clone());
            is_first
        });
    }
}

fn reason(error: Option<JoinError>) -> String {
    match error.map(JoinError::try_into_panic) {
        Some(Ok(cause)) => format!("panicked: {}", message(&*cause)),
        Some(Err(_)) => "its thread ended".to_owned(),
        None => "it returned, although it should run for ever".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    fn supervisor() -> (Supervisor, Handle) {
        (Supervisor::new(Health::default()), Handle::current())
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_named_and_started_again() {
        let (supervisor, on) = supervisor();
        let starts = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&starts);
        supervisor.keep("reloader", &on, move || {
            let number = count.fetch_add(1, Relaxed);
            async move {
                assert!(number > 1, "no threads left");
                std::future::pending().await
            }
        });
        while supervisor.health().problems().is_empty() {
            tokio::task::yield_now().await;
        }
        let problems = supervisor.health().problems();
        assert_eq!(problems[0].part, "reloader");
        assert_eq!(problems[0].what, "has ended: panicked: no threads left");
        assert_eq!(supervisor.first_silent(STEADY).await, None);
        assert!(supervisor.health().problems().is_empty());
        assert_eq!(starts.load(Relaxed), 3);
        supervisor.shutdown().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_always_ends_ends_the_daemon() {
        let (supervisor, on) = supervisor();
        let starts = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&starts);
        supervisor.keep("control", &on, move || {
            count.fetch_add(1, Relaxed);
            async {}
        });
        assert_eq!(supervisor.given_up().await, "control");
        assert_eq!(starts.load(Relaxed), MAX_ENDS);
        let problems = supervisor.health().problems();
        assert_eq!(
            problems[0].what,
            "has ended: it returned, although it should run for ever"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_runs_long_between_its_ends_is_not_given_up() {
        let (supervisor, on) = supervisor();
        supervisor.keep("systemd", &on, || sleep(STEADY));
        assert!(timeout(STEADY * 100, supervisor.given_up()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_task_answers_and_a_busy_one_is_named() {
        let (supervisor, on) = supervisor();
        supervisor.keep("reloader", &on, std::future::pending);
        assert_eq!(supervisor.first_silent(PAUSE_MAX).await, None);
        assert_eq!(supervisor.first_silent(PAUSE_MAX).await, None);
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let ended = Arc::new(Mutex::new(ended));
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        supervisor.keep("control", runtime.handle(), move || {
            let ended = Arc::clone(&ended);
            async move {
                let _ = ended.lock().unwrap().recv();
            }
        });
        let silent = supervisor.first_silent(Duration::from_millis(50)).await;
        assert_eq!(silent.as_deref(), Some("control"));
        drop(end);
        runtime.shutdown_background();
    }
}
