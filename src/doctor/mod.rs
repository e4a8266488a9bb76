//! Storey 8: what is wrong outside of the rules: DNS, the MTA, sockets, the daemon.
//!
//! Pure, except [`gather`]: [`facts::Facts`] in, [`Finding`]s out. Only [`gather`] asks DNS, programs and
//! files, and it draws no conclusions. Nothing is ever changed. Every finding has a code of [`codes`], and
//! says what to write.
//!
//! | file | finds what is wrong with |
//! |---|---|
//! | `domains.rs` | MX records of the inbound domains |
//! | `probe/` | the replies of the MTA when it is asked about addresses |
//! | `connect.rs` | the milters and maps that an MTA lists: do they answer? |
//! | `postfix/` | `main.cf` and `master.cf`, as postconf(1) prints them |
//! | `sendmail/` | `sendmail.cf` and the files that it names |
//! | `sockets.rs` | the daemon's sockets: can the MTA reach them? |
//! | `spelling.rs` | no findings: how each MTA writes a socket |
//! | `inspections.rs` | no findings: what was checked, and what of it is right |
//! | `serving.rs` | the running daemon: does it decide as the files do? |
//! | `wiring/` | no findings: the lines that connect this table to an MTA |
//! | `remedy.rs` | no findings: the commands that fix them, as one block |
//!
//! # Limits
//!
//! Only maps in local files are asked; a note names the others (LDAP, SQL). Sockets that systemd hands over
//! are in no configuration; `--listen` names them. Of a large table the first [`facts::SAMPLE`] addresses are
//! looked up in the MTA's maps.

pub mod codes;
pub mod connect;
mod domains;
pub mod edits;
pub mod facts;
mod finding;
#[cfg(feature = "daemon")]
pub mod gather;
pub mod inspections;
pub mod listed;
mod lists;
mod pending;
pub mod postfix;
pub mod probe;
pub mod remedy;
pub mod sendmail;
mod serving;
mod sockets;
mod spelling;
pub mod wiring;

/// An error here means that mail is refused, lost or passed on unchanged; a warning, that not all mail flows as
/// it should.
pub use crate::engine::Severity;
pub use finding::Finding;

use facts::Facts;

/// Returns all findings, the most serious first.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = serving::examine(facts);
    findings.extend(domains::examine(facts));
    if let Some(postfix) = &facts.postfix {
        findings.extend(postfix::examine(postfix, facts));
    }
    if let Some(sendmail) = &facts.sendmail {
        let pending = sendmail::examine(sendmail, facts).into_iter();
        let pending = pending.map(pending::PendingFinding::from).collect();
        let pending =
            connect::instead(&sendmail.connections, facts, pending, |unfinished, dead| {
                unfinished.say(sendmail::remedy(sendmail, dead, facts))
            });
        findings.extend(pending.into_iter().map(pending::PendingFinding::told));
    }
    let probed = probe::examine(facts, &findings);
    findings.extend(match &facts.postfix {
        Some(postfix) => pending::finished(probed, postfix),
        None => probed
            .into_iter()
            .map(pending::PendingFinding::told)
            .collect(),
    });
    findings.extend(sockets::unseen(facts));
    findings.extend(
        facts
            .unseen
            .iter()
            .map(|unseen| Finding::new(codes::UNSEEN, &unseen.about, &unseen.reason, &unseen.help)),
    );
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.code.severity));
    findings
}
