//! Messages to systemd (sd_notify(3)): ready, how the daemon stands, alive, stopping.
//!
//! In: how the daemon stands ([`Status`]). Out: `STATUS=`, which `systemctl status` shows first, and
//! `WATCHDOG=1` as long as every thread of the milter, every task of the daemon (reloader, configuration,
//! listeners) and the log answer. Without `NOTIFY_SOCKET` in the environment no message is sent.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`REFRESH`] | 60 s | the status line is sent again, with the new age |
//! | half of `WatchdogSec=` | | if one of them does not answer in time, no sign of life is sent |

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    log::LogThread, milter::Workers, record, status::StatusReporter, supervise::Supervisor,
};
use crate::protocol::{DegradedFiles, Held, Outcome, Status};

/// The part that is not well if a sign of life is missing.
const WATCHDOG: &str = "watchdog";

/// How often the status line is sent again.
const REFRESH: Duration = Duration::from_secs(60);

/// Tells systemd how the daemon stands.
#[derive(Clone, Debug)]
pub struct Notifier {
    /// Knows how the daemon stands.
    pub reporter: StatusReporter,
}

impl Notifier {
    /// Tells systemd that the sockets are bound and the rules were read: mail may come.
    pub fn ready(&self) {
        let status = status(&self.reporter.status());
        tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    /// Tells systemd of every change, and of the age now and then, until the future is dropped.
    pub async fn follow(self) {
        let reporter = &self.reporter;
        let mut reloads = reporter.reload.subscribe();
        let mut problems = reporter.state.health.subscribe();
        let mut settings = reporter.settings.subscribe();
        let mut refresh = interval(REFRESH);
        loop {
            tokio::select! {
                _ = refresh.tick() => {}
                // The reloader lives as long as the daemon.
                changed = reloads.changed() => if changed.is_err() { return },
                changed = problems.changed() => if changed.is_err() { return },
                changed = settings.changed() => if changed.is_err() { return },
            }
            tell(&[NotifyState::Status(&status(&reporter.status()))]);
        }
    }
}

/// Tells systemd that the daemon is stopping.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// What must answer before a sign of life is sent to systemd.
#[derive(Debug)]
pub struct Signs<'d> {
    /// The threads of the milter.
    pub workers: &'d Workers,
    /// Keeps the reloader and the other tasks running.
    pub supervisor: &'d Supervisor,
    /// Keeps the tasks running that accept for the milter.
    pub accepting: &'d Supervisor,
    /// Says whether the log is still written, if there is one.
    pub log: Option<LogThread>,
}

impl Signs<'_> {
    /// Sends two signs of life in each period of the watchdog, as long as everything answers. Never
    /// returns.
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

    /// Returns the name of a part that does not answer in time.
    async fn first_silent(&self, patience: Duration) -> Option<String> {
        if self.log.as_ref().is_some_and(|log| !log.is_running()) {
            return Some("log".to_owned());
        }
        let each = patience / 3;
        if timeout(each, self.workers.all_answer()).await.is_err() {
            return Some("milter threads".to_owned());
        }
        match self.accepting.first_silent(each).await {
            None => self.supervisor.first_silent(each).await,
            silent => silent,
        }
    }
}

/// Sends messages to systemd. A message that cannot be sent is dropped: systemd may not be there.
fn tell(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}

/// Returns one line: `generation 41, 18204 rules, live for 3 min; DEGRADED: …`.
fn status(status: &Status) -> String {
    let mut line = match status.generation {
        0 => "no table: every recipient is deferred".to_owned(),
        generation => format!(
            "generation {generation}, {} rules, live for {}",
            status.rules,
            age(Duration::from_secs(status.age_seconds))
        ),
    };
    let outcome = status.last_reload.as_ref().map(|reload| &reload.outcome);
    let held = match outcome {
        Some(Outcome::Held(held)) => Some(held),
        _ => None,
    };
    let rolled_back = matches!(outcome, Some(Outcome::RolledBack(_)));
    let degraded = status.degraded.iter().map(|one| match one.what {
        DegradedFiles::Rules if let Some(held) = held => held_back(held, &one.first),
        DegradedFiles::Rules if rolled_back => format!(
            "{}; `readdress rollback --end` has the files count again",
            one.why
        ),
        _ if one.first.is_empty() => one.why.clone(),
        _ => one.first.clone(),
    });
    let degraded: Vec<_> = degraded.collect();
    if !degraded.is_empty() {
        line.push_str(&format!("; DEGRADED: {}", degraded.join("; ")));
    }
    for problem in &status.problems {
        line.push_str(&format!("; DEGRADED: {}: {}", problem.part, problem.what));
    }
    line
}

/// Returns why a table is held back, and what it would change.
fn held_back(held: &Held, cause: &str) -> String {
    let change = held.differences_in_words();
    let change = change.map_or_else(String::new, |words| format!("; {words}"));
    format!("the rules are held back: {cause}{change}; `readdress status` says what to do")
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
    use crate::protocol::{Degradation, Problem, Reload, RolledBack};

    #[test]
    fn the_status_line_says_what_serves_and_what_is_wrong() {
        let mut now = Status::default();
        let wanted = "no table: every recipient is deferred";
        assert_eq!(status(&now), wanted);
        now.degraded = vec![Degradation {
            why: "the rules were refused: 2 errors".to_owned(),
            first: "a.rules:1:15: error: x (and 1 more)".to_owned(),
            ..Degradation::default()
        }];
        let wanted = format!("{wanted}; DEGRADED: a.rules:1:15: error: x (and 1 more)");
        assert_eq!(status(&now), wanted);
        now.last_reload = Some(Reload {
            outcome: Outcome::RolledBack(RolledBack::default()),
            at: None,
            directory: String::new(),
            configuration: None,
        });
        now.degraded[0].why = "anna went back to generation 3".to_owned();
        let line = status(&now);
        let wanted = "DEGRADED: anna went back to generation 3; `readdress rollback --end` has";
        assert!(line.contains(wanted), "{line}");
        now.last_reload = None;
        now.degraded[0].why = "the rules were refused: 2 errors".to_owned();
        now.degraded[0].first.clear();
        assert!(status(&now).ends_with("; DEGRADED: the rules were refused: 2 errors"));
        (now.generation, now.rules, now.age_seconds) = (41, 18204, 180);
        now.degraded.clear();
        now.problems = vec![Problem {
            part: "log".to_owned(),
            what: "full".to_owned(),
            for_seconds: 5,
        }];
        let wanted = "generation 41, 18204 rules, live for 3 min; DEGRADED: log: full";
        assert_eq!(status(&now), wanted);
    }

    #[test]
    fn a_table_that_is_held_back_is_not_called_refused() {
        let now = Status {
            degraded: vec![Degradation {
                first: "a.rules was emptied".to_owned(),
                ..Degradation::default()
            }],
            last_reload: Some(Reload {
                outcome: Outcome::Held(Held {
                    differences_total: Some(12),
                    ..Held::default()
                }),
                at: None,
                directory: String::new(),
                configuration: None,
            }),
            ..Status::default()
        };
        let wanted = "DEGRADED: the rules are held back: a.rules was emptied; 12 addresses or patterns fare differently; `readdress status` says what to do";
        assert!(status(&now).ends_with(wanted), "{}", status(&now));
    }

    #[test]
    fn ages_are_for_people() {
        let age = |seconds| age(Duration::from_secs(seconds));
        assert_eq!(age(180), "3 min");
        assert_eq!(age(7200), "2 h");
        assert_eq!(age(864_000), "10 days");
    }
}
