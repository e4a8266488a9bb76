//! The connections of a listener that may be open at one time; at the limit, an idle one gives way.
//!
//! Whoever connects and says nothing must not keep others out. So a new connection at the limit asks the
//! one that has been idle longest to leave, and takes its place. A connection says by itself when it is
//! idle ([`Place::idle`]) and when a request is under way ([`Place::busy`]): the latter never gives way.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | connections | a parameter | the one idle longest is asked to leave |
//! | patience while none is idle | a parameter | the new connection is closed |
//! | [`LEAVING`] | 1 s for the one that was asked | likewise |

use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

/// How long a new connection waits for one that was asked to leave.
pub const LEAVING: Duration = Duration::from_secs(1);

/// The places of one listener.
#[derive(Debug)]
pub struct Places {
    limit: usize,
    taken: Mutex<Taken>,
    /// Somebody waits for a place.
    wanted: AtomicBool,
    /// A place is free, or a connection is idle now.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    seats: HashMap<u64, Arc<Mutex<Seat>>>,
}

#[derive(Debug)]
struct Seat {
    /// From when on it may be asked to leave.
    idle: Option<Instant>,
    asked: bool,
    waker: Option<Waker>,
}

/// The place of one connection. Dropping it leaves the place to others.
#[derive(Debug)]
pub struct Place {
    number: u64,
    seat: Arc<Mutex<Seat>>,
    places: Arc<Places>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Places {
    /// All of them are free.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            taken: Mutex::default(),
            wanted: AtomicBool::new(false),
            changed: Notify::new(),
        })
    }

    /// Takes a free place. Its connection counts as idle until it says otherwise.
    pub fn take(self: &Arc<Self>) -> Option<Place> {
        let mut taken = locked(&self.taken);
        if taken.seats.len() >= self.limit {
            return None;
        }
        let seat = Arc::new(Mutex::new(Seat {
            idle: Some(Instant::now()),
            asked: false,
            waker: None,
        }));
        let number = taken.next;
        taken.next += 1;
        taken.seats.insert(number, Arc::clone(&seat));
        Some(Place {
            number,
            seat,
            places: Arc::clone(self),
        })
    }

    /// Takes a place, that of the connection idle longest if need be. Where none is idle, waits this long
    /// for one to be.
    pub async fn enter(self: &Arc<Self>, patience: Duration) -> Option<Place> {
        let begun = Instant::now();
        let mut until = begun + patience;
        loop {
            let changed = self.changed.notified();
            self.wanted.store(true, SeqCst);
            let place = self.take();
            if place.is_none() && self.ask() {
                until = until.max(begun + LEAVING);
            }
            if place.is_some() || timeout_at(until, changed).await.is_err() {
                self.wanted.store(false, SeqCst);
                return place;
            }
        }
    }

    /// Asks the connection that has been idle longest to leave. Returns false if none is idle.
    fn ask(&self) -> bool {
        let now = Instant::now();
        let taken = locked(&self.taken);
        let idle = taken.seats.values().filter_map(|seat| {
            let of = locked(seat);
            let since = of.idle.filter(|since| !of.asked && *since <= now)?;
            Some((since, seat))
        });
        let Some((_, seat)) = idle.min_by_key(|(since, _)| *since) else {
            return false;
        };
        let mut seat = locked(seat);
        seat.asked = true;
        if let Some(waker) = seat.waker.take() {
            waker.wake();
        }
        true
    }
}

impl Place {
    /// A request is under way. Returns false if the connection was asked to leave before it came.
    pub fn busy(&self) -> bool {
        let mut seat = locked(&self.seat);
        seat.idle = None;
        !seat.asked
    }

    /// Something is under way that is not to be broken off, also if the connection was asked to leave.
    pub fn stay(&self) {
        let mut seat = locked(&self.seat);
        seat.idle = None;
        seat.asked = false;
    }

    /// Nothing is under way; from the instant `from` on the connection may be asked to leave.
    pub fn idle_from(&self, from: Instant) {
        let mut seat = locked(&self.seat);
        if seat.idle.is_none() {
            seat.idle = Some(from);
            drop(seat);
            if self.places.wanted.load(SeqCst) {
                self.places.changed.notify_one();
            }
        }
    }

    /// Nothing is under way.
    pub fn idle(&self) {
        self.idle_from(Instant::now());
    }

    /// Ready once the connection is asked to leave.
    pub fn poll_asked(&self, cx: &Context<'_>) -> Poll<()> {
        let mut seat = locked(&self.seat);
        if seat.asked {
            return Poll::Ready(());
        }
        match &mut seat.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Waits until the connection is asked to leave.
    pub async fn asked(&self) {
        poll_fn(|cx| self.poll_asked(cx)).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        locked(&self.places.taken).seats.remove(&self.number);
        self.places.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps a place until it is asked to leave.
    fn sit(place: Place) -> tokio::task::JoinHandle<()> {
        tokio::spawn(async move { place.asked().await })
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_idle_longest_gives_way() {
        let places = Places::new(3);
        let (busy, fresh, old) = (
            places.take().unwrap(),
            places.take().unwrap(),
            places.take(),
        );
        assert!(busy.busy() && fresh.busy());
        let old = sit(old.unwrap());
        tokio::time::advance(Duration::from_millis(5)).await;
        fresh.idle();
        let fresh = sit(fresh);
        assert!(places.take().is_none());
        let first = places.enter(LEAVING).await.unwrap();
        old.await.unwrap();
        assert!(!fresh.is_finished());
        assert!(first.busy());
        let second = places.enter(LEAVING).await.unwrap();
        fresh.await.unwrap();
        assert!(second.busy());
        for patience in [LEAVING, Duration::ZERO] {
            let begun = Instant::now();
            let none = places.enter(patience).await;
            assert!(none.is_none(), "a busy one gave way");
            assert!(begun.elapsed() <= patience + Duration::from_millis(5));
        }
        assert!(busy.busy());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_becomes_idle_gives_way_to_those_who_wait() {
        let places = Places::new(1);
        let place = places.take().unwrap();
        assert!(place.busy());
        let waits = tokio::spawn({
            let places = Arc::clone(&places);
            async move { places.enter(LEAVING).await }
        });
        tokio::time::sleep(LEAVING / 2).await;
        place.idle();
        sit(place).await.unwrap();
        assert!(waits.await.unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_comes_too_late_is_told_so() {
        let places = Places::new(1);
        let place = places.take().unwrap();
        let waits = tokio::spawn({
            let places = Arc::clone(&places);
            async move { places.enter(LEAVING).await }
        });
        tokio::task::yield_now().await;
        assert!(!place.busy());
        drop(place);
        assert!(waits.await.unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_of_grace_is_kept() {
        let places = Places::new(1);
        let place = places.take().unwrap();
        assert!(place.busy());
        place.idle_from(Instant::now() + 3 * LEAVING);
        assert!(places.enter(LEAVING).await.is_none());
        tokio::time::advance(3 * LEAVING).await;
        let left = sit(place);
        assert!(places.enter(LEAVING).await.is_some());
        left.await.unwrap();
    }
}
