//! The filter of the daemon: what the MTA says to the session, and the session's answers to it.
//! Nothing is decided here.
//!
//! What is asked of the MTA: to add and to delete recipients (with their DSN parameters where it
//! can: see `mta`), the macro `v` at the start, `i {rcpt_addr} {rcpt_mailer}` at RCPT, and no step but MAIL (without a
//! reply), RCPT, the end of the message and the abort. Everything is masked by what it offers; an
//! MTA that can neither add nor delete recipients is refused, since its mail would pass unchanged.
//!
//! Where a setting wants headers changed, the header step (without a reply where the MTA can do
//! without) and the actions for it are asked for as well; an MTA that does not offer them keeps its
//! headers. A connection that was negotiated before the setting changed stays as it is until it ends.
//!
//! MAIL is asked for although nothing is answered to it: it begins a transaction, and Sendmail
//! tells of a transaction that RSET ended by no other sign.
//!
//! # No reply at RCPT
//!
//! Five recipients without replies are one round trip instead of six. That is asked for where no
//! recipient is to be expected that has to be refused (`Shared::may_be_silent`). Where one comes
//! all the same (a reload has brought other rules, a limit is reached), it can only be refused with
//! the whole message: see `session`.

use std::{ffi::CStr, fmt::Write as _, sync::LazyLock};

use indymilter::{Actions, MacroStage, ProtoOpts};

use super::{
    filter::{Answer, Filter, Strings, Wanted},
    macros::Macros,
    replies::{Edits, HoldsNul},
    session::{Agreed, Changes, Finish, Session},
    turn::Turn,
};
use crate::{
    daemon::{rate_limit::RateLimit, record},
    engine::transaction::{Addition, Received, Verdict},
    headers::Edit,
};

/// A macro that no MTA has. An empty list would make Postfix fall back to its default one.
const NONE: &CStr = c"{readdress_none}";

/// An MTA that cannot do what is needed connects for every message: one line a minute is enough.
static REFUSALS: LazyLock<RateLimit> = LazyLock::new(RateLimit::default);

/// Which macros are asked for: what the MTA is, the queue id, since Postfix may know it only at the
/// end, and what the MTA makes of a recipient.
const MACROS: &[(MacroStage, &CStr)] = &[
    (MacroStage::Connect, c"v"),
    (MacroStage::Helo, NONE),
    (MacroStage::Mail, NONE),
    (MacroStage::Rcpt, c"i {rcpt_addr} {rcpt_mailer}"),
    (MacroStage::Data, NONE),
    (MacroStage::Eoh, NONE),
    (MacroStage::Eom, c"i"),
];

/// Steps that are never of use.
const LEAN: ProtoOpts = ProtoOpts::NO_CONNECT
    .union(ProtoOpts::NO_HELO)
    .union(ProtoOpts::NOREPLY_MAIL)
    .union(ProtoOpts::NO_DATA)
    .union(ProtoOpts::NO_EOH)
    .union(ProtoOpts::NO_BODY)
    .union(ProtoOpts::NO_UNKNOWN);

/// What may be done to recipients.
const RECIPIENTS: Actions = Actions::ADD_RCPT.union(Actions::DELETE_RCPT);

impl Filter for Session {
    fn negotiate(&mut self, offered: Actions, steps: ProtoOpts) -> Option<Wanted> {
        let shared = self.shared();
        if !shared.state.observes() && !offered.contains(RECIPIENTS) {
            if let Some(held) = REFUSALS.release() {
                record::mta_refused(held);
            }
            return None;
        }
        let for_headers = Actions::ADD_HEADER | Actions::CHANGE_HEADER;
        let headers = shared.wants_headers() && offered.contains(for_headers);
        let mut actions = RECIPIENTS | Actions::ADD_RCPT_EXT | Actions::REQUEST_MACROS;
        actions.set(for_headers, headers);
        let mut lean = LEAN;
        lean.set(ProtoOpts::NO_HEADER, !headers);
        lean.set(
            ProtoOpts::NOREPLY_HEADER | ProtoOpts::LEADING_SPACE,
            headers,
        );
        lean.set(ProtoOpts::NOREPLY_RCPT, shared.may_be_silent());
        let wanted = Wanted {
            actions: actions & offered,
            steps: lean & steps,
            macros: MACROS,
        };
        self.agreed = Agreed {
            extended: wanted.actions.contains(Actions::ADD_RCPT_EXT),
            headers,
            spaced: wanted.steps.contains(ProtoOpts::LEADING_SPACE),
            silent: wanted.steps.contains(ProtoOpts::NOREPLY_RCPT),
        };
        Some(wanted)
    }

