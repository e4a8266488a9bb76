//! The RCPT parameters that a new recipient inherits: NOTIFY and ORCPT (RFC 3461 sections 4.1, 4.2).
//!
//! No other parameter is passed on: Sendmail drops a recipient that is added with a parameter that it does not
//! know, or with a value that is not xtext. So a value that is not known to be valid is left out.
//!
//! # Addresses that are not ASCII
//!
//! Only the address type `utf-8` can carry them (RFC 6533 section 3), and MTAs differ in the form that they accept
//! from a milter. Postfix 3.7 needs the letters themselves and encodes them as `\x{FC}`; an encoded value comes out
//! as `\x{5C}x{FC}`. Sendmail 8.17 needs the encoded value, and drops a recipient whose value is not ASCII. No form
//! is right for both, so an address that is not ASCII becomes no ORCPT, and its bounce names the target. A value
//! from the client is passed on unchanged: Sendmail has already refused values that it could not take back.
//!
//! # Limits
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | bytes of an ORCPT value | 500 (RFC 3461 section 4.2) | no ORCPT is sent |

use std::{fmt, sync::Arc};

/// The longest ORCPT value, in bytes (RFC 3461 section 4.2).
const MAX_ORCPT: usize = 500;

/// The events about which the sender wants a report (RFC 3461 section 4.1). If all three are false, it is NEVER.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Notify {
    /// On delivery.
    pub success: bool,
    /// On failure.
    pub failure: bool,
    /// On delay.
    pub delay: bool,
}

/// The delivery status parameters of one recipient.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DsnParameters {
    /// NOTIFY; `None` if the sender left the choice to the MTA.
    pub notify: Option<Notify>,
    /// ORCPT (address type, `;`, xtext), as the sender wrote it. All targets of one recipient share it.
    pub orcpt: Option<Arc<str>>,
}

impl Notify {
    /// Reads the value of NOTIFY.
    pub fn parse(value: &str) -> Option<Self> {
        if value.eq_ignore_ascii_case("NEVER") {
            return Some(Self::default());
        }
        let mut notify = Self::default();
        for word in value.split(',') {
            match word.to_ascii_uppercase().as_str() {
                "SUCCESS" => notify.success = true,
                "FAILURE" => notify.failure = true,
                "DELAY" => notify.delay = true,
                _ => return None,
            }
        }
        Some(notify)
    }

    /// Returns the value for one of several targets of the same recipient. SUCCESS is removed, because no MTA could
    /// report success for all of them (RFC 3461 section 5.2.7.3 (b)). SUCCESS alone becomes NEVER.
    pub fn without_success(self) -> Self {
        Self {
            success: false,
            ..self
        }
    }

    /// Returns the value for one target of several recipients. If one of them left the choice to the MTA, failure
    /// and
    /// delay are reported.
    pub fn union(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (None, None) => None,
            (Some(one), Some(other)) => Some(Self {
                success: one.success || other.success,
                failure: one.failure || other.failure,
                delay: one.delay || other.delay,
            }),
            (Some(some), None) | (None, Some(some)) if some.success => Some(Self {
                success: true,
                failure: true,
                delay: true,
            }),
            (Some(_), None) | (None, Some(_)) => None,
        }
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            (self.success, "SUCCESS"),
            (self.failure, "FAILURE"),
            (self.delay, "DELAY"),
        ];
        let words: Vec<_> = words
            .iter()
            .filter(|(on, _)| *on)
            .map(|(_, word)| *word)
            .collect();
        if words.is_empty() {
            f.write_str("NEVER")
        } else {
            f.write_str(&words.join(","))
        }
    }
}

impl DsnParameters {
    /// Finds NOTIFY and ORCPT among the parameters of a RCPT command. Values that are not valid are left out.
    pub fn parse<'a>(parameters: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut dsn = Self::default();
        for parameter in parameters {
            let Ok(text) = std::str::from_utf8(parameter) else {
                continue;
            };
            let Some((name, value)) = text.split_once('=') else {
                continue;
            };
            if name.eq_ignore_ascii_case("NOTIFY") {
                dsn.notify = Notify::parse(value);
            } else if name.eq_ignore_ascii_case("ORCPT") && is_orcpt(value) {
                dsn.orcpt = Some(value.into());
            }
        }
        dsn
    }

    /// Returns the ORCPT of a recipient that came without one: the received address, without `<>` and route.
    /// Returns
    /// none unless all its bytes are printable ASCII, because Sendmail decodes the value and writes it into its
    /// bounces unchanged, with line ends and escape sequences.
    pub fn orcpt_of(address: &[u8]) -> Option<Arc<str>> {
        let address = address.strip_prefix(b"<").unwrap_or(address);
        let address = address.strip_suffix(b">").unwrap_or(address);
        let printable = |byte: &u8| matches!(byte, b' '..=b'~');
        if address.is_empty() || !address.iter().all(printable) {
            return None;
        }
        let value = format!("rfc822;{}", xtext(address));
        (value.len() <= MAX_ORCPT).then(|| value.into())
    }
}

