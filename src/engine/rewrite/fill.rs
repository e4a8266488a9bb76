//! Fills a target in for one address: captures, detail, kept local-part.
//!
//! # Detail
//!
//! If the pattern matched without the detail, the detail is added to the target's local-part again, unless the rule
//! says `detail=drop`. With `@domain` and `@*.domain` to a full address it is dropped, unless the rule says
//! `detail=keep`. A detail that the pattern itself names (`user+*@`, `+*@`) replaces `*` in the target.

use crate::engine::{
    address::{LocalPart, Mailbox},
    rule::{Detail, Piece, Target, TargetKind},
    store::RuleView,
    table::{Address, Match},
};

/// Why a target cannot be filled in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FillError {
    /// The resulting local-part is empty or has control characters.
    NoAddress,
    /// The resulting local-part has `%`, `!` or `@`.
    Routes,
    /// The resulting address is longer than the limit.
    TooLong,
}

/// Returns the address that one target of a rule puts in the place of the matched address.
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
    // Quotes can at most double a local-part, so most addresses need not be written out for this.
    let most = 2 * mailbox.local.as_str().len() + mailbox.domain.as_str().len() + 3;
    if most > limit && mailbox.to_string().len() > limit {
        return Err(FillError::TooLong);
    }
    Ok(mailbox)
}

/// Returns true if the detail of the address is added to a full target.
fn attaches(rule: &RuleView, target: &Target, found: &Match) -> bool {
    match rule.detail {
        Some(Detail::Drop) => false,
        // The target has a place for it already.
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