    fn mail(&mut self, arguments: Strings<'_>) -> Answer {
        let smtputf8 = |parameter: &[u8]| parameter.eq_ignore_ascii_case(b"SMTPUTF8");
        self.begin(arguments.iter().skip(1).any(smtputf8));
        Answer::Continue
    }

    fn rcpt(&mut self, arguments: Strings<'_>, macros: &Macros) -> Answer {
        let mut arguments = arguments.iter();
        let path = arguments.next().unwrap_or_default();
        let parameters: Vec<&[u8]> = arguments.collect();
        let received = Received {
            path,
            parameters: &parameters,
            rcpt_addr: macros.of_recipient(b"{rcpt_addr}"),
            rcpt_mailer: macros.of_recipient(b"{rcpt_mailer}"),
        };
        match self.recipient(received, macros.id()) {
            None => Answer::Continue,
            Some(reply) => Answer::Refuse(reply),
        }
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        Session::header(self, name, value);
    }

    async fn end(&mut self, macros: &Macros, edits: &mut Edits<'_>, turn: &mut Turn) -> Answer {
        let answer = match self.finish(macros.id(), turn).await {
            Finish::Nothing => Answer::Continue,
            Finish::Refuse(reply) => Answer::Refuse(reply),
            Finish::Change(changes) => {
                match apply(&changes, self.agreed, macros, edits, turn).await {
                    Ok(()) if discards(&changes, macros) => Answer::Discard,
                    Ok(()) => Answer::Continue,
                    Err(error) => {
                        edits.take_back();
                        record::plan_failed(macros.id(), &error);
                        Answer::Tempfail
                    }
                }
            }
        };
        Session::end(self);
        answer
    }

    fn abort(&mut self) {
        Session::end(self);
    }
}

/// Returns true if the MTA has to be told to drop the message. Where it drops one without recipients
/// by itself, that verdict would also drop the copy that the MTA makes for an archive.
fn discards(changes: &Changes, macros: &Macros) -> bool {
    changes.plan.verdict == Verdict::Discard && !macros.mta().drops_empty_messages()
}

/// A plan to edits: deletions, additions, headers, in this order and no other.
///
/// An MTA may hold the received address and the target to be one recipient; only with the
/// deletions first the target survives.
async fn apply(
    Changes { plan, headers }: &Changes,
    agreed: Agreed,
    macros: &Macros,
    edits: &mut Edits<'_>,
    turn: &mut Turn,
) -> Result<(), HoldsNul> {
    for path in &plan.deletions {
        turn.give_way().await;
        let (form, further) = macros.mta().deletions(path);
        edits.delete_recipient(&form)?;
        if let Some(form) = further {
            edits.delete_recipient(form)?;
        }
    }
    let with_parameters = agreed.extended && macros.take_parameters();
    let (mut path, mut parameters) = (String::new(), String::new());
    for Addition { mailbox, dsn } in &plan.additions {
        turn.give_way().await;
        path.clear();
        parameters.clear();
        // Writing to a String cannot fail.
        let _ = write!(path, "<{mailbox}>");
        if with_parameters {
            let _ = write!(parameters, "{dsn}");
        }
        edits.add_recipient(path.as_bytes(), parameters.as_bytes())?;
    }
    for edit in headers {
        match edit {
            Edit::Change { name, index, value } => {
                let value = value.as_deref().unwrap_or_default();
                edits.change_header(name.as_bytes(), *index, value)?;
            }
            // Where the MTA gave values with their white space, it puts none there itself.
            Edit::Add { name, value } if agreed.spaced => {
                edits.add_header(name.as_bytes(), &[b" ", value.as_slice()].concat())?;
            }
            Edit::Add { name, value } => edits.add_header(name.as_bytes(), value)?,
        }
    }
    Ok(())
}
