//! A bounded queue of events, and the thread that writes them.
//!
//! In: the bytes of an event. Out: one write for each event, in order.
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | events in the queue | given at the start | the event is dropped and counted |
//! | [`REPORT`] | 10 s | at most one line about dropped events in that time |
//! | [`END_WAIT`] | 1 s | [`Queue::finish`] leaves the rest unwritten |
//!
//! Why not `tracing-appender`: if the queue is full at the end, it prints to standard output with
//! `println!`, which panics if standard output is closed, and waits forever if it is full.
//!
//! # Invariants
//!
//! - No caller waits for the writer, and no error of the writer stops the thread. An event that could not
//!   be written is counted like one that was dropped.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::event::DROPPED;
use super::form::Form;
use super::line::Fields;

/// The least time between two lines about dropped events.
const REPORT: Duration = Duration::from_secs(10);

/// How long the end of the process waits for the writer.
const END_WAIT: Duration = Duration::from_secs(1);

/// The end of the queue that takes events.
#[derive(Debug)]
pub(super) struct Queue {
    /// `None` once it is finished.
    sender: RwLock<Option<SyncSender<Vec<u8>>>>,
    /// Disconnected when the writer has ended.
    done: Mutex<Receiver<()>>,
    dropped: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Queue {
    /// Starts the thread that writes to `sink`.
    pub fn start(length: usize, form: Form, sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = mpsc::sync_channel(length);
        let (ending, done) = mpsc::channel();
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = Writer {
            sink,
            form,
            dropped: Arc::clone(&dropped),
            reported: 0,
            reported_at: None,
        };
        let thread = thread::Builder::new().name("log".into()).spawn(move || {
            writer.run(&receiver);
            drop(ending);
        })?;
        Ok(Self {
            thread,
            sender: RwLock::new(Some(sender)),
            done: Mutex::new(done),
            dropped,
        })
    }

    /// Queues one event, or drops it.
    pub fn push(&self, event: Vec<u8>) {
        let sender = self.sender.read().unwrap_or_else(PoisonError::into_inner);
        let queued = sender.as_ref().map(|sender| sender.try_send(event));
        if !matches!(queued, Some(Ok(()))) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns false if the thread has ended.
    pub fn is_written(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Returns how many events were lost.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Ends the writer after the events that wait. Does not wait for a writer that is stuck.
    pub fn finish(&self) {
        let mut sender = self.sender.write().unwrap_or_else(PoisonError::into_inner);
        drop(sender.take());
        drop(sender);
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = done.recv_timeout(END_WAIT);
    }
}

/// The end of the queue that writes events.
struct Writer<W> {
    sink: W,
    form: Form,
    dropped: Arc<AtomicU64>,
    /// How many lost events have been reported.
    reported: u64,
    reported_at: Option<Instant>,
}

impl<W: Write> Writer<W> {
    fn run(mut self, receiver: &Receiver<Vec<u8>>) {
        loop {
            // A panic while writing loses one event, not the log.
            let written = catch_unwind(AssertUnwindSafe(|| self.next(receiver)));
            match written {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => drop(self.dropped.fetch_add(1, Ordering::Relaxed)),
            }
        }
    }

    /// Writes the next event. Returns false after the last one.
    fn next(&mut self, receiver: &Receiver<Vec<u8>>) -> bool {
        match receiver.recv_timeout(REPORT) {
            Ok(event) => self.write(&event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                self.reported_at = None;
                self.report();
                return false;
            }
        }
        self.report();
        true
    }

    fn write(&mut self, event: &[u8]) {
        let written = self.sink.write_all(event).and_then(|()| self.sink.flush());
        if written.is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Reports lost events. Writes past the queue, so that this line is not dropped.
    fn report(&mut self) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        let recent = self.reported_at.is_some_and(|at| at.elapsed() < REPORT);
        if dropped == self.reported || recent {
            return;
        }
        let lost = dropped.saturating_sub(self.reported);
        self.reported_at = Some(Instant::now());
        let line = self.form.bytes(&losses(lost, dropped));
        // If this line is lost as well, the next one reports all losses.
        if self.sink.write_all(&line).is_ok() {
            self.reported = dropped;
        }
    }
}

/// Returns the line about lost events, see [`DROPPED`].
fn losses(dropped: u64, total: u64) -> Fields {
    let mut fields = Fields::new(DROPPED.level, "log:".to_owned());
    fields.values.push(("dropped", dropped.to_string()));
    fields.values.push(("total", total.to_string()));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    /// Keeps what is written, after a gate has been opened.
    struct Gate {
        open: Receiver<()>,
        kept: Arc<Mutex<Vec<String>>>,
    }

    impl Write for Gate {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            // Fails, that is goes on, as soon as the test drops its end.
            let _ = self.open.recv();
            let line = String::from_utf8(line.to_vec()).unwrap();
            self.kept.lock().unwrap().push(line);
            Ok(self.kept.lock().unwrap().last().unwrap().len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_line_about_losses_is_the_documented_one() {
        assert_eq!(losses(12, 340).body(), DROPPED.line);
    }

    #[test]
    fn a_stuck_writer_drops_counts_and_tells() {
        let (gate, open) = mpsc::channel();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let sink = Gate {
            open,
            kept: Arc::clone(&kept),
        };
        let queue = Queue::start(10, Form::Prefixed, sink).unwrap();
        let started = Instant::now();
        (0..100).for_each(|n| queue.push(format!("{n}\n").into_bytes()));
        assert!(started.elapsed() < Duration::from_secs(1));
        let dropped = queue.dropped();
        // Ten wait, and the writer may have taken one.
        assert!((89..=90).contains(&dropped), "{dropped}");
        drop(gate);
        queue.finish();
        let kept = kept.lock().unwrap();
        assert_eq!(kept.len() as u64, 100 - dropped + 1);
        let report = format!("<4>log: dropped={dropped} total={dropped}\n");
        assert_eq!(kept.iter().filter(|line| **line == report).count(), 1);
    }

    #[test]
    fn the_end_does_not_wait_for_a_stuck_writer() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let queue = Queue::start(1000, Form::Prefixed, ours).unwrap();
        (0..1000).for_each(|_| queue.push(vec![b'x'; 4096]));
        let started = Instant::now();
        queue.finish();
        assert!(started.elapsed() < Duration::from_secs(5));
        drop(theirs);
    }

    /// Panics at every second write.
    struct Panics(u32);

    impl Write for Panics {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            assert!(self.0.is_multiple_of(2), "a sink that breaks down");
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_sink_that_panics_costs_an_event_and_not_the_log() {
        let queue = Queue::start(100, Form::Prefixed, Panics(0)).unwrap();
        (0..10).for_each(|_| queue.push(b"line\n".to_vec()));
        while queue.dropped() == 0 {
            thread::yield_now();
        }
        assert!(queue.is_written());
        queue.finish();
        assert!(queue.dropped() >= 5, "{}", queue.dropped());
    }

    #[test]
    fn a_closed_or_full_end_is_survived() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        let full = std::fs::File::options().write(true).open("/dev/full");
        let sinks: [Box<dyn Write + Send>; 2] = [Box::new(ours), Box::new(full.unwrap())];
        for sink in sinks {
            let queue = Queue::start(100, Form::Prefixed, sink).unwrap();
            (0..100).for_each(|_| queue.push(b"line\n".to_vec()));
            queue.finish();
            assert_eq!(queue.dropped(), 100);
            queue.push(b"late\n".to_vec());
            assert_eq!(queue.dropped(), 101);
        }
    }
}
