//! One event as one datagram of the journal's native protocol.
//!
//! In: an event. Out: `MESSAGE`, `PRIORITY`, `SYSLOG_IDENTIFIER`, and `KEY=value` for each field of the
//! event, so that `journalctl GENERATION=7` finds it. A value that contains a line end is sent with its
//! length before it (systemd, "Native Journal Protocol").
//!
//! | limit | value | when reached |
//! |---|---|---|
//! | a field's value | 16 KiB | the value is cut |
//! | a datagram | the kernel's `net.core.wmem_max`, 208 KiB at least | the event is lost and counted |

use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use super::line::{Fields, LONGEST};

/// Where the journal listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";

/// Longest name of a field, in bytes.
const LONGEST_NAME: usize = 64;

/// The journal's socket; each write is one datagram.
#[derive(Debug)]
pub(super) struct Socket {
    socket: UnixDatagram,
    path: String,
}

impl Socket {
    pub fn connect(path: &str) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(Path::new(path))?;
        Ok(Self {
            socket,
            path: path.to_owned(),
        })
    }
}

impl Write for Socket {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        if self.socket.send(datagram).is_err() {
            // After a restart of the journal the path leads to its new socket.
            self.socket.connect(Path::new(&self.path))?;
            self.socket.send(datagram)?;
        }
        Ok(datagram.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn datagram(fields: &Fields) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, "MESSAGE", &fields.body());
    put(&mut out, "PRIORITY", &fields.priority().to_string());
    put(&mut out, "SYSLOG_IDENTIFIER", "readdress");
    for (name, value) in &fields.values {
        let name = key(name);
        // Skips the fields written above, and names that the journal does not accept.
        if !matches!(
            name.as_str(),
            "" | "MESSAGE" | "PRIORITY" | "SYSLOG_IDENTIFIER"
        ) {
            put(&mut out, &name, value);
        }
    }
    out
}

/// Returns a name as the journal accepts it: upper case letters, digits and underscores, a letter first.
fn key(name: &str) -> String {
    name.chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' => character.to_ascii_uppercase(),
            _ => '_',
        })
        .skip_while(|character| !character.is_ascii_uppercase())
        .take(LONGEST_NAME)
        .collect()
}

fn put(out: &mut Vec<u8>, key: &str, value: &str) {
    // A few bytes more than the limit of a line, for the mark of a cut line.
    let value = value.as_bytes();
    let value = value.get(..LONGEST + 8).unwrap_or(value);
    out.extend_from_slice(key.as_bytes());
    if value.contains(&b'\n') {
        out.push(b'\n');
        out.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        out.push(b'=');
    }
    out.extend_from_slice(value);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    fn fields(values: &[(&'static str, &str)]) -> Fields {
        let mut fields = Fields::new(Level::INFO, "table:".to_owned());
        fields.values = values.iter().map(|&(k, v)| (k, v.to_owned())).collect();
        fields
    }

    #[test]
    fn fields_are_upper_case_beside_the_whole_line() {
        let text = String::from_utf8(datagram(&fields(&[
            ("generation", "7"),
            ("orig_to", "<a@b>"),
        ])));
        assert_eq!(
            text.unwrap(),
            "MESSAGE=table: generation=7 orig_to=<a@b>\nPRIORITY=6\n\
             SYSLOG_IDENTIFIER=readdress\nGENERATION=7\nORIG_TO=<a@b>\n"
        );
    }

    #[test]
    fn a_line_end_cannot_forge_a_field() {
        let bytes = datagram(&fields(&[
            ("to", "a\nPRIORITY=0"),
            ("_uid", "0"),
            ("priority", "0"),
        ]));
        let mut expected = b"TO\n".to_vec();
        expected.extend_from_slice(&12u64.to_le_bytes());
        expected.extend_from_slice(b"a\nPRIORITY=0\nUID=0\n");
        assert!(bytes.ends_with(&expected), "{}", bytes.escape_ascii());
        assert!(bytes.starts_with(b"MESSAGE=table: to=\"a\\nPRIORITY=0\""));
    }

    #[test]
    fn the_socket_is_found_again_after_the_journal_was_restarted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let first = UnixDatagram::bind(&path).unwrap();
        let mut socket = Socket::connect(path.to_str().unwrap()).unwrap();
        let mut buffer = [0; 16];
        socket.write_all(b"one").unwrap();
        assert_eq!(first.recv(&mut buffer).unwrap(), 3);
        drop(first);
        std::fs::remove_file(&path).unwrap();
        assert!(socket.write_all(b"lost").is_err());
        let second = UnixDatagram::bind(&path).unwrap();
        socket.write_all(b"two!").unwrap();
        assert_eq!(second.recv(&mut buffer).unwrap(), 4);
    }
}
