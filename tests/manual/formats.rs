//! The README and readdress-formats(7) list the products whose tables are read. Both lists are made from the one
//! definition in `engine::format`. `UPDATE_GOLDEN=1 cargo test --test manual` writes them.
//!
//! A test reads the file of each product under the name that the page gives.

use std::fs;

use readdress::engine::format::{PRODUCTS, Product, decode};
use readdress::engine::{Settings, SourceText, compile};

use crate::page::{hold, roff, root};

fn section(product: &Product) -> String {
    format!(
        ".SS {}\n.nf\n{}\n.fi\n.PP\nSave it as \\fB{}\\fR; or convert it once: \\fBreaddress import {} {}\\fR.\n.PP\n{}\n",
        roff(product.name),
        roff(product.export),
        roff(product.file),
        roff(product.format.name()),
        roff(product.file),
        roff(product.advice)
    )
}

const HEAD: &str = r#".\" Written from src/engine/format/products.rs: UPDATE_GOLDEN=1 cargo test --test manual
.TH READDRESS\-FORMATS 7 "" readdress "Tables of other programs"
.SH NAME
readdress\-formats \- tables of other programs that readdress reads
.SH DESCRIPTION
Save the table of another program in the rules directory, unchanged, and it is live. It is checked like native
rules, and findings name its lines. The extension says which format it has; in a
.B .csv
file the header row does.
.PP
Or convert the table once:
.B readdress import FORMAT FILE
writes native rules, sorted, each with the line that it came from. A second import then shows what changed.
.PP
Entries that are not addresses to rewrite (X.400, SIP, guests, disabled rows) are skipped and counted by kind.
A warning names each column, table, statement or attribute that holds addresses and is not read, and each file
without a rule, or with mailboxes and no secondary address.
.PP
An error names each row that an export damaged, and each row with more or fewer cells than the header. In files of
Exchange 5.5 a shorter row is a warning, because Excel leaves out empty cells. An export that is not complete is
an error. UTF\-8 and UTF\-16 are recognised; name another encoding:
.BR "\-\-encoding windows\-1252" .
.PP
Dumps of databases are not read in a rules directory. Convert them:
.B readdress import postfixadmin FILE.sql \-\-output NAME.rules
reads the dumps of mysqldump, pg_dump, sqlite3, phpMyAdmin and Management Studio
.RB ( INSERT ", " REPLACE ", " "INSERT ... SET" ", " "COPY ... FROM stdin" ),
with the tables of PostfixAdmin, iRedMail, mailcow, Mailu, ISPmail, ISPConfig, Froxlor and hMailServer, tables of
mailboxes included. The names of the columns come from the statement, or from the definition of the table in the
same dump; a dump without names is an error. A dump that ends within a string or a statement, or without the
last line that its program writes, is an error. So is a value of
.B active
that is neither on nor off.
.SH PRODUCTS
"#;

const TAIL: &str = r#".SH SEE ALSO
.BR readdress (8),
.BR virtual (5),
.BR postmap (1),
.BR makemap (8)
"#;

fn page() -> String {
    let sections: String = PRODUCTS.iter().map(section).collect();
    format!("{HEAD}{sections}{TAIL}")
}

/// Returns the table of the README, between its marks.
fn table() -> String {
    let row = |product: &Product| {
        // A pipe would end the cell, and its escape would be copied along: it stands below the table.
        let command = if product.export.contains('|') {
            "below".to_owned()
        } else if product.export.contains(['-', '/', '.']) {
            format!("`{}`", product.export)
        } else {
            product.export.to_owned()
        };
        format!("| {} | {command} | `{}` |\n", product.name, product.file)
    };
    let rows: String = PRODUCTS.iter().map(row).collect();
    let piped = PRODUCTS
        .iter()
        .filter(|product| product.export.contains('|'));
    let below =
        piped.map(|product| format!("\n{}:\n\n```\n{}\n```\n", product.name, product.export));
    let below: String = below.collect();
    format!("| you have | the export | save it as |\n|---|---|---|\n{rows}{below}")
}

const BEGIN: &str = "<!-- products -->\n";
const END: &str = "<!-- end of products -->\n";

#[test]
fn the_manual_page_says_what_the_code_says() {
    hold(&root().join("packaging/man/readdress-formats.7"), &page());
}

#[test]
fn the_readme_says_what_the_code_says() {
    let path = root().join("README.md");
    let text = fs::read_to_string(&path).expect("a README");
    let (head, rest) = text.split_once(BEGIN).expect("the mark before the table");
    let (_, tail) = rest.split_once(END).expect("the mark behind the table");
    hold(&path, &format!("{head}{BEGIN}{}{END}{tail}", table()));
}

