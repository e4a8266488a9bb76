//! A history with one generation, how a child changes it, and what must hold afterwards.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use readdress::{
    daemon::history::{Author, Bounds, Entry, History, Rollback, Text},
    engine::{Settings, store::ContentHash},
};

/// Only the newest generation stays: each record removes one as well.
const BOUNDS: Bounds = Bounds {
    keep: 1,
    max_size: 1 << 30,
};

/// The rules directory, which need not be there.
const RULES: &str = "/etc/readdress/rules";

/// A text of generation 1 alone, one of all generations, and one of those after generation 1.
const TEXTS: [&str; 3] = [
    "one.example primary\n",
    "old@one.example keep\n",
    "new@one.example keep\n",
];

/// The exit code of a child that did everything. What fails is added, as a bit of [`FAILED`].
pub const ALL_DONE: i32 = 64;

/// Bits of the exit code: the generation, the reason, the mark of a rollback, its end.
const FAILED: [i32; 4] = [1, 2, 4, 8];

/// Who changes the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Writer {
    /// What the daemon uses.
    Library,
    /// One that writes over what is there.
    InPlace,
}

impl Writer {
    /// Its name in the environment of the child.
    pub fn word(self) -> &'static str {
        match self {
            Self::Library => "library",
            Self::InPlace => "in place",
        }
    }
}

/// A state directory whose history has generation 1.
pub struct World {
    state: tempfile::TempDir,
}

impl World {
    /// Makes it.
    pub fn new() -> Self {
        let state = tempfile::tempdir().unwrap();
        record(&history(state.path()), 1, &TEXTS[..2]).unwrap();
        Self { state }
    }

    /// Returns the state directory.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// Returns what is wrong after a child ended with this code, if something is.
    pub fn wrong(&self, code: Option<i32>) -> Option<String> {
        let history = history(self.state());
        self.check(&history, code).err()
    }

    fn check(&self, history: &History, code: Option<i32>) -> Result<(), String> {
        let newest = intact(history)?;
        if newest != 1 && newest != 2 {
            return Err(format!("generation {newest} is the newest one"));
        }
        let done =
            |step: usize| code.is_some_and(|code| code & ALL_DONE != 0 && code & FAILED[step] == 0);
        if done(0) && newest != 2 {
            return Err("generation 2 was recorded, and is not there".to_owned());
        }
        let listing = history.list().map_err(|error| error.to_string())?;
        let reason = listing.entry(2).and_then(|entry| entry.why.clone());
        if done(0) && done(1) && reason.as_deref() != Some("because") {
            return Err("the reason was added, and is not there".to_owned());
        }
        let mark = history.rollback().map_err(|damage| damage.to_string())?;
        if mark.as_ref().is_some_and(|mark| mark.to != 2) || (done(3) && mark.is_some()) {
            return Err(format!("a rollback is in force: {mark:?}"));
        }
        history.end_rollback().map_err(|error| error.to_string())?;
        self.goes_on(history)
    }

    /// The next generation is recorded, and nothing else is left.
    fn goes_on(&self, history: &History) -> Result<(), String> {
        record(history, 3, &TEXTS[1..]).map_err(|error| format!("the next one: {error}"))?;
        intact(history)?;
        let listing = history.list().map_err(|error| error.to_string())?;
        let numbers: Vec<_> = listing
            .entries
            .iter()
            .map(|entry| entry.generation)
            .collect();
        let texts = fs::read_dir(history.directory().join("texts"))
            .unwrap()
            .count();
        let begun = super::begun(self.state());
        match (&*numbers, texts, &*begun) {
            ([3], 2, []) => Ok(()),
            _ => Err(format!(
                "generations {numbers:?}, {texts} texts, and {begun:?} are left"
            )),
        }
    }
}

/// Returns the number of the newest generation that is whole, after a look at all that is there.
fn intact(history: &History) -> Result<u64, String> {
    let listing = history.list().map_err(|error| error.to_string())?;
    if let Some(damage) = listing.damaged.first() {
        return Err(damage.to_string());
    }
    for text in listing.entries.iter().flat_map(|entry| &entry.texts) {
        let bytes = fs::read(history.text(text.content()));
        let bytes = bytes.map_err(|error| format!("text {}: {error}", text.name))?;
        if text.kept && ContentHash::of(&bytes) != text.content() {
            return Err(format!("text {} has another hash", text.name));
        }
    }
    let whole = listing.entries.iter().rev().find(|entry| entry.is_whole());
    whole
        .map(|entry| entry.generation)
        .ok_or_else(|| "no generation is whole".to_owned())
}

/// Records generation 2 with a reason, marks a rollback and ends it. Returns the exit code.
pub fn change(state: &Path, writer: Writer) -> i32 {
    let history = history(state);
    let author = Author::default();
    let recorded = match writer {
        Writer::Library => record(&history, 2, &TEXTS[1..]),
        Writer::InPlace => write_in_place(&history),
    };
    let reason = history.add_reason(2, author.clone(), Some("because".to_owned()));
    let marked = history.roll_back(&Rollback {
        to: 2,
        at: 5,
        by: author,
        why: None,
    });
    let ended = history.end_rollback();
    let steps = [recorded, reason, marked, ended].into_iter().zip(FAILED);
    let failed = steps.filter(|(step, _)| step.is_err());
    failed.fold(ALL_DONE, |code, (_, bit)| code | bit)
}

fn history(state: &Path) -> History {
    History::new(state, Path::new(RULES))
}

fn record(history: &History, number: u64, texts: &[&str]) -> io::Result<()> {
    let mut entry = Entry::new(number, format!("d{number}"), &Settings::default());
    let named = texts.iter().enumerate().map(|(at, text)| Text {
        name: format!("{at}.rules"),
        hash: ContentHash::of(text.as_bytes()).0,
        lines: 1,
        saved: None,
        owner: None,
        kept: false,
    });
    entry.texts = named.collect();
    history.record(&mut entry, BOUNDS, &mut |wanted, to| {
        let text = texts
            .iter()
            .find(|text| ContentHash::of(text.as_bytes()) == wanted.content());
        to.write_all(text.unwrap().as_bytes())?;
        Ok(true)
    })
}

/// Puts the files of generation 2 where they belong: the entry first, in two pieces, and the texts where they are.
fn write_in_place(history: &History) -> io::Result<()> {
    let model = tempfile::tempdir_in(history.state())?;
    let like = self::history(model.path());
    record(&like, 2, &TEXTS[1..])?;
    let entry = fs::read(like.directory().join("generations/2"))?;
    let mut file = fs::File::create(history.directory().join("generations/2"))?;
    let (one, two) = entry.split_at(entry.len() / 2);
    file.write_all(one)?;
    file.write_all(two)?;
    let _ = fs::remove_file(history.directory().join("generations/1"));
    for text in &TEXTS[1..] {
        let path = history.text(ContentHash::of(text.as_bytes()));
        fs::write(path, text)?;
    }
    fs::remove_file(history.text(ContentHash::of(TEXTS[0].as_bytes())))
}
