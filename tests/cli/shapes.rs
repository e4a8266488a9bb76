//! The shape of everything that `--json` prints, held by a golden file: scripts depend on it.
//!
//! In: the answers of a real daemon, driven through every outcome of a reload, and the answers from files.
//! Out: for each answer its fields, with the kinds of their values: `degraded[].what: string`. Lists and
//! repeated answers are laid over each other, so that the golden file shows every kind that was seen.
//!
//! After an intended change: `UPDATE_GOLDEN=1 cargo test --test cli shapes`, and read the difference. A
//! field that is gone or means something else breaks scripts and older commands.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::program::{BASE, Place, RULES, Said};

/// The file, from the root of the repository.
const GOLDEN: &str = "tests/cli/shapes.txt";

/// Fields of the answers of one kind, each with the kinds of its values.
#[derive(Default)]
struct Shape(BTreeMap<String, BTreeSet<&'static str>>);

impl Shape {
    fn see(&mut self, path: &str, value: &Value) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(values) => {
                let items = format!("{path}[]");
                values.iter().for_each(|value| self.see(&items, value));
                "list"
            }
            Value::Object(fields) => {
                let dot = if path.is_empty() { "" } else { "." };
                for (name, value) in fields {
                    self.see(&format!("{path}{dot}{name}"), value);
                }
                return;
            }
        };
        self.0.entry(path.to_owned()).or_default().insert(kind);
    }
}

/// The shapes of all answers, by the command.
#[derive(Default)]
struct Shapes(BTreeMap<String, Shape>);

impl Shapes {
    /// Runs a command and looks at each line that it prints.
    fn ask(&mut self, place: &Place, name: &str, arguments: &[&str]) -> Vec<Value> {
        self.see(name, &place.ask(arguments))
    }

    fn see(&mut self, name: &str, said: &Said) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{said:?}"));
        let lines: Vec<Value> = said.out.lines().map(read).collect();
        assert!(!lines.is_empty(), "{said:?}");
        let shape = self.0.entry(name.to_owned()).or_default();
        lines.iter().for_each(|line| shape.see("", line));
        lines
    }

    fn status(&mut self, place: &Place) {
        self.ask(place, "status --json", &["status", "--json"]);
    }

    fn config(&mut self, place: &Place) {
        self.ask(place, "config --json", &["config", "--json"]);
    }

    fn reload(&mut self, place: &Place) -> Value {
        let lines = self.ask(place, "reload --json", &["reload", "--json"]);
        let outcome = lines[0]["outcome"].as_str().unwrap();
        let name = format!("reload --json, outcome {outcome}");
        lines
            .iter()
            .for_each(|line| self.0.entry(name.clone()).or_default().see("", line));
        lines[0].clone()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (name, shape) in self.0.iter().filter(|(name, _)| *name != "reload --json") {
            text += &format!("{name}\n");
            for (path, kinds) in &shape.0 {
                let kinds: Vec<_> = kinds.iter().copied().collect();
                text += &format!("    {path}: {}\n", kinds.join(" or "));
            }
            text.push('\n');
        }
        text
    }
}

/// Drives a daemon through every outcome of a reload.
fn live(shapes: &mut Shapes) {
    let many = |n| format!("u{n}@company.com mailbox\n");
    let many: String = (0..30).map(many).collect();
    let place = Place::new(&[("a.rules", RULES), ("b.rules", &many)]);
    // So patient that a save and the command after it are one reload.
    let base = BASE.replace("20ms", "1s").replace("500ms", "10s");
    place.configure(&base);
    let _serving = place.serve();
    shapes.status(&place);
    shapes.config(&place);
    explain(shapes, &place);
    shapes.reload(&place);
    place.save("c.rules", "carl@company.com mailbx\n");
    shapes.reload(&place);
    shapes.status(&place);
    place.save("c.rules", "carl@company.com mailbox\n");
    shapes.reload(&place);
    place.save(
        "c.rules",
        "carla@company.com mailbox note=new owner=anna@company.com\n",
    );
    shapes.reload(&place);
    history(shapes, &place);
    place.save("b.rules", "");
    let held = shapes.reload(&place);
    shapes.status(&place);
    let digest = held["digest"].as_str().unwrap();
    shapes.ask(&place, "accept --json", &["accept", "--json", digest]);
    configuration(shapes, &place, &base);
}

/// Goes back, and asks for the history.
fn history(shapes: &mut Shapes, place: &Place) {
    let noted = ["blame", "--json", "carla@company.com"];
    shapes.ask(place, "blame --json", &noted);
    let back = ["rollback", "1", "-m", "why", "--json"];
    shapes.ask(place, "rollback --json", &back);
    shapes.status(place);
    shapes.reload(place);
    shapes.ask(place, "history --json", &["history", "--json"]);
    shapes.ask(place, "diff --json", &["diff", "--json", "1", "2"]);
    for address in ["jd@domain2.com", "carla@company.com"] {
        shapes.ask(place, "blame --json", &["blame", "--json", address]);
    }
    shapes.ask(place, "rollback --json", &["rollback", "--end", "--json"]);
}

/// Asks about what takes every way through the table.
fn explain(shapes: &mut Shapes, place: &Place) {
    let flags = ["explain", "--live", "--json"];
    let asked = [
        "RCPT TO:<jd@domain2.com> NOTIFY=NEVER",
        "jd@domain2.com",
        "nobody@domain2.com",
        "@domain2.com",
        "@x.example",
    ];
    let arguments = [&flags, &asked[..]].concat();
    shapes.ask(place, "explain --live --json", &arguments);
    let addresses = ["jdoe@company.com", "nosuch@domain2.com"];
    for address in addresses {
        let who = ["who", "--live", "--json", address];
        shapes.ask(place, "who --live --json", &who);
    }
}

/// Changes the configuration: settings in force at once, settings that wait, and a file that is emptied.
fn configuration(shapes: &mut Shapes, place: &Place, base: &str) {
    let changed = format!("mode = \"observe\"\n{base}max_shrink = \"0%\"\n");
    place.configure(&changed.replace("milter.sock", "m2.sock"));
    shapes.reload(place);
    shapes.status(place);
    shapes.config(place);
    place.configure("");
    let socket = format!("unix:{}", place.text("control.sock"));
    let flags = ["reload", "--json", "--socket", &socket];
    let emptied = place.run(&flags);
    let name = "reload --json, configuration refused";
    let emptied = shapes.see(name, &emptied).remove(0);
    let refused = &emptied["configuration"]["refused"];
    let words = refused["accept"].as_str().unwrap();
    let words: Vec<_> = words.split(' ').skip(1).chain(["--json"]).collect();
    let accepted = place.run(&words);
    shapes.see("accept --json, configuration", &accepted);
}

#[test]
fn the_shapes_of_all_json_are_those_of_the_golden_file() {
    let mut shapes = Shapes::default();
    live(&mut shapes);
    let place = Place::new(&[("a.rules", RULES)]);
    shapes.ask(
        &place,
        "explain --json",
        &["explain", "--json", "jd@domain2.com"],
    );
    place.save("b.rules", "x@domain2.com rejct\njd@domain2.com discard\n");
    shapes.ask(
        &place,
        "check --format json",
        &["check", "--format", "json"],
    );
    shapes.ask(
        &place,
        "explain CODE --json",
        &["explain", "--json", "conflict"],
    );
    let text = shapes.text();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(text == golden, "{GOLDEN} differs; now it would be:\n{text}");
}
