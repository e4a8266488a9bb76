//! The settings in force, key by key, for `readdress config`.

use crate::{
    config::{Config, Key, keys, quoted},
    daemon::{
        listeners::{ListenerKind, ListeningSockets},
        status::StatusReporter,
    },
    protocol::Setting,
};

/// Returns one setting for each key, in the order of the sample file.
pub(super) fn settings(reporter: &StatusReporter) -> Vec<Setting> {
    let config = reporter.state.config.load();
    let file = reporter.settings.status();
    let setting = |key: &Key| {
        let (value, from) = match handed_over(&reporter.sockets, &config, key) {
            Some(value) => (value, "systemd".to_owned()),
            None => {
                let from = config.origins.of(key).shown(&file.path.display());
                (key.value(&config), from)
            }
        };
        let name = key.full_name();
        let waiting = file.waiting.iter().find(|change| change.key == name);
        Setting {
            section: key.section.to_owned(),
            key: key.name.to_owned(),
            value,
            from,
            waiting: waiting.map(|change| change.new.clone()),
        }
    };
    keys().map(setting).collect()
}

/// Returns the sockets that systemd handed over for a key, if they are not the configured ones.
fn handed_over(sockets: &ListeningSockets, config: &Config, key: &Key) -> Option<String> {
    let kind = ListenerKind::named(key.section).filter(|_| key.name == "listen")?;
    if !sockets.are_from_systemd(kind) {
        return None;
    }
    let names = sockets.names(kind);
    let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    let served = match kind {
        ListenerKind::Control => names.concat(),
        ListenerKind::Milter | ListenerKind::Socketmap => format!("[{}]", names.join(", ")),
    };
    (served != key.value(config)).then_some(served)
}
