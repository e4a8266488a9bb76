//! The settings in force, key by key, for `readdress config`.

use crate::{
    config::{Config, Key, keys, quoted},
    daemon::{record::Sockets, status::StatusReporter},
    protocol::Setting,
};

/// The sockets that systemd handed over.
#[derive(Clone, Copy, Debug, Default)]
pub struct Handed {
    /// True if systemd handed over those of the milter.
    pub milter: bool,
    /// True if systemd handed over those of the socketmap.
    pub socketmap: bool,
    /// True if systemd handed over the control socket.
    pub control: bool,
}

/// Returns one setting for each key, in the order of the sample file.
pub(super) fn settings(reporter: &StatusReporter, handed: Handed) -> Vec<Setting> {
    let config = reporter.state.config.load();
    let file = reporter.settings.status();
    let setting = |key: &Key| {
        let (value, from) = match handed.served(&reporter.sockets, &config, key) {
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

impl Handed {
    /// Returns the sockets that systemd handed over for a key, if they are not the configured ones.
    fn served(self, sockets: &Sockets, config: &Config, key: &Key) -> Option<String> {
        let list = |sockets: &[String]| {
            let names: Vec<_> = sockets.iter().map(|name| quoted(name)).collect();
            format!("[{}]", names.join(", "))
        };
        let served = match (key.section, key.name) {
            ("milter", "listen") if self.milter => list(&sockets.milter),
            ("socketmap", "listen") if self.socketmap => list(&sockets.socketmap),
            ("control", "listen") if self.control => {
                quoted(sockets.control.as_deref().unwrap_or_default())
            }
            _ => return None,
        };
        (served != key.value(config)).then_some(served)
    }
}
