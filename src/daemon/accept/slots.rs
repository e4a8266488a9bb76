//! The slots of connections that may be open at one time. At the limit, an idle connection gives way.
//!
//! A client that connects and says nothing must not keep other clients out. So a new connection at the limit asks
//! the connection that has been idle longest to leave, and takes its slot. Each connection says when it is
//! idle ([`Slot::idle`]) and when a request is under way ([`Slot::busy`]). A connection with a request under way
//! never gives way.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | slots | a parameter | the connection that has been idle longest is asked to leave |
//! | patience while no connection is idle | a parameter | [`Slots::take`] returns none |
//! | [`LEAVING`] | 1 s for the connection that was asked | the same |

use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::daemon::state::counters::Counters;

/// How long a new connection waits for one that was asked to leave.
pub const LEAVING: Duration = Duration::from_secs(1);

/// The slots of all connections within one limit.
#[derive(Debug)]
pub struct Slots {
    limit: usize,
    counters: Arc<Counters>,
    taken: Mutex<Taken>,
    /// True if a new connection waits for a slot.
    waiting: AtomicBool,
    /// Wakes the connection that waits: a slot was freed, or a connection became idle.
    changed: Notify,
    /// The last slot was freed.
    emptied: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    slots: HashMap<u64, Arc<Mutex<State>>>,
}

/// What one connection does.
#[derive(Debug)]
struct State {
    /// From this instant on the connection may be asked to leave; `None` while a request is under way.
    idle: Option<Instant>,
    asked_to_leave: bool,
    waker: Option<Waker>,
}