impl fmt::Display for DsnParameters {
    /// Writes the parameters as they stand after an address: `NOTIFY=… ORCPT=…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(notify) = self.notify {
            write!(f, "NOTIFY={notify}")?;
        }
        if let Some(orcpt) = &self.orcpt {
            let gap = if self.notify.is_some() { " " } else { "" };
            write!(f, "{gap}ORCPT={orcpt}")?;
        }
        Ok(())
    }
}

/// Encodes bytes as xtext (RFC 3461 section 4): `+`, `=` and all bytes that are not visible ASCII become `+HH`.
fn xtext(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'!'..=b'~' if !matches!(byte, b'+' | b'=') => text.push(char::from(*byte)),
            byte => text.push_str(&format!("+{byte:02X}")),
        }
    }
    text
}

/// Returns true if a value is `type;xtext` in a form that every MTA accepts from a milter. What `+HH` encodes
/// must be
/// printable ASCII (RFC 3461 section 4.2): both MTAs accept `+0D+0A` from a client, and Sendmail writes a line end
/// into its bounce, and the rest of the value as a line of its own.
fn is_orcpt(value: &str) -> bool {
    let Some((kind, address)) = value.split_once(';') else {
        return false;
    };
    let atom = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if kind.is_empty() || !kind.chars().all(atom) || address.is_empty() || value.len() > MAX_ORCPT {
        return false;
    }
    let unicode = kind.eq_ignore_ascii_case("utf-8");
    let mut rest = address.chars();
    while let Some(c) = rest.next() {
        let valid = match c {
            '=' => false,
            '+' => {
                let high = rest.next().filter(|c| matches!(c, '2'..='7'));
                let low = rest.next().filter(|c| matches!(c, '0'..='9' | 'A'..='F'));
                high.is_some() && low.is_some() && (high, low) != (Some('7'), Some('F'))
            }
            c if c.is_ascii() => c.is_ascii_graphic(),
            c => unicode && !c.is_control() && !c.is_whitespace(),
        };
        if !valid {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parameters: &[&str]) -> DsnParameters {
        DsnParameters::parse(parameters.iter().map(|p| p.as_bytes()))
    }

    #[test]
    fn reads_what_it_knows() {
        let dsn = parse(&[
            "notify=Success,DELAY",
            "SIZE=1",
            "ORCPT=rfc822;jd+2Bx@domain2.com",
        ]);
        assert_eq!(
            dsn.to_string(),
            "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;jd+2Bx@domain2.com"
        );
        assert_eq!(parse(&["NOTIFY=NEVER"]).to_string(), "NOTIFY=NEVER");
        assert_eq!(
            parse(&["ORCPT=utf-8;jürgen@domain2.com"]).to_string(),
            "ORCPT=utf-8;jürgen@domain2.com"
        );
    }

    #[test]
    fn leaves_out_what_could_cost_the_recipient() {
        for bad in [
            "NOTIFY=BOGUS",
            "ORCPT=jd@domain2.com",
            "ORCPT=rfc822;a=b@c",
            "ORCPT=rfc822;a+b@c",
            "ORCPT=rfc822;",
            "FOO=bar",
            "ORCPT=rfc822;a b",
            "ORCPT=rfc822;a+0D+0Ab@c",
            "ORCPT=rfc822;a+7Fb@c",
            "ORCPT=rfc822;a+FCb@c",
            "ORCPT=rfc822;a+2",
        ] {
            assert_eq!(parse(&[bad]), DsnParameters::default(), "{bad}");
        }
    }

    #[test]
    fn orcpt_of_the_received_address() {
        let orcpt = |address: &str| DsnParameters::orcpt_of(address.as_bytes());
        assert_eq!(
            &*orcpt("<JD+a=b@Domain2.COM>").unwrap(),
            "rfc822;JD+2Ba+3Db@Domain2.COM"
        );
        assert_eq!(
            &*orcpt("<\"j d\"@domain2.com>").unwrap(),
            "rfc822;\"j+20d\"@domain2.com"
        );
        assert_eq!(orcpt("<jürgen@domain2.com>"), None);
        for forged in [
            "<\"a\rb\"@d>",
            "<\"a\x1b[2Jb\"@d>",
            "<a\x7fb@d>",
            "<a\0b@d>",
        ] {
            assert_eq!(orcpt(forged), None, "{forged:?}");
        }
        assert_eq!(orcpt(&"a".repeat(600)), None);
    }

    #[test]
    fn notify_of_many_and_of_merged() {
        let notify = |value: &str| Notify::parse(value).unwrap();
        assert_eq!(notify("SUCCESS").without_success().to_string(), "NEVER");
        assert_eq!(
            notify("SUCCESS,FAILURE").without_success().to_string(),
            "FAILURE"
        );
        let union = |a: Option<&str>, b: Option<&str>| {
            Notify::union(a.map(notify), b.map(notify)).map(|n| n.to_string())
        };
        assert_eq!(union(Some("NEVER"), Some("NEVER")).unwrap(), "NEVER");
        assert_eq!(union(Some("NEVER"), Some("FAILURE")).unwrap(), "FAILURE");
        assert_eq!(
            union(Some("SUCCESS"), Some("DELAY")).unwrap(),
            "SUCCESS,DELAY"
        );
        assert_eq!(union(Some("NEVER"), None), None);
        assert_eq!(
            union(Some("SUCCESS"), None).unwrap(),
            "SUCCESS,FAILURE,DELAY"
        );
    }
}
