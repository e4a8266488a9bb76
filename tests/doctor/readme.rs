//! README.md, pasted as it stands: every fenced block is tried, or stands in [`ELSEWHERE`] with a reason.
//!
//! `readme_mail.rs` sends mail through real MTAs that have README's lines.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::machine::{Machine, Mta, tools};
use crate::support::folder::{Folder, free_port};
use crate::support::peers;

const README: &str = include_str!("../../README.md");

/// One fenced block of README.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// The word behind the first fence.
    pub language: &'static str,
    pub text: &'static str,
}

/// Returns all fenced blocks, in order.
pub fn blocks() -> Vec<Block> {
    let parts: Vec<_> = README.split("\n```").collect();
    assert_eq!(parts.len() % 2, 1, "a fence is not closed");
    let inside = parts.iter().skip(1).step_by(2);
    let blocks = inside.map(|part| {
        let (language, text) = part.split_once('\n').expect("a block has lines");
        Block { language, text }
    });
    blocks.collect()
}

/// Returns the texts of all blocks of one language.
pub fn in_language(language: &str) -> Vec<&'static str> {
    let blocks = blocks().into_iter();
    let own = blocks.filter(|block| block.language == language);
    own.map(|block| block.text).collect()
}

/// Returns the block that begins with `start`.
pub fn block(start: &str) -> &'static str {
    let found = blocks()
        .into_iter()
        .find(|block| block.text.starts_with(start));
    found
        .unwrap_or_else(|| panic!("no block begins with {start}"))
        .text
}

/// Languages whose blocks are all tried, each with the tests that take every block of it.
const TRIED: [(&str, &str); 5] = [
    ("rules", "the_rules_file_has_no_finding"),
    ("toml", "settings_are_right"),
    (
        "ini",
        "lines_for_postfix_are_read_without_a_warning, readme_mail.rs",
    ),
    (
        "m4",
        "lines_for_sendmail_become_a_configuration, readme_mail.rs",
    ),
    ("console", "transcripts_show_what_the_commands_print"),
];

/// The other blocks: how each begins, and where it is tried or why it cannot be.
const ELSEWHERE: [(&str, &str); 10] = [
    ("  customer ", "a picture of the flow"),
    ("readdress check ", "the_commands_work_as_written"),
    (
        "cargo run --release -- demo ",
        "the_first_command_is_the_demo, and a bare Debian",
    ),
    (
        "packaging/build ",
        "packaging/test builds, installs and removes the packages",
    ),
    ("dnf install ", "every_unit_is_switched_on"),
    (
        "Get-Recipient ",
        "PowerShell; tests/manual/formats.rs generates it, tests/formats reads its output",
    ),
    ("readdress run ", "the_commands_work_as_written"),
    ("readdress try ", "the_commands_work_as_written"),
    ("$ readdress status", "tests/cli/night.rs plays it"),
    (
        "4gFQ2C0: orig_to=",
        "a log line: the_rules_file_has_no_finding compares its rule",
    ),
];

#[test]
fn every_block_is_tried_or_has_a_reason() {
    let mut reasons: Vec<_> = ELSEWHERE.iter().map(|(start, _)| *start).collect();
    for block in blocks() {
        if TRIED
            .iter()
            .any(|(language, _)| *language == block.language)
        {
            continue;
        }
        let own = reasons
            .iter()
            .position(|start| block.text.starts_with(start));
        let own = own.unwrap_or_else(|| panic!("nothing tries this block: {block:?}"));
        reasons.remove(own);
    }
    assert!(reasons.is_empty(), "no block begins so: {reasons:?}");
    for (language, _) in TRIED {
        assert!(!in_language(language).is_empty(), "no block in {language}");
    }
}

/// The first screen says what it is, with the picture and the commands that matter.
#[test]
fn the_first_screen_has_the_picture_and_the_commands() {
    let screen: Vec<_> = README.lines().take(33).collect();
    let screen = screen.join("\n");
    assert!(screen.contains("```text\n") && screen.contains("Postfix or Sendmail"));
    for command in ["check", "explain", "who", "doctor", "status"] {
        assert!(
            screen.contains(&format!("\nreaddress {command} ")),
            "{command}"
        );
    }
}

