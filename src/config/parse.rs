//! TOML to [`Config`]: every unknown key, wrong type and wrong value is found in one pass.

use std::path::PathBuf;

use toml::de::DeTable;

use super::{
    Config, LogAddresses, Mode, Origin, Refusals,
    keys::KEYS,
    value::{
        Value, Wrong, boolean, choice, control, delimiters, duration, number, percent, reply,
        reserved, sockets, some_sockets, text,
    },
};
use crate::engine::{
    Diagnostic, Severity, SourceText,
    address::LocalCase,
    diagnostic::{Finding, Findings, Span, codes, nearest},
    reply::ReplyClass,
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
        }
        .file(),
        Err(error) => findings.push(
            Finding::error(
                codes::NOT_UTF8,
                Span::at(0, text, error.valid_up_to()..error.valid_up_to() + 1),
                "this is not UTF-8",
            )
            .help("save the file as UTF-8"),
        ),
    }
    config.origins.text = text.into();
    (config, findings.into_diagnostics())
}

struct Reader<'r, 't, 's> {
    text: &'t str,
    findings: &'r mut Findings<'s>,
    config: &'r mut Config,
}

impl<'t> Reader<'_, 't, '_> {
    fn file(&mut self) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
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
                Some(table) if KEYS.iter().any(|known| known.section == key) => {
                    self.section(key, table)
                }
                _ => self.key("", key, span, value),
            }
        }
    }

    fn section(&mut self, section: &str, table: &DeTable<'t>) {
        for (name, value) in table {
            self.key(section, name.get_ref().as_ref(), name.span(), value);
        }
    }

    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::at(0, self.text.as_bytes(), range)
    }

    fn key(&mut self, section: &str, name: &str, span: std::ops::Range<usize>, value: &Value<'t>) {
        let result = match (section, name) {
            ("", "rules") => text(value).map(|text| self.config.rules = PathBuf::from(text)),
            ("", "state") => text(value).map(|text| self.config.state = PathBuf::from(text)),
            ("", "mode") => choice(
                value,
                &[("rewrite", Mode::Rewrite), ("observe", Mode::Observe)],
            )
            .map(|mode| self.config.mode = mode),
            ("milter", _) => return self.milter(name, span, value),
            ("socketmap", "listen") => some_sockets(value).map(|list| self.config.socketmap = list),
            ("monitor", "listen") => reserved(value),
            ("control", "listen") => control(value).map(|socket| {
                self.config.control = socket;
                self.config.control_written = true;
            }),
            ("rewrite", _) => return self.rewrite(name, span, value),
            ("headers", "x_original_to") => {
                boolean(value).map(|wanted| self.config.headers.original_to = wanted)
            }
            ("headers", "rewrite") => {
                boolean(value).map(|wanted| self.config.headers.rewrite = wanted)
            }
            ("replies", "unknown") => reply(ReplyClass::Reject, value)
                .map(|reply| self.config.settings.unknown_reject = reply),
            ("replies", "unknown_defer") => reply(ReplyClass::Defer, value)
                .map(|reply| self.config.settings.unknown_defer = reply),
            ("reload", "quiet") => duration(value).map(|quiet| self.config.reload.quiet = quiet),
            ("reload", "latest") => {
                duration(value).map(|latest| self.config.reload.latest = latest)
            }
            ("reload", "rescan") => {
                duration(value).map(|rescan| self.config.reload.rescan = rescan)
            }
            ("reload", "max_shrink") => {
                percent(value).map(|share| self.config.reload.max_shrink = share)
            }
            ("log", "addresses") => choice(
                value,
                &[
                    ("full", LogAddresses::Full),
                    ("domain", LogAddresses::Domain),
                    ("hash", LogAddresses::Hash),
                ],
            )
            .map(|addresses| self.config.addresses = addresses),
            ("log", "level") => {
                let levels =
                    ["error", "warn", "info", "debug", "trace"].map(|level| (level, level));
                choice(value, &levels).map(|level| level.clone_into(&mut self.config.level))
            }
            _ => return self.unknown(section, name, span),
        };
        self.told((section, name, span), result, value);
    }

    fn milter(&mut self, name: &str, span: std::ops::Range<usize>, value: &Value<'t>) {
        let milter = &mut self.config.milter;
        let result = match name {
            "listen" => sockets(value).map(|list| milter.listen = list),
            "max_connections" => number(value).map(|number| milter.max_connections = number),
            "drain" => duration(value).map(|drain| milter.drain = drain),
            "message_limit" => number(value).map(|number| milter.message_limit = number),
            "refusals" => choice(
                value,
                &[
                    ("milter", Refusals::Milter),
                    ("socketmap", Refusals::Socketmap),
                ],
            )
            .map(|refusals| milter.refusals = refusals),
            _ => return self.unknown("milter", name, span),
        };
        self.told(("milter", name, span), result, value);
    }

    fn rewrite(&mut self, name: &str, span: std::ops::Range<usize>, value: &Value<'t>) {
        let settings = &mut self.config.settings;
        let result = match name {
            "recipient_delimiter" => {
                delimiters(value).map(|set| settings.recipient_delimiter = set)
            }
            "local_part_case" => choice(
                value,
                &[("ignore", LocalCase::Ignore), ("strict", LocalCase::Strict)],
            )
            .map(|case| settings.local_case = case),
            "recursion_limit" => number(value).map(|limit| settings.recursion_limit = limit),
            "expansion_limit" => number(value).map(|limit| settings.expansion_limit = limit),
            "address_length_limit" => {
                number(value).map(|limit| settings.address_length_limit = limit)
            }
            _ => return self.unknown("rewrite", name, span),
        };
        self.told(("rewrite", name, span), result, value);
    }

    /// Notes where a value is written, or what is wrong with it.
    fn told(
        &mut self,
        (section, name, at): (&str, &str, std::ops::Range<usize>),
        result: Result<(), Wrong>,
        value: &Value<'t>,
    ) {
        let span = self.span(value.span());
        match result {
            Ok(()) => {
                let line = self.span(at).line;
                self.config.origins.set(section, name, Origin::Line(line));
            }
            Err(Wrong(message, help)) => self
                .findings
                .push(Finding::error(codes::BAD_VALUE, span, message).help(help)),
        }
    }

    fn unknown(&mut self, section: &str, name: &str, span: std::ops::Range<usize>) {
        let here = KEYS
            .iter()
            .filter(|key| key.section == section)
            .map(|key| key.name);
        let sections = KEYS
            .iter()
            .map(|key| key.section)
            .filter(|_| section.is_empty());
        let place = if section.is_empty() {
            String::new()
        } else {
            format!(" in [{section}]")
        };
        let elsewhere = KEYS
            .iter()
            .find(|key| key.name == name)
            .map(|key| key.section);
        let help = match (nearest(name, here.chain(sections)), elsewhere) {
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, Some("")) => {
                format!("`{name}` stands at the top of the file, before the first section")
            }
            (None, Some(section)) => format!("`{name}` belongs to [{section}]"),
            (None, None) => "delete it; the sample file shows every key".to_owned(),
        };
        let span = self.span(span);
        let is_section = section.is_empty() && KEYS.iter().any(|key| key.section == name);
        let (message, help) = if is_section {
            (
                format!("`{name}` is a section, not a key"),
                format!("write `[{name}]` on a line of its own, and its keys below"),
            )
        } else {
            (format!("there is no key `{name}`{place}"), help)
        };
        self.findings
            .push(Finding::error(codes::UNKNOWN_KEY, span, message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::sample;

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
        let mut config = parse("c", plain.as_bytes()).unwrap();
        assert!(config.control_written);
        config.control_written = false;
        assert_eq!(config, Config::default());
    }

    #[test]
    fn every_finding_in_one_pass_with_a_suggestion() {
        let text = "mod = \"observe\"\nrules = 5\n[milter]\nlisten = \"inet\"\nquiet = \"1s\"\n[reload]\nquiet = \"fast\"\n[rewrit]\nx = 1\n";
        let found = codes(text);
        assert_eq!(found.len(), 6, "{found:#?}");
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
            "1:8:bad-value:did you mean \"observe\"? the values are \"rewrite\", \"observe\""
        );
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
}
