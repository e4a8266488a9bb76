//! From a place where a law seems to be broken back to an address that breaks it.
//!
//! A search looks at sets, which may be larger than what really arrives there. So each place is traced back to the
//! addresses of the law that lead to it, and one of these is decided by the table itself. Three things can come out:
//! a witness; that no address leads there; or neither.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`MAX_PLACES`], sets on the ways back from one place | 10,000 | the law counts as not proved |
//! | [`MAX_DEPTH`], searches from a part of the addresses | 3 | likewise |

use hashbrown::HashSet;

use super::{
    graph::{Broken, How, Way},
    search::Search,
    set::{AddressSet, Locals, Place},
    source::Source,
};
use crate::engine::{
    address::{LocalPart, Mailbox},
    rewrite::{Decision, decide},
    rule::Pattern,
    store::RuleId,
};

/// Sets on the ways back from one place.
const MAX_PLACES: usize = 10_000;

/// Searches from a part of the addresses, one within the other.
const MAX_DEPTH: usize = 3;

/// What a place where a law seems to be broken turns out to be.
#[derive(Debug)]
pub(super) enum Verdict {
    /// This address of the law breaks it.
    Witness(Mailbox, Decision),
    /// No address of the law leads there.
    Nobody,
    /// Neither was found. This rule stands in the way, if one does.
    Open(Option<RuleId>),
}

/// A set on the way back: no address outside of it leads on by this way.
struct Back {
    at: usize,
    set: AddressSet,
    /// Local-parts that probably lead on, if regexes say which.
    examples: Vec<LocalPart>,
    /// The rule that makes the way back unsure.
    unsure: Option<RuleId>,
}

/// Traces the places where a law about `pattern` seems to be broken.
pub(super) struct Tracer<'p> {
    pub pattern: &'p Pattern,
    depth: usize,
}

impl<'p> Tracer<'p> {
    pub fn new(pattern: &'p Pattern) -> Self {
        Self { pattern, depth: 0 }
    }

    /// Looks at all places, and returns the first witness, or else the first one that stays open.
    pub fn judge(&self, search: &Search<'_>) -> Verdict {
        let mut open = None;
        for broken in &search.broken {
            match self.trace(search, broken) {
                Verdict::Nobody => {}
                Verdict::Open(rule) => open = open.or(Some(rule)),
                witness @ Verdict::Witness(..) => return witness,
            }
        }
        open.map_or(Verdict::Nobody, Verdict::Open)
    }

    fn trace(&self, search: &Search<'_>, broken: &Broken) -> Verdict {
        let case = search.judge.case;
        let is_regex = !broken.examples.is_empty();
        let mut queue = vec![Back {
            at: broken.at,
            set: broken.part.clone(),
            examples: broken.examples.clone(),
            unsure: broken.rule.filter(|_| is_regex),
        }];
        let (mut met, mut open) = (HashSet::new(), None);
        let mut next = 0;
        while let Some(back) = queue.get(next) {
            next += 1;
            let Some(reached) = search.reached.get(back.at) else {
                continue;
            };
            if !met.insert((back.at, back.set.key(case), back.examples.len())) {
                continue;
            }
            if met.len() > MAX_PLACES {
                return Verdict::Open(broken.rule);
            }
            if reached.first {
                match self.arrive(search, back) {
                    Verdict::Nobody => {}
                    Verdict::Open(rule) => open = open.or(Some(rule.or(broken.rule))),
                    witness @ Verdict::Witness(..) => return witness,
                }
            }
            let before: Vec<_> = reached
                .ways
                .iter()
                .flat_map(|way| before(search, back, way))
                .collect();
            queue.extend(before);
        }
        open.map_or(Verdict::Nobody, Verdict::Open)
    }