/// Whoever has nothing but Rust types these first; `.cargo/linker` installs a linker for them.
#[test]
fn the_first_command_is_the_demo() {
    let first = block("cargo run --release -- demo ");
    let commands: Vec<_> = first
        .lines()
        .filter_map(|line| line.split('#').next())
        .map(str::trim)
        .collect();
    assert_eq!(commands, ["cargo run --release -- demo", "tests/run"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = fs::read_to_string(root.join(".cargo/config.toml")).expect("cargo's settings");
    assert!(settings.contains("linker = \".cargo/linker\""));
    assert!(root.join("tests/run").exists());
}

/// The list for RHEL has every unit that can be switched on.
#[test]
fn every_unit_is_switched_on() {
    let commands = block("dnf install ").replace("\\\n", " ");
    let command = commands.lines().nth(1).unwrap_or_default();
    let units = command.strip_prefix("systemctl enable --now ");
    let mut named: Vec<_> = units
        .expect("the second command")
        .split_whitespace()
        .collect();
    // The sockets are listed in a file from which packaging/build writes their units.
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd/sockets");
    let list = fs::read_to_string(list).expect("the list of sockets");
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let sockets = lines.filter_map(|line| line.split(" | ").next());
    let mut units: Vec<_> = sockets.chain(["readdress.service"]).collect();
    named.sort_unstable();
    units.sort_unstable();
    assert_eq!(named, units);
}

/// Runs the blocks as a reader would, one after the other, in a copy of `/etc` and an empty `/run`.
///
/// Only the port is another one, since another run may listen on README's.
#[test]
fn the_commands_work_as_written() {
    if peers::unpacked().is_none() {
        return;
    }
    // In a chroot whose root is no mount point, nothing can be mounted for this process alone.
    let alone = Command::new("unshare").args(["--mount", "true"]).output();
    if !alone.is_ok_and(|output| output.status.success()) {
        let said = "SKIPPED: README's commands are NOT run here: no mounts of one's own (a chroot)";
        // Past the test harness, which hides what a passing test prints.
        let _ = writeln!(std::io::stderr(), "{said}");
        return;
    }
    let folder = Folder::new("readme-commands");
    fs::write(
        folder.join("company.rules"),
        in_language("rules")[0].to_owned() + "\n",
    )
    .expect("a rules file");
    let program = Path::new(env!("CARGO_BIN_EXE_readdress"));
    let run = block("readdress run ");
    let script = format!(
        "cp -a /etc {dir}/etc && mkdir {dir}/run && mount --bind {dir}/etc /etc
         cd {dir} && mount --bind {dir}/run /run
         echo 'nameserver 127.0.0.1' >/etc/resolv.conf
         rm -rf /etc/readdress /etc/postfix /etc/mail && mkdir -p /etc/readdress/rules
         cp company.rules /etc/readdress/rules
         {run} >log 2>&1 & daemon=$!
         for i in $(seq 200); do [ -S /run/readdress/control.sock ] && break; sleep 0.1; done
         {tried}\n{questions}
         kill $daemon",
        dir = folder.path().display(),
        run = run.replace("8892", &free_port().to_string()),
        tried = block("readdress try "),
        questions = block("readdress check ").replace("#", "; echo status $? #"),
    );
    let output = Command::new("timeout")
        .args(["60", "unshare", "--mount", "sh", "-c", &script])
        .env(
            "PATH",
            format!(
                "{}:/usr/sbin:/usr/bin:/sbin:/bin",
                program.parent().expect("a folder").display()
            ),
        )
        .env("NO_COLOR", "1")
        .output()
        .expect("unshare");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    for wanted in [
        "    + <jdoe@company.com>  ORCPT=rfc822;jd@domain2.com\n",
        "0 errors, 0 warnings\nstatus 0\n",
        "  => replace by jdoe@company.com\nstatus 0\n",
        "\nmilter       inet:127.0.0.1:",
    ] {
        assert!(said.contains(wanted), "{wanted}\n{said}\n{errors}");
    }
    assert!(said.ends_with("\nstatus 0\n"), "{said}\n{errors}");
    assert_eq!(errors, "");
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
fn the_rules_file_has_no_finding() {
    assert_eq!(
        in_language("rules").len(),
        1,
        "each needs a folder of its own"
    );
    let folder = Folder::new("readme");
    let file = folder.join("company.rules");
    fs::write(&file, format!("{}\n", in_language("rules")[0])).expect("a rules file");
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
    let rule = in_language("rules")[0]
        .lines()
        .nth(line - 1)
        .expect("a rule");
    assert!(rule.starts_with("jd@domain2.com "), "{rule}");
}

/// Every block of settings, and those that README names in a sentence.
#[test]
fn settings_are_right() {
    let blocks = in_language("toml").into_iter().map(str::to_owned);
    let mut files: Vec<String> = blocks.collect();
    assert!(README.contains("Below `[headers]` in `readdress.toml`, `x_original_to = true`"));
    files.push("[headers]\nx_original_to = true\nrewrite = true\n".to_owned());
    assert!(README.contains("`mode = \"observe\"` in `readdress.toml`"));
    files.push("mode = \"observe\"\n".to_owned());
    for file in files {
        let read = readdress::config::parse("readdress.toml", file.as_bytes());
        assert!(read.is_ok(), "{file}: {read:?}");
    }
    // A section and its key on one line would be no TOML.
    for (at, _) in README.match_indices("`[") {
        let quoted = README[at + 1..].split('`').next().unwrap_or_default();
        assert!(quoted.ends_with(']'), "`{quoted}`");
    }
}

/// Each block alone: postconf(1) reads it without a warning, and knows every parameter.
#[test]
fn lines_for_postfix_are_read_without_a_warning() {
    if peers::unpacked().is_none() {
        return;
    }
    let machine = Machine::new(Mta::Postfix);
    let etc = machine.folder.subfolder("etc");
    fs::write(etc.join("master.cf"), "smtp inet n - n - - smtpd\n").expect("master.cf");
    for lines in in_language("ini") {
        let main = format!("compatibility_level = 3.6\n{lines}\n");
        fs::write(etc.join("main.cf"), main).expect("main.cf");
        let output = Command::new(tools().join("postconf"))
            .arg("-c")
            .arg(&etc)
            .arg("-n")
            .env("LD_LIBRARY_PATH", tools().join("../lib/postfix"))
            .output()
            .expect("postconf");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{lines}");
        let read = String::from_utf8_lossy(&output.stdout).into_owned();
        let settings = lines.lines().filter(|line| !line.starts_with(' '));
        for (name, _) in settings.filter_map(|line| line.split_once(" =")) {
            assert!(read.contains(&format!("{name} = ")), "{name}\n{read}");
        }
        assert!(!read.contains("subdomains = relay_domains") && !read.contains(", relay_domains"));
    }
}

/// All lines together: m4 makes a `sendmail.cf` of them that holds what they ask for.
#[test]
fn lines_for_sendmail_become_a_configuration() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Sendmail);
    machine.daemon = false;
    machine.relay_hosts_only = false;
    machine.mc = in_language("m4").join("\n") + "\n";
    machine.start();
    let cf = fs::read_to_string(machine.folder.join("sendmail.cf")).expect("sendmail.cf");
    for wanted in [
        "\nXreaddress, S=inet:8892@127.0.0.1, F=T, ",
        "\nO InputMailFilters=readdress\n",
        "domain2.com",
        "\nKmailertable hash /etc/mail/mailertable\n",
        "\nDSesmtp:[mailhub.company.com]\n",
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
fn transcripts_show_what_the_commands_print() {
    let transcripts = in_language("console");
    assert_eq!(transcripts.len(), 3, "explain, who and doctor");
    for transcript in transcripts {
        let command = transcript.lines().next().unwrap_or_default();
        let arguments: Vec<_> = command.split(' ').skip(2).collect();
        let said = match arguments[..] {
            ["doctor"] if peers::unpacked().is_none() => continue,
            ["doctor"] => doctor(),
            ref arguments => {
                let (status, said) = readdress(arguments);
                assert_eq!(status, Some(0), "{said}");
                said
            }
        };
        shown(transcript, &said);
    }
}

/// What doctor prints on a machine with README's domains, with the names that a reader's has.
fn doctor() -> String {
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
    said.lines()
        .map(|line| match line.split_once("(asked ") {
            Some((before, _)) => format!("{before}(asked /etc/resolv.conf)\n"),
            None => format!("{line}\n"),
        })
        .collect()
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
