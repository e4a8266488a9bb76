//! The live table: one writer replaces it, every reader pins it, nobody waits.
//!
//! A message is decided with one table from its first recipient to its last, so a session calls
//! [`LiveTable::pin`] once a message and keeps what it got.
//!
//! | | |
//! |---|---|
//! | number of generations | 2^64 - 1 |
//! | cost of a pin | one atomic increment |
//!
//! # Invariants
//!
//! - Generation 0 has no table: the daemon has started with broken rules, and answers every
//!   recipient with 451 4.3.0 until they are mended. Every later generation has one.
//! - Numbers rise by one and are never given twice.
//! - Freeing a large table takes tens of milliseconds; [`Retired`] sees to it that no session pays.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;

use crate::engine::Table;

/// One table that went live, or the want of one.
#[derive(Debug)]
pub struct Generation {
    /// Counts the tables that went live; 0 before the first.
    pub number: u64,
    /// When it went live, for people; see [`Generation::age`] for arithmetic.
    pub since: SystemTime,
    /// The table; `None` only in generation 0.
    pub table: Option<Arc<Table>>,
    born: Instant,
}

impl Generation {
    fn new(number: u64, table: Option<Arc<Table>>) -> Self {
        Self {
            number,
            since: SystemTime::now(),
            table,
            born: Instant::now(),
        }
    }

    /// How long it has been live, whatever is done to the clock.
    pub fn age(&self) -> Duration {
        self.born.elapsed()
    }
}

/// The generation that serves.
#[derive(Debug)]
pub struct LiveTable {
    current: ArcSwap<Generation>,
}

impl Default for LiveTable {
    fn default() -> Self {
        Self::new()
    }
}

impl LiveTable {
    /// Generation 0: no table yet.
    pub fn new() -> Self {
        Self {
            current: ArcSwap::from_pointee(Generation::new(0, None)),
        }
    }

    /// The generation that serves now; it stays as it is for as long as it is held.
    pub fn pin(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// Makes `table` live and returns the generation it replaced, for [`Retired`].
    pub fn replace(&self, table: Arc<Table>) -> Arc<Generation> {
        // The closure runs again if two writers meet, so no number is given twice.
        self.current
            .rcu(|old| Generation::new(old.number + 1, Some(Arc::clone(&table))))
    }
}

/// Replaced generations that a session may still hold.
///
/// The last one to let go of a table frees it. As long as one reference is kept here that is never
/// a session.
#[derive(Debug, Default)]
pub struct Retired {
    generations: Vec<Arc<Generation>>,
}

impl Retired {
    /// Keeps `generation` until no session holds it.
    pub fn keep(&mut self, generation: Arc<Generation>) {
        self.generations.push(generation);
    }

    /// Whether there is none left.
    pub fn is_empty(&self) -> bool {
        self.generations.is_empty()
    }

    /// Takes out those that nobody else holds: drop them where it may take time.
    pub fn release(&mut self) -> Vec<Arc<Generation>> {
        let unused = |generation: &mut Arc<Generation>| {
            Arc::strong_count(generation) == 1
                && generation
                    .table
                    .as_ref()
                    .is_none_or(|table| Arc::strong_count(table) == 1)
        };
        self.generations.extract_if(.., unused).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Arc<Table> {
        Arc::new(Table::default())
    }

    #[test]
    fn the_first_table_is_generation_one() {
        let live = LiveTable::new();
        assert_eq!(live.pin().number, 0);
        assert!(live.pin().table.is_none());
        let old = live.replace(table());
        assert_eq!(old.number, 0);
        assert_eq!(live.pin().number, 1);
        assert!(live.pin().table.is_some());
    }

    #[test]
    fn a_pinned_generation_stays() {
        let live = LiveTable::new();
        live.replace(table());
        let pinned = live.pin();
        live.replace(table());
        assert_eq!((pinned.number, live.pin().number), (1, 2));
    }

    #[test]
    fn a_retired_generation_outlives_the_sessions_that_hold_it() {
        let live = LiveTable::new();
        live.replace(table());
        let session = live.pin();
        let mut retired = Retired::default();
        retired.keep(live.replace(table()));
        assert!(retired.release().is_empty());
        drop(session);
        assert_eq!(retired.release().len(), 1);
        assert!(retired.is_empty());
    }

    #[test]
    fn writers_that_meet_give_different_numbers() {
        let live = LiveTable::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|_| drop(live.replace(table()))));
            }
        });
        assert_eq!(live.pin().number, 2000);
    }
}
