//! Finds files that need each other: circles, anywhere in the tree.
//!
//! A file needs the file that defines a name, not the `mod.rs` that re-exports the name. A `mod.rs` may define
//! values for its modules, or use what its modules define, but not both: if a module uses its parent, and the
//! parent uses the module, that is a circle like any other. A method belongs to the file that defines it, which
//! may be another file than that of its type.
//!
//! # Limits
//!
//! A method is known only by its name, and only calls in the file of its type count.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    imports::module,
    names::{Names, Path, names},
    sources::sources,
};

/// The modules of the crate, by their paths.
pub struct Modules(BTreeMap<String, Names>);

impl Modules {
    /// Reads all sources except those of tests.
    pub fn read() -> Self {
        let all = sources("src").into_iter();
        let all = all.map(|source| (module(&source), source));
        let all = all.filter(|(path, _)| path.split("::").all(|name| name != "tests"));
        Self(
            all.map(|(path, source)| (path, names(&source.text)))
                .collect(),
        )
    }

    /// Returns the modules, each with the names in it.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Names)> {
        self.0.iter()
    }

    /// Returns a path in a module as a path from the root of the crate. `None` if it leads to another crate.
    pub fn absolute(&self, own: &str, path: &[String]) -> Option<Path> {
        let mut at: Path = match own {
            "lib" => Vec::new(),
            own => own.split("::").map(ToOwned::to_owned).collect(),
        };
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            first => {
                let names = self.0.get(own)?;
                let import = names.imports.get(first);
                // `use name::{self, …}` imports another crate.
                if let Some(import) =
                    import.filter(|import| import.first().is_some_and(|f| f != first))
                {
                    let mut whole = import.clone();
                    whole.extend_from_slice(&path[1..]);
                    return self.absolute(own, &whole);
                }
                names.children.contains(first).then_some(())?;
            }
        }
        while let [first, after @ ..] = rest
            && first == "super"
        {
            at.pop()?;
            rest = after;
        }
        at.extend_from_slice(rest);
        Some(at)
    }

    /// Returns the module that defines the item with an absolute path. `None` if the path is that of a module.
    fn home(&self, path: &[String], depth: usize) -> Option<String> {
        let at = (0..=path.len())
            .rev()
            .find(|at| self.0.contains_key(&path[..*at].join("::")))?;
        let (module, item) = (path[..at].join("::"), path.get(at)?);
        let names = self.0.get(&module)?;
        if depth < 10 {
            let mut brought: Vec<Path> = Vec::new();
            brought.extend(names.imports.get(item).cloned());
            if brought.is_empty() && !names.items.contains(item) {
                let globs = names.globs.iter().cloned();
                brought.extend(globs.map(|mut glob| {
                    glob.push(item.clone());
                    glob
                }));
            }
            for path in brought {
                let path = self.absolute(&module, &path)?;
                if let Some(home) = self.home(&path, depth + 1) {
                    return Some(home);
                }
            }
        }
        Some(module)
    }

    /// Returns the modules that each module needs, with the names that it needs from them.
    fn needs(&self) -> Needs<'_> {
        let mut needs = Needs::new();
        for (own, names) in &self.0 {
            let imported = names.imports.iter().filter(|(name, _)| {
                !names.re_exports.contains(*name) || names.words.contains(*name)
            });
            let named = imported.map(|(_, path)| path).chain(&names.paths);
            for path in named {
                let home = self.absolute(own, path);
                let home = home.and_then(|path| self.home(&path, 0));
                if let Some(home) = home.filter(|home| home != own) {
                    let name = path.last().cloned().unwrap_or_default();
                    let needed = needs.entry(own).or_default();
                    needed.entry(home).or_default().insert(name);
                }
            }
        }
        for (own, names) in &self.0 {
            for (owner, method) in &names.methods {
                let home = self
                    .absolute(own, owner)
                    .and_then(|path| self.home(&path, 0))
                    .filter(|home| home != own);
                if let Some((home, names)) = home.and_then(|home| self.0.get_key_value(&home))
                    && names.calls_method(owner, method)
                {
                    let needed = needs.entry(home).or_default();
                    needed
                        .entry(own.clone())
                        .or_default()
                        .insert(method.clone());
                }
            }
        }
        needs
    }

    /// Returns a sentence for each circle: for every module that needs itself through other modules, the shortest
    /// circle. The sentence begins with the first module of the circle by name, so that it is the same for all of
    /// them.
    pub fn circles(&self) -> Vec<String> {
        let needs = self.needs();
        let mut complaints = BTreeSet::new();
        for start in needs.keys() {
            let Some(way) = shortest_circle(&needs, start) else {
                continue;
            };
            let first = way.iter().min().cloned().unwrap_or_default();
            let way = shortest_circle(&needs, &first).unwrap_or(way);
            let mut sentence = first.clone();
            for (at, module) in way.iter().enumerate() {
                let next = way.get(at + 1).unwrap_or(&first);
                let name = needs
                    .get(module.as_str())
                    .and_then(|needed| needed.get(next));
                let name = name.and_then(BTreeSet::first).map_or("?", String::as_str);
                sentence.push_str(&format!(" needs {next} for `{name}`"));
                if at + 1 < way.len() {
                    sentence.push_str(", which");
                }
            }
            complaints.insert(sentence);
        }
        complaints.into_iter().collect()
    }
}

