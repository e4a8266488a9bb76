//! The products whose tables are read, as the README and readdress-formats(7) tell them: both are held
//! to the one definition in `engine::format`. `UPDATE_GOLDEN=1 cargo test --test manual` writes them.
//!
//! Each product's file is read under the name that it is told to have.

use std::fs;

use readdress::engine::format::{PRODUCTS, Product, decode};
use readdress::engine::{Settings, SourceText, compile};

use crate::page::{hold, roff, root};

fn section(product: &Product) -> String {
    format!(
        ".SS {}\n.PP\n.nf\n{}\n.fi\n.PP\nSave it as \\fB{}\\fR; or convert it once: \\fBreaddress import {} {}\\fR.\n.PP\n{}\n",
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
A table that another program wrote is saved in the rules directory as it is, and is live: checked
like any other rule, with findings that point into that file. The extension says what it is;
of a
.B .csv
file the header row does.
.PP
Or it is converted once:
.B readdress import FORMAT FILE
writes native rules, sorted, each with the line that it came from, so that a second import shows what
changed.
.PP
What is no address to rewrite (X.400, SIP, guests, disabled rows) is counted by kind. A column, table,
statement or attribute that holds addresses and is not read is a warning with its name, its place and how
many; so is a file that yields no rule, or mailboxes and no secondary address. What an export damaged is an
error that names the row, and so is an export that says, or shows, that it is not whole, or a row of another
length than the header; only in files of Exchange 5.5, where Excel leaves empty cells out, is a shorter row
a warning. UTF\-8, and UTF\-16 with or without a mark, are told from the
bytes; anything else is named:
.BR "\-\-encoding windows\-1252" .
.PP
Dumps of databases are not read in a rules directory. They are converted:
.B readdress import postfixadmin FILE.sql \-\-output NAME.rules
reads what mysqldump, pg_dump, sqlite3, phpMyAdmin and Management Studio write
.RB ( INSERT ", " REPLACE ", " "INSERT ... SET" ", " "COPY ... FROM stdin" ),
in the tables of PostfixAdmin, iRedMail, mailcow, Mailu, ISPmail, ISPConfig, Froxlor and hMailServer. Tables of
mailboxes are read too. Columns go by name, from the statement or from the table\(aqs definition in the same
dump: a dump without names is an error, since columns are not guessed by their order. A dump that ends
inside a string or a statement, or lacks the last line that its program writes, is an error. A value of
.B active
that is neither on nor off is one as well.
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

/// The README's table, between its marks.
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

/// What each product writes, in the order of the products; `tests/formats/samples` has more.
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

/// A file that a command writes is the one that is to be saved.
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
