//! What README.md shows, pasted as it stands: rules, settings, lines for both MTAs, commands with what
//! they print.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::machine::{Machine, Mta, tools};
use crate::support::folder::Folder;
use crate::support::peers;

const README: &str = include_str!("../../README.md");

/// The blocks between fences, with the word behind the first fence.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let parts: Vec<_> = README.split("\n```").collect();
    let inside = parts.iter().skip(1).step_by(2);
    inside.filter_map(|part| part.split_once('\n')).collect()
}

/// The block that begins like this.
fn block(start: &str) -> &'static str {
    let found = blocks()
        .into_iter()
        .find(|(_, text)| text.starts_with(start));
    found
        .unwrap_or_else(|| panic!("no block begins with {start}"))
        .1
}

fn readdress(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_readdress"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .output()
        .expect("readdress");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8(said).expect("UTF-8"),
    )
}

#[test]
fn the_first_rules_file_has_no_finding() {
    let folder = Folder::new("readme");
    let file = folder.join("company.rules");
    fs::write(&file, format!("{}\n", block("company.com  "))).expect("a rules file");
    let directory = folder.path().to_str().expect("ASCII");
    let (status, said) = readdress(&["check", "--strict", directory]);
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("0 errors, 0 warnings"), "{said}");
    let (status, said) = readdress(&["fmt", "--check", file.to_str().expect("ASCII")]);
    assert_eq!(status, Some(0), "{said}");
    // What the log line below names is the line that it says.
    let line = README
        .split("rule=company.rules:")
        .nth(1)
        .expect("a log line");
    let line: usize = line
        .split(' ')
        .next()
        .and_then(|line| line.parse().ok())
        .expect("a line");
    let rule = block("company.com  ")
        .lines()
        .nth(line - 1)
        .expect("a rule");
    assert!(rule.starts_with("jd@domain2.com "), "{rule}");
}

/// A setting within a sentence, and its section.
#[test]
fn settings_are_right() {
    let mut files: Vec<String> = blocks()
        .into_iter()
        .filter(|(kind, _)| *kind == "toml")
        .map(|(_, text)| text.to_owned())
        .collect();
    assert!(!files.is_empty());
    assert!(README.contains("Below `[headers]` in `readdress.toml`, `x_original_to = true`"));
    files.push("[headers]\nx_original_to = true\nrewrite = true\n".to_owned());
    files.push("mode = \"observe\"\n".to_owned());
    for file in files {
        let read = readdress::config::parse("readdress.toml", file.as_bytes());
        assert!(read.is_ok(), "{file}: {read:?}");
    }
    // No section and its key stand on one line, which is no TOML.
    for (at, _) in README.match_indices("`[") {
        let quoted = README[at + 1..].split('`').next().unwrap_or_default();
        assert!(quoted.ends_with(']'), "`{quoted}`");
    }
}

#[test]
fn lines_for_postfix_are_read_without_a_word() {
    if peers::unpacked().is_none() {
        return;
    }
    let machine = Machine::new(Mta::Postfix);
    let etc = machine.folder.subfolder("etc");
    let lines = [block("relay_domains = "), block("relay_recipient_maps = ")].join("\n");
    fs::write(
        etc.join("main.cf"),
        format!("compatibility_level = 3.6\n{lines}\n"),
    )
    .expect("main.cf");
    fs::write(etc.join("master.cf"), "smtp inet n - n - - smtpd\n").expect("master.cf");
    let libraries = tools().join("../lib/postfix");
    let output = Command::new(tools().join("postconf"))
        .arg("-c")
        .arg(&etc)
        .arg("-n")
        .env("LD_LIBRARY_PATH", libraries)
        .output()
        .expect("postconf");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let read = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = lines.lines().filter(|line| !line.starts_with(' '));
    for name in names
        .filter_map(|line| line.split_once(" ="))
        .map(|(name, _)| name)
    {
        assert!(read.contains(&format!("{name} = ")), "{name}\n{read}");
    }
    assert!(!read.contains("subdomains = relay_domains") && !read.contains(", relay_domains"));
}

#[test]
fn lines_for_sendmail_become_a_configuration() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Sendmail);
    machine.daemon = false;
    machine.relay_hosts_only = false;
    machine.mc = block("FEATURE(`relay_hosts_only')").to_owned() + "\n";
    machine.start();
    let cf = fs::read_to_string(machine.folder.join("sendmail.cf")).expect("sendmail.cf");
    for wanted in [
        "\nXreaddress, S=inet:8892@127.0.0.1, F=T, ",
        "\nO InputMailFilters=readdress\n",
        "domain2.com",
    ] {
        assert!(cf.contains(wanted), "{wanted}");
    }
}

/// Each line that README shows is one that the command prints.
fn shown(transcript: &str, said: &str) {
    let lines: Vec<_> = transcript.lines().skip(1).collect();
    assert!(!lines.is_empty());
    for line in lines {
        assert!(said.lines().any(|own| own == line), "{line}\n--\n{said}");
    }
}

#[test]
fn explain_prints_what_is_shown() {
    let transcript = block("$ readdress explain");
    let command = transcript.lines().next().unwrap_or_default();
    let arguments: Vec<_> = command.split(' ').skip(2).collect();
    let (status, said) = readdress(&arguments);
    assert_eq!(status, Some(0), "{said}");
    shown(transcript, &said);
}

#[test]
fn doctor_prints_what_is_shown() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Postfix);
    let without = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("exämple.test"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    machine.rules = without(&machine.rules);
    machine.main = without(&machine.main) + "relay_domains = company.com\n";
    machine.start();
    let said = machine.diagnose(&[]);
    let etc = machine.folder.join("etc");
    let rules = machine.folder.join("rules");
    let said = machine
        .usual(&said.out)
        .replace(etc.to_str().expect("ASCII"), "/etc/postfix")
        .replace(rules.to_str().expect("ASCII"), "/etc/readdress/rules")
        .replace(&machine.filled("127.0.0.1:{milter}"), "127.0.0.1:8892")
        .replace(&machine.filled("127.0.0.1:{map}"), "127.0.0.1:8893")
        .replace("with 3 services", "with 24 services");
    // The server of the test stands for those of the system.
    let said: String = said
        .lines()
        .map(|line| match line.split_once("(asked ") {
            Some((before, _)) => format!("{before}(asked /etc/resolv.conf)\n"),
            None => format!("{line}\n"),
        })
        .collect();
    shown(block("$ readdress doctor"), &said);
}

/// Files that README names are there.
#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let links = README
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    for link in links.filter(|link| !link.contains("://")) {
        assert!(root.join(link).exists(), "{link}");
    }
}
