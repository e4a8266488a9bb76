//! Storey 1: SMTP replies that refuse a recipient (RFC 5321 section 4.2, RFC 3463).
//!
//! Every reply is valid: its code is 4yz or 5yz, the enhanced status code is of the same class, and the text is one
//! line of visible ASCII.
//!
//! # Limits
//!
//! | limit | value | source |
//! |---|---|---|
//! | bytes of the text | 400 | RFC 5321 section 4.5.3.1.5 (512 in a line), less what Sendmail writes before it |

use std::fmt;

/// The longest text of a reply, in bytes.
const MAX_TEXT: usize = 400;

/// The text before the new address of a mailbox that has moved.
const MOVED: &str = "User has moved; please try <";

/// The class of a refusal: temporary or permanent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReplyClass {
    /// 4yz: the sender tries again.
    Defer,
    /// 5yz: the sender gets a bounce.
    Reject,
}

/// An enhanced status code: class, subject, detail (RFC 3463 section 2).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EnhancedCode(pub u8, pub u16, pub u16);

/// A reply that refuses a recipient.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SmtpReply {
    code: u16,
    enhanced: EnhancedCode,
    text: Box<str>,
}

/// Why a reply is not valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReplyError {
    /// The code is of another class than the action.
    WrongClass(ReplyClass),
    /// The code is not a reply code.
    BadCode,
    /// 421 and 521 end the client's whole session.
    EndsSession,
    /// The enhanced status code is not `class.subject.detail`.
    BadEnhanced,
    /// The enhanced status code is of another class than the code.
    OtherClass,
    /// The text holds other characters than visible ASCII and spaces.
    BadText,
    /// The text is longer than 400 bytes.
    LongText,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongClass(ReplyClass::Reject) => "`reject` takes a code of 5xx",
            Self::WrongClass(ReplyClass::Defer) => "`defer` takes a code of 4xx",
            Self::BadCode => "this is not an SMTP reply code",
            Self::EndsSession => "421 and 521 end the client's whole session, not this recipient",
            Self::BadEnhanced => "an enhanced status code has the form 5.1.1",
            Self::OtherClass => "the enhanced status code is of another class than the code",
            Self::BadText => "the text of a reply is visible ASCII",
            Self::LongText => "the text of a reply has at most 400 characters",
        })
    }
}

impl ReplyClass {
    fn digit(self) -> u16 {
        match self {
            Self::Defer => 4,
            Self::Reject => 5,
        }
    }

    /// Returns the word with which an action begins.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Defer => "defer",
            Self::Reject => "reject",
        }
    }

    /// Returns the reply of the action without a code: 550 5.1.1 or 451 4.3.0.
    pub fn default_reply(self) -> SmtpReply {
        match self {
            Self::Defer => SmtpReply::fixed(
                451,
                EnhancedCode(4, 3, 0),
                "Temporary failure, please try again later",
            ),
            Self::Reject => SmtpReply::unknown_user(),
        }
    }

    /// Reads a reply code of this class.
    pub fn parse_code(self, text: &str) -> Result<u16, ReplyError> {
        // `parse` alone would take "+550" and "0550".
        let plain = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
        let code: u16 = text.parse().map_err(|_| ReplyError::BadCode)?;
        match code {
            _ if !plain => Err(ReplyError::BadCode),
            421 | 521 => Err(ReplyError::EndsSession),
            400..=599 if code / 100 != self.digit() => Err(ReplyError::WrongClass(self)),
            400..=599 if code / 10 % 10 <= 5 => Ok(code),
            200..=399 => Err(ReplyError::WrongClass(self)),
            _ => Err(ReplyError::BadCode),
        }
    }

    /// Reads an enhanced status code of this class.
    pub fn parse_enhanced(self, text: &str) -> Result<EnhancedCode, ReplyError> {
        let code = EnhancedCode::parse(text).ok_or(ReplyError::BadEnhanced)?;
        if u16::from(code.0) == self.digit() {
            Ok(code)
        } else {
            Err(ReplyError::OtherClass)
        }
    }
}

