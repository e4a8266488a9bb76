//! Codes about rules and expectations in readdress' own language, and about the table made of them.

use super::{Code, Severity};

codes! {
    ACCEPTS_EVERYTHING "accepts-everything" [Warning]
        "A rule for a whole secondary domain sends every address to a domain that takes every address, so that nobody is refused."
    BAD_CAPTURE "bad-capture" [Error]
        "A target names a group (`$1`, or Sendmail's `%1`) that its pattern does not have."
    BAD_DOMAIN "bad-domain" [Error]
        "A word that must be a domain is not a valid domain."
    BAD_EXPECTATION "bad-expectation" [Error]
        "A line of a `.expect` file names an address or a target that cannot be read."
    BAD_MAILBOX "bad-mailbox" [Error]
        "The action `mailbox` stands behind a pattern that matches more than one address."
    BAD_OPTION "bad-option" [Error]
        "An option has a value that is not one of its values."
    BAD_PATTERN "bad-pattern" [Error]
        "The first word of a rule is not an address, a domain or another pattern."
    BAD_REGEX "bad-regex" [Error]
        "A regular expression is invalid, or too large."
    BAD_REPLY "bad-reply" [Error]
        "The code, the enhanced code or the text of an SMTP reply is invalid."
    BAD_SECONDARY "bad-secondary" [Error]
        "The list of secondary addresses of a mailbox holds something other than full addresses."
    BAD_TARGET "bad-target" [Error]
        "A target of a rule is not an address to which mail can be sent."
    BARE_DOMAIN "bare-domain" [Error]
        "A domain stands without `@` where a rule for a whole domain begins."
    CLAIMED_TWICE "claimed-twice" [Error]
        "Two mailboxes claim the same secondary address."
    CONFLICT "conflict" [Error]
        "Two rules have the same pattern and different actions."
    CONTINUATION "continuation" [Error]
        "A line begins with white space, so it continues the line above, and there is no line to continue."
    DECLARED_TWICE "declared-twice" [Error, Warning]
        "A domain is declared twice. It is an error if the two declarations differ."
    EMPTY_FILE "empty-file" [Warning]
        "A file of rules is empty."
    EXPECTATION "expectation" [Error]
        "The rules decide something other than a `.expect` file expects."
    LOOP "loop" [Error]
        "An address leads back to itself, or grows with every step."
    MAILBOX_CLASS "mailbox-class" [Error]
        "The action `mailbox` stands behind an address in a domain that is not primary."
    MORE "more" [Error, Warning]
        "There are more findings than are shown."
    NEVER_MATCHES "never-matches" [Warning]
        "A rule can match no address, because another rule always comes first."
    NO_ACTION "no-action" [Error]
        "A pattern stands alone: no target and no action follows it."
    NO_OUTCOME "no-outcome" [Error]
        "A line of a `.expect` file has an address and no expected outcome."
    NO_POSTMASTER "no-postmaster" [Warning]
        "Mail for `postmaster` or `abuse` of a secondary domain reaches nobody."
    NOT_A_DOMAIN "not-a-domain" [Error]
        "An address or a user stands where a class of domains (`primary`, `secondary`, `external`) is declared."
    NOT_UTF8 "not-utf8" [Error]
        "A file, or a line of it, is not UTF-8."
    REGEX_END "regex-end" [Error]
        "Something follows a regular expression without white space between them."
    REPEATED_OPTION "repeated-option" [Error]
        "An option is written twice."
    REPEATED_RULE "repeated-rule" [Warning]
        "A rule is written twice."
    REPEATED_TARGET "repeated-target" [Warning]
        "A rule names the same target twice."
    ROUTING_SPELLING "routing-spelling" [Error]
        "A local-part holds `%`, `!` or `@`, which an MTA may take for an order to route the mail elsewhere."
    SYNTAX "syntax" [Error]
        "A line cannot be read."
    TOO_MANY_RULES "too-many-rules" [Error]
        "The rules need more memory than a table can have."
    UNCLOSED_QUOTE "unclosed-quote" [Error]
        "A quotation mark has no partner on its line, or in its cell."
    UNCLOSED_REGEX "unclosed-regex" [Error]
        "A regular expression has no `/` at its end."
    UNDECLARED_DOMAIN "undeclared-domain" [Error]
        "A target is in a domain that no line declares as `primary`, `secondary` or `external`."
    UNKNOWN_ADDRESS "unknown-address" [Error]
        "A target is an address that does not exist according to the rules."
    UNKNOWN_OPTION "unknown-option" [Error]
        "A word looks like an option and is none."
    UNSEEN_CHARACTER "unseen-character" [Error, Warning]
        "A line holds a character that nobody can see."
    USELESS_OPTION "useless-option" [Error]
        "An option has no effect on this line."
}
