//! The addresses that got mail within a time, with the number of their messages. Pure: the time is handed in.
//!
//! The time is cut into four parts. Each address has a count for the part that passes now and for each of the four
//! before it, so that old messages disappear without a list of all messages. The number of messages is therefore rough:
//! messages of up to a quarter more than the time are among them. The time of the last message is exact to a minute.
//!
//! # Limits
//!
//! An address takes some 100 bytes. Beyond the limit, a sixteenth of the addresses is dropped at once, those whose last
//! message is the oldest.

use std::{collections::HashMap, sync::Arc, time::Duration};

/// Parts of the time.
const PARTS: u32 = 4;

/// Counts of an address: the part that passes now, and those before it.
pub(super) const COUNTS: usize = 5;

/// An address and its mail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RememberedAddress {
    /// The key of the mailbox: local-part in its internal form and in lower case, `@`, domain.
    pub key: Arc<str>,
    /// About how many messages it got.
    pub messages: u64,
    /// When it got the last one, in minutes since 1970.
    pub last: u32,
}

/// What is known of one address.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Mail {
    /// When the last message came, in minutes since 1970.
    pub last: u32,
    /// Messages of the part that `last` is in, and of the parts before it.
    pub counts: [u32; COUNTS],
}

impl Mail {
    fn all(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// Moves the counts on, so that the first one is that of the part `now` is in. A clock that was set back is
    /// ignored.
    fn advance(&mut self, now: u32, part: u32) {
        if now <= self.last {
            return;
        }
        let passed = (now / part) - (self.last / part);
        let passed = usize::try_from(passed).unwrap_or(COUNTS).min(COUNTS);
        self.counts.rotate_right(passed);
        self.counts
            .iter_mut()
            .take(passed)
            .for_each(|count| *count = 0);
        self.last = now;
    }

    /// Puts all messages into the newest part: the parts have another length now.
    fn fold(&mut self) {
        let all = u32::try_from(self.all()).unwrap_or(u32::MAX);
        self.counts = [0; COUNTS];
        if let Some(first) = self.counts.first_mut() {
            *first = all;
        }
    }
}

/// The addresses that got mail.
#[derive(Clone, Debug)]
pub struct Addresses {
    map: HashMap<Arc<str>, Mail>,
    /// How long an address is remembered, in minutes.
    remember: u32,
    /// The most addresses.
    limit: usize,
    dropped: u64,
}

impl Addresses {
    /// Returns no addresses, which are to be remembered for this time, and of which there are at most `limit`.
    pub fn new(remember: Duration, limit: usize) -> Self {
        Self {
            map: HashMap::new(),
            remember: minutes(remember),
            limit,
            dropped: 0,
        }
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Returns true if there are none.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Returns how many were dropped because there were too many.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns how long an address is remembered, in minutes.
    pub(super) fn remember(&self) -> u32 {
        self.remember
    }

    /// Counts a message to an address, at this minute since 1970.
    pub fn add(&mut self, key: Arc<str>, now: u32) {
        let part = self.part();
        let new = || Mail {
            last: now,
            ..Mail::default()
        };
        let mail = self.map.entry(key).or_insert_with(new);
        mail.advance(now, part);
        if let Some(count) = mail.counts.first_mut() {
            *count = count.saturating_add(1);
        }
        self.keep_the_limit();
    }

    /// Takes an address from a file whose addresses were remembered for this number of minutes.
    pub(super) fn insert(&mut self, key: Arc<str>, mut mail: Mail, remember: u32) {
        if remember != self.remember {
            mail.fold();
        }
        self.map.insert(key, mail);
        self.keep_the_limit();
    }

    /// Sets how long an address is remembered from now on.
    pub fn set_remember(&mut self, remember: Duration) {
        let remember = minutes(remember);
        if remember != self.remember {
            self.map.values_mut().for_each(Mail::fold);
            self.remember = remember;
        }
    }

    /// Forgets what is older than the time. An address from the future counts as one of now: the clock was wrong.
    pub fn expire(&mut self, now: u32) {
        let remember = self.remember;
        self.map.retain(|_, mail| {
            mail.last = mail.last.min(now);
            now - mail.last < remember
        });
    }

    /// Returns the addresses that are remembered at this minute, in any order.
    pub fn list(&self, now: u32) -> Vec<RememberedAddress> {
        let part = self.part();
        let fresh = self.map.iter();
        let fresh = fresh.filter(|(_, mail)| now.saturating_sub(mail.last) < self.remember);
        let list = fresh.map(|(key, mail)| {
            let mut advanced = *mail;
            advanced.advance(now, part);
            RememberedAddress {
                key: Arc::clone(key),
                messages: advanced.all(),
                last: mail.last,
            }
        });
        list.collect()
    }

    /// Returns all addresses with their counts, in any order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Mail)> {
        self.map.iter()
    }

    /// Returns the length of a part, in minutes.
    fn part(&self) -> u32 {
        self.remember.div_ceil(PARTS)
    }

