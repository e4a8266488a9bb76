//! What an event of the log is, for the code that writes it and for readdress-log(7).

use tracing::Level;

/// One kind of line in the log.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// How important it is.
    pub level: Level,
    /// An example, exactly as the line is written.
    pub line: &'static str,
    /// The fields `key=value`, each with what it means. They keep their order; new ones go to the end.
    pub fields: &'static [(&'static str, &'static str)],
    /// When the line is written, line by line.
    pub when: &'static [&'static str],
    /// What the daemon does next. Empty if there is nothing to say.
    pub next: &'static str,
    /// What the reader should do. Empty if there is nothing to do.
    pub advice: &'static str,
}

/// Defines events, and `EVENTS`, the list of them:
///
/// ```text
/// /// When the line is written.
/// NAME: LEVEL "an example of the line", ["field": "what it means"],
///     next "what the daemon does next", advice "what the reader should do";
/// ```
///
/// A line needs such an event, because [`write_event`] takes the level of the line from it.
macro_rules! events {
    ($($(#[doc = $when:literal])+
    $name:ident: $level:ident $line:literal, [$($field:literal: $meaning:literal),* $(,)?],
        next $next:literal, advice $advice:literal;)*) => {
        $($(#[doc = $when])+
        const $name: $crate::daemon::log::Event = $crate::daemon::log::Event {
            level: tracing::Level::$level,
            line: $line,
            fields: &[$(($field, $meaning)),*],
            when: &[$($when),+],
            next: $next,
            advice: $advice,
        };)*

        /// The events of this file.
        pub(super) const EVENTS: &[$crate::daemon::log::Event] = &[$($name),*];
    };
}

/// Writes a line of an event: its fields and its text, as `tracing` takes them.
macro_rules! write_event {
    ($event:ident, $($what:tt)+) => {
        tracing::event!($event.level, $($what)+)
    };
}

pub(crate) use {events, write_event};

/// Lines of the log were lost. The queue of the log writes this line itself, at most every ten seconds.
pub const DROPPED: Event = Event {
    level: Level::WARN,
    line: "log: dropped=12 total=340",
    fields: &[
        ("dropped", "events lost since the last line of this kind"),
        ("total", "events lost since the daemon started"),
    ],
    when: &["Lines of the log were lost, because nothing read them in time."],
    next: "Mail does not wait for the log.",
    advice: "Find out what keeps the journal, or the reader of the log, from working.",
};
