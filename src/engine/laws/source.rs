//! Rules backwards: which local-parts a rule may have turned into others.
//!
//! Nothing is left out: a set that is returned may be too large, and never too small.

use super::{
    graph::How,
    set::{Locals, Users},
};
use crate::engine::{
    address::{LocalCase, LocalPart, fold},
    rule::Piece,
};

/// The local-parts that a way is for.
pub(super) struct Source<'s> {
    pub users: Users<'s>,
    pub case: LocalCase,
    pub part: &'s Locals,
}

impl Source<'_> {
    /// Returns the local-parts from which a way leads to `target`.
    pub fn locals(&self, how: &How, target: &Locals) -> Vec<Locals> {
        let all = || vec![self.part.clone()];
        match (how, target) {
            (How::Constant, _) => all(),
            (How::Same | How::WithoutDetail, Locals::Detailed | Locals::Any) => all(),
            (How::Same, _) => vec![target.clone()],
            (How::WithoutDetail, Locals::One(local)) => {
                let empty = self
                    .users
                    .with_empty_detail(local)
                    .into_iter()
                    .map(Locals::One);
                let others = [Locals::One(local.clone()), Locals::Details(local.clone())];
                others.into_iter().chain(empty).collect()
            }
            // No address has a detail behind such a rule.
            (How::WithoutDetail, Locals::Details(_)) => Vec::new(),
            (How::Attached(user), Locals::One(local)) => {
                match (self.behind(user.as_str(), local), self.part) {
                    (None, _) => Vec::new(),
                    (Some(rest), Locals::Details(own)) => {
                        let text = format!("{}{rest}", own.as_str());
                        let source = LocalPart::from_internal(&text).ok();
                        source.into_iter().map(Locals::One).collect()
                    }
                    (Some(_), _) => all(),
                }
            }
            (How::Attached(_), _) => all(),
            (How::Filled { pieces, detailed }, target) => self.filled(pieces, *detailed, target),
        }
    }

    /// Returns local-parts from which a way probably leads to `target`, where [`Self::locals`] names too many.
    pub fn examples(&self, how: &How, target: &Locals) -> Vec<LocalPart> {
        let (How::Attached(user), Locals::One(local)) = (how, target) else {
            return Vec::new();
        };
        let rest = self.behind(user.as_str(), local);
        let text = rest.map(|rest| format!("{}{rest}", LocalPart::NOBODY));
        let example = text.and_then(|text| LocalPart::from_internal(&text).ok());
        example.into_iter().collect()
    }

    /// Returns what stands behind `start` in a local-part, as local-parts are compared.
    fn behind(&self, start: &str, local: &LocalPart) -> Option<String> {
        let folded = local.folded(self.case);
        let rest = folded.strip_prefix(fold(start, self.case).as_str())?;
        Some(rest.to_owned())
    }

    fn filled(&self, pieces: &[Piece], detailed: bool, target: &Locals) -> Vec<Locals> {
        let all = || vec![self.part.clone()];
        let text = match target {
            Locals::One(local) => local,
            Locals::Details(user) => user,
            Locals::Detailed | Locals::Any => return all(),
        };
        let whole = matches!(target, Locals::One(_));
        // Without a detail of its own, what is filled in is the whole user; the detail is the received one.
        let whole_user = whole || !detailed;
        if !may_begin(&text.folded(LocalCase::Ignore), pieces, whole_user) {
            return Vec::new();
        }
        // `new+*` gives an address with a detail for one detail alone.
        if let ([Piece::Text(start), Piece::Detail], Locals::Details(user), true) =
            (pieces, self.part, whole)
        {
            let detail = self.behind(start, text).unwrap_or_default();
            let sources = self.users.with_each_separator(user, &detail).into_iter();
            return sources.map(Locals::One).collect();
        }
        all()
    }
}

/// Returns true if pieces may give a local-part, or a local-part that begins so. What is filled in may be anything,
/// and a detail may follow.
fn may_begin(local: &str, pieces: &[Piece], whole: bool) -> bool {
    let mut rest = local;
    let mut anchored = true;
    for piece in pieces {
        let Piece::Text(text) = piece else {
            anchored = false;
            continue;
        };
        let text = fold(text, LocalCase::Ignore);
        if anchored && !whole && text.starts_with(rest) {
            return true;
        }
        let behind = match anchored {
            true => rest.strip_prefix(text.as_str()),
            false => rest
                .find(text.as_str())
                .and_then(|at| rest.get(at + text.len()..)),
        };
        match behind {
            Some(behind) => rest = behind,
            // What begins so may go on with the text.
            None => return !whole && !anchored,
        }
        anchored = true;
    }
    true
}