/// The slot of one connection. Dropping it frees the slot.
#[derive(Debug)]
pub struct Slot {
    number: u64,
    state: Arc<Mutex<State>>,
    slots: Arc<Slots>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slots {
    /// Makes free slots.
    pub fn new(limit: usize, counters: Arc<Counters>) -> Arc<Self> {
        Arc::new(Self {
            limit,
            counters,
            taken: Mutex::default(),
            waiting: AtomicBool::new(false),
            changed: Notify::new(),
            emptied: Notify::new(),
        })
    }

    /// Returns the number of slots.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the counters of these connections.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Takes a free slot. The connection counts as idle until it says otherwise.
    fn take_free(self: &Arc<Self>) -> Option<Slot> {
        let mut taken = locked(&self.taken);
        if taken.slots.len() >= self.limit {
            return None;
        }
        let state = Arc::new(Mutex::new(State {
            idle: Some(Instant::now()),
            asked_to_leave: false,
            waker: None,
        }));
        let number = taken.next;
        taken.next += 1;
        taken.slots.insert(number, Arc::clone(&state));
        self.counters.open.fetch_add(1, Relaxed);
        self.counters.accepted.fetch_add(1, Relaxed);
        Some(Slot {
            number,
            state,
            slots: Arc::clone(self),
        })
    }

    /// Takes a slot, if necessary that of the connection that has been idle longest. Waits for at most `patience`
    /// until a connection is idle.
    pub async fn take(self: &Arc<Self>, patience: Duration) -> Option<Slot> {
        let begun = Instant::now();
        let mut until = begun + patience;
        loop {
            let changed = self.changed.notified();
            self.waiting.store(true, SeqCst);
            let slot = self.take_free();
            if slot.is_none() && self.ask_one_to_leave() {
                until = until.max(begun + LEAVING);
            }
            if slot.is_some() || timeout_at(until, changed).await.is_err() {
                self.waiting.store(false, SeqCst);
                return slot;
            }
        }
    }

    /// Waits until all slots are free.
    pub async fn all_free(&self) {
        loop {
            let emptied = self.emptied.notified();
            if locked(&self.taken).slots.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    /// Asks the connection that has been idle longest to leave. Returns false if no connection is idle.
    fn ask_one_to_leave(&self) -> bool {
        let now = Instant::now();
        let taken = locked(&self.taken);
        let idle = taken.slots.values().filter_map(|slot| {
            let state = locked(slot);
            let since = state
                .idle
                .filter(|since| !state.asked_to_leave && *since <= now)?;
            Some((since, slot))
        });
        let Some((_, slot)) = idle.min_by_key(|(since, _)| *since) else {
            return false;
        };
        let mut state = locked(slot);
        state.asked_to_leave = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        true
    }
}

impl Slot {
    /// Returns the counters of this kind of connection.
    pub fn counters(&self) -> &Counters {
        &self.slots.counters
    }

    /// Says that a request is under way. Returns false if the connection was asked to leave before.
    pub fn busy(&self) -> bool {
        let mut state = locked(&self.state);
        state.idle = None;
        !state.asked_to_leave
    }

    /// Says that something is under way that must not be interrupted, even if the connection was asked to leave.
    pub fn keep(&self) {
        let mut state = locked(&self.state);
        state.idle = None;
        state.asked_to_leave = false;
    }

    /// Says that nothing is under way. From the instant `from` on the connection may be asked to leave.
    pub fn idle_from(&self, from: Instant) {
        let mut state = locked(&self.state);
        if state.idle.is_none() {
            state.idle = Some(from);
            drop(state);
            if self.slots.waiting.load(SeqCst) {
                self.slots.changed.notify_one();
            }
        }
    }

    /// Says that nothing is under way.
    pub fn idle(&self) {
        self.idle_from(Instant::now());
    }

    /// Is ready once the connection is asked to leave.
    pub fn poll_asked_to_leave(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = locked(&self.state);
        if state.asked_to_leave {
            return Poll::Ready(());
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Waits until the connection is asked to leave.
    pub async fn asked_to_leave(&self) {
        poll_fn(|cx| self.poll_asked_to_leave(cx)).await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = locked(&self.slots.taken);
        self.slots.counters.open.fetch_sub(1, Relaxed);
        taken.slots.remove(&self.number);
        let emptied = taken.slots.is_empty();
        drop(taken);
        self.slots.changed.notify_one();
        if emptied {
            self.slots.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(limit: usize) -> Arc<Slots> {
        Slots::new(limit, Arc::default())
    }

    /// Keeps a slot until it is asked to leave.
    fn sit(slot: Slot) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move { slot.asked_to_leave().await })
    }

    /// Waits for a slot, as a new connection does.
    fn wait(slots: &Arc<Slots>) -> tokio::task::JoinHandle<Option<Slot>> {
        let slots = Arc::clone(slots);
        tokio::spawn(async move { slots.take(LEAVING).await })
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_idle_longest_gives_way() {
        let slots = slots(3);
        let (busy, fresh, old) = (
            slots.take_free().unwrap(),
            slots.take_free().unwrap(),
            slots.take_free(),
        );
        assert!(busy.busy() && fresh.busy());
        let old = sit(old.unwrap());
        tokio::time::advance(Duration::from_millis(5)).await;
        fresh.idle();
        let fresh = sit(fresh);
        assert!(slots.take_free().is_none());
        let first = slots.take(LEAVING).await.unwrap();
        old.await.unwrap();
        assert!(!fresh.is_finished());
        assert!(first.busy());
        let second = slots.take(LEAVING).await.unwrap();
        fresh.await.unwrap();
        assert!(second.busy());
        for patience in [LEAVING, Duration::ZERO] {
            let begun = Instant::now();
            let none = slots.take(patience).await;
            assert!(none.is_none(), "a busy one gave way");
            assert!(begun.elapsed() <= patience + Duration::from_millis(5));
        }
        assert!(busy.busy());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_becomes_idle_gives_way_to_those_who_wait() {
        let slots = slots(1);
        let slot = slots.take_free().unwrap();
        assert!(slot.busy());
        let waits = wait(&slots);
        tokio::time::sleep(LEAVING / 2).await;
        slot.idle();
        sit(slot).await.unwrap();
        assert!(waits.await.unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_comes_too_late_is_told_so() {
        let slots = slots(1);
        let slot = slots.take_free().unwrap();
        let waits = wait(&slots);
        tokio::task::yield_now().await;
        assert!(!slot.busy());
        drop(slot);
        assert!(waits.await.unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_of_grace_is_kept() {
        let slots = slots(1);
        let slot = slots.take_free().unwrap();
        assert!(slot.busy());
        slot.idle_from(Instant::now() + 3 * LEAVING);
        assert!(slots.take(LEAVING).await.is_none());
        tokio::time::advance(3 * LEAVING).await;
        let left = sit(slot);
        assert!(slots.take(LEAVING).await.is_some());
        left.await.unwrap();
    }

    /// Idle connections give way one by one, in the order in which they became idle.
    #[tokio::test(start_paused = true)]
    async fn connections_leave_in_the_order_in_which_they_became_idle() {
        let slots = slots(4);
        let mut sitting = Vec::new();
        let mut taken: Vec<_> = (0..4).map(|_| slots.take_free().unwrap()).collect();
        for slot in &taken {
            assert!(slot.busy());
        }
        // The third one becomes idle first, then the first, the fourth and the second.
        let order = [2, 0, 3, 1];
        for number in order {
            tokio::time::advance(Duration::from_millis(5)).await;
            taken[number].idle();
        }
        for (number, slot) in taken.drain(..).enumerate() {
            sitting.push((number, sit(slot)));
        }
        let mut kept = Vec::new();
        for number in order {
            let slot = slots.take(LEAVING).await.unwrap();
            assert!(slot.busy());
            kept.push(slot);
            tokio::task::yield_now().await;
            let gone = sitting.iter().filter(|(_, left)| left.is_finished());
            assert_eq!(gone.count(), kept.len());
            let (_, left) = sitting.iter().find(|(other, _)| *other == number).unwrap();
            assert!(left.is_finished(), "{number} was idle longest");
        }
        assert_eq!(slots.counters().open(), 4);
    }

    /// Whoever was asked to leave, and has begun something that must be finished, stays.
    #[tokio::test(start_paused = true)]
    async fn a_connection_that_must_go_on_is_kept_although_it_was_asked() {
        let slots = slots(1);
        let slot = slots.take_free().unwrap();
        let waits = wait(&slots);
        tokio::task::yield_now().await;
        slot.keep();
        let asked = timeout_at(Instant::now() + LEAVING / 2, slot.asked_to_leave()).await;
        assert!(asked.is_err(), "it was asked, and goes on");
        assert!(waits.await.unwrap().is_none(), "the new one is turned away");
        assert!(slot.busy());
    }

    #[tokio::test(start_paused = true)]
    async fn no_slot_at_all_turns_everybody_away_in_time() {
        let slots = slots(0);
        let begun = Instant::now();
        assert!(slots.take(LEAVING).await.is_none());
        assert!(begun.elapsed() <= LEAVING + Duration::from_millis(5));
        assert_eq!(slots.counters().open(), 0);
    }

    #[tokio::test]
    async fn connections_are_counted_and_the_last_one_is_waited_for() {
        let slots = slots(2);
        let (first, second) = (slots.take_free().unwrap(), slots.take_free().unwrap());
        assert_eq!(slots.counters().open(), 2);
        drop(first);
        let waits = slots.all_free();
        tokio::pin!(waits);
        assert!(timeout_at(Instant::now(), &mut waits).await.is_err());
        drop(second);
        waits.await;
        slots.all_free().await;
        let counters = slots.counters();
        assert_eq!((counters.open(), counters.accepted.load(Relaxed)), (0, 2));
    }
}
