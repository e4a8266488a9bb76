//! Reading and checking rules takes time in proportion to the length of the rules, for every kind of rule and of
//! mistake.
//!
//! Each input is compiled at two sizes, one twice the other, in turns. The tests measure the processor time of their
//! own thread. Twice the input may take two and a half times as long: code that compares each line with each other line
//! would take four times as long.
//!
//! # Limits
//!
//! The sizes are so large that a quadratic step of a microsecond is found.

#![allow(clippy::disallowed_macros, reason = "a test reports its measurements")]

use readdress::engine::{Settings, SourceText, compile};
use rustix::time::{ClockId, clock_gettime};

/// The longest time that twice the input may take, as a multiple of the time for the input.
const MOST: f64 = 2.9;

/// The number of pairs of runs; the fastest runs count.
const RUNS: usize = 3;

const HEAD: &str = "company.com primary\nclosed.example primary unknown=reject\ndomain2.com secondary\n\
    postmaster@* postmaster@company.com\nabuse@* postmaster@company.com\n";

fn seconds(texts: &[(&str, String)]) -> f64 {
    let sources: Vec<_> = texts
        .iter()
        .map(|(name, text)| SourceText::new(*name, text.clone().into_bytes()))
        .collect();
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let before = now();
    let compiled = compile(&sources, &Settings::default());
    let took = now() - before;
    assert!(compiled.table.is_some() || !compiled.diagnostics.is_empty());
    took
}

/// Lines, one for each number.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|at| line(at) + "\n").collect()
}

