//! Codes about tables of other programs: Postfix, Sendmail, Exchange, LDIF, CSV, databases.

use crate::engine::diagnostic::{
    code::{Code, Definition, Example, codes},
    severity::Severity,
};

codes! {
    ALIAS_FILE "alias-file" [Error]
        "A file of virtual(5) contains a line of aliases(5)."
        "Write `user@domain value` without the colon. The MTA itself reads its alias file."
        Files(&[("10-example.virtual", "postmaster: root\n")])
    BAD_ACTIVE "bad-active" [Error]
        "A row of a database does not say whether it is active."
        "Write 1 or 0, t or f, true or false, y or n, or leave the row out of the export."
        Files(&[("10-example.csv", "address,goto,active\njd@domain2.com,jdoe@company.com,maybe\n")])
    BAD_BASE64 "bad-base64" [Error]
        "A value of LDIF is not base64 of UTF-8 text."
        "Export the file again. A line of the value may be missing."
        Files(&[("10-example.ldif", "dn: CN=a\nmail: a@company.com\nproxyAddresses:: c210cDp=\n")])
    BARE_KEY "bare-key" [Error]
        "A key without `@` can be a domain or a local user, and the other keys do not tell which."
        "Write the address in full, or declare the domain: `domain2.com secondary`."
        Files(&[("10-example.virtual", "jdoe anna@company.com\n")])
    CHANGE_RECORD "change-record" [Error]
        "A record of LDIF changes the addresses of an object whose primary address the file does not name."
        "Export the objects themselves: `ldifde -f FILE -l mail,proxyAddresses`."
        Files(&[("10-example.ldif", "dn: CN=d\nchangetype: modify\nadd: proxyAddresses\nproxyAddresses: smtp:sales@domain2.com\n-\n")])
    COMPUTED "computed" [Error]
        "A dump of a database computes a value instead of naming it."
        "Export the table from the database: the dump then holds the values themselves."
        Import("dump.sql", "INSERT INTO alias (address, goto) VALUES ('max@' || 'domain2.com', 'max@company.com');\n")
    COPY_OPTIONS "copy-options" [Error]
        "A dump of PostgreSQL uses `COPY` with options."
        "Export with `pg_dump`, which writes `COPY … FROM stdin;` without options."
        Import("dump.sql", "COPY alias (address, goto) FROM stdin WITH CSV;\neva@domain2.com,eva@company.com\n\\.\n")
    CUT_OFF "cut-off" [Error]
        "A file or a value ends too early."
        "Export the file again, or save the whole file."
        Import("dump.sql", "INSERT INTO alias (address, goto) VALUES ('anna@domain2.com','anna@comp")
    DOMAIN_ALIAS "domain-alias" [Warning]
        "Every user of a domain has an alias in another domain: the whole domain is an alias."
        "Write one rule for the domain in place of the file: `@domain2.com @company.com`."
        Files(&[("10-example.csv", "Target,TargetType,Aliases\na@company.com,User,a@domain2.com\nb@company.com,User,b@domain2.com\nc@company.com,User,c@domain2.com\n")])
    DRAWN_TABLE "drawn-table" [Error]
        "A table was copied from a screen, with lines drawn around its cells."
        "Export the table for programs: `mysql -B`, `psql --csv`, `sqlite3 -header -csv`."
        Files(&[("10-example.csv", "+----------------+------------------+\n| address        | goto             |\n")])
    EMPTY_CELL "empty-cell" [Error]
        "A cell that must hold an address is empty."
        "Write the address, or delete the row."
        Files(&[("10-example.csv", "from,to\njd@domain2.com,\n")])
    EMPTY_DOMAIN "empty-domain" [Warning]
        "A key is taken for a domain in which nobody has an address."
        "Write `domain2.com secondary` if that is meant, or the address in full if it is a local user."
        Files(&[("10-example.virtual", "domain2.com anything\n")])
    INLINE_COMMENT "inline-comment" [Error]
        "A comment follows a rule on the same line in a file of virtual(5), where comments need a line of their own."
        "Move the comment to a line of its own."
        Files(&[("10-example.virtual", "jd@domain2.com jdoe@company.com # the boss\n")])
    LEADING_SPACE "leading-space" [Error]
        "A line of a virtusertable begins with white space."
        "Begin the line in its first column."
        Files(&[("10-example.virtusertable", "  jd@domain2.com\tjdoe@company.com\n")])
    LONG_ROW "long-row" [Error]
        "A row has more cells than the header."
        "Put a value that holds the separator in quotes."
        Files(&[("10-example.csv", "PrimarySmtpAddress,EmailAddresses\ntim@company.com,SMTP:tim@company.com,smtp:t@domain2.com\n")])
    LOSSY_VALUE "lossy-value" [Error]
        "A letter was lost when the file was written."
        "Export the file again as UTF-8."
        Files(&[("10-example.csv", "PrimarySmtpAddress,EmailAddresses\nbob@company.com,SMTP:bob@company.com;smtp:b?b@domain2.com\n")])
    NO_ALIASES "no-aliases" [Error]
        "The export of Google lists users and holds no aliases."
        "Export the aliases: `gam print aliases > aliases.csv`."
        Files(&[("10-example.csv", "First Name [Required],Last Name [Required],Email Address [Required]\nJohn,Doe,jdoe@company.com\n")])
    NO_COLUMNS "no-columns" [Error]
        "A dump of a database does not name the columns of a table."
        "Dump the definition of the table too: `mysqldump --complete-insert`, `pg_dump --column-inserts`."
        Import("dump.sql", "INSERT INTO forwardings VALUES ('tom@domain2.com', 'tom@company.com');\n")
    NO_DOMAIN "no-domain" [Error]
        "An address has no domain."
        "Write the whole address, or name the domain that the MTA appends."
        Files(&[("10-example.virtual", "sales@domain2.com anna\n")])
    NO_PRIMARY "no-primary" [Error, Warning]
        "An object has addresses, and the file does not say which one is primary."
        "Export the attribute or column with the primary address as well."
        Files(&[("10-example.ldif", "dn: CN=c\nproxyAddresses: smtp:c@domain2.com\n")])
    NO_REPLY_CODE "no-reply-code" [Warning]
        "The text of an `error:` value does not begin with an SMTP code, so Sendmail answers 553 5.3.0."
        "Write the code that is meant: `error:5.1.1:\"550 User unknown\"`."
        Files(&[("10-example.virtusertable", "old@domain2.com\terror:tempfail Try again later\n")])
    NO_SECONDARIES "no-secondaries" [Warning]
        "A file holds mailboxes and no secondary addresses."
        "If there are secondary addresses, export them too: readdress-formats(7) has the commands."
        Files(&[("10-example.csv", "primaryEmail,aliases.0\njdoe@company.com,\nanna@company.com,\n")])
    NO_TYPE "no-type" [Error]
        "A value of Exchange has no type (`smtp:`, `X400:`)."
        "Write `smtp:` before the address, or export a cell again that was cut off."
        Files(&[("10-example.csv", "Obj-Class,Mode,Alias Name,E-mail Addresses,Secondary-Proxy-Addresses\nMailbox,Modify,a,SMTP:a@company.com,jd@domain2.com\n")])
    NOT_AN_ADDRESS "not-an-address" [Error]
        "A value is a command, a file, a URL or a comment, and not an address."
        "Write an address. Commands, files and lists are for aliases(5)."
        Files(&[("10-example.virtual", "list@domain2.com |/usr/bin/list\n")])
    NOTHING_READ "nothing-read" [Warning]
        "A file yields no rule."
        "Check what was exported: readdress-formats(7) has the commands."
        Files(&[("10-example.csv", "address,goto,active\njd@domain2.com,jdoe@company.com,0\n")])
    ONE_ADDRESS "one-address" [Error]
        "A value of a virtusertable holds more than one address."
        "Move a comment to a line of its own; write several addresses in a `.rules` file."
        Files(&[("10-example.virtusertable", "sales@domain2.com\tanna@company.com bob@company.com\n")])
    OTHER_FORMAT "other-format" [Error]
        "A file has the name of one format and the content of another."
        "Move the file out of the directory and convert it with `readdress import`."
        Files(&[("10-example.csv", "-- MySQL dump 10.13\nINSERT INTO alias (address, goto) VALUES ('jd@domain2.com','jdoe@company.com');\n")])
    OTHER_PRIMARY "other-primary" [Warning]
        "The column of the primary address and the list of addresses name different primary addresses."
        "Export the file again, or correct the object. Exchange sends with the address that `SMTP:` marks."
        Files(&[("10-example.csv", "PrimarySmtpAddress,EmailAddresses\nkim@company.com,SMTP:kim.lee@company.com;smtp:kim@domain2.com\n")])
    PAGE_LIMIT "page-limit" [Warning]
        "A file of LDIF holds exactly as many entries as servers return at once, so entries may be missing."
        "Ask for pages: `ldapsearch -E pr=500/noprompt`."
        Command("for n in $(seq 1000); do printf 'dn: CN=%d\\nmail: u%d@company.com\\n\\n' $n $n; done > 20-users.ldif")
    REFERRAL "referral" [Error]
        "A file of LDIF says that a part of the directory is on another server."
        "Export from a server that has the whole directory, or export that part as well and delete these lines."
        Files(&[("10-example.ldif", "# extended LDIF\n\ndn: uid=jdoe,dc=company,dc=com\nmail: jdoe@company.com\n\n# refldap://branch.company.com/dc=company,dc=com??sub\n")])
    REGEX_TABLE "regex-table" [Error]
        "A line is from a table of regular expressions (regexp_table(5), pcre_table(5))."
        "Write it in a `.rules` file: `/regex/ target`, with `$1` for a group."
        Files(&[("10-example.virtual", "/^info(.*)@domain3\\.com$/ info@company.com\n")])
    REMOVAL_ORDER "removal-order" [Error]
        "A value of Exchange is an order to remove an address."
        "Export the directory. This file was made for an import."
        Files(&[("10-example.csv", "Obj-Class,Mode,Alias Name,E-mail Addresses,Secondary-Proxy-Addresses\nMailbox,Modify,a,SMTP:a@company.com,smtp:x@domain2.com%~DEL%smtp:jd@domain2.com\n")])
    ROW_LENGTH "row-length" [Error]
        "A row of a dump has more or fewer values than its table has columns."
        "Export the dump again: it was cut off, damaged, or changed by hand."
        Import("dump.sql", "INSERT INTO alias (address, goto, active) VALUES ('anna@domain2.com', 'anna@company.com');\n")
    SHORT_DOMAIN "short-domain" [Warning]
        "The domain of an address has no dot."
        "Write the whole domain, or name the domain that the MTA appends: `readdress import virtual --mydomain DOMAIN`."
        Files(&[("10-example.virtual", "x@domain2.com x@company\n")])
    SHORT_ROW "short-row" [Error, Warning]
        "A row has fewer cells than the header."
        "Export the file again. An empty cell at the end of a row needs its separator too."
        Files(&[("10-example.csv", "PrimarySmtpAddress,EmailAddresses\nmax@company.com\n")])
    TWO_PRIMARIES "two-primaries" [Error]
        "Two addresses of one object are marked as primary."
        "Leave `SMTP:` in upper case before one of them."
        Files(&[("10-example.ldif", "dn: CN=b\nproxyAddresses: SMTP:b@company.com\nproxyAddresses: SMTP:bb@company.com\n")])
    UNKNOWN_CLASS "unknown-class" [Error]
        "A row of Exchange 5.5 has an unknown class of objects."
        "Check the separator of columns (`--column-sep`). The classes are Mailbox, dl and Remote."
        Files(&[("10-example.csv", "Obj-Class,Mode,Alias Name,E-mail Addresses,Secondary-Proxy-Addresses\nPerson,Modify,d,SMTP:d@company.com,\n")])
    UNKNOWN_DOMAIN "unknown-domain" [Error]
        "A row belongs to a domain that the file does not name, or a domain has no route."
        "Export the table of domains as well, in the same dump."
        Import("dump.sql", "INSERT INTO virtual_domains (id, name) VALUES (1, 'domain2.com');\nINSERT INTO virtual_aliases (id, domain_id, source, destination) VALUES (1, 9, 'jd', 'jdoe@company.com');\n")
    UNKNOWN_HEADER "unknown-header" [Error]
        "The header row is not the header row of a known table."
        "Name the columns as in readdress-formats(7), for example `from,to`."
        Files(&[("10-example.csv", "name;phone\nJohn;12\n")])
    UNKNOWN_MODE "unknown-mode" [Error]
        "A row of Exchange 5.5 has an unknown mode."
        "Write Create, Delete, Modify or Update."
        Files(&[("10-example.csv", "Obj-Class,Mode,Alias Name,E-mail Addresses,Secondary-Proxy-Addresses\nMailbox,Remove,e,SMTP:e@company.com,\n")])
    UNREAD_ALIAS "unread-alias" [Warning]
        "Aliases without a domain are not read."
        "Name the domain: `readdress import ldif --local-domain DOMAIN FILE`."
        Files(&[("10-example.ldif", "dn: cn=sales,dc=company,dc=com\nobjectClass: nisMailAlias\ncn: sales\nrfc822MailMember: anna@company.com\n\n")])
    UNREAD_ATTRIBUTE "unread-attribute" [Warning]
        "An attribute of LDIF holds addresses and is not read."
        "Write rules for these addresses in a `.rules` file, or leave the attribute out of the export."
        Files(&[("10-example.ldif", "dn: uid=jdoe,dc=company,dc=com\nmail: jdoe@company.com\nmailAlternateAddress: jd@domain2.com\nmailForwardingAddress: john@home.example\n\n")])
    UNREAD_COLUMN "unread-column" [Warning]
        "A column holds addresses and is not read."
        "Write rules for these addresses in a `.rules` file, or leave the column out of the export."
        Files(&[("10-example.csv", "from,to,cc\nkim@domain2.com,kim@company.com,lee@company.com\n")])
    UNREAD_STATEMENT "unread-statement" [Warning]
        "A statement of a dump holds addresses and is not read."
        "Write rules for these addresses in a `.rules` file."
        Import("dump.sql", "INSERT INTO alias (address, goto) VALUES ('jd@domain2.com', 'jdoe@company.com');\nUPDATE alias SET goto = 'eva@company.com' WHERE address = 'eva@domain2.com';\n")
    UNREAD_TABLE "unread-table" [Warning]
        "A table of a dump holds addresses and is not read."
        "Write rules for these addresses in a `.rules` file, or leave the table out of the dump."
        Import("dump.sql", "INSERT INTO alias (address, goto) VALUES ('jd@domain2.com', 'jdoe@company.com');\nINSERT INTO log (data) VALUES ('anna@company.com logged in');\n")
    URL_VALUE "url-value" [Error]
        "A value of LDIF is the name of a file or a URL."
        "Write the value itself."
        Files(&[("10-example.ldif", "dn: CN=a\nmail: a@company.com\nproxyAddresses:< file:///etc/passwd\n")])
    WILDCARD "wildcard" [Error]
        "A row of a database holds a pattern of SQL."
        "Write it as a regular expression in a `.rules` file: `%` is `.*` there, and `_` is `.`."
        Files(&[("10-example.csv", "localpart,domain_name,email,wildcard,destination\nsales%,domain2.com,sales%@domain2.com,1,anna@company.com\n")])
}