    fn keep_the_limit(&mut self) {
        if self.map.len() <= self.limit {
            return;
        }
        // Several at once: to find the oldest one takes a look at all.
        let excess = self.map.len() - self.limit + self.limit / 16;
        let mut last: Vec<_> = self.map.values().map(|mail| mail.last).collect();
        let at = excess.min(last.len()) - 1;
        let (_, newest_dropped, _) = last.select_nth_unstable(at);
        let newest_dropped = *newest_dropped;
        let older = self.map.values().filter(|mail| mail.last < newest_dropped);
        let mut of_that_minute = excess - older.count();
        let before = self.map.len();
        self.map.retain(|_, mail| {
            let drop_one = mail.last == newest_dropped && of_that_minute > 0;
            of_that_minute -= usize::from(drop_one);
            mail.last >= newest_dropped && !drop_one
        });
        self.dropped += (before - self.map.len()) as u64;
    }
}

fn minutes(time: Duration) -> u32 {
    u32::try_from(time.as_secs() / 60)
        .unwrap_or(u32::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    /// Some minute.
    const START: u32 = 1_000_000;

    fn messages(addresses: &Addresses, now: u32) -> BTreeMap<String, u64> {
        let list = addresses.list(now).into_iter();
        list.map(|one| (one.key.to_string(), one.messages))
            .collect()
    }

    fn at(times: &[u32], now: u32) -> Option<u64> {
        let mut addresses = Addresses::new(HOUR, 10);
        for time in times {
            addresses.add("a@b".into(), START + time);
        }
        messages(&addresses, START + now).get("a@b").copied()
    }

    #[test]
    fn what_is_older_than_the_time_disappears() {
        assert_eq!(at(&[0], 0), Some(1));
        assert_eq!(at(&[0, 0, 1], 1), Some(3));
        assert_eq!(at(&[0, 59], 59), Some(2), "within the hour");
        assert_eq!(at(&[0], 59), Some(1));
        assert_eq!(at(&[0], 60), None);
        assert_eq!(at(&[0, 0, 0, 80], 80), Some(1), "the old ones are gone");
        assert_eq!(at(&[0, 0, 0, 50], 100), Some(1));
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing() {
        assert_eq!(at(&[600, 0], 0), Some(2));
        let mut addresses = Addresses::new(HOUR, 10);
        addresses.add("a@b".into(), START + 600);
        addresses.expire(START);
        assert_eq!(messages(&addresses, START).len(), 1);
        addresses.expire(START + 60);
        assert!(addresses.is_empty());
    }

    #[test]
    fn another_time_keeps_the_numbers() {
        let mut addresses = Addresses::new(HOUR, 10);
        addresses.add("a@b".into(), START);
        addresses.add("a@b".into(), START + 30);
        addresses.set_remember(HOUR * 24);
        assert_eq!(messages(&addresses, START + 90)["a@b"], 2);
        addresses.set_remember(HOUR / 2);
        assert!(messages(&addresses, START + 60).is_empty());
    }

    #[test]
    fn beyond_the_limit_the_oldest_are_dropped() {
        let mut addresses = Addresses::new(HOUR * 24, 32);
        for number in 0..33_u32 {
            addresses.add(format!("u{number}@b").into(), START + number);
        }
        assert_eq!((addresses.len(), addresses.dropped()), (30, 3));
        assert!(!messages(&addresses, START + 40).contains_key("u2@b"));
        // All at one minute.
        let mut addresses = Addresses::new(HOUR, 32);
        for number in 0..33 {
            addresses.add(format!("u{number}@b").into(), START);
        }
        assert_eq!((addresses.len(), addresses.dropped()), (30, 3));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// What a list of all messages would say, within the roughness of the parts.
        #[test]
        fn the_numbers_are_those_of_a_list(mail in prop::collection::vec((0..4_usize, 0..40_u32), 0..120)) {
            let names = ["a@x", "b@x", "c@x", "d@x"];
            let mut addresses = Addresses::new(HOUR, 100);
            let (mut now, mut all) = (START, Vec::new());
            for (name, later) in mail {
                now += later;
                addresses.add(names[name].into(), now);
                all.push((names[name], now));
            }
            let counted = messages(&addresses, now);
            for name in names {
                let of = |time: u32| all.iter().filter(|(of, at)| *of == name && now - at < time).count() as u64;
                let count = counted.get(name).copied().unwrap_or(0);
                // A part is 15 minutes.
                prop_assert!((of(60)..=of(75)).contains(&count) || of(60) == 0, "{count}");
                prop_assert_eq!(count > 0, of(60) > 0);
            }
            addresses.expire(now);
            prop_assert_eq!(addresses.len(), counted.len());
        }

        #[test]
        fn there_are_never_more_than_the_limit(mail in prop::collection::vec((0..60_u32, 0..3_u32), 0..300), limit in 1..40_usize) {
            let mut addresses = Addresses::new(HOUR, limit);
            let mut now = START;
            for (number, later) in mail {
                now += later;
                let key: Arc<str> = format!("u{number}@x").into();
                addresses.add(Arc::clone(&key), now);
                prop_assert!(addresses.len() <= limit);
                // With more than one place, the newest is never the one that is dropped.
                let newest = addresses.list(now).iter().any(|one| one.last == now);
                prop_assert!(newest || addresses.is_empty());
            }
        }
    }
}
