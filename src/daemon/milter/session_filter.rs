//! The filter of the daemon: translates between the milter protocol and a [`Session`]. It decides nothing.
//!
//! # What it requests
//!
//! - To add and to delete recipients, with their DSN parameters if the MTA can do that (see `mta`).
//! - The macro `v` at the start of the connection, and `i {rcpt_addr} {rcpt_mailer}` at RCPT.
//! - No steps but MAIL (without a reply), RCPT, the end of the message, and the abort. The filter answers nothing
//!   to MAIL, but needs it: MAIL begins a transaction, and Sendmail gives no other sign that RSET ended one.
//! - Header fields (without a reply, if the MTA offers that) and the actions to change them, if a setting asks for
//!   changed headers. If the MTA does not offer the actions, headers stay as they are.
//!
//! It requests only what the MTA offers. If the MTA cannot add and delete recipients, the filter refuses the MTA,
//! because its mail would pass unchanged. What was negotiated holds until the connection ends, also if settings
//! change.
//!
//! # No reply to RCPT
//!
//! Five recipients without replies are one round trip instead of six. The filter requests that if no refusal is
//! to be expected ([`Sessions::may_skip_recipient_replies`]). If a recipient has to be refused all the same (after
//! a reload, or at a limit), the session refuses the whole message.
//!
//! [`Sessions::may_skip_recipient_replies`]: crate::daemon::session::Sessions::may_skip_recipient_replies

use std::{
    ffi::CStr,
    fmt::Write as _,
    sync::{Arc, LazyLock},
};

use indymilter::{Actions, MacroStage, ProtoOpts};

use super::{
    filter::{Answer, Filter, Requests, Strings},
    macros::Macros,
    replies::{Edits, NulInEdit},
};
use crate::{
    daemon::{
        rate_limit::RateLimit,
        record,
        session::{Agreement, Changes, Finish, Session, Sessions},
        time_slice::TimeSlice,
    },
    engine::transaction::{Addition, Received, Verdict},
    headers::Edit,
};

/// A macro that no MTA has. If the list were empty, Postfix would send its default one.
const NONE: &CStr = c"{readdress_none}";

/// Limits the log lines about MTAs that are refused: such an MTA connects for every message.
static REFUSALS: LazyLock<RateLimit> = LazyLock::new(RateLimit::default);

/// The macros that are requested: what the MTA is; the queue id, which Postfix may know only at the end of the
/// message; and what the MTA makes of a recipient.
const MACROS: &[(MacroStage, &CStr)] = &[
    (MacroStage::Connect, c"v"),
    (MacroStage::Helo, NONE),
    (MacroStage::Mail, NONE),
    (MacroStage::Rcpt, c"i {rcpt_addr} {rcpt_mailer}"),
    (MacroStage::Data, NONE),
    (MacroStage::Eoh, NONE),
    (MacroStage::Eom, c"i"),
];

/// Steps that the filter never needs.
const UNNEEDED: ProtoOpts = ProtoOpts::NO_CONNECT
    .union(ProtoOpts::NO_HELO)
    .union(ProtoOpts::NOREPLY_MAIL)
    .union(ProtoOpts::NO_DATA)
    .union(ProtoOpts::NO_EOH)
    .union(ProtoOpts::NO_BODY)
    .union(ProtoOpts::NO_UNKNOWN);

/// The actions on recipients.
const RECIPIENTS: Actions = Actions::ADD_RCPT.union(Actions::DELETE_RCPT);

/// The filter of one connection.
#[derive(Debug)]
pub struct SessionFilter {
    session: Session,
    /// True if the MTA takes ORCPT and NOTIFY with a recipient.
    with_parameters: bool,
    /// True if the value of a header field includes the white space before it.
    leading_space: bool,
}

impl SessionFilter {
    /// Returns the filter of a new connection.
    pub fn new(sessions: Arc<Sessions>) -> Self {
        Self {
            session: Session::new(sessions),
            with_parameters: false,
            leading_space: false,
        }
    }
}

