//! Targets, filled in for one address: captures, detail, kept local-part.
//!
//! # Detail
//!
//! What the match left out is put back behind the target's local-part, unless `detail=drop`.
//! `@domain` and `@*.domain` to a full address drop it, unless `detail=keep` is written. A detail
//! that the pattern itself names (`user+*@`, `+*@`) is not left out: `*` in the target stands for it.

use crate::engine::{
    address::{LocalPart, Mailbox},
    rule::{Detail, Piece, Target, TargetKind},
    store::RuleView,
    table::{Address, Match},
};

/// Why a target cannot be filled in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FillError {
    /// The local-part came out empty or with control characters.
    NoAddress,
    /// The local-part came out with `%`, `!` or `@`.
    Routes,
    /// The address came out longer than the limit.
    TooLong,
}

/// What takes the address's place by one target.
pub fn fill(
    rule: &RuleView,
    target: &Target,
    found: &Match,
    address: &Address,
    limit: usize,
) -> Result<Mailbox, FillError> {
    let attached = if attaches(rule, target, found) {
        address.separator_and_detail().unwrap_or("")
    } else {
        ""
    };
    let kept = || match address.user().filter(|_| rule.detail == Some(Detail::Drop)) {
        Some(user) => local(user),
        None => Ok(address.mailbox.local.clone()),
    };
    let mailbox = match &target.kind {
        TargetKind::Mailbox(mailbox) if attached.is_empty() => mailbox.clone(),
        TargetKind::Mailbox(mailbox) => Mailbox {
            local: local(&format!("{}{attached}", mailbox.local.as_str()))?,
            domain: mailbox.domain.clone(),
        },
        TargetKind::Domain(domain) => Mailbox {
            local: kept()?,
            domain: domain.clone(),
        },
        TargetKind::Subdomains(domain) => {
            let above = rule.above.as_ref().ok_or(FillError::NoAddress)?;
            let carried = address.mailbox.domain.carried(above, domain);
            Mailbox {
                local: kept()?,
                domain: carried.map_err(|_| FillError::TooLong)?,
            }
        }
        TargetKind::Template { pieces, domain } => {
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(piece) => text.push_str(piece),
                    Piece::Detail => text.push_str(address.detail().unwrap_or("")),
                    Piece::Capture(group) => {
                        let group = found.captures.get(*group).and_then(Option::as_deref);
                        text.push_str(group.unwrap_or(""));
                    }
                }
            }
            if text.is_empty() {
                return Err(FillError::NoAddress);
            }
            text.push_str(attached);
            Mailbox {
                local: local(&text)?,
                domain: domain.clone(),
            }
        }
    };
    if mailbox.local.routes() {
        return Err(FillError::Routes);
    }
    // Quotes can at most double a local-part: most addresses need not be written out for this.
    let most = 2 * mailbox.local.as_str().len() + mailbox.domain.as_str().len() + 3;
    if most > limit && mailbox.to_string().len() > limit {
        return Err(FillError::TooLong);
    }
    Ok(mailbox)
}

/// Whether the detail of the address is put behind a full target.
fn attaches(rule: &RuleView, target: &Target, found: &Match) -> bool {
    match rule.detail {
        Some(Detail::Drop) => false,
        // It has its place there already.
        _ if names_detail(target) => false,
        Some(Detail::Keep) if rule.wide => true,
        Some(Detail::Keep) | None => found.left_out_detail,
    }
}

fn names_detail(target: &Target) -> bool {
    matches!(&target.kind, TargetKind::Template { pieces, .. } if pieces.contains(&Piece::Detail))
}

fn local(text: &str) -> Result<LocalPart, FillError> {
    LocalPart::from_internal(text).map_err(|_| FillError::NoAddress)
}
