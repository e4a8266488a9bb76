//! What a rule makes of some addresses of a set: where its targets lead.

use super::{
    claim::Ending,
    graph::{How, Way},
    search::Search,
    set::{AddressSet, Locals, Place, is_below},
};
use crate::engine::{
    address::{Domain, Mailbox},
    rewrite::fill,
    rule::{Action, Piece, Target, TargetKind},
    store::RuleView,
    table::{Address, Match},
};

/// A part of a set, with an example of its addresses.
struct Part<'p> {
    at: usize,
    locals: &'p Locals,
    place: Place,
    example: &'p Address,
}

impl Search<'_> {
    /// Applies a rule to a part of a set. `example` is one of the addresses, and `found` what the table found for it.
    pub(super) fn follow(&mut self, at: usize, locals: &Locals, example: &Address, found: &Match) {
        let Some(view) = self.table.view(found.rule) else {
            return;
        };
        let Some(reached) = self.reached.get(at) else {
            return;
        };
        let part = Part {
            at,
            locals,
            place: reached.set.place.clone(),
            example,
        };
        self.rules.insert(found.rule);
        let way = Way::of(at, locals.clone(), found.rule);
        let rule = Some(found.rule);
        match &view.action {
            Action::Keep | Action::Mailbox => self.end(way, Ending::Out, rule),
            Action::Refuse(_) => self.end(way, Ending::Refused, rule),
            Action::Discard => self.end(way, Ending::Discarded, rule),
            Action::Rewrite(targets) => {
                for target in targets {
                    self.target(&part, (&view, found), target);
                }
            }
        }
    }

    /// Goes on with one target of a rule.
    fn target(&mut self, part: &Part<'_>, (view, found): (&RuleView, &Match), target: &Target) {
        let way = Way::of(part.at, part.locals.clone(), found.rule);
        let rule = Some(found.rule);
        // Limits of length are no part of a law.
        let Ok(next) = fill(view, target, found, part.example, usize::MAX) else {
            return self.end(way, Ending::Refused, rule);
        };
        let own = Address::new(next.clone(), self.table).key == part.example.key;
        if own || self.drops_to_itself(part, &next) {
            return self.end(way, Ending::Out, rule);
        }
        let (locals, how) = self.locals(part, target, &next);
        let (places, carried) = self.places(part, view, target, &next);
        for place in places {
            let way = Way {
                how: how.clone(),
                carried: carried.clone(),
                ..way.clone()
            };
            let to = AddressSet {
                locals: locals.clone(),
                place,
            };
            self.link(way, to);
        }
    }

    /// `@domain @domain detail=drop`: an address loses its detail, and then stays, because no rule is for its user.
    fn drops_to_itself(&self, part: &Part<'_>, next: &Mailbox) -> bool {
        let wide = matches!(part.locals, Locals::Any | Locals::Detailed);
        let same_place = part.place == Place::In(next.domain.clone());
        let user = part.example.user() == Some(next.local.as_str());
        wide && same_place && user && !self.table.has_regex_for(&next.domain)
    }

    /// Returns the local-parts that a target gives, and how they come about. `next` is what it gives for the example.
    fn locals(&self, part: &Part<'_>, target: &Target, next: &Mailbox) -> (Locals, How) {
        let one = || (Locals::One(next.local.clone()), How::Constant);
        let empty = part.example.detail().is_some_and(str::is_empty);
        let same = next.local.as_str() == part.example.mailbox.local.as_str();
        let wide = matches!(part.locals, Locals::Any | Locals::Detailed);
        match (&target.kind, part.locals) {
            (_, Locals::One(_)) => one(),
            (TargetKind::Mailbox(mailbox), _) if mailbox.local.as_str() == next.local.as_str() => {
                one()
            }
            (TargetKind::Mailbox(_), _) if empty => one(),
            (TargetKind::Mailbox(mailbox), _) => {
                let how = How::Attached(mailbox.local.clone());
                (self.judge.users.behind_detail(&next.local), how)
            }
            (TargetKind::Domain(_) | TargetKind::Subdomains(_), locals) if same => {
                (locals.clone(), How::Same)
            }
            (TargetKind::Domain(_) | TargetKind::Subdomains(_), _) if wide => {
                (Locals::Any, How::WithoutDetail)
            }
            (TargetKind::Domain(_) | TargetKind::Subdomains(_), _) => one(),
            (TargetKind::Template { pieces, .. }, _) => {
                let how = How::Filled {
                    pieces: pieces.clone(),
                    detailed: true,
                };
                let user = self.judge.users.split(&next.local).map(|(user, _)| user);
                let user = user.filter(|user| match pieces.first() {
                    Some(Piece::Text(text)) => user.as_str().len() < text.len(),
                    _ => false,
                });
                match user {
                    Some(user) if !empty => (Locals::Details(user), how),
                    _ => (Locals::Any, how),
                }
            }
        }
    }

    /// Returns the domains that a target gives, and the domain below which labels are carried, if they are.
    fn places(
        &self,
        part: &Part<'_>,
        view: &RuleView,
        target: &Target,
        next: &Mailbox,
    ) -> (Vec<Place>, Option<Domain>) {
        let one = || (vec![Place::In(next.domain.clone())], None);
        let (TargetKind::Subdomains(to), Place::Below(own)) = (&target.kind, &part.place) else {
            return one();
        };
        let Some(above) = &view.above else {
            return one();
        };
        let carried = match own == above {
            true => Ok(to.clone()),
            false => own.carried(above, to),
        };
        let Ok(carried) = carried else {
            return (Vec::new(), None);
        };
        let wildcards = self.table.wildcard_domains().into_iter();
        let wildcards = wildcards.filter(|domain| is_below(domain, &carried));
        let named = self
            .index
            .named()
            .iter()
            .filter(|domain| is_below(domain, &carried));
        let mut places = vec![Place::Below(carried.clone())];
        places.extend(wildcards.cloned().map(Place::Below));
        places.extend(named.cloned().map(Place::In));
        (places, Some(carried))
    }
}
