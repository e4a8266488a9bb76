//! TOML to [`Config`]: every unknown key, wrong type and wrong value is found in one pass.

use std::{path::PathBuf, str::FromStr, time::Duration};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Config, LogAddresses, Mode, keys::KEYS, socket::Socket};
use crate::engine::{
    Diagnostic, SourceText,
    address::LocalCase,
    reply::{ReplyClass, ReplyError, SmtpReply},
    rule::{Finding, Findings, Span, nearest},
};

/// Reads a configuration; the findings are errors, and with one of them there is no configuration.
pub fn parse(name: &str, text: &[u8]) -> Result<Config, Vec<Diagnostic>> {
    let sources = [SourceText {
        name: name.to_owned(),
        bytes: text.to_vec(),
    }];
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
                "not-utf8",
                Span::at(0, text, error.valid_up_to()..error.valid_up_to() + 1),
                "this is not UTF-8",
            )
            .help("save the file as UTF-8"),
        ),
    }
    if findings.has_errors() {
        Err(findings.into_diagnostics())
    } else {
        Ok(config)
    }
}

struct Reader<'r, 't, 's> {
    text: &'t str,
    findings: &'r mut Findings<'s>,
    config: &'r mut Config,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl<'t> Reader<'_, 't, '_> {
    fn file(&mut self) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let span = self.span(error.span().unwrap_or(0..0));
            let message = error.message().replace('\n', ", ");
            self.findings.push(
                Finding::error("syntax", span, message)
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
            ("", "mode") => choice(
                value,
                &[("rewrite", Mode::Rewrite), ("observe", Mode::Observe)],
            )
            .map(|mode| self.config.mode = mode),
            ("milter", "listen") => sockets(value).map(|list| self.config.milter.listen = list),
            ("milter", "max_connections") => {
                number(value).map(|number| self.config.milter.max_connections = number)
            }
            ("milter", "drain") => duration(value).map(|drain| self.config.milter.drain = drain),
            ("socketmap", "listen") => some_sockets(value).map(|list| self.config.socketmap = list),
            ("monitor", "listen") => reserved(value),
            ("control", "listen") => control(value).map(|socket| {
                self.config.control = socket;
                self.config.control_written = true;
            }),
            ("rewrite", _) => return self.rewrite(name, span, value),
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
            ("reload", "max_shrink") => percent(value),
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
        self.told(result, value);
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
        self.told(result, value);
    }

    fn told(&mut self, result: Result<(), Wrong>, value: &Value<'t>) {
        if let Err(Wrong(message, help)) = result {
            let span = self.span(value.span());
            self.findings
                .push(Finding::error("bad-value", span, message).help(help));
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
            .push(Finding::error("unknown-key", span, message).help(help));
    }
}

/// What is wrong with a value, and what to write.
struct Wrong(String, String);

fn wrong(message: impl Into<String>, help: impl Into<String>) -> Wrong {
    Wrong(message.into(), help.into())
}

fn text<'v>(value: &'v Value<'_>) -> Result<&'v str, Wrong> {
    let text = value.get_ref().as_str().ok_or_else(|| {
        wrong(
            format!("text is wanted here, not {}", kind(value)),
            "write `key = \"value\"`, the value in quotes",
        )
    })?;
    if text.is_empty() {
        Err(wrong(
            "this is empty",
            "write a value, or leave the key out for its default",
        ))
    } else {
        Ok(text)
    }
}

/// A reply as it stands on the wire.
fn reply(class: ReplyClass, value: &Value<'_>) -> Result<SmtpReply, Wrong> {
    let line = text(value)?;
    SmtpReply::parse(class, line).map_err(|error| {
        let message = match error {
            ReplyError::WrongClass(ReplyClass::Reject) => "a code of 5xx is wanted here".to_owned(),
            ReplyError::WrongClass(ReplyClass::Defer) => "a code of 4xx is wanted here".to_owned(),
            other => other.to_string(),
        };
        let help = format!(
            "write `\"{}\"`, with a text of your own",
            class.default_reply()
        );
        wrong(message, help)
    })
}