type Case = (&'static str, usize, fn(usize) -> String);

#[rustfmt::skip]
const RULES: &[Case] = &[
    ("mailboxes", 6000, |n| lines(n, |i| format!("a{i}@domain2.com a{i}@company.com"))),
    ("mailboxes with secondary addresses", 3000, |n| lines(n, |i| format!("a{i}@company.com mailbox a{i}@domain2.com, b{i}@domain2.com"))),
    ("a chain of mailboxes", 4000, |n| lines(n, |i| format!("a{i}@domain2.com a{}@domain2.com", i + 1)) + &format!("a{n}@domain2.com keep\n")),
    ("a circle of mailboxes", 4000, |n| lines(n, |i| format!("a{i}@domain2.com a{}@domain2.com", (i + 1) % n))),
    ("a circle of mailboxes that grows", 2000, |n| lines(n, |i| format!("a{i}@domain2.com a{}{}@domain2.com", (i + 1) % n, if i == 0 { "+x" } else { "" }))),
    ("many loops", 2000, |n| lines(n, |i| format!("a{i}@domain2.com b{i}@domain2.com\nb{i}@domain2.com a{i}@domain2.com"))),
    ("many loops that grow", 60, |n| lines(n, |i| format!("a{i}@domain2.com a{i}+x@domain2.com"))),
    ("one list", 800, |n| format!("all@domain2.com {}\n", (0..n).map(|i| format!("a{i}@company.com")).collect::<Vec<_>>().join(", "))),
    ("a list on many lines", 800, |n| "all@domain2.com a@company.com".to_owned() + &(0..n).map(|i| format!(",\n  a{i}@company.com")).collect::<String>() + "\n"),
    ("lists of lists", 300, |n| lines(n, |i| format!("l{i}@domain2.com l{}@domain2.com, m{i}@company.com", i + 1)) + &format!("l{n}@domain2.com keep\n")),
    ("users with any detail", 4000, |n| lines(n, |i| format!("a{i}+*@domain2.com b{i}+*@company.com"))),
    ("local-parts everywhere", 4000, |n| lines(n, |i| format!("a{i}@* a{i}@company.com"))),
    ("domains that others lead to", 1000, |n| lines(n, |i| format!("d{i}.example secondary\n@d{i}.example @company.com"))),
    ("local-parts everywhere, in many domains", 300, |n| lines(n, |i| format!("d{i}.example secondary\nr{i}@* r{}@domain2.com", i + 1)) + &format!("r{n}@* x@company.com\n")),
    ("a chain of whole domains", 400, |n| "z.example secondary\n".to_owned() + &lines(n, |i| format!("d{i}.example secondary\n@d{i}.example @{}", if i + 1 == n { "z.example".into() } else { format!("d{}.example", i + 1) })) + "@z.example @company.com\n"),
    ("a circle of whole domains", 400, |n| lines(n, |i| format!("d{i}.example secondary\n@d{i}.example @d{}.example", (i + 1) % n))),
    ("wildcards", 1000, |n| lines(n, |i| format!("d{i}.example external\n@*.d{i}.example x@company.com"))),
    ("wildcards below each other", 30, |n| (0..n).map(|i| format!("@*.{}example x{i}@company.com\n", "a.".repeat(i))).collect::<String>() + "example external\n"),
    ("any address with a detail", 1000, |n| lines(n, |i| format!("d{i}.example secondary\n+*@d{i}.example x@company.com"))),
    ("regexes of one domain", 200, |n| lines(n, |i| format!(r"/(\w+)\.x{i}@domain2\.com/ $1@company.com"))),
    ("regexes of many domains", 200, |n| lines(n, |i| format!("d{i}.example secondary\n/(\\w+)\\.x@d{i}\\.example/ $1@company.com"))),
    ("regexes of any domain", 200, |n| lines(n, |i| format!(r"/(\w+)\.x{i}@d.*/ $1@company.com"))),
    ("the same regex again", 2000, |n| lines(n, |_| r"/(\w+)\.x@domain2\.com/ $1@company.com".into())),
    ("rules written twice", 3000, |n| lines(n, |_| "a@domain2.com a@company.com".into())),
    ("conflicts", 3000, |n| lines(n, |i| format!("a@domain2.com a{i}@company.com"))),
    ("addresses that do not exist", 3000, |n| lines(n, |i| format!("a{i}@domain2.com b{i}@closed.example"))),
    ("addresses that do not exist behind a domain", 3000, |n| "@domain2.com @closed.example\n".to_owned() + &lines(n, |i| format!("a{i}@domain2.com b{i}@domain2.com"))),
    ("undeclared domains", 2000, |n| lines(n, |i| format!("a{i}@d{i}.example a@company.com"))),
    ("unknown options", 3000, |n| lines(n, |i| format!("a{i}@domain2.com a@company.com option{i}=x"))),
    ("a list that repeats one address", 8000, |n| format!("all@domain2.com a@company.com{}\n", ",\n  a@company.com".repeat(n))),
    ("no action", 3000, |n| lines(n, |i| format!("a{i}@domain2.com"))),
    ("comments", 20000, |n| lines(n, |i| format!("# a comment {i}"))),
    ("one long comment", 400_000, |n| format!("# {}\n", "x".repeat(n))),
    ("one long line", 20_000, |n| format!("a@domain2.com {}\n", "a".repeat(n))),
    ("quotes", 3000, |n| lines(n, |i| format!("\"a {i} \\\" b\"@domain2.com a@company.com"))),
    ("declared domains", 3000, |n| lines(n, |i| format!("d{i}.example primary"))),
    ("declared secondary domains", 2000, |n| lines(n, |i| format!("d{i}.example secondary"))),
    ("domains declared twice", 3000, |n| lines(n, |_| "d.example primary".into())),
    ("declared domains and a list of postmasters", 300, |n| lines(n, |i| format!("d{i}.example secondary")) + &format!("hostmaster@* {}\n", (0..n).map(|i| format!("a{i}@company.com")).collect::<Vec<_>>().join(", "))),
];

#[test]
fn twice_the_rules_take_twice_as_long() {
    let mut slow = Vec::new();
    for (name, size, text) in RULES {
        let texts = |count| vec![("a.rules", HEAD.to_owned() + &text(count))];
        compare(name, *size, &texts, &mut slow);
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

#[rustfmt::skip]
const FILES: &[Case] = &[
    ("a.virtual", 2000, |n| "domain2.com x\n".to_owned() + &lines(n, |i| format!("a{i}@domain2.com a{i}@company.com"))),
    ("b.virtual", 2000, |n| lines(n, |i| format!("a{i}@d{i}.example a{}@d{}.example", i + 1, i + 1))),
    ("a.virtusertable", 2000, |n| lines(n, |i| format!("a{i}@domain2.com a{i}@company.com"))),
    ("a.csv", 2000, |n| "from,to\n".to_owned() + &lines(n, |i| format!("a{i}@domain2.com,a{i}@company.com"))),
    ("b.csv", 2000, |n| "PrimarySmtpAddress,EmailAddresses\n".to_owned() + &lines(n, |i| format!("a{i}@company.com,SMTP:a{i}@company.com;smtp:b{i}@domain2.com"))),
    ("c.csv", 2000, |n| "INSERT INTO alias (address, goto, active) VALUES\n".to_owned() + &lines(n, |i| format!("('a{i}@domain2.com','b{i}@company.com','1'),")) + "('z@domain2.com','z@company.com','1');\n"),
    ("a.ldif", 1000, |n| lines(n, |i| format!("dn: cn=a{i}\nmail: a{i}@company.com\nproxyAddresses: SMTP:a{i}@company.com\nproxyAddresses: smtp:b{i}@domain2.com\n"))),
    ("a.expect", 2000, |n| lines(n, |i| format!("a{i}@domain2.com keep"))),
];

#[test]
fn twice_the_rows_take_twice_as_long() {
    let mut slow = Vec::new();
    for (name, size, text) in FILES {
        let texts = |count| vec![(*name, text(count))];
        compare(name, *size, &texts, &mut slow);
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// Rules with laws about them: the proof of a law looks at each rule a few times, and at each set of addresses once.
#[rustfmt::skip]
const LAWS: &[Case] = &[
    ("laws about mailboxes", 3000, |n| lines(n, |i| format!("a{i}@domain2.com a{i}@company.com"))),
    ("laws about mailboxes in a closed domain", 2000, |n| lines(n, |i| format!("a{i}@domain2.com a{i}@closed.example\na{i}@closed.example mailbox"))),
    ("laws about a domain with rules behind it", 2000, |n| "@domain2.com @company.com\n".to_owned() + &lines(n, |i| format!("a{i}@company.com b{i}@company.com"))),
    ("laws about a domain with exceptions", 1500, |n| "@domain2.com @company.com\n".to_owned() + &lines(n, |i| format!("a{i}@company.com b{i}@else.example\na{i}@domain2.com reject"))),
    ("laws about details", 1000, |n| lines(n, |i| format!("a{i}@domain2.com b{i}@company.com\na{i}+*@domain2.com c{i}+*@company.com\nb{i}+x@company.com d@company.com"))),
    ("laws about chains", 1500, |n| lines(n, |i| format!("a{i}@domain2.com a{}@domain2.com", i + 1)) + &format!("a{n}@domain2.com a@company.com\n")),
    ("laws about many domains", 400, |n| lines(n, |i| format!("d{i}.domain2.com secondary\n@d{i}.domain2.com @company.com"))),
    ("laws about a chain of whole domains", 200, |n| "@domain2.com @d0.example\n".to_owned() + &lines(n, |i| format!("d{i}.example secondary\n@d{i}.example @{}", if i + 1 == n { "company.com".into() } else { format!("d{}.example", i + 1) }))),
    ("laws about regexes", 100, |n| lines(n, |i| format!(r"/(\w+)\.x{i}@domain2\.com/ $1@company.com"))),
];

#[test]
fn twice_the_rules_take_twice_as_long_to_prove() {
    let laws = "@domain2.com only @company.com, @closed.example\n@*.domain2.com never @gmail.example\n\
        @domain2.com never @else.example\npostmaster@* delivered\n@domain2.com delivered\n@domain2.com at-least 950\n";
    let mut slow = Vec::new();
    for (name, size, text) in LAWS {
        let head = format!("{HEAD}else.example external\n");
        let texts = |count| {
            vec![
                ("a.rules", head.clone() + &text(count)),
                ("b.expect", laws.to_owned()),
            ]
        };
        compare(name, *size, &texts, &mut slow);
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// Returns the texts of an input of this size, as the reader of a directory gives them.
type Texts<'a> = &'a dyn Fn(usize) -> Vec<(&'static str, String)>;

fn compare(name: &str, size: usize, texts: Texts<'_>, slow: &mut Vec<String>) {
    let (mut once, mut twice) = (f64::MAX, f64::MAX);
    for _ in 0..RUNS {
        once = once.min(seconds(&texts(size)));
        twice = twice.min(seconds(&texts(2 * size)));
    }
    // Very short times cannot be measured well.
    let ratio = twice / once.max(0.001);
    eprintln!("{name}: {:.1} ms, {ratio:.2}", once * 1e3);
    if ratio > MOST {
        slow.push(format!(
            "{name}: {size} take {once:.3} s, twice as many {ratio:.1} times as long"
        ));
    }
}
