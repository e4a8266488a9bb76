//! Between indymilter and the engine: bytes in, decisions out. Nothing is decided here.
//!
//! What is asked of the MTA: to add and to delete recipients (with their DSN parameters where it
//! can), the macros `i {rcpt_addr} {rcpt_mailer}` at RCPT, and no callback but MAIL (without a
//! reply), RCPT, the end of the message and the abort. Everything is masked by what it offers; an
//! MTA that can neither add nor delete recipients is refused, since its mail would pass unchanged.
//!
//! Where a setting wants headers changed, the header callback (without a reply where the MTA can do
//! without) and the actions for it are asked for as well; an MTA that does not offer them keeps its
//! headers. A connection that was negotiated before the setting changed stays as it is until it ends.
//!
//! MAIL is asked for although nothing is answered to it: it begins a transaction, and Sendmail
//! tells of a transaction that RSET ended by no other sign.

use std::{
    collections::HashMap,
    ffi::{CStr, CString},
    sync::Arc,
};

use indymilter::{
    Actions, Callbacks, Context, EomContext, MacroStage, NegotiateContext, ProtoOpts,
    SetErrorReply, Status,
};

use super::{
    apply,
    session::{Agreed, Session, Shared},
};
use crate::engine::{
    reply::{ReplyClass, SmtpReply},
    transaction::Received,
};

/// A macro that no MTA has. An empty list would make Postfix fall back to its default one.
const NONE: &CStr = c"{readdress_none}";

/// The macros that are asked for at RCPT.
const AT_RCPT: &CStr = c"i {rcpt_addr} {rcpt_mailer}";

/// The macros that are asked for at the end of the message: Postfix may know the queue id only then.
const AT_END: &CStr = c"i";

/// The callbacks of one server; all its connections share `shared`.
pub fn callbacks(shared: &Arc<Shared>) -> Callbacks<Session> {
    let negotiating = Arc::clone(shared);
    Callbacks::new()
        .on_negotiate(move |context, actions, opts| {
            let status = negotiate(&negotiating, context, actions, opts);
            Box::pin(async move { status })
        })
        .on_mail(|context, arguments| {
            let status = mail(context, &arguments);
            Box::pin(async move { status })
        })
        .on_rcpt(|context, arguments| {
            let status = rcpt(context, &arguments);
            Box::pin(async move { status })
        })
        .on_header(|context, name, value| {
            let status = header(context, &name, &value);
            Box::pin(async move { status })
        })
        .on_eom(|context| Box::pin(end_of_message(context)))
        .on_abort(|context| {
            if let Some(session) = &mut context.data {
                session.end();
            }
            Box::pin(async { Status::Continue })
        })
}

fn negotiate(
    shared: &Arc<Shared>,
    context: &mut NegotiateContext<Session>,
    offered_actions: Actions,
    offered_opts: ProtoOpts,
) -> Status {
    let needed = if shared.observes() {
        Actions::empty()
    } else {
        Actions::ADD_RCPT | Actions::DELETE_RCPT
    };
    if !offered_actions.contains(needed) {
        crate::daemon::record::mta_refused();
        // Anything but Continue closes the connection, and the MTA takes its default action.
        return Status::Reject;
    }
    let for_headers = Actions::ADD_HEADER | Actions::CHANGE_HEADER;
    let headers = shared.wants_headers() && offered_actions.contains(for_headers);
    let mut changes = Actions::ADD_RCPT | Actions::DELETE_RCPT | Actions::ADD_RCPT_EXT;
    changes.set(for_headers, headers);
    context.requested_actions = (changes | Actions::REQUEST_MACROS) & offered_actions;
    let mut lean = ProtoOpts::NO_CONNECT
        | ProtoOpts::NO_HELO
        | ProtoOpts::NO_DATA
        | ProtoOpts::NO_HEADER
        | ProtoOpts::NO_EOH
        | ProtoOpts::NO_BODY
        | ProtoOpts::NO_UNKNOWN
        | ProtoOpts::NOREPLY_MAIL;
    lean.set(ProtoOpts::NO_HEADER, !headers);
    lean.set(
        ProtoOpts::NOREPLY_HEADER | ProtoOpts::LEADING_SPACE,
        headers,
    );
    context.requested_opts = lean & offered_opts;
    if offered_actions.contains(Actions::REQUEST_MACROS) {
        context.requested_macros = macros();
    }
    let extended = offered_actions.contains(Actions::ADD_RCPT_EXT);
    let agreed = Agreed {
        extended,
        headers,
        spaced: headers && offered_opts.contains(ProtoOpts::LEADING_SPACE),
        silent_mail: offered_opts.contains(ProtoOpts::NOREPLY_MAIL),
        silent_header: offered_opts.contains(ProtoOpts::NOREPLY_HEADER),
    };
    context.data = Some(Session::new(Arc::clone(shared), agreed));
    Status::Continue
}