/// What a value is, in words that need no knowledge of TOML.
fn kind(value: &Value<'_>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

fn number(value: &Value<'_>) -> Result<usize, Wrong> {
    let digits = value
        .get_ref()
        .as_integer()
        .filter(|number| number.radix() == 10)
        .map(|number| number.as_str().replace('_', ""));
    let number = digits
        .and_then(|digits| digits.parse().ok())
        .filter(|number| (1..=1_000_000).contains(number));
    number.ok_or_else(|| {
        wrong(
            "this is no number from 1 to 1000000",
            "write a whole number without quotes",
        )
    })
}

fn choice<T: Copy>(value: &Value<'_>, choices: &[(&str, T)]) -> Result<T, Wrong> {
    let word = text(value)?;
    let names = || choices.iter().map(|(name, _)| *name);
    choices
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, choice)| *choice)
        .ok_or_else(|| {
            let list = names().collect::<Vec<_>>().join("\", \"");
            let meant = nearest(word, names())
                .map_or_else(String::new, |meant| format!("did you mean \"{meant}\"? "));
            wrong(
                format!("\"{word}\" is no value of this key"),
                format!("{meant}the values are \"{list}\""),
            )
        })
}

fn duration(value: &Value<'_>) -> Result<Duration, Wrong> {
    let text = value.get_ref().as_str().unwrap_or_default();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: Option<u64> = text
        .strip_suffix(unit)
        .and_then(|number| number.parse().ok());
    let scale = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" | "min" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let millis = number
        .zip(scale)
        .and_then(|(number, scale)| number.checked_mul(scale));
    let millis = millis.filter(|millis| (1..=86_400_000).contains(millis));
    millis.map(Duration::from_millis).ok_or_else(|| {
        wrong(
            "this is no span of time from \"1ms\" to \"24h\"",
            "write a number with its unit: \"200ms\", \"2s\", \"5m\", \"1h\"",
        )
    })
}

fn percent(value: &Value<'_>) -> Result<(), Wrong> {
    let number: Option<u8> = value
        .get_ref()
        .as_str()
        .and_then(|text| text.strip_suffix('%'))
        .and_then(|number| number.parse().ok());
    match number {
        Some(0..=100) => Ok(()),
        _ => Err(wrong("this is no share", "write \"20%\"")),
    }
}

fn socket(value: &Value<'_>) -> Result<Socket, Wrong> {
    Socket::from_str(text(value)?).map_err(|error| {
        wrong(
            error.to_string(),
            "write \"unix:/run/readdress/milter.sock\" or \"inet:127.0.0.1:8892\"",
        )
    })
}

fn some_sockets(value: &Value<'_>) -> Result<Vec<Socket>, Wrong> {
    match value.get_ref().as_array() {
        Some(array) => array.iter().map(socket).collect(),
        None => socket(value).map(|socket| vec![socket]),
    }
}

fn sockets(value: &Value<'_>) -> Result<Vec<Socket>, Wrong> {
    let list = some_sockets(value)?;
    if list.is_empty() {
        return Err(wrong(
            "the list is empty: the MTA could not connect",
            "name a socket, or leave the key out for its default",
        ));
    }
    Ok(list)
}

fn control(value: &Value<'_>) -> Result<Socket, Wrong> {
    match socket(value)? {
        socket @ Socket::Unix(_) => Ok(socket),
        _ => Err(wrong(
            "the control socket is a Unix socket",
            "write \"unix:/run/readdress/control.sock\"",
        )),
    }
}

fn reserved(value: &Value<'_>) -> Result<(), Wrong> {
    match value.get_ref().as_array() {
        Some(array) if array.is_empty() => Ok(()),
        _ => Err(wrong(
            "this version does not serve it yet",
            "write `listen = []`, or leave the key out",
        )),
    }
}

fn delimiters(value: &Value<'_>) -> Result<String, Wrong> {
    let set = value
        .get_ref()
        .as_str()
        .ok_or_else(|| wrong("this is no text", "write \"+\", \"+-\" or \"\""))?;
    let fits =
        |c: char| c.is_ascii_graphic() && !c.is_ascii_alphanumeric() && !"@\"\\.%!".contains(c);
    match set.chars().find(|c| !fits(*c)) {
        None => Ok(set.to_owned()),
        Some(c) => Err(wrong(
            format!("`{c}` cannot part user and detail"),
            "write \"+\", \"-\", \"_\", \"=\" or several of them",
        )),
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
                    d.help.clone().unwrap_or_default()
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
