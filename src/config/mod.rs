//! Storey 7: turns the text of the configuration file `readdress.toml` into values.
//!
//! Pure, like the engine: it reads no file. Every key has a default, so an empty or missing file works. An unknown
//! key is an error with a suggestion. All errors of a file are reported at once, with place, line and caret.
//!
//! [`keys`](keys()) is the list of all keys, each defined once. The parser, the printed settings, the
//! report of changes, the sample file and readdress.toml(5) come from it.

mod changes;
mod choices;
mod key;
mod keys;
mod kind;
mod origin;
mod parse;
mod same_socket;
mod sample;
pub mod socket;
mod values;

pub use changes::Change;
pub use choices::{LogAddresses, Mode, Refusals};
pub use key::Effect;
pub use keys::{Config, History, Key, Milter, Reload, SECTIONS, Traffic, keys};
pub use kind::quoted;
pub use origin::{Origin, Origins};
pub use parse::{parse, parse_partly};
pub use sample::sample;
pub use values::days_in_words;

/// The configuration file of a command without `--config`.
pub const DEFAULT_FILE: &str = "/etc/readdress/readdress.toml";
