//! The settings in force, key by key, for `readdress config`.

use serde_json::{Value, json};

use super::Control;
use crate::config::{Config, Key, keys, quoted};

impl Control {
    /// One object for each key, in the order of the sample file.
    pub(super) fn keys(&self) -> Vec<Value> {
        let (config, file) = (self.state.config.load(), self.settings.status());
        let object = |key: &Key| {
            let (value, from) = match self.handed_over(&config, key) {
                Some(value) => (value, "systemd".to_owned()),
                None => {
                    let from = config.origins.of(key).shown(&file.path.display());
                    (key.value(&config), from)
                }
            };
            let name = key.full_name();
            let waiting = file.waiting.iter().find(|change| change.key == name);
            json!({
                "section": key.section,
                "key": key.name,
                "value": value,
                "from": from,
                "waiting": waiting.map(|change| &change.new),
            })
        };
        keys().map(object).collect()
    }

    /// The sockets that are served instead of the configured ones; `None` where it is those.
    fn handed_over(&self, config: &Config, key: &Key) -> Option<String> {
        let list = |sockets: &[String]| {
            let names: Vec<_> = sockets.iter().map(|name| quoted(name)).collect();
            format!("[{}]", names.join(", "))
        };
        let served = match (key.section, key.name) {
            ("milter", "listen") if self.handed.milter => list(&self.sockets.milter),
            ("socketmap", "listen") if self.handed.socketmap => list(&self.sockets.socketmap),
            ("control", "listen") if self.handed.control => {
                quoted(self.sockets.control.as_deref().unwrap_or_default())
            }
            _ => return None,
        };
        (served != key.value(config)).then_some(served)
    }
}
