//! The mail server, as `doctor` finds it: Postfix, Sendmail, and what they connect to.

use crate::{
    cli::flags::Doctor,
    doctor::{
        facts::{Facts, Postfix, Readdress, Sendmail, Unseen},
        gather::{self, Gathered, connect, postconf, sendmail},
        postfix, sendmail as sendmail_rooms,
    },
};

/// Returns where Postfix is, if the flags say so.
pub(super) fn place(flags: &Doctor) -> postconf::Place<'_> {
    postconf::Place {
        program: flags.postconf.as_deref(),
        directory: flags.postfix_config.as_deref(),
    }
}

/// Looks for both MTAs. If the flags name only one of them, the other one counts as absent.
pub(super) fn mtas(
    flags: &Doctor,
    ours: &Readdress,
) -> Result<(Gathered<Postfix>, Gathered<Sendmail>), gather::Failed> {
    let place = place(flags);
    let postfix_named = place.program.is_some() || place.directory.is_some();
    let postfix = match flags.sendmail_cf.is_some() && !postfix_named {
        true => Gathered::Absent,
        false => postconf::ask(place, ours)?,
    };
    let sendmail = match postfix_named && flags.sendmail_cf.is_none() {
        true => Gathered::Absent,
        false => sendmail::read(flags.sendmail_cf.as_deref())?,
    };
    Ok((postfix, sendmail))
}

/// Returns the note that no MTA was found.
pub(super) fn no_mta() -> Unseen {
    Unseen {
        about: "MTA".to_owned(),
        reason: "neither Postfix nor Sendmail was found".to_owned(),
        help: "name it with --postfix-config DIR or --sendmail-cf FILE".to_owned(),
    }
}

/// Connects to what the MTAs list.
pub(super) fn connections(facts: &mut Facts) {
    let postfix = facts.postfix.as_ref();
    let in_postfix = postfix.map(|postfix| postfix::listed(postfix, facts));
    let sendmail = facts.sendmail.as_ref();
    let in_sendmail = sendmail.map(|sendmail| sendmail_rooms::listed(sendmail, facts));
    if let (Some(postfix), Some(listed)) = (&mut facts.postfix, in_postfix) {
        postfix.connections = connect::ask(listed, &facts.readdress);
    }
    if let (Some(sendmail), Some(listed)) = (&mut facts.sendmail, in_sendmail) {
        sendmail.connections = connect::ask(listed, &facts.readdress);
    }
}