/// For each module, the modules that it needs, with the names that it needs from them.
type Needs<'m> = BTreeMap<&'m str, BTreeMap<String, BTreeSet<String>>>;

/// Returns the modules of the shortest circle through a module, each once, beginning with this module.
fn shortest_circle(needs: &Needs<'_>, start: &str) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![start.to_owned()]]);
    let mut reached = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        let next = way.last().and_then(|last| needs.get(last.as_str()));
        for to in next.into_iter().flat_map(BTreeMap::keys) {
            if to == start {
                return Some(way);
            }
            if reached.insert(to) {
                let mut longer = way.clone();
                longer.push(to.clone());
                ways.push_back(longer);
            }
        }
    }
    None
}

/// Returns modules with the given paths and texts.
#[cfg(test)]
fn modules(texts: &[(&str, &str)]) -> Modules {
    let read = texts.iter();
    Modules(
        read.map(|(path, text)| ((*path).to_owned(), names(text)))
            .collect(),
    )
}

#[test]
fn a_circle_is_found_through_parents_and_re_exports() {
    let parent = "mod child;\nmod other;\npub use child::A;\n";
    let circles = |room: &str, child: &str, other: &str| {
        modules(&[
            ("lib", "mod room;"),
            ("room", &format!("{parent}{room}")),
            ("room::child", child),
            ("room::other", other),
        ])
        .circles()
    };
    // A re-export needs nothing.
    let none = circles(
        "pub struct B;",
        "use super::B;\npub struct A(B);",
        "use super::A;",
    );
    assert!(none.is_empty(), "{none:?}");
    // The parent's own code needs what it uses.
    let own = circles("pub struct B(A);", "use super::B;\npub struct A;", "");
    assert_eq!(
        own,
        ["room needs room::child for `A`, which needs room for `B`"]
    );
    let called = circles(
        "fn f() { child::g() }\npub struct B;",
        "use super::B;\nfn g() {}",
        "",
    );
    assert_eq!(
        called,
        ["room needs room::child for `g`, which needs room for `B`"]
    );
    // A name that the parent re-exports leads to the file that defines it.
    let through = circles(
        "",
        "use crate::room::other::C;\npub struct A;",
        "use super::A;\npub struct C;",
    );
    assert_eq!(
        through,
        ["room::child needs room::other for `C`, which needs room::child for `A`"]
    );
    // A method belongs to the file that defines it.
    let method = circles(
        "pub struct B;\nimpl B { fn f(&self) { self.g() } }",
        "use super::B;\nimpl B { pub fn g(&self) {} }",
        "",
    );
    assert_eq!(
        method,
        ["room needs room::child for `g`, which needs room for `B`"]
    );
}