impl Filter for SessionFilter {
    fn negotiate(&mut self, offered: Actions, steps: ProtoOpts) -> Option<Requests> {
        let sessions = self.session.sessions();
        if !sessions.state.observes() && !offered.contains(RECIPIENTS) {
            if let Some(held) = REFUSALS.release() {
                record::mta_refused(held);
            }
            return None;
        }
        let for_headers = Actions::ADD_HEADER | Actions::CHANGE_HEADER;
        let headers = sessions.edit_headers() && offered.contains(for_headers);
        let mut actions = RECIPIENTS | Actions::ADD_RCPT_EXT | Actions::REQUEST_MACROS;
        actions.set(for_headers, headers);
        let mut options = UNNEEDED;
        options.set(ProtoOpts::NO_HEADER, !headers);
        options.set(
            ProtoOpts::NOREPLY_HEADER | ProtoOpts::LEADING_SPACE,
            headers,
        );
        options.set(
            ProtoOpts::NOREPLY_RCPT,
            sessions.may_skip_recipient_replies(),
        );
        let requests = Requests {
            actions: actions & offered,
            steps: options & steps,
            macros: MACROS,
        };
        self.with_parameters = requests.actions.contains(Actions::ADD_RCPT_EXT);
        self.leading_space = requests.steps.contains(ProtoOpts::LEADING_SPACE);
        self.session.agree(Agreement {
            header_edits: headers,
            no_recipient_replies: requests.steps.contains(ProtoOpts::NOREPLY_RCPT),
        });
        Some(requests)
    }

    fn mail(&mut self, arguments: Strings<'_>) -> Answer {
        let smtputf8 = |parameter: &[u8]| parameter.eq_ignore_ascii_case(b"SMTPUTF8");
        self.session.begin(arguments.iter().skip(1).any(smtputf8));
        Answer::Continue
    }

    fn rcpt(&mut self, arguments: Strings<'_>, macros: &Macros) -> Answer {
        let mut arguments = arguments.iter();
        let path = arguments.next().unwrap_or_default();
        let parameters: Vec<&[u8]> = arguments.collect();
        let received = Received {
            path,
            parameters: &parameters,
            mta_address: macros.of_recipient(b"{rcpt_addr}"),
            mta_mailer: macros.of_recipient(b"{rcpt_mailer}"),
            no_client: macros.say_no_client_sent(path),
        };
        match self.session.recipient(received, macros.id()) {
            None => Answer::Continue,
            Some(reply) => Answer::Refuse(reply),
        }
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        self.session.header(name, value);
    }

    async fn end(
        &mut self,
        macros: &Macros,
        edits: &mut Edits<'_>,
        slice: &mut TimeSlice,
    ) -> Answer {
        let answer = match self.session.finish(macros.id(), slice).await {
            Finish::Unchanged => Answer::Continue,
            Finish::Refuse(reply) => Answer::Refuse(reply),
            Finish::Change(changes) => {
                match self.write_edits(&changes, macros, edits, slice).await {
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
        self.session.end();
        answer
    }

    fn abort(&mut self) {
        self.session.end();
    }
}

/// Returns true if the filter has to tell the MTA to drop the message. If the MTA drops a message without
/// recipients by itself, that answer would also drop the copy that the MTA makes for an archive.
fn discards(changes: &Changes, macros: &Macros) -> bool {
    changes.plan.verdict == Verdict::Discard && !macros.mta().drops_empty_messages()
}

impl SessionFilter {
    /// Writes the edits of a message: deletions, additions, headers, in this order.
    ///
    /// An MTA may take the received address and the target for one recipient. The target survives only if the
    /// deletions come first.
    async fn write_edits(
        &self,
        Changes { plan, headers }: &Changes,
        macros: &Macros,
        edits: &mut Edits<'_>,
        slice: &mut TimeSlice,
    ) -> Result<(), NulInEdit> {
        for path in &plan.deletions {
            slice.yield_if_used_up().await;
            let (form, further) = macros.mta().deletions(path);
            edits.delete_recipient(&form)?;
            if let Some(form) = further {
                edits.delete_recipient(form)?;
            }
        }
        let with_parameters = self.with_parameters && macros.take_parameters();
        let (mut path, mut parameters) = (String::new(), String::new());
        for Addition { mailbox, dsn } in &plan.additions {
            slice.yield_if_used_up().await;
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
                // An MTA that passes values with their white space adds none itself.
                Edit::Add { name, value } if self.leading_space => {
                    edits.add_header(name.as_bytes(), &[b" ", value.as_slice()].concat())?;
                }
                Edit::Add { name, value } => edits.add_header(name.as_bytes(), value)?,
            }
        }
        Ok(())
    }
}
