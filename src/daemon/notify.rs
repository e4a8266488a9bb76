//! What systemd is told (sd_notify(3)): ready, how the daemon stands, alive, stopping.
//!
//! In: the outcomes of reloads and the live table. Out: `STATUS=`, which `systemctl status` shows
//! first, and `WATCHDOG=1` for as long as every thread of the milter answers. Without
//! `NOTIFY_SOCKET` in the environment nothing is told.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | [`REFRESH`] | 60 s | the age in the status is told anew |
//! | half of `WatchdogSec=` | | without an answer of every thread no sign of life is given |

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    live::{Generation, LiveTable},
    milter::Gauges,
    record::Veil,
    reload::{ReloadHandle, ReloadOutcome, ReloadStatus},
    settings::SettingsHandle,
};
use crate::engine::{Diagnostic, Severity, Tally};

/// How often the age is told anew.
const REFRESH: Duration = Duration::from_secs(60);

/// What is needed to tell how the daemon stands.
#[derive(Clone, Debug)]
pub struct Notifier {
    /// The table that serves.
    pub live: Arc<LiveTable>,
    /// Tells of reloads.
    pub reload: ReloadHandle,
    /// Tells of the configuration file.
    pub settings: SettingsHandle,
    /// Whether findings may be shown in full.
    pub veil: Veil,
}

impl Notifier {
    /// The sockets are bound and the rules were read: mail may come.
    pub fn ready(&self) {
        tell(&[NotifyState::Ready, NotifyState::Status(&self.status())]);
    }

    /// Tells of every reload, and of the age now and then, until the future is dropped.
    pub async fn follow(self) {
        let mut reloads = self.reload.subscribe();
        let mut settings = self.settings.subscribe();
        let mut refresh = interval(REFRESH);
        loop {
            tokio::select! {
                _ = refresh.tick() => {}
                // The reloader lives as long as the daemon.
                changed = reloads.changed() => if changed.is_err() { return },
                changed = settings.changed() => if changed.is_err() { return },
            }
            tell(&[NotifyState::Status(&self.status())]);
        }
    }

    fn status(&self) -> String {
        let file = self.settings.status();
        let refused = file.refused.map(|refused| refused.findings);
        let reload = self.reload.status();
        status(&self.live.pin(), &reload, refused.as_deref(), &self.veil)
    }
}

/// The end has begun.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Gives a sign of life twice in the time that systemd wants one in, as long as every thread of the
/// milter answers.
pub async fn live(gauges: Arc<Gauges>) {
    let Some(within) = sd_notify::watchdog_enabled() else {
        return;
    };
    let half = within / 2;
    let mut beat = interval(half);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if timeout(half, gauges.all_answer()).await.is_ok() {
            tell(&[NotifyState::Watchdog]);
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
    veil: &Veil,
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
        Some(ReloadOutcome::Refused { diagnostics, .. }) => Some(trouble(diagnostics, veil)),
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
    let configuration = configuration.map(|findings| trouble(findings, &Veil::default()));
    let all: Vec<_> = rules.into_iter().chain(configuration).collect();
    match all.is_empty() {
        true => serving,
        false => format!("{serving}; DEGRADED: {}", all.join("; ")),
    }
}

/// The first error, and how many more there are.
fn trouble(diagnostics: &[Diagnostic], veil: &Veil) -> String {
    let mut errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    let Some(first) = errors.next() else {
        return "the rules were refused".to_owned();
    };
    let text = match veil.hides() {
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
    use crate::engine::{Settings, SourceText, compile};

    fn compiled(rules: &str) -> crate::engine::Compiled {
        let source = SourceText {
            name: "a.rules".into(),
            bytes: rules.as_bytes().to_vec(),
        };
        compile(&[source], &Settings::default())
    }

    #[test]
    fn the_status_says_what_serves_and_what_is_wrong() {
        let live = LiveTable::new();
        let (veil, mut reload) = (Veil::default(), ReloadStatus::default());
        let broken = compiled("x@domain2.com rejct\ny@domain2.com rejct\n");
        reload.outcome = Some(ReloadOutcome::Refused {
            diagnostics: broken.diagnostics.into(),
            serving: 0,
        });
        let text = status(&live.pin(), &reload, None, &veil);
        let wanted = "no table: every recipient is deferred; DEGRADED: a.rules:1:15: error: ";
        assert!(text.starts_with(wanted), "{text}");
        assert!(text.ends_with("(and 1 more)"), "{text}");
        let good = compiled("a@domain2.com b@company.com\n").table;
        live.replace(Arc::new(good.expect("a table")));
        reload.outcome = Some(ReloadOutcome::Unchanged { generation: 1 });
        assert_eq!(
            status(&live.pin(), &reload, None, &veil),
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
