//! Whether a connection is inside a mail transaction, seen from its packets.
//!
//! In: letters of commands as they are handed on and of replies as they are made.
//! Out: [`Dialogue::in_transaction`], which decides what a drain may close.
//!
//! A transaction begins with `M`. It ends when the reply to `E` has been made and
//! the session asks for more, with `A` (RSET, EHLO), `Q` or `K`, and with a reply
//! after which the MTA sends nothing more of it: anything but "continue" to a
//! command other than `R`, accept or discard to any.

/// The state of one connection's conversation.
#[derive(Debug, Default)]
pub struct Dialogue {
    last: u8,
    in_transaction: bool,
}

impl Dialogue {
    /// Notes a command handed on to the session.
    pub fn command(&mut self, letter: u8) {
        match letter {
            b'M' => self.in_transaction = true,
            b'A' | b'Q' | b'K' => self.in_transaction = false,
            _ => {}
        }
        // Macro packets stand between a command and nothing: they have no reply.
        if letter != b'D' {
            self.last = letter;
        }
    }

    /// Notes a reply made by the session.
    pub fn reply(&mut self, letter: u8) {
        let over = match letter {
            b'a' | b'd' => true,
            b'r' | b't' | b'y' => self.last != b'R',
            _ => false,
        };
        if over && self.last != b'E' {
            self.in_transaction = false;
        }
    }

    /// Notes that the session is done with all it was handed and asks for more.
    pub fn asks_for_more(&mut self) {
        if self.last == b'E' {
            self.in_transaction = false;
        }
    }

    /// Whether a message is under way.
    pub fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Whether the MTA has said that it is done.
    pub fn has_quit(&self) -> bool {
        matches!(self.last, b'Q')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands in upper case, replies in lower case, `.` where the session asks.
    fn after(script: &str) -> bool {
        let mut dialogue = Dialogue::default();
        for letter in script.bytes() {
            match letter {
                b'.' => dialogue.asks_for_more(),
                b'A'..=b'Z' => dialogue.command(letter),
                _ => dialogue.reply(letter),
            }
        }
        dialogue.in_transaction()
    }

    #[test]
    fn a_transaction_lasts_from_mail_to_the_end_of_the_message() {
        for (script, inside) in [
            ("", false),
            ("Oo.", false),
            ("OODM.", true),
            ("M.DR.c.DE", true),
            ("M.R.DE-+c", true),
            ("M.R.DE-+c.", false),
            ("M.R.Et.", false),
            ("M.R.A", false),
            ("M.R.E-+c.A.M.", true),
            ("M.Q", false),
            ("Mt.", false),
            ("Mc.Ry.", true),
            ("Mc.Rd.", false),
            ("Mc.Rt.Tr.", false),
        ] {
            assert_eq!(after(script), inside, "{script}");
        }
    }
}