/// A file of each product, in the order of the products; `tests/formats/samples` has more.
const OUTPUT: [(&str, &str); 16] = [
    ("company.virtual", "jd@domain2.com\tjdoe@company.com\n"),
    (
        "company.virtusertable",
        "jd@domain2.com\tjdoe@company.com\n",
    ),
    (
        "exchange55.csv",
        "Obj-Class,Mode,Alias Name,Directory Name,E-mail Addresses,Secondary-Proxy-Addresses\r\n\
         Mailbox,Update,jdoe,JDOE,SMTP:jdoe@company.com%X400:c=US;,smtp:jd@domain2.com\r\n",
    ),
    (
        "addresses.csv",
        "\u{feff}\"PrimarySmtpAddress\",\"Address\",\"Type\"\r\n\
         \"jdoe@company.com\",\"SMTP:jdoe@company.com\",\"UserMailbox\"\r\n\
         \"jdoe@company.com\",\"smtp:jd@domain2.com\",\"UserMailbox\"\r\n",
    ),
    (
        "users.csv",
        "Block credential,Display name,Proxy addresses,Soft deletion time stamp,User principal name\r\n\
         False,John Doe,SMTP:jdoe@company.com+smtp:jd@domain2.com,,jdoe@company.com\r\n",
    ),
    (
        "ad.ldif",
        "dn: CN=John Doe,DC=company,DC=com\r\nchangetype: add\r\nmail: jdoe@company.com\r\n\
         proxyAddresses: SMTP:jdoe@company.com\r\nproxyAddresses: smtp:jd@domain2.com\r\n\r\n",
    ),
    (
        "ldap.ldif",
        "dn: CN=John Doe,DC=company,DC=com\nmail: jdoe@company.com\n\
         proxyAddresses: SMTP:jdoe@company.com\nproxyAddresses: smtp:jd@domain2.com\n\n",
    ),
    (
        "aliases.csv",
        "Alias,Target,TargetType\njd@domain2.com,jdoe@company.com,User\n",
    ),
    (
        "postfixadmin.csv",
        "address\tgoto\tactive\njd@domain2.com\tjdoe@company.com\t1\njdoe@company.com\tjdoe@company.com\t1\n",
    ),
    (
        "postfixadmin.csv",
        "address,goto,active\njd@domain2.com,jdoe@company.com,t\njdoe@company.com,jdoe@company.com,t\n",
    ),
    (
        "mailcow.csv",
        "address\tgoto\tactive\njd@domain2.com\tjdoe@company.com\t1\n",
    ),
    (
        "mailu.csv",
        "email,wildcard,destination\njd@domain2.com,0,jdoe@company.com\n",
    ),
    (
        "iredmail.csv",
        "address\tforwarding\tdomain\tactive\njd@domain2.com\tjdoe@company.com\tdomain2.com\t1\ndomain2.com\tjdoe@company.com\tdomain2.com\t1\n",
    ),
    (
        "ispmail.csv",
        "source\tdestination\njd@domain2.com\tjdoe@company.com\njd@domain2.com\tanna@company.com\n",
    ),
    (
        "hmailserver.csv",
        "aliasname\taliasvalue\taliasactive\njd@domain2.com\tjdoe@company.com\t1\n",
    ),
    (
        "company.csv",
        "from,to,comment\njd@domain2.com,jdoe@company.com,John\n",
    ),
];

#[test]
fn each_file_is_live_under_the_name_that_it_is_told_to_have() {
    for (product, (name, text)) in PRODUCTS.iter().zip(OUTPUT) {
        assert_eq!(product.file, name, "{}", product.name);
        let mut encodings = vec![text.as_bytes().to_vec()];
        if product.export.contains(" -u ") {
            let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes);
            encodings = vec![[0xff, 0xfe].into_iter().chain(utf16).collect()];
        }
        for bytes in encodings {
            let sources = [SourceText::new(name, decode::decode(bytes).0)];
            let compiled = compile(&sources, &Settings::default());
            let table = compiled
                .table
                .unwrap_or_else(|| panic!("{name}: {:#?}", compiled.diagnostics));
            let rules: Vec<_> = table.rules().map(|rule| rule.to_string()).collect();
            assert!(
                rules
                    .iter()
                    .any(|rule| rule.starts_with("jd@domain2.com jdoe@company.com")),
                "{}: {rules:?}",
                product.name
            );
        }
    }
}

/// A command that exports a table names the file that the page tells to save.
#[test]
fn commands_write_the_file_that_is_named() {
    for product in &PRODUCTS {
        let command = product.export.contains(['-', '/', '.']);
        assert!(
            !command || product.export.contains(product.file),
            "{}",
            product.name
        );
        assert!(!product.export.contains('\n') && !product.advice.is_empty());
    }
}
