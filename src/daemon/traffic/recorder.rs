//! Takes note of a recipient on the milter's path: one push into a queue, without a lock and without an allocation.
//!
//! The queue has a fixed size. Where it is full, the recipient is not counted: mail never waits for a count.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
    mpsc::{Receiver, SyncSender, sync_channel},
};

/// Recipients that wait until they are merged. At two merges a second these are 65536 recipients a second.
const QUEUED: usize = 32_768;

/// Takes note of recipients. Clones have one queue; the default one takes note of nothing.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    queue: Option<SyncSender<Arc<str>>>,
    missed: Arc<AtomicU64>,
}

impl Recorder {
    /// Returns a recorder and the other end of its queue.
    pub(super) fn new() -> (Self, Receiver<Arc<str>>) {
        Self::with_room_for(QUEUED)
    }

    fn with_room_for(queued: usize) -> (Self, Receiver<Arc<str>>) {
        let (queue, receiver) = sync_channel(queued);
        let recorder = Self {
            queue: Some(queue),
            missed: Arc::default(),
        };
        (recorder, receiver)
    }

    /// Takes note of a recipient, by the key of its mailbox. The key is shared, not copied.
    pub fn record(&self, key: &Arc<str>) {
        if let Some(queue) = &self.queue
            && queue.try_send(Arc::clone(key)).is_err()
        {
            self.missed.fetch_add(1, Relaxed);
        }
    }

    /// Returns how many recipients were not counted, because the queue was full.
    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_takes_no_more_and_counts_them() {
        let (recorder, queue) = Recorder::with_room_for(2);
        let key: Arc<str> = "jd@domain2.com".into();
        (0..5).for_each(|_| recorder.record(&key));
        assert_eq!((queue.try_iter().count(), recorder.missed()), (2, 3));
        recorder.record(&key);
        assert_eq!((queue.try_iter().count(), recorder.missed()), (1, 3));
        Recorder::default().record(&key);
    }
}
