//! Codes about tables of other programs: Postfix, Sendmail, Exchange, LDIF, CSV, databases.

use super::{Code, Severity};

codes! {
    ALIAS_FILE "alias-file" [Error]
        "A line of aliases(5) stands in a file of virtual(5)."
    BAD_ACTIVE "bad-active" [Error]
        "A row of Postfixadmin does not say whether it is active."
    BAD_BASE64 "bad-base64" [Error]
        "A value of LDIF is not base64 of UTF-8 text."
    BARE_KEY "bare-key" [Error]
        "A key without `@` can be a domain or a local user, and the other keys do not tell which."
    CHANGE_RECORD "change-record" [Error]
        "A record of LDIF changes the addresses of an object whose primary address the file does not name."
    COMPUTED "computed" [Error]
        "A dump of a database computes a value instead of naming it."
    COPY_OPTIONS "copy-options" [Error]
        "A dump of PostgreSQL uses `COPY` with options."
    CUT_OFF "cut-off" [Error]
        "A file or a value ends too early."
    DOMAIN_ALIAS "domain-alias" [Warning]
        "Every user of a domain has an alias in another domain: the whole domain is an alias."
    DRAWN_TABLE "drawn-table" [Error]
        "A table was copied from a screen, with lines drawn around its cells."
    EMPTY_CELL "empty-cell" [Error]
        "A cell that must hold an address is empty."
    EMPTY_DOMAIN "empty-domain" [Warning]
        "A key is taken for a domain in which nobody has an address."
    INLINE_COMMENT "inline-comment" [Error]
        "A comment stands behind a rule in a file of virtual(5), where comments need a line of their own."
    LEADING_SPACE "leading-space" [Error]
        "A line of a virtusertable begins with white space."
    LONG_ROW "long-row" [Error]
        "A row has more cells than the header."
    LOSSY_VALUE "lossy-value" [Error]
        "A letter was lost when the file was written."
    NO_ALIASES "no-aliases" [Error]
        "The export of Google lists users and holds no aliases."
    NO_COLUMNS "no-columns" [Error]
        "A dump of a database does not name the columns of a table."
    NO_DOMAIN "no-domain" [Error]
        "An address has no domain."
    NO_PRIMARY "no-primary" [Error, Warning]
        "An object has addresses, and the file does not say which one is primary."
    NO_REPLY_CODE "no-reply-code" [Warning]
        "The text of an `error:` value does not begin with an SMTP code, so Sendmail answers 553 5.3.0."
    NO_SECONDARIES "no-secondaries" [Warning]
        "A file holds mailboxes and no secondary addresses."
    NO_TYPE "no-type" [Error]
        "A value of Exchange has no type (`smtp:`, `X400:`)."
    NOT_AN_ADDRESS "not-an-address" [Error]
        "A value is a command, a file, a URL or a comment, and not an address."
    NOTHING_READ "nothing-read" [Warning]
        "A file yields no rule."
    ONE_ADDRESS "one-address" [Error]
        "A value of a virtusertable holds more than one address."
    OTHER_FORMAT "other-format" [Error]
        "A file has the name of one format and the content of another."
    OTHER_PRIMARY "other-primary" [Warning]
        "The column of the primary address and the list of addresses name different primary addresses."
    PAGE_LIMIT "page-limit" [Warning]
        "A file of LDIF holds exactly as many entries as servers return at once, so entries may be missing."
    REFERRAL "referral" [Error]
        "A file of LDIF says that a part of the directory is on another server."
    REGEX_TABLE "regex-table" [Error]
        "A line is from a table of regular expressions (regexp_table(5), pcre_table(5))."
    REMOVAL_ORDER "removal-order" [Error]
        "A value of Exchange is an order to remove an address."
    ROW_LENGTH "row-length" [Error]
        "A row of a dump has more or fewer values than its table has columns."
    SHORT_DOMAIN "short-domain" [Warning]
        "The domain of an address has no dot."
    SHORT_ROW "short-row" [Error, Warning]
        "A row has fewer cells than the header."
    TWO_PRIMARIES "two-primaries" [Error]
        "Two addresses of one object are marked as primary."
    UNKNOWN_CLASS "unknown-class" [Error]
        "A row of Exchange 5.5 has an unknown class of objects."
    UNKNOWN_DOMAIN "unknown-domain" [Error]
        "A row belongs to a domain that the file does not name, or a domain has no route."
    UNKNOWN_HEADER "unknown-header" [Error]
        "The header row is not the header row of a known table."
    UNKNOWN_MODE "unknown-mode" [Error]
        "A row of Exchange 5.5 has an unknown mode."
    UNREAD_ALIAS "unread-alias" [Warning]
        "Aliases without a domain are not read."
    UNREAD_ATTRIBUTE "unread-attribute" [Warning]
        "An attribute of LDIF holds addresses and is not read."
    UNREAD_COLUMN "unread-column" [Warning]
        "A column holds addresses and is not read."
    UNREAD_STATEMENT "unread-statement" [Warning]
        "A statement of a dump holds addresses and is not read."
    UNREAD_TABLE "unread-table" [Warning]
        "A table of a dump holds addresses and is not read."
    URL_VALUE "url-value" [Error]
        "A value of LDIF is the name of a file or a URL."
    WILDCARD "wildcard" [Error]
        "A row of a database holds a pattern of SQL."
}
