//! Reads the names in a source file: the paths in its code, its imports and re-exports, and the types to which it
//! adds methods.
//!
//! The file is split into tokens, so comments and strings do not count. Items after `#[cfg(test)]` are skipped.
//!
//! # Limits
//!
//! An import counts for the whole file, wherever it is. Paths after `<` (`<T as Trait>::name`) are skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path as it is written, segment by segment.
pub type Path = Vec<String>;

/// The names in one file.
#[derive(Debug, Default)]
pub struct Names {
    /// Modules that the file declares.
    pub children: BTreeSet<String>,
    /// Paths in code, with at least two segments.
    pub paths: BTreeSet<Path>,
    /// Names in code without a path.
    pub words: BTreeSet<String>,
    /// Methods that the file calls.
    pub calls: BTreeSet<String>,
    /// The paths that the file imports (`use`), by their name in this file.
    pub imports: BTreeMap<String, Path>,
    /// The imported names that the file also exports (`pub use`).
    pub re_exports: BTreeSet<String>,
    /// Modules from which the file imports everything (`use module::*`).
    pub globs: Vec<Path>,
    /// Methods that the file defines, with their type. Methods of traits are not included.
    pub methods: Vec<(Path, String)>,
    /// Functions, types and constants that the file defines outside of any block.
    pub items: BTreeSet<String>,
}

type Tokens = Peekable<IntoIter<TokenTree>>;

