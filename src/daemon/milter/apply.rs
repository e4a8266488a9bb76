//! A plan to the MTA's actions: deletions, additions, verdict, in this order and no other.
//!
//! An MTA may hold the received address and the target to be one recipient; only with the
//! deletions first the target survives. The stream below sends all of it in one write, with the
//! verdict, so that nothing can be lost between two of them.

use std::ffi::CString;

use indymilter::{ActionError, ContextActions, EomActions, Status};

use crate::engine::transaction::{Addition, Plan, Verdict};

/// Carries a plan out; `extended` tells whether the MTA takes parameters with a recipient.
pub async fn apply(
    plan: &Plan,
    actions: &EomActions,
    extended: bool,
) -> Result<Status, ActionError> {
    for path in &plan.deletions {
        actions.delete_recipient(argument(path)?).await?;
    }
    for addition in &plan.additions {
        add(addition, actions, extended).await?;
    }
    Ok(match plan.verdict {
        Verdict::Continue => Status::Continue,
        Verdict::Discard => Status::Discard,
    })
}

async fn add(addition: &Addition, actions: &EomActions, extended: bool) -> Result<(), ActionError> {
    let path = argument(format!("<{}>", addition.mailbox).as_bytes())?;
    let parameters = addition.dsn.to_string();
    if extended && !parameters.is_empty() {
        actions
            .add_recipient_ext(path, Some(argument(parameters.as_bytes())?))
            .await
    } else {
        actions.add_recipient(path).await
    }
}

/// A milter string ends at its NUL: one inside would make two strings of it. None gets here, since
/// no address holds a control character.
fn argument(bytes: &[u8]) -> Result<CString, ActionError> {
    CString::new(bytes).map_err(|_| ActionError::InvalidParam)
}
