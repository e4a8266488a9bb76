//! The settings in force, key by key, for `readdress config`.

use super::Control;
use crate::{
    config::{Config, Key, keys, quoted},
    protocol::Setting,
};

impl Control {
    /// Returns one setting for each key, in the order of the sample file.
    pub(super) fn keys(&self) -> Vec<Setting> {
        let config = self.reporter.state.config.load();
        let file = self.reporter.settings.status();
        let setting = |key: &Key| {
            let (value, from) = match self.handed_over(&config, key) {
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

    /// Returns the sockets that systemd handed over, if they are not the configured ones.
    fn handed_over(&self, config: &Config, key: &Key) -> Option<String> {
        let list = |sockets: &[String]| {
            let names: Vec<_> = sockets.iter().map(|name| quoted(name)).collect();
            format!("[{}]", names.join(", "))
        };
        let sockets = &self.reporter.sockets;
        let served = match (key.section, key.name) {
            ("milter", "listen") if self.handed.milter => list(&sockets.milter),
            ("socketmap", "listen") if self.handed.socketmap => list(&sockets.socketmap),
            ("control", "listen") if self.handed.control => {
                quoted(sockets.control.as_deref().unwrap_or_default())
            }
            _ => return None,
        };
        (served != key.value(config)).then_some(served)
    }
}
