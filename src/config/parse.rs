//! TOML to [`Config`]: every unknown key and every wrong value is reported at once.

use std::ops::{Range, RangeInclusive};

use toml::de::DeTable;

use super::{
    keys::{Config, Key, SECTIONS, keys},
    kind::Value,
    origin::Origin,
    same_socket::Listeners,
};
use crate::engine::{
    Diagnostic, Severity, SourceText,
    diagnostic::{Finding, Findings, Span, codes, nearest},
};

/// Reads a configuration; the findings are errors, and with one of them there is no configuration.
pub fn parse(name: &str, text: &[u8]) -> Result<Config, Vec<Diagnostic>> {
    let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
    match parse_partly(name, text) {
        (_, findings) if findings.iter().any(is_error) => Err(findings),
        (config, _) => Ok(config),
    }
}

/// Reads as much of a configuration as there is without an error, and the errors. Only commands that ask
/// the running daemon use such a configuration: they need its control socket.
pub fn parse_partly(name: &str, text: &[u8]) -> (Config, Vec<Diagnostic>) {
    let sources = [SourceText::new(name, text.to_vec())];
    let mut findings = Findings::new(&sources);
    let mut config = Config::default();
    match std::str::from_utf8(text) {
        Ok(text) => Reader {
            text,
            findings: &mut findings,
            config: &mut config,
            seen: Vec::new(),
            listeners: Listeners::default(),
        }
        .file(),
        Err(error) => {
            config.origins.set_any_unread();
            findings.push(
                Finding::error(
                    codes::NOT_UTF8,
                    Span::at(0, text, error.valid_up_to()..error.valid_up_to() + 1),
                    "this is not UTF-8",
                )
                .help("save the file as UTF-8"),
            );
        }
    }
    config.origins.text = text.into();
    (config, findings.into_diagnostics())
}

struct Reader<'r, 't, 's> {
    text: &'t str,
    findings: &'r mut Findings<'s>,
    config: &'r mut Config,
    /// The lines of each key that stands in the file, with the keys that the line may be meant for.
    seen: Vec<(RangeInclusive<u32>, Vec<&'static Key>)>,
    listeners: Listeners,
}

impl<'t> Reader<'_, 't, '_> {
    fn file(&mut self) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let span = self.span(error.span().unwrap_or(0..0));
            let message = error.message().replace('\n', ", ");
            self.findings.push(
                Finding::error(codes::SYNTAX, span, message)
                    .help("the file is TOML: `key = \"value\"`, sections as `[milter]`"),
            );
        }
        for (name, value) in table.get_ref() {
            let (key, span) = (name.get_ref().as_ref(), name.span());
            match value.get_ref().as_table() {
                Some(table) if is_section(key) => self.section(key, table),
                Some(table) => {
                    self.key("", key, span, value);
                    // The keys of a misspelt section are checked at once as well.
                    if let Some(meant) = similar("", key).filter(|meant| is_section(meant)) {
                        self.section(meant, table);
                    }
                }
                None => self.key("", key, span, value),
            }
        }
        for error in errors {
            self.hidden_by(error.span());
        }
        self.repeated_sockets();
    }

    fn repeated_sockets(&mut self) {
        for (again, first) in std::mem::take(&mut self.listeners).repeated() {
            let message = "this socket is written twice: a daemon cannot listen on it again";
            self.findings.push(
                Finding::error(codes::BAD_VALUE, self.span(again), message)
                    .help("delete one of the two, or write another path or port")
                    .note(self.span(first), "first written here"),
            );
        }
    }

    /// Notes which keys a syntax error may hide: those of its line, or any key if its line shows none.
    fn hidden_by(&mut self, error: Option<Range<usize>>) {
        let line = error.map(|at| self.span(at).line);
        let mut near = self
            .seen
            .iter()
            .filter(|(lines, _)| line.is_some_and(|line| lines.contains(&line)))
            .peekable();
        if near.peek().is_none() {
            self.config.origins.set_any_unread();
        }
        for key in near.flat_map(|(_, keys)| keys) {
            self.config.origins.set_unread(key.section, key.name);
        }
    }

    fn section(&mut self, section: &str, table: &DeTable<'t>) {
        for (name, value) in table {
            self.key(section, name.get_ref().as_ref(), name.span(), value);
        }
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::at(0, self.text.as_bytes(), range)
    }

    fn key(&mut self, section: &str, name: &str, at: Range<usize>, value: &Value<'t>) {
        let lines = self.span(at.clone()).line..=self.span(value.span().end..value.span().end).line;
        let key = keys().find(|key| key.section == section && key.name == name);
        let Some(key) = key else {
            let meant = meant(section, name, value);
            for key in &meant {
                self.config.origins.set_unread(key.section, key.name);
            }
            self.seen.push((lines, meant));
            return self.unknown(section, name, at);
        };
        self.seen.push((lines, vec![key]));
        match key.setting.read(self.config, value) {
            Ok(()) => {
                if name == "listen" {
                    self.listeners.add(value);
                }
                let line = Origin::Line(self.span(at).line);
                self.config.origins.set(key.section, key.name, line);
            }
            Err(mistakes) => {
                self.config.origins.set_unread(key.section, key.name);
                for wrong in mistakes {
                    let span = self.span(wrong.at);
                    let finding = Finding::error(codes::BAD_VALUE, span, wrong.message);
                    self.findings.push(match wrong.replacement {
                        Some(text) => finding.suggest(wrong.help, span, text),
                        None => finding.help(wrong.help),
                    });
                }
            }
        }
    }

    fn unknown(&mut self, section: &str, name: &str, at: Range<usize>) {
        let span = self.span(at);
        let place = match section {
            "" => String::new(),
            section => format!(" in [{section}]"),
        };
        let message = format!("there is no key `{name}`{place}");
        let finding = Finding::error(codes::UNKNOWN_KEY, span, message);
        self.findings
            .push(if section.is_empty() && is_section(name) {
                let message = format!("`{name}` is a section, not a key");
                Finding::error(codes::UNKNOWN_KEY, span, message).help(format!(
                    "write `[{name}]` on a line of its own, and its keys below it"
                ))
            } else if let Some(meant) = similar(section, name) {
                finding.suggest(format!("did you mean `{meant}`?"), span, meant)
            } else {
                finding.help(elsewhere(name))
            });
    }
}