    /// Decides addresses of a set that the law is about.
    fn arrive(&self, search: &Search<'_>, back: &Back) -> Verdict {
        let judge = search.judge;
        let users = judge.users;
        let Some(domain) = back.set.place.example() else {
            return Verdict::Nobody;
        };
        let mut locals = back.examples.clone();
        match &back.set.locals {
            Locals::One(local) => locals.push(local.clone()),
            Locals::Details(user) => locals.extend(users.with_detail(user, LocalPart::NOBODY)),
            Locals::Detailed | Locals::Any => locals.extend(users.examples()),
        }
        for local in locals {
            let domain = domain.clone();
            let mailbox = Mailbox { local, domain };
            if !users.matches(self.pattern, &mailbox) {
                continue;
            }
            let decision = decide(search.table, &mailbox);
            if judge.breaks(&mailbox, &decision) {
                return Verdict::Witness(mailbox, decision);
            }
        }
        let one = matches!(
            (&back.set.locals, &back.set.place),
            (Locals::One(_), Place::In(_))
        );
        match one {
            true => Verdict::Nobody,
            false => self.closer(search, back),
        }
    }

    /// Searches again from the set alone, if that is less than what the law is about.
    fn closer(&self, search: &Search<'_>, back: &Back) -> Verdict {
        let open = Verdict::Open(back.unsure);
        let Some(whole) = search.reached.get(back.at) else {
            return open;
        };
        let case = search.judge.case;
        if self.depth >= MAX_DEPTH || whole.set.key(case) == back.set.key(case) {
            return open;
        }
        let mut inner = Search::new(search.table, search.index, search.judge);
        inner.run([back.set.clone()]);
        let tracer = Self {
            pattern: self.pattern,
            depth: self.depth + 1,
        };
        tracer.judge(&inner)
    }
}

/// Returns sets that hold all addresses from which one way leads to a set.
fn before(search: &Search<'_>, back: &Back, way: &Way) -> Vec<Back> {
    let Some(from) = search.reached.get(way.from) else {
        return Vec::new();
    };
    let Some(place) = place_before(search, &from.set.place, back, way) else {
        return Vec::new();
    };
    let source = Source {
        users: search.judge.users,
        case: search.judge.case,
        part: &way.part,
    };
    let is_regex = !way.examples.is_empty();
    let kept = matches!(way.how, How::Same);
    let examples = match is_regex {
        true => {
            let source = regex_source(search, &back.set.locals, way);
            source.into_iter().chain(way.examples.clone()).collect()
        }
        false => source.examples(&way.how, &back.set.locals),
    };
    let examples = back
        .examples
        .iter()
        .filter(|_| kept)
        .cloned()
        .chain(examples);
    let examples: Vec<_> = examples.collect();
    let locals = source.locals(&way.how, &back.set.locals).into_iter();
    let all = locals.map(|locals| Back {
        at: way.from,
        set: AddressSet {
            locals,
            place: place.clone(),
        },
        examples: examples.clone(),
        unsure: Some(way.rule).filter(|_| is_regex).or(back.unsure),
    });
    all.collect()
}

/// Returns a local-part that a regex probably turns into the one of a set.
fn regex_source(search: &Search<'_>, target: &Locals, way: &Way) -> Option<LocalPart> {
    let (How::Filled { pieces, .. }, Locals::One(local)) = (&way.how, target) else {
        return None;
    };
    search.table.regex_source(way.rule, pieces, local.as_str())
}

/// Returns the domains of a set from which a way leads to the domains of another one.
fn place_before(search: &Search<'_>, from: &Place, back: &Back, way: &Way) -> Option<Place> {
    let (Some(carried), Place::Below(own)) = (&way.carried, from) else {
        return Some(from.clone());
    };
    let place = match &back.set.place {
        Place::Below(domain) if domain == carried => Place::Below(own.clone()),
        Place::Below(domain) => Place::Below(domain.carried(carried, own).ok()?),
        Place::In(domain) => Place::In(domain.carried(carried, own).ok()?),
    };
    let named = matches!(&place, Place::In(domain) if search.index.named().contains(domain));
    (!named).then_some(place)
}
