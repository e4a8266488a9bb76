//! One line of an LDIF record (RFC 2849): attribute and value. The value is decoded on demand.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{context::Context, field_text::FieldText};
use crate::engine::diagnostic::codes;

/// How the value of a line is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// `attr: value`
    Plain,
    /// `attr:: value`
    Base64,
    /// `attr:< value`
    Url,
}

/// One line of a record.
#[derive(Debug)]
pub struct Line<'t> {
    /// The attribute, in lower case, without options; `-` ends a part of a change record.
    pub name: String,
    /// The attribute as it is written.
    pub label: Cow<'t, str>,
    /// The value as it is written behind the colon.
    pub raw: FieldText<'t>,
    /// How the value is written.
    pub encoding: Encoding,
}

/// Longest base64 that is decoded to see whether it is an address. Photographs are longer.
const LONGEST: usize = 1000;

impl<'t> Line<'t> {
    /// Returns the value if it is text, without a finding: for unknown attributes.
    pub fn peek(&self) -> Option<Cow<'_, str>> {
        match self.encoding {
            Encoding::Plain => Some(Cow::Borrowed(&*self.raw.text)),
            Encoding::Base64 if self.raw.text.len() <= LONGEST => {
                let bytes = STANDARD.decode(self.raw.text.trim()).ok()?;
                String::from_utf8(bytes).ok().map(Cow::Owned)
            }
            Encoding::Base64 | Encoding::Url => None,
        }
    }

    /// Returns the decoded value.
    pub fn value(&self, context: &mut Context<'_, '_>) -> Option<FieldText<'t>> {
        let span = self.raw.span;
        match self.encoding {
            Encoding::Plain => Some(self.raw.clone()),
            Encoding::Url => {
                let message = "the value is a file or URL, which is never read";
                context.error(codes::URL_VALUE, span, message, "write the value itself");
                None
            }
            Encoding::Base64 => {
                let bytes = STANDARD.decode(self.raw.text.trim());
                let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
                match text {
                    Some(text) if !text.contains(char::is_control) => Some(FieldText {
                        text: text.into(),
                        span,
                    }),
                    Some(_) => {
                        let message = "the value holds control characters";
                        context.error(
                            codes::BAD_BASE64,
                            span,
                            message,
                            "correct the value in the directory",
                        );
                        None
                    }
                    None => {
                        let message = "the value is not UTF-8 text in base64";
                        context.error(
                            codes::BAD_BASE64,
                            span,
                            message,
                            "export it again; a line of it may be missing",
                        );
                        None
                    }
                }
            }
        }
    }
}