/// Returns the keys that an unknown key may be meant for: keys of this name elsewhere, the keys of a section
/// that is written as a key, a misspelt key, and the same for the keys of an unknown section.
fn meant(section: &str, name: &str, value: &Value<'_>) -> Vec<&'static Key> {
    if let Some(table) = value.get_ref().as_table() {
        // The keys of a misspelt section are read.
        if similar(section, name).is_some_and(is_section) {
            return Vec::new();
        }
        let inner = table.iter();
        return inner
            .flat_map(|(name, value)| meant("-", name.get_ref(), value))
            .collect();
    }
    let similar = similar(section, name);
    let is_meant = |key: &&Key| {
        key.name == name
            || (section.is_empty() && key.section == name)
            || (key.section == section && Some(key.name) == similar)
    };
    keys().filter(is_meant).collect()
}

/// Returns the key or section with a similar name at the same place.
fn similar(section: &str, name: &str) -> Option<&'static str> {
    let here = keys().filter(|key| key.section == section);
    let sections = SECTIONS.iter().map(|(name, _)| *name);
    let sections = sections.filter(|name| section.is_empty() && !name.is_empty());
    nearest(name, here.map(|key| key.name).chain(sections))
}

/// Returns what to do with a key that does not exist at its place.
fn elsewhere(name: &str) -> String {
    let key = keys().find(|key| key.name == name);
    match key.map(|key| key.section) {
        Some("") => format!("`{name}` belongs to the top of the file, before the first section"),
        Some(section) => format!("`{name}` belongs to [{section}]"),
        None => "delete it; readdress.toml(5) lists every key".to_owned(),
    }
}

