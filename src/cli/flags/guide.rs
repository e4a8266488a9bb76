//! What each command's help says after its flags: exit statuses and examples. readdress(8) has both too.

/// The end of one command's help.
#[derive(Debug)]
pub struct Guide {
    /// The command.
    pub command: &'static str,
    /// Its exit statuses, each with what it means.
    pub exits: &'static [(u8, &'static str)],
    /// Command lines, each with what it does.
    pub examples: &'static [(&'static str, &'static str)],
}

/// The guides of all commands, in the order of the commands.
pub const GUIDES: &[Guide] = &[
    Guide {
        command: "run",
        exits: &[
            (0, "stopped by a signal"),
            (2, "could not start, or had to give up"),
        ],
        examples: &[
            (
                "readdress run --rules ./rules --listen inet:127.0.0.1:8892",
                "serve the rules of a directory on a local port",
            ),
            (
                "readdress run --config ./readdress.toml",
                "serve with another configuration file",
            ),
        ],
    },
    Guide {
        command: "demo",
        exits: &[(0, "shown to its end"), (2, "could not run")],
        examples: &[("readdress demo", "show the main job")],
    },
    Guide {
        command: "check",
        exits: &[
            (0, "no error"),
            (1, "errors, or with --strict also warnings"),
            (2, "could not run"),
        ],
        examples: &[
            ("readdress check", "check the configured rules directory"),
            (
                "readdress check new.rules --in /etc/readdress/rules",
                "check a file together with the rules that are there",
            ),
            (
                "readdress check --fix 10-company.rules",
                "change what findings suggest, after a question for each change",
            ),
            (
                "readdress check --strict --format json ./rules",
                "check a directory from a script",
            ),
        ],
    },
    Guide {
        command: "doctor",
        exits: &[
            (0, "no error"),
            (1, "errors, or with --strict also warnings"),
            (
                2,
                "a file, directory or program that was named does not exist",
            ),
        ],
        examples: &[
            (
                "readdress doctor",
                "find what is wrong, with what to change",
            ),
            (
                "readdress doctor --print postfix",
                "show the lines of main.cf for this table",
            ),
            (
                "readdress doctor --probe",
                "ask the MTA by SMTP about addresses of every domain",
            ),
        ],
    },
    Guide {
        command: "explain",
        exits: &[
            (0, "explained"),
            (1, "the rules have errors"),
            (2, "an argument is not an address, or could not run"),
        ],
        examples: &[
            (
                "readdress explain jd@domain2.com",
                "show what the files do with an address",
            ),
            (
                "readdress explain --live sales@domain2.com",
                "show what the running daemon does with it",
            ),
        ],
    },
    Guide {
        command: "who",
        exits: &[
            (0, "answered, even if nothing reaches the address"),
            (1, "the rules have errors"),
            (2, "an argument is not an address, or could not run"),
        ],
        examples: &[
            (
                "readdress who jdoe@company.com",
                "show what reaches a mailbox by the files",
            ),
            (
                "readdress who --live --json jdoe@company.com",
                "show what reaches it by the running daemon, for a script",
            ),
        ],
    },
    Guide {
        command: "export",
        exits: &[
            (0, "the output has the whole meaning of the rules"),
            (
                1,
                "the rules have errors, or the format cannot express a part of them",
            ),
            (2, "could not run"),
        ],
        examples: &[
            (
                "readdress export virtual",
                "show the rules as a table for postmap",
            ),
            (
                "readdress export recipients",
                "list the addresses that exist",
            ),
        ],
    },
    Guide {
        command: "fmt",
        exits: &[
            (0, "done"),
            (1, "a file has errors, or with --check a file would change"),
            (2, "a file could not be read or written"),
        ],
        examples: &[
            (
                "readdress fmt --check /etc/readdress/rules",
                "list the files that would change",
            ),
            ("readdress fmt 10-company.rules", "lay out one file"),
        ],
    },
    Guide {
        command: "expect",
        exits: &[
            (0, "all expectations hold"),
            (1, "an expectation does not hold, or the rules have errors"),
            (2, "could not run"),
        ],
        examples: &[("readdress expect ./rules", "test the rules of a directory")],
    },
    Guide {
        command: "import",
        exits: &[
            (0, "no error"),
            (
                1,
                "conflicts or errors; without --partial nothing is written",
            ),
            (2, "the file could not be read or written"),
        ],
        examples: &[
            (
                "readdress import virtual /etc/postfix/virtual",
                "show the rules of a Postfix table",
            ),
            (
                "readdress import csv people.csv --output 20-people.rules",
                "turn a spreadsheet into a file of rules",
            ),
        ],
    },
    Guide {
        command: "try",
        exits: &[(0, "the milter answered"), (2, "could not run")],
        examples: &[
            (
                "readdress try --from s@example.com --rcpt jd@domain2.com",
                "show what the milter does with a message",
            ),
            (
                "readdress try --from s@example.com --rcpt 'jd@domain2.com NOTIFY=NEVER'",
                "the same with a parameter of RCPT",
            ),
        ],
    },
    Guide {
        command: "status",
        exits: &[
            (0, "all is well; with --ready a table is live"),
            (
                1,
                "not all is well: rules or configuration are refused, a table is held back, a part of the daemon does not work, or fewer connections are served than configured",
            ),
            (2, "the daemon could not be asked"),
        ],
        examples: &[
            ("readdress status", "show the state of the daemon"),
            (
                "readdress status --ready",
                "test from a probe whether a table is live",
            ),
        ],
    },
    Guide {
        command: "reload",
        exits: &[
            (0, "the files are live"),
            (
                1,
                "the rules or the configuration were refused; nothing changed",
            ),
            (2, "the daemon could not be asked"),
            (3, "the new table is held back; nothing changed"),
        ],
        examples: &[(
            "readdress reload",
            "read the files now and show what changed",
        )],
    },
    Guide {
        command: "edit",
        exits: &[
            (0, "saved and live, or nothing was changed"),
            (1, "left without saving, or the daemon refused the rules"),
            (2, "could not run or save, or no daemon answers"),
            (3, "saved, and the new table is held back"),
        ],
        examples: &[(
            "readdress edit 10-company.rules",
            "edit a file of the configured rules directory",
        )],
    },
    Guide {
        command: "history",
        exits: &[
            (0, "listed"),
            (1, "a file of the history is damaged"),
            (2, "there is no history, or it could not be read"),
        ],
        examples: &[("readdress history", "list the last tables that went live")],
    },
    Guide {
        command: "diff",
        exits: &[
            (0, "compared, whether or not something differs"),
            (1, "the files have errors"),
            (2, "there is no such table"),
        ],
        examples: &[
            (
                "readdress diff",
                "show what the files change, before they go live",
            ),
            (
                "readdress diff -v 11 12",
                "show what changed from one generation to the next, with the lines",
            ),
            ("readdress diff 11", "show what changed since generation 11"),
        ],
    },
    Guide {
        command: "blame",
        exits: &[
            (0, "shown"),
            (2, "an argument is not an address, or there is no history"),
        ],
        examples: &[(
            "readdress blame sales@domain2.com",
            "show which save made an address what it is",
        )],
    },
    Guide {
        command: "rollback",
        exits: &[
            (0, "the generation is live; with --end, the files are"),
            (
                1,
                "with --end: the rules were refused, and the generation stays live",
            ),
            (
                2,
                "there is no such generation, or the daemon could not be asked",
            ),
            (3, "with --end: the table of the files is held back"),
        ],
        examples: &[
            (
                "readdress rollback 11 -m 'sales@ went to bob'",
                "go back to the table of generation 11",
            ),
            ("readdress rollback --end", "have the files count again"),
        ],
    },
    Guide {
        command: "accept",
        exits: &[
            (0, "it is live"),
            (
                2,
                "nothing with this digest is held back, or the daemon could not be asked",
            ),
        ],
        examples: &[(
            "readdress accept 5f1c0a9be2d37764",
            "let a table that lost many rules go live",
        )],
    },
    Guide {
        command: "config",
        exits: &[
            (0, "done"),
            (1, "the configuration file has errors"),
            (2, "could not run"),
        ],
        examples: &[(
            "readdress config",
            "show each setting and where it comes from",
        )],
    },
];

/// Returns the end of a command's long help.
pub fn end(command: &str) -> String {
    let Some(guide) = GUIDES.iter().find(|guide| guide.command == command) else {
        return String::new();
    };
    let mut text = String::from("Exit status:\n");
    for (status, meaning) in guide.exits {
        text += &wrapped(&format!("  {status}  "), meaning);
    }
    text += "\nExamples:\n";
    for (line, meaning) in guide.examples {
        text += &wrapped("  # ", meaning);
        text += &format!("  {line}\n");
    }
    text.trim_end().to_owned()
}

/// Returns a text in lines of 79 columns at most; all of them begin at the same column.
fn wrapped(start: &str, text: &str) -> String {
    let (mut out, mut column) = (start.to_owned(), start.len());
    for (number, word) in text.split(' ').enumerate() {
        let width = word.chars().count();
        if number > 0 && column + 1 + width > 79 {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', start.len()));
            column = start.len();
        } else if number > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
    out
}
