//! Which rules are for the addresses of a set, and for which of them.
//!
//! A set is taken apart: addresses that some pattern spells out, users that some pattern names, what a regex may
//! match, and the rest. For the rest the table is asked about examples: no rule can tell them from the others.

use super::{
    circle,
    claim::Ending,
    graph::{How, Way},
    search::Search,
    set::{AddressSet, Locals, Place, Users},
};
use crate::engine::{
    address::{LocalPart, Mailbox},
    rule::{Action, Detail, DomainClass, Pattern, Piece, Target, TargetKind, Unknown},
    store::{RuleId, RuleView},
    syntax::Claim,
    table::{Address, Found},
};

impl Search<'_> {
    /// Follows the rules from these sets, until there is nothing new.
    pub(super) fn run(&mut self, starts: impl IntoIterator<Item = AddressSet>) {
        for start in starts {
            let number = self.number(start);
            if let Some(reached) = self.reached.get_mut(number) {
                reached.first = true;
            }
        }
        let mut next = 0;
        while next < self.reached.len() {
            self.leave(next);
            next += 1;
        }
        if *self.judge.claim == Claim::Delivered {
            self.broken.extend(circle::find(&self.reached));
        }
    }

    /// Follows all rules that are for addresses of a set.
    fn leave(&mut self, at: usize) {
        let Some(reached) = self.reached.get(at) else {
            return;
        };
        match reached.set.locals.clone() {
            Locals::One(local) => self.exact(at, &local),
            Locals::Details(user) => self.details(at, &user),
            Locals::Detailed => self.wide(at, true),
            Locals::Any => self.wide(at, false),
        }
    }

    fn place_of(&self, at: usize) -> Option<Place> {
        self.reached
            .get(at)
            .map(|reached| reached.set.place.clone())
    }

    fn is_first(&self, at: usize) -> bool {
        self.reached.get(at).is_some_and(|reached| reached.first)
    }

    /// Returns an example of the addresses with a local-part, prepared for lookups.
    fn address(&self, place: &Place, local: &LocalPart) -> Option<Address> {
        let mailbox = Mailbox {
            local: local.clone(),
            domain: place.example()?,
        };
        Some(Address::new(mailbox, self.table))
    }

    /// One local-part.
    fn exact(&mut self, at: usize, local: &LocalPart) {
        let Some(place) = self.place_of(at) else {
            return;
        };
        let Some(address) = self.address(&place, local) else {
            return;
        };
        let part = Locals::One(local.clone());
        let (found, regex_first) = self.table.find_without_regexes(&address);
        if regex_first {
            let is_one = matches!(place, Place::In(_));
            if is_one {
                let found = self.table.find(&address);
                self.apply(at, &part, &address, &found);
            }
            if is_one && !is_spelt_otherwise(local) {
                return;
            }
            self.regexes(at, &part);
        }
        self.apply(at, &part, &address, &found);
    }

    /// A user with any detail that is not empty.
    fn details(&mut self, at: usize, user: &LocalPart) {
        let Some(place) = self.place_of(at) else {
            return;
        };
        let index = self.index;
        if let Place::In(domain) = &place {
            for local in index.details(domain, user) {
                self.exact(at, local);
            }
        }
        if self.is_secondary(&place) {
            for local in index.local_parts_of(user) {
                self.exact(at, local);
            }
        }
        let users = self.judge.users;
        let Some(local) = users.with_detail(user, LocalPart::NOBODY) else {
            return;
        };
        let Some(address) = self.address(&place, &local) else {
            return;
        };
        let part = Locals::Details(user.clone());
        let (found, regex_first) = self.table.find_without_regexes(&address);
        if regex_first {
            self.regexes(at, &part);
        }
        if !(regex_first && self.is_total(&place)) {
            self.apply(at, &part, &address, &found);
        }
        if self.is_first(at) {
            let routing = users.with_detail(user, &format!("{0}%{0}", LocalPart::NOBODY));
            routing.into_iter().for_each(|local| self.exact(at, &local));
        }
    }

    /// All local-parts, or all with a detail that is not empty.
    fn wide(&mut self, at: usize, detailed: bool) {
        let Some(place) = self.place_of(at) else {
            return;
        };
        let index = self.index;
        if let Place::In(domain) = &place {
            let everyone = AddressSet {
                locals: Locals::Any,
                place: place.clone(),
            };
            let may_stay = self.judge.against(&everyone).is_empty();
            self.whole.insert(domain.clone());
            for rule in index.mailboxes(domain) {
                self.named(at, *rule, detailed, may_stay);
            }
            for user in index.any_detail(domain) {
                self.details(at, user);
            }
        }
        if self.is_secondary(&place) {
            for local in index.local_parts() {
                self.user(at, local, detailed);
            }
        }
        self.rest(at, &place, detailed);
    }

    /// A rule for one mailbox of a set of many.
    fn named(&mut self, at: usize, rule: RuleId, detailed: bool, may_stay: bool) {
        let view = self.table.view(rule);
        if !view.is_some_and(|view| self.is_harmless(&view, may_stay))
            && let Some(rule) = self.table.rule(rule)
            && let Pattern::Mailbox(mailbox) = &rule.pattern
        {
            self.user(at, &mailbox.local, detailed);
        }
    }

    /// Returns true if the law holds for all that a rule for one mailbox is for, whatever its local-part is.
    fn is_harmless(&mut self, view: &RuleView, may_stay: bool) -> bool {
        let delivered = *self.judge.claim == Claim::Delivered;
        match &view.action {
            Action::Keep | Action::Mailbox => may_stay,
            Action::Refuse(_) | Action::Discard => !delivered,
            Action::Rewrite(targets) => targets.iter().all(|target| match &target.kind {
                TargetKind::Mailbox(mailbox) => {
                    self.is_settled(&mailbox.domain) || (delivered && self.is_kept_user(mailbox))
                }
                // A local-part that routes is not carried on.
                TargetKind::Domain(domain) | TargetKind::Template { domain, .. } => {
                    !delivered && self.is_settled(domain)
                }
                TargetKind::Subdomains(_) => false,
            }),
        }
    }

    /// A local-part that a pattern names, with its details.
    fn user(&mut self, at: usize, local: &LocalPart, detailed: bool) {
        let users = self.judge.users;
        if let Some((_, detail)) = users.split(local) {
            if !detailed || !detail.is_empty() {
                self.exact(at, local);
            }
            return;
        }
        if !detailed {
            self.exact(at, local);
            for empty in users.with_empty_detail(local) {
                self.exact(at, &empty);
            }
        }
        self.details(at, local);
    }

    /// The local-parts that no pattern names.
    fn rest(&mut self, at: usize, place: &Place, detailed: bool) {
        let users = self.judge.users;
        let all = match detailed {
            true => Locals::Detailed,
            false => Locals::Any,
        };
        self.regexes(at, &all);
        if self.is_first(at) {
            let routing = users.routing_example();
            let routing = routing.filter(|_| !detailed).or_else(|| {
                let nobody = Users::nobody()?;
                users.with_detail(&nobody, &format!("{0}%{0}", LocalPart::NOBODY))
            });
            routing.into_iter().for_each(|local| self.exact(at, &local));
        }
        if self.is_total(place) {
            return;
        }
        for local in users.examples() {
            let split = users.split(&local).map(|(_, detail)| detail.is_empty());
            let part = match split {
                Some(false) => Locals::Detailed,
                _ if detailed => continue,
                _ => Locals::Any,
            };
            if !local.routes()
                && let Some(address) = self.address(place, &local)
            {
                let (found, _) = self.table.find_without_regexes(&address);
                self.apply(at, &part, &address, &found);
            }
        }
    }

    fn is_secondary(&self, place: &Place) -> bool {
        let class = place.example().and_then(|domain| self.table.class(&domain));
        class == Some(DomainClass::Secondary)
    }

    /// Returns true if a regex matches whatever no rule for one local-part matches.
    fn is_total(&self, place: &Place) -> bool {
        matches!(place, Place::In(domain) if self.table.has_total_regex(domain))
    }

    /// The regexes that may match addresses of a part of a set.
    fn regexes(&mut self, at: usize, part: &Locals) {
        let Some(place) = self.place_of(at) else {
            return;
        };
        let start = match part {
            Locals::One(local) | Locals::Details(local) if !is_spelt_otherwise(local) => {
                local.as_str()
            }
            _ => "",
        };
        for (rule, examples) in self.table.regexes_reaching(start, place.behind()) {
            let examples = examples
                .iter()
                .filter_map(|text| LocalPart::from_internal(text).ok());
            let way = Way {
                examples: examples.collect(),
                ..Way::of(at, part.clone(), rule)
            };
            self.rules.insert(rule);
            self.regex(&place, &way);
        }
    }

    fn regex(&mut self, place: &Place, way: &Way) {
        let Some(view) = self.table.view(way.rule) else {
            return;
        };
        let rule = Some(way.rule);
        let targets = match &view.action {
            Action::Keep | Action::Mailbox => return self.end(way.clone(), Ending::Out, rule),
            Action::Refuse(_) => return self.end(way.clone(), Ending::Refused, rule),
            Action::Discard => return self.end(way.clone(), Ending::Discarded, rule),
            Action::Rewrite(targets) => targets,
        };
        for target in targets {
            self.regex_target(place, way, target, view.detail);
        }
    }

    /// What a target of a regex gives.
    fn regex_target(&mut self, place: &Place, way: &Way, target: &Target, detail: Option<Detail>) {
        let drops = detail == Some(Detail::Drop);
        let users = self.judge.users;
        let by = |how: How| Way { how, ..way.clone() };
        match &target.kind {
            TargetKind::Mailbox(mailbox) => {
                self.link(by(How::Constant), AddressSet::one(mailbox.clone()));
                if drops {
                    return;
                }
                let at = |locals: Locals| AddressSet {
                    locals,
                    place: Place::In(mailbox.domain.clone()),
                };
                for local in users.with_empty_detail(&mailbox.local) {
                    self.link(by(How::Constant), at(Locals::One(local)));
                }
                if self.table.settings().recipient_delimiter.is_empty() {
                    return;
                }
                let longer = users.with_detail(&mailbox.local, LocalPart::NOBODY);
                let locals = longer.map_or(Locals::Any, |local| users.behind_detail(&local));
                self.link(by(How::Attached(mailbox.local.clone())), at(locals));
            }
            TargetKind::Domain(domain) | TargetKind::Subdomains(domain) => {
                let to = Place::In(domain.clone());
                if to == *place && !drops {
                    return self.end(way.clone(), Ending::Out, Some(way.rule));
                }
                let (how, locals) = match drops {
                    true => (How::WithoutDetail, Locals::Any),
                    false => (How::Same, way.part.clone()),
                };
                self.link(by(how), AddressSet { locals, place: to });
            }
            TargetKind::Template { pieces, domain } => {
                if *self.judge.claim == Claim::Delivered && self.may_be_empty(way.rule, pieces) {
                    self.end(way.clone(), Ending::Refused, Some(way.rule));
                }
                let everyone = AddressSet {
                    locals: Locals::Any,
                    place: Place::In(domain.clone()),
                };
                let how = How::Filled {
                    pieces: pieces.clone(),
                    detailed: self.may_have_detail(way.rule, pieces),
                };
                self.link(by(how), everyone);
            }
        }
    }

    /// Returns true if a target that is filled in may have no character, which defers the mail.
    fn may_be_empty(&self, rule: RuleId, pieces: &[Piece]) -> bool {
        let mut groups = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) if !text.is_empty() => return false,
                Piece::Capture(group) => groups.push(*group),
                Piece::Text(_) | Piece::Detail => {}
            }
        }
        !self.table.regex_captures(rule, &groups)
    }

    /// Returns true if a target that is filled in may hold a delimiter.
    fn may_have_detail(&self, rule: RuleId, pieces: &[Piece]) -> bool {
        let delimiters = &self.table.settings().recipient_delimiter;
        let mut groups = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) if text.chars().any(|c| delimiters.contains(c)) => return true,
                Piece::Text(_) => {}
                Piece::Capture(group) => groups.push(*group),
                Piece::Detail => return true,
            }
        }
        self.table.regex_captures_one_of(rule, &groups, delimiters)
    }

    /// What was found for an example of a part of a set.
    fn apply(&mut self, at: usize, part: &Locals, address: &Address, found: &Found) {
        match found {
            Found::Rule(found) => self.follow(at, part, address, found),
            other => {
                let ending = match other {
                    Found::RoutingSpelling => Ending::Routing,
                    Found::Unknown(Unknown::Keep) | Found::Elsewhere => Ending::Out,
                    Found::Unknown(_) | Found::Rule(_) => Ending::Refused,
                };
                self.end(Way::of(at, part.clone(), RuleId::default()), ending, None);
            }
        }
    }
}

/// Returns true if another spelling of a local-part has other letters and is the same mailbox, so that a regex may
/// tell the two spellings apart.
fn is_spelt_otherwise(local: &LocalPart) -> bool {
    let text = local.as_str();
    let joined = ["ss", "ff", "fi", "fl", "st"];
    !text.is_ascii()
        || joined
            .iter()
            .any(|pair| text.to_ascii_lowercase().contains(pair))
}
