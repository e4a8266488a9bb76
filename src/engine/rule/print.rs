//! Rules to canonical text, as `explain` shows them and as a reload names what changed.
//!
//! Read again, the text gives the same rule (a property test keeps it so).

use std::fmt;

use super::{Action, Annotation, Declaration, Detail, Pattern, Piece, Rule, Target, TargetKind};
use crate::engine::address::LocalPart;

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mailbox(mailbox) => write!(f, "{}@{}", Plain(&mailbox.local), mailbox.domain),
            Self::AnyDetail { user, domain } => write!(f, "{}+*@{domain}", Plain(user)),
            Self::LocalPart(local) => write!(f, "{}@*", Plain(local)),
            Self::Regex(regex) => write!(f, "/{regex}/"),
            Self::Detailed(domain) => write!(f, "+*@{domain}"),
            Self::Domain(domain) => write!(f, "@{domain}"),
            Self::Subdomains(domain) => write!(f, "@*.{domain}"),
        }
    }
}

/// A local-part that stands for itself: in quotes where it would read as a comment, a regex, a wildcard, a
/// group or an option.
struct Plain<'a>(&'a LocalPart);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let ambiguous = Annotation::is_option(&text)
            || text.starts_with(['/', '#'])
            || (!text.starts_with('"') && (text.contains('*') || holds_group(&text)));
        if ambiguous {
            write!(f, "\"{text}\"")
        } else {
            f.write_str(&text)
        }
    }
}

/// Returns true if a text holds what would read as a group of a regex: `$1` or `${1}`.
fn holds_group(text: &str) -> bool {
    let digit = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    text.split('$')
        .skip(1)
        .any(|rest| digit(rest.strip_prefix('{').unwrap_or(rest)))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TargetKind::Mailbox(mailbox) => {
                write!(f, "{}@{}", Plain(&mailbox.local), mailbox.domain)
            }
            TargetKind::Domain(domain) => write!(f, "@{domain}"),
            TargetKind::Subdomains(domain) => write!(f, "@*.{domain}"),
            TargetKind::Template { pieces, domain } => {
                let quote = !pieces_are_atoms(pieces);
                let mark = if quote { "\"" } else { "" };
                f.write_str(mark)?;
                for piece in pieces {
                    write_piece(f, piece, quote, pieces)?;
                }
                write!(f, "{mark}@{domain}")
            }
        }
    }
}

/// Returns true if the text between the pieces that are filled in needs no quotes.
fn pieces_are_atoms(pieces: &[Piece]) -> bool {
    let filled: String = pieces
        .iter()
        .map(|piece| {
            if let Piece::Text(text) = piece {
                text
            } else {
                "x"
            }
        })
        .collect();
    let plain = pieces
        .iter()
        .all(|piece| !matches!(piece, Piece::Text(text) if text.contains('*')));
    // With a detail it is no target of a regex, and a group would be a mistake.
    let grouped = pieces.contains(&Piece::Detail) && holds_group(&filled);
    plain
        && !grouped
        // Behind white space it would begin a comment.
        && !filled.starts_with('#')
        && LocalPart::from_internal(&filled).is_ok_and(|local| !local.to_string().starts_with('"'))
}

fn write_piece(
    f: &mut fmt::Formatter<'_>,
    piece: &Piece,
    quote: bool,
    pieces: &[Piece],
) -> fmt::Result {
    // Without a detail it is the target of a regex, in which `$` begins a capture.
    let captures = !pieces.contains(&Piece::Detail);
    match piece {
        Piece::Detail if quote => f.write_str("\"*\""),
        Piece::Detail => f.write_str("*"),
        Piece::Capture(number) => write!(f, "${{{number}}}"),
        Piece::Text(text) => {
            for c in text.chars() {
                match c {
                    '$' if captures => f.write_str("$$")?,
                    '"' | '\\' if quote => write!(f, "\\{c}")?,
                    c => write!(f, "{c}")?,
                }
            }
            Ok(())
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refuse(reply) => {
                let text = reply.text().replace('\\', "\\\\").replace('"', "\\\"");
                write!(
                    f,
                    "{} {} {} \"{text}\"",
                    reply.class().word(),
                    reply.code(),
                    reply.enhanced()
                )
            }
            Self::Rewrite(targets) => {
                for (at, target) in targets.iter().enumerate() {
                    write!(f, "{}{target}", if at > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
            plain => f.write_str(plain.word().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.text(), self.annotation)
    }
}

impl Rule {
    /// Returns what the rule does: pattern, action and `detail=`, without `note=` and `owner=`.
    pub fn text(&self) -> String {
        format!("{} {}", self.pattern, self.right_side())
    }

    /// Returns the action and the option `detail=`.
    pub fn right_side(&self) -> String {
        let detail = match self.detail {
            Some(Detail::Keep) => " detail=keep",
            Some(Detail::Drop) => " detail=drop",
            None => "",
        };
        format!("{}{detail}", self.action)
    }
}

impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.domain, self.class.word())?;
        if let Some(unknown) = self.unknown {
            write!(f, " unknown={}", unknown.word())?;
        }
        write!(f, "{}", self.annotation)
    }
}