impl EnhancedCode {
    /// Reads `class.subject.detail`, each of the latter two with one to three digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let class = parts.next()?;
        let number = |part: &str| {
            let plain =
                !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
            (plain && (part == "0" || !part.starts_with('0')))
                .then(|| part.parse::<u16>().ok())
                .flatten()
        };
        let (subject, detail) = (number(parts.next()?)?, number(parts.next()?)?);
        match (class, parts.next()) {
            ("4", None) => Some(Self(4, subject, detail)),
            ("5", None) => Some(Self(5, subject, detail)),
            _ => None,
        }
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl SmtpReply {
    /// Makes a reply of a class. Parts that are not given are the defaults of the class.
    pub fn new(
        class: ReplyClass,
        code: Option<u16>,
        enhanced: Option<EnhancedCode>,
        text: Option<&str>,
    ) -> Result<Self, ReplyError> {
        let default = class.default_reply();
        let text = match text {
            None => default.text,
            Some(text) if text.len() > MAX_TEXT => return Err(ReplyError::LongText),
            Some(text) if text.bytes().all(|b| matches!(b, b' '..=b'~')) => text.into(),
            Some(_) => return Err(ReplyError::BadText),
        };
        Ok(Self {
            code: code.unwrap_or(default.code),
            enhanced: enhanced.unwrap_or(default.enhanced),
            text,
        })
    }

    /// Reads a reply of a class as it is sent: code, enhanced code, text. The enhanced code and the text may be
    /// missing.
    pub fn parse(class: ReplyClass, text: &str) -> Result<Self, ReplyError> {
        let (code, rest) = text.split_once(' ').unwrap_or((text, ""));
        let code = class.parse_code(code)?;
        let rest = rest.trim_start();
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let numbered = word.contains('.') && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let (enhanced, rest) = if numbered {
            (Some(class.parse_enhanced(word)?), after)
        } else {
            (None, rest)
        };
        let rest = Some(rest.trim()).filter(|rest| !rest.is_empty());
        Self::new(class, Some(code), enhanced, rest)
    }

    fn fixed(code: u16, enhanced: EnhancedCode, text: &str) -> Self {
        Self {
            code,
            enhanced,
            text: text.into(),
        }
    }

    /// Returns the reply for an address that has neither a rule nor a mailbox.
    pub fn unknown_user() -> Self {
        Self::fixed(550, EnhancedCode(5, 1, 1), "User unknown")
    }

    /// Returns the reply for a local-part that routes (`%`, `!`, `@`) and that no rule spells out.
    pub fn routing_spelling() -> Self {
        Self::bad_syntax()
    }

    /// Returns the reply for an address that does not fit the grammar (RFC 3463: 5.1.3).
    pub fn bad_syntax() -> Self {
        Self::fixed(
            550,
            EnhancedCode(5, 1, 3),
            "Bad destination mailbox address syntax",
        )
    }

    /// Returns the reply for a target that cannot be sent without SMTPUTF8 (RFC 6531 section 3.5).
    pub fn needs_smtputf8() -> Self {
        Self::fixed(
            550,
            EnhancedCode(5, 6, 7),
            "Recipient address requires SMTPUTF8",
        )
    }

    /// Returns the reply for a loop or a limit. Postfix gives the same answer when an alias expansion fails.
    pub fn expansion_failed() -> Self {
        Self::fixed(451, EnhancedCode(4, 6, 0), "Alias expansion error")
    }

    /// Returns the reply for more recipients than one transaction may have, or than its limit of work allows (RFC
    /// 5321
    /// section 4.5.3.1.10).
    pub fn too_many_recipients() -> Self {
        Self::fixed(452, EnhancedCode(4, 5, 3), "Too many recipients")
    }

    /// Returns the reply if there is no table, or after an internal fault.
    pub fn not_ready() -> Self {
        Self::fixed(
            451,
            EnhancedCode(4, 3, 0),
            "Recipient table not available, please try again later",
        )
    }

    /// Returns the reply for a mailbox that has moved (RFC 5321 section 3.4; RFC 3463: 5.1.6).
    pub fn moved(new: &str) -> Result<Self, ReplyError> {
        let text = format!("{MOVED}{new}>");
        Self::new(
            ReplyClass::Reject,
            Some(551),
            Some(EnhancedCode(5, 1, 6)),
            Some(&text),
        )
    }

    /// Returns the new address that a reply names, if [`moved`](Self::moved) made the reply.
    pub fn moved_to(&self) -> Option<&str> {
        let is_moved = self.code == 551 && self.enhanced == EnhancedCode(5, 1, 6);
        let text = self.text.strip_prefix(MOVED).filter(|_| is_moved)?;
        text.strip_suffix('>')
    }

    /// Returns the class of its code.
    pub fn class(&self) -> ReplyClass {
        if self.code < 500 {
            ReplyClass::Defer
        } else {
            ReplyClass::Reject
        }
    }

    /// Returns the reply code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// Returns the enhanced status code.
    pub fn enhanced(&self) -> EnhancedCode {
        self.enhanced
    }

    /// Returns the text, without codes.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for SmtpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.code, self.enhanced, self.text)
    }
}

#[cfg(test)]
mod tests;
