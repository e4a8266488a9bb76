//! What systemd is told (sd_notify(3)): ready, how the daemon stands, alive, stopping.
//!
//! In: the outcomes of reloads, the live table, what is not well. Out: `STATUS=`, which `systemctl
//! status` shows first, and `WATCHDOG=1` for as long as every thread of the milter, every task of the
//! daemon (reloader, configuration, listeners) and the log answer. Without `NOTIFY_SOCKET` in the
//! environment nothing is told.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`REFRESH`] | 60 s | the age in the status is told anew |
//! | half of `WatchdogSec=` | | without an answer of all of them no sign of life is given |

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    health::Problem,
    live::Generation,
    log::Pulse,
    milter::Gauges,
    record::{self, Redaction},
    reload::{ReloadHandle, ReloadOutcome, ReloadStatus},
    settings::SettingsHandle,
    state::State,
    supervise::Supervisor,
};
use crate::engine::{Diagnostic, Severity, Tally};

/// How a missing sign of life is called among the problems.
const WATCHDOG: &str = "watchdog";

/// How often the age is told anew.
const REFRESH: Duration = Duration::from_secs(60);

/// What is needed to tell how the daemon stands.
#[derive(Clone, Debug)]
pub struct Notifier {
    /// The live table, and what is not well.
    pub state: Arc<State>,
    /// Tells of reloads.
    pub reload: ReloadHandle,
    /// Tells of the configuration file.
    pub settings: SettingsHandle,
}

impl Notifier {
    /// The sockets are bound and the rules were read: mail may come.
    pub fn ready(&self) {
        tell(&[NotifyState::Ready, NotifyState::Status(&self.status())]);
    }

    /// Tells of every reload, and of the age now and then, until the future is dropped.
    pub async fn follow(self) {
        let (mut reloads, mut problems) = (self.reload.subscribe(), self.state.health.subscribe());
        let mut settings = self.settings.subscribe();
        let mut refresh = interval(REFRESH);
        loop {
            tokio::select! {
                _ = refresh.tick() => {}
                // The reloader lives as long as the daemon.
                changed = reloads.changed() => if changed.is_err() { return },
                changed = problems.changed() => if changed.is_err() { return },
                changed = settings.changed() => if changed.is_err() { return },
            }
            tell(&[NotifyState::Status(&self.status())]);
        }
    }

    fn status(&self) -> String {
        let file = self.settings.status();
        let refused = file.refused.map(|refused| refused.findings);
        let reload = self.reload.status();
        let mut status = status(
            &self.state.live.pin(),
            &reload,
            refused.as_deref(),
            &self.state.redaction,
        );
        for Problem { part, what, .. } in self.state.health.problems() {
            status.push_str(&format!("; DEGRADED: {part}: {what}"));
        }
        status
    }
}

/// The end has begun.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// What must answer before systemd is given a sign of life.
#[derive(Debug)]
pub struct Signs<'d> {
    /// Know the threads of the milter.
    pub gauges: Arc<Gauges>,
    /// Keeps the reloader and the others running.
    pub supervisor: &'d Supervisor,
    /// Keeps running what accepts for the milter.
    pub accepting: &'d Supervisor,
    /// Whether the log is written.
    pub log: Option<Pulse>,
}

impl Signs<'_> {
    /// Gives a sign of life twice in the time that systemd wants one in, as long as everything
    /// answers. Never returns.
    pub async fn give(&self) {
        let Some(within) = sd_notify::watchdog_enabled() else {
            return std::future::pending().await;
        };
        let half = within / 2;
        let health = self.supervisor.health();
        let mut beat = interval(half);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            match self.first_silent(half).await {
                None => {
                    health.well(WATCHDOG);
                    tell(&[NotifyState::Watchdog]);
                }
                Some(part) => {
                    if health.wrong(WATCHDOG, &format!("no sign of life from {part}")) {
                        record::no_sign_of_life(&part);
                    }
                }
            }
        }
    }

    /// What does not answer in time.
    async fn first_silent(&self, patience: Duration) -> Option<String> {
        if self.log.as_ref().is_some_and(|log| !log.is_there()) {
            return Some("log".to_owned());
        }
        let each = patience / 3;
        if timeout(each, self.gauges.all_answer()).await.is_err() {
            return Some("milter threads".to_owned());
        }
        match self.accepting.first_silent(each).await {
            None => self.supervisor.first_silent(each).await,
            silent => silent,
        }
    }
}