fn tokens(stream: TokenStream) -> Tokens {
    stream
        .into_iter()
        .collect::<Vec<_>>()
        .into_iter()
        .peekable()
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// Returns the names of a file.
pub fn names(text: &str) -> Names {
    let stream: TokenStream = text.parse().unwrap_or_else(|error| panic!("{error}"));
    let mut names = Names::default();
    names.code(stream, true);
    names
}

impl Names {
    fn code(&mut self, stream: TokenStream, is_top: bool) {
        let mut rest = tokens(stream);
        let mut is_public = false;
        let mut after_dot = false;
        while let Some(token) = rest.next() {
            let was_dot = std::mem::replace(&mut after_dot, false);
            match token {
                TokenTree::Punct(punct) => match punct.as_char() {
                    '#' => attribute(&mut rest),
                    '.' => after_dot = true,
                    _ => {}
                },
                TokenTree::Group(group) => {
                    // `pub(super)` is as public as `pub` here.
                    let keeps = group.delimiter() == Delimiter::Parenthesis && is_public;
                    self.code(group.stream(), false);
                    if !keeps {
                        is_public = false;
                    }
                }
                TokenTree::Ident(ident) => match ident.to_string().as_str() {
                    "pub" => is_public = true,
                    "use" => {
                        self.import(&mut rest, &mut Vec::new(), is_public);
                        is_public = false;
                    }
                    "impl" => self.implementation(rest.clone()),
                    word if was_dot => {
                        self.calls.insert(word.to_owned());
                    }
                    word => {
                        if is_top {
                            self.item(word, &mut rest);
                        }
                        self.path(word, &mut rest);
                        is_public = false;
                    }
                },
                TokenTree::Literal(_) => {}
            }
        }
    }

    /// Adds the name after `fn`, `struct` or another keyword that defines something.
    fn item(&mut self, keyword: &str, rest: &mut Tokens) {
        let defines = [
            "const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union",
        ];
        let Some(TokenTree::Ident(name)) = rest.peek().filter(|_| defines.contains(&keyword))
        else {
            return;
        };
        let name = name.to_string();
        if keyword == "mod" {
            self.children.insert(name);
        } else {
            self.items.insert(name);
        }
    }

    /// Adds a path, or a name without a path.
    fn path(&mut self, first: &str, rest: &mut Tokens) {
        let mut path = vec![first.to_owned()];
        while let Some(segment) = next_segment(rest) {
            path.push(segment);
        }
        if path.len() > 1 {
            self.paths.insert(path);
        } else {
            self.words.extend(path);
        }
    }

    /// Adds one tree of a `use`: from its first name to the next `,` or `;`.
    fn import(&mut self, rest: &mut Tokens, prefix: &mut Path, is_public: bool) {
        let depth = prefix.len();
        loop {
            match rest.next() {
                Some(TokenTree::Ident(ident)) if ident == "as" => {
                    if let Some(TokenTree::Ident(alias)) = rest.next() {
                        self.bring(alias.to_string(), prefix.clone(), is_public);
                    }
                    rest.next();
                    break;
                }
                Some(TokenTree::Ident(ident)) => prefix.push(ident.to_string()),
                Some(TokenTree::Group(group)) => {
                    let mut inner = tokens(group.stream());
                    while inner.peek().is_some() {
                        self.import(&mut inner, prefix, is_public);
                    }
                    rest.next();
                    break;
                }
                Some(TokenTree::Punct(punct)) if punct.as_char() == ':' => {}
                Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => {
                    self.globs.push(prefix.clone());
                    rest.next();
                    break;
                }
                _ => {
                    if prefix.last().is_some_and(|last| last == "self") && prefix.len() > 1 {
                        prefix.pop();
                    }
                    if let Some(name) = prefix.last() {
                        self.bring(name.clone(), prefix.clone(), is_public);
                    }
                    break;
                }
            }
        }
        prefix.truncate(depth);
    }

    fn bring(&mut self, name: String, path: Path, is_public: bool) {
        if is_public {
            self.re_exports.insert(name.clone());
        }
        self.imports.insert(name, path);
    }

    /// Returns true if the file calls a method of a type: `.method()`, `Self::method`, `Type::method`.
    pub fn calls_method(&self, owner: &Path, method: &str) -> bool {
        let owner = owner.last().map_or("", String::as_str);
        let by_type = |path: &Path| match path.as_slice() {
            [.., before, last] => last == method && (before == owner || before == "Self"),
            _ => false,
        };
        self.calls.contains(method) || self.paths.iter().any(by_type)
    }

    /// Adds the methods of `impl TYPE { … }`.
    fn implementation(&mut self, mut rest: Tokens) {
        let (mut depth, mut owner) = (0, Path::new());
        let body = loop {
            match rest.next() {
                None => return,
                Some(TokenTree::Punct(punct)) if punct.as_char() == '<' => depth += 1,
                Some(TokenTree::Punct(punct)) if punct.as_char() == '>' => depth -= 1,
                Some(TokenTree::Ident(ident)) if depth == 0 && ident == "for" => return,
                Some(TokenTree::Ident(ident)) if depth == 0 && owner.is_empty() => {
                    owner.push(ident.to_string());
                    while let Some(segment) = next_segment(&mut rest) {
                        owner.push(segment);
                    }
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    break group.stream();
                }
                Some(_) => {}
            }
        };
        let mut body = tokens(body);
        while let Some(token) = body.next() {
            if matches!(&token, TokenTree::Ident(ident) if ident == "fn")
                && let Some(TokenTree::Ident(name)) = body.peek()
            {
                self.methods.push((owner.clone(), name.to_string()));
            }
        }
    }
}

/// Returns the segment after a `::`, if there is one.
fn next_segment(rest: &mut Tokens) -> Option<String> {
    let mut ahead = rest.clone();
    let colons = is_punct(ahead.next().as_ref(), ':') && is_punct(ahead.next().as_ref(), ':');
    let Some(TokenTree::Ident(ident)) = ahead.next().filter(|_| colons) else {
        return None;
    };
    *rest = ahead;
    Some(ident.to_string())
}

/// Skips an attribute. Also skips the item after it if the attribute is `#[cfg(test)]`.
fn attribute(rest: &mut Tokens) {
    if is_punct(rest.peek(), '!') {
        rest.next();
    }
    let Some(TokenTree::Group(group)) = rest.next() else {
        return;
    };
    let text: String = group.stream().to_string().split_whitespace().collect();
    if text != "cfg(test)" {
        return;
    }
    for token in rest.by_ref() {
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        if ends {
            return;
        }
    }
}

#[test]
fn names_are_read() {
    let found = names(
        "//! super::comment\nmod child;\npub use child::{Handed, other as Renamed};\nuse super::{a::B, c::{self, D}};\n\
         #[cfg(test)]\nuse super::hidden;\nfn f(b: &B) { c::g(\"crate::text\"); b.call(Handed) }\n\
         impl<T> B<T> { pub fn method() {} }\nimpl Clone for B { fn clone() {} }\n\
         #[cfg(test)]\nmod tests { use super::*; }\n",
    );
    let path = |text: &str| text.split("::").map(ToOwned::to_owned).collect::<Path>();
    let imports: Vec<_> = found.imports.keys().map(String::as_str).collect();
    assert_eq!(imports, ["B", "D", "Handed", "Renamed", "c"]);
    assert_eq!(found.imports["Renamed"], path("child::other"));
    assert_eq!(found.imports["c"], path("super::c"));
    assert_eq!(found.imports["D"], path("super::c::D"));
    assert!(found.re_exports.contains("Renamed") && !found.re_exports.contains("B"));
    assert_eq!(found.paths, BTreeSet::from([path("c::g")]));
    assert!(found.words.contains("Handed") && found.calls.contains("call"));
    assert_eq!(found.methods, [(path("B"), "method".to_owned())]);
    assert_eq!(found.children, BTreeSet::from(["child".to_owned()]));
    assert!(found.items.contains("f") && found.globs.is_empty());
}