fn header(context: &mut Context<Session>, name: &CStr, value: &CStr) -> Status {
    let Some(session) = &mut context.data else {
        return Status::Tempfail;
    };
    session.header(name.to_bytes(), value.to_bytes());
    if session.agreed.silent_header {
        Status::Noreply
    } else {
        Status::Continue
    }
}

fn macros() -> HashMap<MacroStage, CString> {
    MacroStage::all()
        .map(|stage| {
            let list = match stage {
                MacroStage::Rcpt => AT_RCPT,
                MacroStage::Eom => AT_END,
                _ => NONE,
            };
            (stage, list.to_owned())
        })
        .collect()
}

fn mail(context: &mut Context<Session>, arguments: &[CString]) -> Status {
    let Some(session) = &mut context.data else {
        return Status::Tempfail;
    };
    let parameters = arguments.get(1..).unwrap_or_default();
    let smtputf8 = parameters
        .iter()
        .any(|parameter| parameter.to_bytes().eq_ignore_ascii_case(b"SMTPUTF8"));
    session.begin(smtputf8);
    if session.agreed.silent_mail {
        Status::Noreply
    } else {
        Status::Continue
    }
}

fn rcpt(context: &mut Context<Session>, arguments: &[CString]) -> Status {
    let Some(session) = &mut context.data else {
        return Status::Tempfail;
    };
    let Some((path, parameters)) = arguments.split_first() else {
        return Status::Tempfail;
    };
    let parameters: Vec<&[u8]> = parameters
        .iter()
        .map(|parameter| parameter.to_bytes())
        .collect();
    let value = |name: &CStr| context.macros.get(name).map(CStr::to_bytes);
    let received = Received {
        path: path.to_bytes(),
        parameters: &parameters,
        rcpt_addr: value(c"{rcpt_addr}"),
        rcpt_mailer: value(c"{rcpt_mailer}"),
    };
    match session.recipient(received, value(c"i")) {
        None => Status::Continue,
        Some(reply) => refuse(&mut context.reply, &reply),
    }
}

/// Sets the reply; if indymilter does not take it, the MTA's own text of the same class is better
/// than none.
fn refuse(slot: &mut impl SetErrorReply, reply: &SmtpReply) -> Status {
    // Both MTAs treat the text as a format.
    let text = reply.text().replace('%', "%%");
    let set = slot.set_error_reply(
        &reply.code().to_string(),
        Some(&reply.enhanced().to_string()),
        [text],
    );
    if let Err(error) = set {
        crate::daemon::record::reply_not_set(reply, &error);
    }
    match reply.class() {
        ReplyClass::Defer => Status::Tempfail,
        ReplyClass::Reject => Status::Reject,
    }
}

async fn end_of_message(context: &mut EomContext<Session>) -> Status {
    let id = context.macros.get(c"i").map(|id| id.to_bytes().to_vec());
    let Some(session) = &mut context.data else {
        return Status::Tempfail;
    };
    let Some(changes) = session.finish(id.as_deref()) else {
        return Status::Continue;
    };
    match apply::apply(&changes, &context.actions, session.agreed).await {
        Ok(status) => {
            session.end();
            status
        }
        Err(error) => {
            session.failed(id.as_deref(), &error);
            Status::Tempfail
        }
    }
}
