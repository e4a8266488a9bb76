//! readdress-findings(7) is made from the tables of codes. `UPDATE_GOLDEN=1 cargo test --test manual` writes it.

use readdress::cli::codes::{Explanation, explanations};

use crate::page::{hold, roff, root};

const HEAD: &str = r#".\" Written from src/engine/diagnostic/codes/ and src/doctor/codes.rs: UPDATE_GOLDEN=1 cargo test --test manual
.TH READDRESS\-FINDINGS 7 "" readdress "Codes of findings"
.SH NAME
readdress\-findings \- what the codes of findings mean, and what to do
.SH SYNOPSIS
.B readdress explain
.I CODE
.SH DESCRIPTION
A finding is one thing that is wrong, or may be wrong, in the rules, in the configuration or on the machine.
It ends with its code in square brackets:
.PP
.nf
.RS
10\-company.rules:12:1: error: pattern is written twice, with another action [conflict]
sales@domain2.com    carol@company.com
^^^^^^^^^^^^^^^^^
help: keep one of the two
.RE
.fi
.PP
With an error the table does not go live, and the daemon keeps the table that it has. A warning changes
nothing. The codes do not change between versions, so that scripts can rely on them.
.PP
.B readdress explain
.I CODE
prints what is said here, with the output of the example.
.B readdress check \-\-fix
makes the changes that findings suggest.
"#;

const TAIL: &str = r#".SH SEE ALSO
.BR readdress (8),
.BR readdress.toml (5),
.BR readdress\-rules (5),
.BR readdress\-formats (7)
"#;

fn entry(code: &Explanation) -> String {
    let mut text = format!(
        ".TP\n.BR {} \" ({})\"\n{}\n{}\n",
        roff(code.word),
        code.severities.join(" or "),
        roff(code.meaning),
        roff(code.action)
    );
    if let Some(situation) = code.situation {
        text += &format!("Example: {}\n", roff(situation));
    }
    if let Some((lead, example)) = &code.example {
        let lines = example.lines().map(|line| format!("{}\n", roff(line)));
        text += &format!(
            "Example, {}:\n.RS\n.PP\n.nf\n{}.fi\n.RE\n",
            roff(lead),
            lines.collect::<String>()
        );
    }
    text
}

#[test]
fn the_page_of_findings_says_what_the_code_says() {
    let (mut rules, mut machine) = (String::new(), String::new());
    for code in explanations() {
        match !code.about_machine {
            true => rules += &entry(&code),
            false => machine += &entry(&code),
        }
    }
    let page = format!(
        "{HEAD}.SH FINDINGS ABOUT FILES\n\\fBreaddress check\\fR, other commands that read files, and the daemon print these findings.\n{rules}\
         .SH FINDINGS ABOUT THE MACHINE\n\\fBreaddress doctor\\fR prints these findings. Each finding says what to type on this machine.\n{machine}{TAIL}"
    );
    hold(&root().join("packaging/man/readdress-findings.7"), &page);
}
