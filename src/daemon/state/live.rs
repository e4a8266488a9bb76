//! The live table: one writer replaces the table, every reader pins it, nobody waits.
//!
//! One table decides all recipients of a message. A session therefore calls [`LiveTable::pin`] once for
//! each message and keeps the result.
//!
//! | | |
//! |---|---|
//! | number of generations | 2^64 - 1 |
//! | cost of a pin | one atomic increment |
//!
//! # Invariants
//!
//! - Generation 0 has no table: the daemon has started with errors in the rules, and answers every
//!   recipient with 451 4.3.0 until they are fixed. Every later generation has a table.
//! - Each generation has a higher number than the one before it; no number is used twice.
//! - Freeing a large table takes tens of milliseconds. [`Retired`] makes sure that no session has to do it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;

use crate::engine::Table;

/// A table that went live. Empty before the first one.
#[derive(Debug)]
pub struct Generation {
    /// Counts the tables that went live; 0 before the first.
    pub number: u64,
    /// When the table went live, by the clock. Calculate with [`Generation::age`] instead.
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

    /// Returns how long the table has been live. Changes of the clock do not matter.
    pub fn age(&self) -> Duration {
        self.born.elapsed()
    }
}

/// The generation in force.
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
    /// Returns generation 0: there is no table yet.
    pub fn new() -> Self {
        Self {
            current: ArcSwap::from_pointee(Generation::new(0, None)),
        }
    }

    /// Returns the generation in force. The value stays as it is as long as the caller keeps it.
    pub fn pin(&self) -> Arc<Generation> {
        self.current.load_full()
    }

    /// Makes a table live, with the next number. Returns the generation before it, for [`Retired`].
    pub fn replace(&self, table: Arc<Table>) -> Arc<Generation> {
        // The closure runs again if two writers meet, so that no number is used twice.
        self.current
            .rcu(|old| Generation::new(old.number + 1, Some(Arc::clone(&table))))
    }

    /// Makes a table live as the generation with this number. The caller numbers the generations of all daemons
    /// that served these rules. Returns the generation before it, for [`Retired`].
    pub fn replace_as(&self, number: u64, table: Arc<Table>) -> Arc<Generation> {
        self.current
            .swap(Arc::new(Generation::new(number, Some(table))))
    }
}

/// Replaced generations that a session may still hold.
///
/// Whoever drops the last reference to a table frees it. As long as a reference is kept here, that is
/// never a session.
#[derive(Debug, Default)]
pub struct Retired {
    generations: Vec<Arc<Generation>>,
}

impl Retired {
    /// Keeps `generation` until no session holds it.
    pub fn keep(&mut self, generation: Arc<Generation>) {
        self.generations.push(generation);
    }

    /// Returns true if no generation is left.
    pub fn is_empty(&self) -> bool {
        self.generations.is_empty()
    }

    /// Takes out the generations that nobody else holds. Drop them where that may take time.
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
