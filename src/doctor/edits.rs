//! What fixes a finding: changes of parameters of Postfix, other commands, and steps by hand.
//!
//! Values only; `remedy.rs` writes the commands.

/// Where a parameter of Postfix is set.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// `main.cf`.
    Main,
    /// `-o name=value` of a service in `master.cf` (`smtp/inet`).
    Service(String),
}

/// A change of one parameter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edit {
    /// Where it is set.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// What changes.
    pub change: Change,
}

impl Edit {
    /// Returns a change of a parameter of `main.cf`.
    pub fn main(name: &str, change: Change) -> Self {
        Self {
            place: Place::Main,
            name: name.to_owned(),
            change,
        }
    }
}

/// How a value changes. Words are those of the list before any change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// The value becomes this one.
    Set(String),
    /// A part of a word becomes another one.
    Part {
        /// The word.
        word: String,
        /// The part that changes.
        part: String,
        /// What the part becomes.
        by: String,
    },
    /// An option in the braces of a word: `name=value`.
    Option {
        /// The word.
        word: String,
        /// The option's name.
        name: String,
        /// The new value.
        value: String,
    },
    /// A word is removed from the list.
    Remove(String),
    /// A word is added at the end of the list.
    Add(String),
    /// A word moves to the end of the list.
    Last(String),
}

impl Change {
    /// Returns the word that must be in the list for this change.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Set(_) | Self::Add(_) => None,
            Self::Part { word, .. } | Self::Option { word, .. } => Some(word),
            Self::Remove(word) | Self::Last(word) => Some(word),
        }
    }

    /// Returns the place of the change in the order in which changes are made.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Set(_) => 0,
            Self::Part { .. } => 1,
            Self::Option { .. } => 2,
            Self::Remove(_) => 3,
            Self::Add(_) => 4,
            Self::Last(_) => 5,
        }
    }
}

/// What fixes a finding.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Fix {
    /// Changes of Postfix's parameters.
    pub edits: Vec<Edit>,
    /// Other commands.
    pub commands: Vec<String>,
    /// What has to be done by hand, before the edits or in place of them.
    pub by_hand: Vec<String>,
}

impl Fix {
    /// Returns true if its edits and commands belong to the block that can be pasted.
    pub fn is_wanted(&self) -> bool {
        self.by_hand.is_empty()
    }
}
