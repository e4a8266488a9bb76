//! A socketmap client: one connection, netstrings, no code of the program.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most bytes of an answer: sendmail takes no more.
const LONGEST: usize = 100_000;

pub struct Client(TcpStream);

impl Client {
    /// Connects to a port of this machine.
    pub fn connect(port: u16) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .map_err(|error| error.to_string())?;
        Ok(Self(stream))
    }

    /// Sends a request, and returns the answer without its netstring.
    pub fn ask(&mut self, request: &[u8]) -> Result<String, String> {
        let mut packet = format!("{}:", request.len()).into_bytes();
        packet.extend_from_slice(request);
        packet.push(b',');
        self.0
            .write_all(&packet)
            .map_err(|error| format!("sending a request: {error}"))?;
        let length = self.length()?;
        let mut answer = vec![0; length + 1];
        self.0
            .read_exact(&mut answer)
            .map_err(|error| format!("reading an answer: {error}"))?;
        if answer.pop() != Some(b',') {
            return Err("an answer without a comma at its end".to_owned());
        }
        String::from_utf8(answer).map_err(|error| error.to_string())
    }

    fn length(&mut self) -> Result<usize, String> {
        let mut digits = String::new();
        loop {
            let mut byte = [0];
            self.0
                .read_exact(&mut byte)
                .map_err(|error| format!("reading a length: {error}"))?;
            if byte == *b":" {
                break;
            }
            digits.push(char::from(byte[0]));
            if digits.len() > 6 {
                return Err(format!("no length: {digits}"));
            }
        }
        let length = digits
            .parse()
            .map_err(|_| format!("no length: {digits:?}"))?;
        // A netstring has no needless zero in front of its length.
        if length > LONGEST || digits.len() != format!("{length}").len() {
            return Err(format!("a length that is not allowed: {digits}"));
        }
        Ok(length)
    }
}
