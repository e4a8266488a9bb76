//! Codes about rules and expectations in readdress' own language, and about the table made of them.

use crate::engine::diagnostic::{
    code::{Code, Definition, Example, codes},
    severity::Severity,
};

codes! {
    ACCEPTS_EVERYTHING "accepts-everything" [Warning]
        "A rule for a whole secondary domain sends every address to a domain that takes every address, so that nobody is refused."
        "Declare the target domain with `unknown=reject` and list its mailboxes, or write a rule for each address that exists."
        Rules("@domain2.com @company.com\n")
    BAD_CAPTURE "bad-capture" [Error]
        "A target names a group (`$1`, or Sendmail's `%1`) that its pattern does not have."
        "Put the part of the pattern in parentheses, or name a group that exists."
        Rules("/\\w+@domain2\\.com/ $1@company.com\n")
    BAD_DOMAIN "bad-domain" [Error]
        "A word that must be a domain is not a valid domain."
        "Correct the spelling of the domain."
        Rules("jd@domain2.com jd@company.com\n@domain_2!.com jd@company.com\n")
    BAD_EXPECTATION "bad-expectation" [Error]
        "A line of a `.expect` file names an address or a target that cannot be read."
        "Write addresses in full: `jd@domain2.com jdoe@company.com`."
        Files(&[("10-example.expect", "jd keep\n")])
    BAD_LAW "bad-law" [Error]
        "A line of a `.expect` file that is about many addresses cannot be read."
        "Write a pattern, then `only` or `never` and a list of domains, `delivered`, or `at-least` and a number."
        Files(&[("10-example.expect", "@domain2.com onyl @company.com\n")])
    BAD_MAILBOX "bad-mailbox" [Error]
        "The action `mailbox` follows a pattern that matches more than one address."
        "Write the address of the mailbox in full, or use another action."
        Rules("@domain2.com mailbox\n")
    BAD_OPTION "bad-option" [Error]
        "An option has a value that is not one of its values."
        "Write one of the values that the help names."
        Rules("jd@domain2.com jd@company.com detail=lose\n")
    BAD_PATTERN "bad-pattern" [Error]
        "The first word of a rule is not an address, a domain or another pattern."
        "Write one of the forms in readdress-rules(5), for example `jd@domain2.com` or `@domain2.com`."
        Rules("j*@domain2.com jd@company.com\n")
    BAD_REGEX "bad-regex" [Error]
        "A regular expression is invalid, or too large."
        "Correct the expression. Look-around and back references do not exist here."
        Rules("/(a@domain2\\.com/ jd@company.com\n")
    BAD_REPLY "bad-reply" [Error]
        "The code, the enhanced code or the text of an SMTP reply is invalid."
        "Use codes of one class: 5xx and 5.x.x to reject, 4xx and 4.x.x to defer, and a text in ASCII."
        Rules("jd@domain2.com reject 450\n")
    BAD_SECONDARY "bad-secondary" [Error]
        "The list of secondary addresses of a mailbox holds something other than full addresses."
        "Write only full addresses there, and a separate rule for a whole domain."
        Rules("jd@company.com mailbox @domain2.com\n")
    BAD_TARGET "bad-target" [Error]
        "A target of a rule is not an address to which mail can be sent."
        "Write a full address such as `jdoe@company.com`, or an action such as `reject`."
        Rules("jd@domain2.com rejct\n")
    BARE_DOMAIN "bare-domain" [Error]
        "A rule begins with a domain without `@`."
        "Write `@` before the domain."
        Rules("domain3.com @company.com\n")
    CLAIMED_TWICE "claimed-twice" [Error]
        "Two mailboxes claim the same secondary address."
        "Delete the address from one of them, or write a rule that sends it to both."
        Rules("anna@company.com mailbox a@domain2.com\nbob@company.com mailbox a@domain2.com\n")
    CONFLICT "conflict" [Error]
        "Two rules have the same pattern and different actions."
        "Delete one of the two rules, or write both targets in one rule, with a comma between them."
        Rules("sales@domain2.com anna@company.com\nsales@domain2.com carol@company.com\n")
    CONSEQUENCES "consequences" [Warning]
        "Some findings are not shown, because a file was not read completely and may be their cause."
        "Fix the errors about files first, then check again."
        Files(&[("10-example.rules", "jd@domain2.com jdoe@company.com\n"), ("20-users.csv", "name;phone\nJohn;12\n")])
    CONTINUATION "continuation" [Error]
        "A line begins with white space, so it continues the line above. It looks like a rule of its own, or there is no line to continue."
        "Begin the line in its first column."
        Files(&[("10-example.rules", "  jd@domain2.com jd@company.com\n")])
    DECLARED_TWICE "declared-twice" [Error, Warning]
        "A domain is declared twice. It is an error if the two declarations differ."
        "Delete one of the two lines."
        Rules("company.com external\n")
    EMPTY_FILE "empty-file" [Warning]
        "A file of rules is empty."
        "Write rules in the file, or delete it."
        Files(&[("10-example.rules", "")])
    EXPECTATION "expectation" [Error]
        "The rules decide something other than a `.expect` file expects."
        "Correct the rule that the finding names, or the expectation if the rule is right."
        Files(&[("10-example.rules", "company.com primary\ndomain2.com secondary\njd@domain2.com jdoe@company.com\n"), ("20-example.expect", "jd@domain2.com anna@company.com\n")])
    KEEPS_EVERYTHING "keeps-everything" [Warning]
        "A rule keeps every address of a domain whose line says that unknown addresses are refused."
        "Delete the rule, or the option `unknown=` of the domain."
        Files(&[("10-example.rules", "company.com primary unknown=reject\nanna@company.com mailbox\n@company.com keep\n")])
    LAW "law" [Error]
        "A law of a `.expect` file does not hold: an address that its pattern matches breaks it, or there are too few addresses."
        "Correct the rule that the finding names, or the law if the rule is right."
        Files(&[("10-example.rules", "company.com primary\ndomain2.com secondary\npostmaster@* anna@company.com\nabuse@* anna@company.com\njd@domain2.com jd@else.example\nelse.example external\n"), ("20-example.expect", "@domain2.com only @company.com\n")])
    LAW_UNPROVED "law-unproved" [Error]
        "A law of a `.expect` file could neither be proved nor refuted, so it counts as broken."
        "Make the regex that leads there narrower, write rules for single addresses in its place, or let the law be about fewer addresses."
        Files(&[("10-example.rules", "company.com primary\ndomain2.com secondary\nelse.example external\npostmaster@* anna@company.com\nabuse@* anna@company.com\n/x*(y?)@domain2\\.com/ z$1@company.com\nzz@company.com zz@else.example\n@domain2.com anna@company.com\n"), ("20-example.expect", "@domain2.com only @company.com\n")])
    LOOKALIKE "lookalike" [Warning]
        "A domain looks like another one of the table, but contains letters of another script."
        "Type the domain again, with ASCII letters."
        Files(&[("10-example.rules", "postmaster@* anna@company.com\nabuse@* anna@company.com\njd@domain2.com anna@company.com\nsales@d\u{43e}main2.com anna@company.com\n")])
    LOOP "loop" [Error]
        "An address leads back to itself, or grows with every step."
        "Change one of the rules that the finding names, so that the address ends at a mailbox."
        Rules("a@domain2.com b@domain2.com\nb@domain2.com a@domain2.com\n")
    MAILBOX_CLASS "mailbox-class" [Error]
        "The action `mailbox` follows an address in a domain that is not primary."
        "Declare the domain as `primary`, or write another action."
        Rules("jd@domain2.com mailbox\n")
    MORE "more" [Error, Warning]
        "There are more findings than are shown."
        "Fix the findings that are shown, then check again."
        Command("for n in $(seq 1010); do echo \"x$n\"; done > 20-many.rules")
    NEVER_MATCHES "never-matches" [Warning]
        "A rule can match no address, because another rule always comes first, or because no domain is left for it."
        "Delete the rule, or correct its pattern."
        Rules("/a@domain2\\.com/ b@company.com\n/a@domain2\\.com/ c@company.com\n")
    NO_ACTION "no-action" [Error]
        "A pattern has neither a target nor an action."
        "Write the target or the action after the pattern, or delete the line."
        Rules("jd@domain2.com\n")
    NO_OUTCOME "no-outcome" [Error]
        "A line of a `.expect` file has an address and no expected outcome."
        "Write the expected result after the address: targets, `keep`, `discard` or `reject`."
        Files(&[("10-example.expect", "jd@domain2.com\n")])
    NO_POSTMASTER "no-postmaster" [Warning]
        "Mail for `postmaster` or `abuse` of a secondary domain reaches nobody."
        "Write one rule for all secondary domains: `postmaster@* postmaster@company.com`."
        Files(&[("10-example.rules", "company.com primary\ndomain2.com secondary\njd@domain2.com jd@company.com\n")])
    NOT_A_DOMAIN "not-a-domain" [Error]
        "A line gives a class (`primary`, `secondary`, `external`) to an address or a user; only a domain has a class."
        "Write the domain without `@`."
        Rules("@domain3.com secondary\n")
    NOT_UTF8 "not-utf8" [Error]
        "A file, or a line of it, is not UTF-8."
        "Save the file as UTF-8, or convert it: `iconv -f LATIN1 -t UTF-8 OLD > NEW`."
        Command("printf 'j\\366rg@domain2.com jd@company.com\\n' > 20-latin.rules")
    ODD_DOMAIN "odd-domain" [Warning]
        "A declared domain is an IP address or a single name, so that other hosts send no mail to it."
        "Declare the domain after the `@` of the addresses."
        Rules("192.0.2.1 secondary\n@192.0.2.1 anna@company.com\n")
    REGEX_DOT "regex-dot" [Note]
        "A dot in the domain of a regex is not escaped, so that it matches every character."
        "Write `\\` before the dot."
        Rules("/sales.*@domain2.com/ anna@company.com\n")
    REGEX_END "regex-end" [Error]
        "Something follows a regular expression without white space between them."
        "Write white space after the second `/`, and `\\/` for a `/` inside the regex."
        Rules("/a/b@domain2.com/ keep\n")
    REPEATED_OPTION "repeated-option" [Error]
        "An option is written twice."
        "Delete one of the two."
        Rules("jd@domain2.com jd@company.com detail=keep detail=drop\n")
    REPEATED_RULE "repeated-rule" [Warning]
        "A rule is written twice."
        "Delete one of the two rules."
        Rules("jd@domain2.com jd@company.com\nJD@domain2.com jd@company.com\n")
    REPEATED_TARGET "repeated-target" [Warning]
        "A rule names the same target twice."
        "Delete one of the two targets."
        Rules("jd@domain2.com jd@company.com, jd@company.com\n")
    ROUTING_SPELLING "routing-spelling" [Error]
        "A local-part holds `%`, `!` or `@`, which an MTA may take for an order to route the mail elsewhere."
        "Write an address without these characters."
        Rules("jd@domain2.com jd%else.example@company.com\n")
    SYNTAX "syntax" [Error]
        "A line cannot be read."
        "Correct the line as the help says. readdress-rules(5) has all forms."
        Rules("jd@domain2.com jd@company.com,\n")
    TOO_MANY_RULES "too-many-rules" [Error]
        "The rules need more memory than a table can have."
        "Replace rules for single addresses by rules for whole domains."
        Command("for n in $(seq 200000000); do echo \"x$n@domain2.com x$n@company.com\"; done > 20-many.rules")
    UNCLOSED_QUOTE "unclosed-quote" [Error]
        "A quotation mark has no partner on its line, or in its cell."
        "Write the second quotation mark, or delete the first one."
        Rules("\"john doe@domain2.com jd@company.com\n")
    UNCLOSED_REGEX "unclosed-regex" [Error]
        "A regular expression has no `/` at its end."
        "Write `/` at the end of the expression."
        Rules("/a@domain2\\.com jd@company.com\n")
    UNDECLARED_DOMAIN "undeclared-domain" [Error]
        "An address is in a domain that no line declares as `primary`, `secondary` or `external`."
        "Correct the spelling of the domain, or declare it."
        Rules("jd@domain2.com jd@compnay.com\n")
    UNKNOWN_ADDRESS "unknown-address" [Error]
        "A target is an address that does not exist according to the rules."
        "Correct the spelling of the address, or declare it: `anna@company.com mailbox`."
        Files(&[("10-example.rules", "company.com primary unknown=reject\ndomain2.com secondary\nanna@company.com mailbox\ninfo@domain2.com ana@company.com\n")])
    UNKNOWN_OPTION "unknown-option" [Error]
        "A word looks like an option, but is not one."
        "Correct the spelling of the option, or delete it."
        Rules("jd@domain2.com jd@company.com details=drop\n")
    UNSEEN_CHARACTER "unseen-character" [Error, Warning]
        "A line holds a character that nobody can see."
        "Delete the character."
        Rules("jd@domain2.com jd@company.com\u{200b}\n")
    UNUSED_DOMAIN "unused-domain" [Warning]
        "A secondary domain is declared, but no rule matches an address of it, so all its mail is refused."
        "Write a rule for the domain, or one for each address that exists."
        Rules("domain3.com secondary\n")
    UNUSED_LAW "unused-law" [Warning]
        "The table has no address that a law of a `.expect` file is about, so that the law says nothing."
        "Correct the spelling of the domain, or delete the law."
        Files(&[("10-example.rules", "company.com primary\ndomain2.com secondary\npostmaster@* anna@company.com\nabuse@* anna@company.com\njd@domain2.com jd@company.com\n"), ("20-example.expect", "@domian2.com only @company.com\n")])
    USELESS_OPTION "useless-option" [Error]
        "An option has no effect on this line."
        "Delete the option."
        Rules("jd@domain2.com keep detail=drop\n")
}