fn is_section(name: &str) -> bool {
    SECTIONS
        .iter()
        .any(|(section, _)| !section.is_empty() && *section == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Mode, sample};

    fn codes(text: &str) -> Vec<String> {
        let found = parse("readdress.toml", text.as_bytes())
            .err()
            .unwrap_or_default();
        found
            .iter()
            .map(|d| {
                format!(
                    "{}:{}:{}:{}",
                    d.excerpt.line,
                    d.excerpt.column,
                    d.code,
                    d.advice().unwrap_or_default()
                )
            })
            .collect()
    }

    #[test]
    fn nothing_is_the_default() {
        assert_eq!(parse("c", b""), Ok(Config::default()));
        assert_eq!(parse("c", sample().as_bytes()), Ok(Config::default()));
    }

    #[test]
    fn the_sample_shows_the_true_defaults() {
        let plain: String = sample()
            .lines()
            .map(|line| {
                let uncommented = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
                format!("{}\n", uncommented.unwrap_or(line))
            })
            .collect();
        let config = parse("c", plain.as_bytes()).unwrap();
        assert_eq!(config, Config::default());
        let written = |key: &Key| config.origins.is_written(key.section, key.name);
        assert!(keys().all(written), "a key is missing in the sample");
    }

    #[test]
    fn every_finding_in_one_pass_with_a_suggestion() {
        let text = "mod = \"observe\"\nrules = 5\n[milter]\nlisten = \"inet\"\nquiet = \"1s\"\n[reload]\nquiet = \"fast\"\n[rewrit]\nx = 1\n";
        let found = codes(text);
        assert_eq!(found.len(), 7, "{found:#?}");
        assert!(
            found[0].starts_with("1:1:unknown-key:did you mean `mode`?"),
            "{found:#?}"
        );
        assert!(
            found.iter().any(|f| f.contains("belongs to [reload]")),
            "{found:#?}"
        );
        assert!(
            found.iter().any(|f| f.contains("did you mean `rewrite`?")),
            "{found:#?}"
        );
    }

    #[test]
    fn syntax_errors_have_a_place() {
        assert!(codes("mode = \"observe\nrules = \"x\"\n")[0].starts_with("1:"));
        assert_eq!(
            codes("mode = \"observ\"")[0],
            "1:8:bad-value:write `\"observe\"`"
        );
    }

    #[test]
    fn every_socket_of_a_list_is_checked() {
        let found = codes("[milter]\nlisten = [\"a\", \"unix:/m.sock\", \"inet:x:y\", 3]\n");
        let columns: Vec<_> = found.iter().map(|f| &f[..4]).collect();
        assert_eq!(columns, ["2:11", "2:32", "2:44"], "{found:#?}");
    }

    #[test]
    fn values() {
        let config = parse("c", b"mode = \"observe\"\n[milter]\nlisten = [\"inet:8892@localhost\", \"unix:m.sock\"]\n[reload]\nquiet = \"50ms\"\n[rewrite]\nrecipient_delimiter = \"+-\"\nrecursion_limit = 1_0\n").unwrap();
        assert_eq!(
            (config.mode, config.milter.listen.len()),
            (Mode::Observe, 2)
        );
        assert_eq!(
            (
                config.reload.quiet.as_millis(),
                config.settings.recursion_limit
            ),
            (50, 10)
        );
        for bad in [
            "[rewrite]\nrecursion_limit = 0",
            "[rewrite]\nrecipient_delimiter = \"a\"",
            "[socketmap]\nlisten = [\"inet\"]",
            "[reload]\nlatest = \"2\"",
            "[control]\nlisten = \"inet:127.0.0.1:1\"",
        ] {
            assert!(parse("c", bad.as_bytes()).is_err(), "{bad}");
        }
    }

    /// The keys that may hold a value which could not be read.
    fn unread(text: &str) -> Vec<String> {
        let (config, _) = parse_partly("c", text.as_bytes());
        let unread = keys().filter(|key| config.origins.is_unread(key.section, key.name));
        unread.map(Key::full_name).collect()
    }

    #[test]
    fn a_key_with_an_error_is_named_and_no_other_one() {
        let milter = "[milter] listen";
        for (text, wanted) in [
            ("", &[][..]),
            ("mode = \"observe\"\n", &[]),
            (
                "mode = \"observ\"\n[milter]\nlisten = \"unix:/listen\"\n",
                &["mode"],
            ),
            (
                "[milter]\nlisten = [\n  \"unix:/m\",\n  \"inet:bad:port\",\n]\n",
                &[milter],
            ),
            ("[milter]\nlsten = \"unix:/m\"\n", &[milter]),
            ("[miter]\nlisten = \"unix:/m\"\n", &[]),
            (
                "mode = \"observe\n[milter]\nlisten = \"unix:/m\"\n",
                &["mode"],
            ),
            ("[milter]\nlisten = \"unix:/m\n", &[milter]),
            // The key stands elsewhere, or its section is written as a key.
            (
                "listen = \"unix:/m\"\n",
                &[
                    milter,
                    "[socketmap] listen",
                    "[monitor] listen",
                    "[control] listen",
                ],
            ),
            ("socketmap = \"inet:1@h\"\n", &["[socketmap] listen"]),
            ("[elsewhere]\nquiet = \"1s\"\n", &["[reload] quiet"]),
        ] {
            assert_eq!(unread(text), wanted, "{text}");
        }
    }

    /// Where no key stands on the line of an error, the error may hide every key that was not read.
    #[test]
    fn an_error_without_a_key_may_hide_any_key() {
        let all = keys().count();
        let (config, _) = parse_partly("c", b"mode = \"\xff\"\n");
        assert!(keys().all(|key| config.origins.is_unread(key.section, key.name)));
        let hidden = unread("mode = \"observe\"\n[milter\nlisten = \"unix:/m\"\n");
        assert!(hidden.contains(&"[milter] listen".to_owned()), "{hidden:?}");
        assert!(!hidden.contains(&"mode".to_owned()), "{hidden:?}");
        assert!(hidden.len() < all, "{hidden:?}");
    }
}