/// Where nobody listens, nobody is told.
fn tell(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}

/// One line: `generation 41, 18204 rules, live for 3 min; DEGRADED: …`.
fn status(
    generation: &Generation,
    reload: &ReloadStatus,
    configuration: Option<&[Diagnostic]>,
    redaction: &Redaction,
) -> String {
    let serving = match &generation.table {
        Some(table) => format!(
            "generation {}, {} rules, live for {}",
            generation.number,
            table.len(),
            age(generation.age())
        ),
        None => "no table: every recipient is deferred".to_owned(),
    };
    let rules = match &reload.outcome {
        Some(ReloadOutcome::Refused { diagnostics, .. }) => Some(trouble(diagnostics, redaction)),
        Some(ReloadOutcome::Held { causes, .. }) => {
            let cause = causes.first().map(ToString::to_string);
            let cause = cause.unwrap_or_default();
            Some(format!(
                "the rules are held back: {cause}; `readdress status` says what to do"
            ))
        }
        _ => None,
    };
    // The configuration holds no addresses.
    let configuration = configuration.map(|findings| trouble(findings, &Redaction::default()));
    let all: Vec<_> = rules.into_iter().chain(configuration).collect();
    match all.is_empty() {
        true => serving,
        false => format!("{serving}; DEGRADED: {}", all.join("; ")),
    }
}

/// The first error, and how many more there are.
fn trouble(diagnostics: &[Diagnostic], redaction: &Redaction) -> String {
    let mut errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    let Some(first) = errors.next() else {
        return "the rules were refused".to_owned();
    };
    let text = match redaction.hides() {
        true => first.without_text(),
        false => first.to_string(),
    };
    let line = text.lines().next().unwrap_or_default();
    match Tally::of(diagnostics).errors.saturating_sub(1) {
        0 => line.to_owned(),
        more => format!("{line} (and {more} more)"),
    }
}

fn age(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0 => "less than a minute".to_owned(),
        1..60 => format!("{minutes} min"),
        60..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::daemon::live::LiveTable;
    use crate::engine::{Settings, SourceText, compile};

    fn compiled(rules: &str) -> crate::engine::Compiled {
        let source = SourceText::new("a.rules", rules.as_bytes().to_vec());
        compile(&[source], &Settings::default())
    }

    #[test]
    fn the_status_says_what_serves_and_what_is_wrong() {
        let live = LiveTable::new();
        let (redaction, mut reload) = (Redaction::default(), ReloadStatus::default());
        let broken = compiled("x@domain2.com rejct\ny@domain2.com rejct\n");
        reload.outcome = Some(ReloadOutcome::Refused {
            diagnostics: broken.diagnostics.into(),
            serving: 0,
        });
        let text = status(&live.pin(), &reload, None, &redaction);
        let wanted = "no table: every recipient is deferred; DEGRADED: a.rules:1:15: error: ";
        assert!(text.starts_with(wanted), "{text}");
        assert!(text.ends_with("(and 1 more)"), "{text}");
        let good = compiled("a@domain2.com b@company.com\n").table;
        live.replace(Arc::new(good.expect("a table")));
        reload.outcome = Some(ReloadOutcome::Unchanged { generation: 1 });
        assert_eq!(
            status(&live.pin(), &reload, None, &redaction),
            "generation 1, 1 rules, live for less than a minute"
        );
    }

    #[test]
    fn ages_are_for_people() {
        let age = |seconds| age(Duration::from_secs(seconds));
        assert_eq!(age(180), "3 min");
        assert_eq!(age(7200), "2 h");
        assert_eq!(age(864_000), "10 days");
    }
}
