//! What somebody who asks the daemon may see of addresses.
//!
//! Root and the daemon's own user see everything. Others, who are in the group of the socket, see as much as
//! the log shows: `[log] addresses` says whether that is a whole address, its domain, or a hash.

use super::access::sees_all;
use crate::{
    config::LogAddresses,
    daemon::state::State,
    protocol::{Explained, Reached, Step, WayStep},
};

/// How addresses are shown to one user.
pub(super) struct View<'s> {
    state: &'s State,
    addresses: LogAddresses,
}

impl<'s> View<'s> {
    /// Returns what a user may see now.
    pub fn of(state: &'s State, user: Option<u32>) -> Self {
        let addresses = match sees_all(user) {
            true => LogAddresses::Full,
            false => state.config.load().addresses,
        };
        Self { state, addresses }
    }

    /// Returns an address as this user may see it.
    pub fn address(&self, address: &str) -> String {
        self.state.names.shown(address, self.addresses)
    }

    /// Returns an answer of `who` as this user may see it. The address that was asked about stays: the user
    /// wrote it. Patterns, rules and notes may hold local-parts, and are left out.
    pub fn reached(&self, reached: Reached) -> Reached {
        if self.addresses == LogAddresses::Full {
            return reached;
        }
        let source = reached.example.as_ref().or(reached.from.as_ref());
        let word = reached.outcome.split(' ').next().unwrap_or_default();
        let outcome = match word.contains('@') {
            true => "replace",
            false => word,
        };
        Reached {
            outcome: outcome.to_owned(),
            from: source.map(|source| self.address(source)),
            example: None,
            steps: reached.steps.iter().map(|step| self.step(step)).collect(),
            ..reached
        }
    }

    /// Returns an answer of `explain` as this user may see it. The address that was asked about stays, and so
    /// does the reply, which every client gets. Rules, reasons and notes may hold addresses, and are left out.
    pub fn explained(&self, explained: Explained) -> Explained {
        if self.addresses == LogAddresses::Full {
            return explained;
        }
        let steps = explained.steps.iter().map(|step| Step {
            address: self.address(&step.address),
            file: step.file.clone(),
            line: step.line,
            reason: step.reason.clone(),
            ..Step::default()
        });
        Explained {
            to: explained.to.iter().map(|to| self.address(to)).collect(),
            steps: steps.collect(),
            note: None,
            mta: None,
            ..explained
        }
    }

    fn step(&self, step: &WayStep) -> WayStep {
        WayStep {
            address: self.address(&step.address),
            file: step.file.clone(),
            line: step.line,
            ..WayStep::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{config::Config, daemon::state::live::LiveTable, protocol::ReachedKind};

    /// A user who is neither root nor this one.
    const OTHER: Option<u32> = Some(54321);

    fn reached() -> Reached {
        let step = |address: &str| WayStep {
            address: address.to_owned(),
            file: "a.rules".to_owned(),
            line: 3,
            rule: "@domain2.com secret@company.com".to_owned(),
            note: Some("secret".to_owned()),
            owner: Some("secret@company.com".to_owned()),
        };
        Reached {
            address: "anna@company.com".to_owned(),
            outcome: "secret@company.com, secret2@company.com".to_owned(),
            from: Some("@domain2.com (secret)".to_owned()),
            kind: Some(ReachedKind::Pattern),
            example: Some("secret@domain2.com".to_owned()),
            steps: vec![step("secret@domain2.com"), step("secret@domain3.com")],
            generation: Some(7),
        }
    }

    fn explained() -> Explained {
        let step = |address: &str| Step {
            address: address.to_owned(),
            file: "a.rules".to_owned(),
            line: 3,
            rule: "anna@domain2.com secret@company.com".to_owned(),
            why: "it leads to secret@company.com".to_owned(),
            note: Some("secret".to_owned()),
            owner: Some("secret@company.com".to_owned()),
            ..Step::default()
        };
        Explained {
            address: "anna@domain2.com".to_owned(),
            to: vec!["secret@company.com".to_owned()],
            steps: vec![step("secret@domain2.com"), step("secret@company.com")],
            generation: Some(7),
            note: Some("secret@company.com is not ASCII".to_owned()),
            ..Explained::default()
        }
    }

    #[test]
    fn others_see_as_much_as_the_log_shows() {
        for addresses in [LogAddresses::Full, LogAddresses::Domain, LogAddresses::Hash] {
            let config = Config {
                addresses,
                ..Config::default()
            };
            let state = State::new(Arc::new(LiveTable::default()), config);
            for all in [Some(0), Some(rustix::process::geteuid().as_raw())] {
                let view = View::of(&state, all);
                assert_eq!(view.reached(reached()), reached());
                assert_eq!(view.explained(explained()), explained());
            }
            for other in [OTHER, None] {
                let seen = View::of(&state, other).explained(explained());
                let secret = format!("{seen:?}").contains("secret");
                assert_eq!(secret, addresses == LogAddresses::Full, "{seen:?}");
                assert_eq!((seen.steps[1].line, seen.to.len()), (3, 1));
                assert_eq!(seen.address, "anna@domain2.com");
                let seen = View::of(&state, other).reached(reached());
                let secret = format!("{seen:?}").contains("secret");
                assert_eq!(secret, addresses == LogAddresses::Full, "{seen:?}");
                assert_eq!(
                    (seen.steps[1].line, &*seen.address),
                    (3, "anna@company.com")
                );
            }
        }
    }
}
