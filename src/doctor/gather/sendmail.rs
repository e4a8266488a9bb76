//! Sendmail's configuration, and the files that it names.

use std::{fs, io, path::Path};

use super::{Failed, Gathered, paths};
use crate::doctor::{
    facts::{Sendmail, Unseen},
    sendmail::cf::Cf,
};

/// The path that is read if no option names another one.
const DEFAULT: &str = "/etc/mail/sendmail.cf";

/// Reads the configuration. A file that an option names and that cannot be read is an error.
pub fn read(named: Option<&Path>) -> Result<Gathered<Sendmail>, Failed> {
    let path = named.unwrap_or(Path::new(DEFAULT));
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if named.is_some() => {
            return Err(Failed(format!("{}: {error}", path.display())));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Gathered::Absent),
        Err(error) => {
            return Ok(Gathered::Unreadable(Unseen {
                about: DEFAULT.to_owned(),
                reason: format!("cannot be read: {error}"),
                help: "run doctor as root".to_owned(),
            }));
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let cf = Cf::parse(&text);
    let mut sendmail = Sendmail {
        cf: path.display().to_string(),
        user: cf
            .run_as
            .as_deref()
            .and_then(|user| paths::user(user.split(':').next()?)),
        ..Sendmail::default()
    };
    for file in cf.files() {
        // A missing class file has no words. A missing source of a map becomes a note.
        if let Ok(bytes) = fs::read(file) {
            let text = String::from_utf8_lossy(&bytes);
            let lines = text.lines().map(str::to_owned).collect();
            sendmail.files.insert(file.to_owned(), lines);
        }
    }
    sendmail.text = text;
    Ok(Gathered::Found(sendmail))
}
