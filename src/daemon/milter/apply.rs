//! A plan to the MTA's actions: deletions, additions, headers, verdict, in this order and no other.
//!
//! An MTA may hold the received address and the target to be one recipient; only with the
//! deletions first the target survives. The stream below sends all of it in one write, with the
//! verdict, so that nothing can be lost between two of them.

use std::ffi::CString;

use indymilter::{ActionError, ContextActions, EomActions, Status};

use super::session::{Agreed, Changes};
use crate::{
    engine::transaction::{Addition, Verdict},
    headers::Edit,
};

/// Carries the changes of a message out, in the way that was agreed upon with the MTA.
pub async fn apply(
    Changes { plan, headers }: &Changes,
    actions: &EomActions,
    agreed: Agreed,
) -> Result<Status, ActionError> {
    for path in &plan.deletions {
        actions.delete_recipient(argument(path)?).await?;
    }
    for addition in &plan.additions {
        add(addition, actions, agreed.extended).await?;
    }
    for edit in headers {
        edit_header(edit, actions, agreed.spaced).await?;
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

/// With `spaced` the MTA puts no blank between name and value itself.
async fn edit_header(edit: &Edit, actions: &EomActions, spaced: bool) -> Result<(), ActionError> {
    match edit {
        Edit::Change { name, index, value } => {
            let name = argument(name.as_bytes())?;
            let value = value.as_deref().map(argument).transpose()?;
            actions.change_header(name, *index, value).await
        }
        Edit::Add { name, value } => {
            let blank: &[u8] = if spaced { b" " } else { b"" };
            let value = argument(&[blank, value].concat())?;
            actions.add_header(argument(name.as_bytes())?, value).await
        }
    }
}

/// A milter string ends at its NUL: one inside would make two strings of it. None gets here, since
/// no address holds a control character.
fn argument(bytes: &[u8]) -> Result<CString, ActionError> {
    CString::new(bytes).map_err(|_| ActionError::InvalidParam)
}
