//! Dumps of mail servers' databases: what each program writes, and how a dump shows that it is not whole.
//!
//! The samples `iredmail.sql`, `ispmail.sql`, `postgres.sql` and `guide.sql` were written by mariadb-dump,
//! pg_dump and sqlite3 from tables filled for the purpose.

use super::support::{Read, finds, import, sample};
use readdress::engine::format::{ImportFormat, Options};

fn dump(text: impl AsRef<[u8]>) -> Read {
    import(ImportFormat::Postfixadmin, text, &Options::default())
}

/// A dump without the part that begins with a text.
fn cut(text: &str, at: &str) -> String {
    let end = text.rfind(at).unwrap_or_else(|| panic!("{at:?}"));
    text[..end].to_owned()
}

/// Rows of PostfixAdmin's table.
fn aliases(rows: &str) -> String {
    format!("INSERT INTO alias (address, goto, active) VALUES {rows};\n")
}

const JD: [&str; 1] = ["jd@d.com a@c.com"];

#[test]
fn iredmail() {
    dump(sample("iredmail.sql"))
        .is(
            &[
                "@domain2.com @company.com",
                "jdoe@company.com mailbox",
                "anna@company.com anna@company.com, anna@partner.example",
                "sales@company.com anna@company.com, jdoe@company.com",
                "j.doe@company.com jdoe@company.com",
                "@company.com anna@company.com",
            ],
            &[
                "file:44:3: warning unread-table",
                "file:173:63: warning unread-column",
                "file:199:5: warning unread-table",
            ],
        )
        .skips(&["skipped: 2 disabled, 1 domains in file"])
        .says("the column `recovery_email` of the table `mailbox` holds 1 address and is not read")
        .says("the table `moderators` holds 2 addresses and is not read");
}

#[test]
fn ispmail() {
    let rules = [
        "jd@domain2.com jdoe@company.com",
        "sales@domain2.com jdoe@company.com, anna@company.com",
        "anna@company.com anna@company.com, anna@partner.example",
        "@domain2.com jdoe@company.com",
        "jdoe@company.com mailbox",
    ];
    dump(sample("ispmail.sql"))
        .is(&rules, &[])
        .skips(&["skipped: 2 domains in file"]);
}

/// The oldest guide has local-parts beside the numbers of their domains; mysqldump writes the tables in
/// the order of their names.
#[test]
fn local_parts_beside_numbers_of_domains() {
    let text = "CREATE TABLE virtual_aliases (id INT, domain_id INT, source VARCHAR(40), destination VARCHAR(80));\n\
        CREATE TABLE virtual_users (id INT, domain_id INT, user VARCHAR(40), password VARCHAR(32));\n\
        INSERT INTO virtual_aliases VALUES (1,2,'jd','jdoe@c.com'),(2,2,'','all@c.com');\n\
        INSERT INTO virtual_users VALUES (1,1,'jdoe','x'),(2,3,'lost','x');\n\
        INSERT INTO virtual_domains (id, name) VALUES (1,'c.com'),(2,'d.com');\n";
    dump(text)
        .is(
            &[
                "jd@d.com jdoe@c.com",
                "@d.com all@c.com",
                "jdoe@c.com mailbox",
            ],
            &["file:4:51: error unknown-domain"],
        )
        .says("the domain with the number 3");
    // Beside whole addresses an empty one is a mistake, not a catch-all.
    dump("INSERT INTO virtual_aliases (domain_id, source, destination) VALUES (1,'jd@d.com','a@c.com'),(1,'','b@c.com');\nINSERT INTO virtual_domains (id, name) VALUES (1,'d.com');\n")
        .is(&JD, &["file:1:94: error empty-cell"]);
}

#[test]
fn local_parts_beside_their_domains() {
    let text = "CREATE TABLE accounts (id int, username varchar(64), domain varchar(255), password varchar(255), enabled boolean);\n\
        INSERT INTO accounts VALUES (1,'anna','c.com','x',1),(2,'off','c.com','x',0);\n\
        INSERT INTO aliases (source_username, source_domain, destination_username, destination_domain, enabled) VALUES ('jd','d.com','anna','c.com',true),(NULL,'d.com','all','c.com',true);\n";
    dump(text)
        .is(
            &[
                "jd@d.com anna@c.com",
                "@d.com all@c.com",
                "anna@c.com mailbox",
            ],
            &[],
        )
        .skips(&["skipped: 1 disabled in file"]);
    let csv = "source_username\tsource_domain\tdestination_username\tdestination_domain\nNULL\td.com\tall\tc.com\n";
    super::support::read("p.csv", csv).is(&["@d.com all@c.com"], &[]);
}

#[test]
fn pg_dump() {
    dump(sample("postgres.sql"))
        .is(
            &[
                "@domain4.com @company.com",
                "jd@domain2.com jdoe@company.com",
                "jdoe@company.com mailbox",
                "@domain3.com @company.com",
                "kim@company.com mailbox",
            ],
            &[
                "file:127:65: warning unread-column",
                "file:136:1: warning unread-table",
            ],
        )
        .skips(&["skipped: 1 disabled, 1 vacation in file"])
        .says("the table `vacation` holds 2 addresses");
}

#[test]
fn rows_of_copy() {
    let copy = |rows: &str| {
        dump(format!(
            "COPY public.alias (address, goto, note, active) FROM stdin;\n{rows}\\.\nSELECT 1;\n"
        ))
    };
    copy("jd@d.com\ta@c.com\\nb@c.com\t\\N\tt\nx@d.com\ta@c.com\tit's; (1\tf\n")
        .is(&["jd@d.com a@c.com, b@c.com"], &[])
        .skips(&["skipped: 1 disabled in file"]);
    copy("j\\x64\\100d.com\ta@c.com\t\\\\\tt\n").is(&["jd@d.com a@c.com"], &[]);
    copy("jd@d.com\ta@c.com\tt\n").is(&[], &["file:2:1: error row-length"]);
    copy("jd@d.com\t\\N\tx\tt\n").is(&[], &["file:2:1: error empty-cell"]);
    // A file that ends before the mark may have lost rows.
    dump("COPY alias (address, goto) FROM stdin;\njd@d.com\ta@c.com\n")
        .is(&JD, &["file:1:1: error cut-off"]);
    dump("COPY alias FROM stdin;\njd@d.com\ta@c.com\n\\.\n")
        .is(&[], &["file:2:1: error no-columns"]);
    dump("COPY alias (address, goto) FROM stdin WITH CSV;\njd@d.com,a@c.com\n\\.\n")
        .is(&[], &["file:1:1: error copy-options"]);
}

#[test]
fn sqlite() {
    dump(sample("guide.sql"))
        .is(
            &[
                "jd@domain2.com jdoe@company.com, anna@company.com",
                "o'neil@domain2.com jdoe@company.com, kim@company.com",
                "jdoe@company.com mailbox",
            ],
            &[],
        )
        .skips(&["skipped: 1 domains in file"]);
    let cut = cut(&sample("guide.sql"), "COMMIT");
    assert_eq!(dump(&cut).findings, ["file:2:1: error cut-off"]);
    dump(format!("{cut}ROLLBACK; -- due to errors\n")).says("because of errors");
}

#[test]
fn scripts_of_ms_sql() {
    dump(sample("hmailserver.sql"))
        .is(
            &[
                "@domain2.com @company.com",
                "info@company.com anna@company.com",
                "anna@company.com mailbox",
            ],
            &[
                "file:17:114: error bad-pattern",
                "file:24:210: warning unread-column",
                "file:25:166: warning unread-table",
            ],
        )
        .skips(&["skipped: 1 disabled, 1 domains in file"]);
}

#[test]
fn phpmyadmin() {
    dump(sample("phpmyadmin.sql"))
        .is(
            &[
                "jd@domain2.com jdoe@company.com",
                "sales@domain2.com anna@company.com, bob@company.com",
                "@domain3.com @company.com",
                "jdoe@company.com mailbox",
            ],
            &["file:22:117: warning unread-column"],
        )
        .skips(&["skipped: 1 disabled in file"])
        .says("the column `cc` of the table `mail_user`");
    let cut = cut(&sample("phpmyadmin.sql"), "COMMIT");
    assert_eq!(
        dump(cut).findings,
        [
            "file:4:1: error cut-off",
            "file:22:117: warning unread-column"
        ]
    );
}

#[test]
fn columns_are_never_guessed() {
    let text = "INSERT INTO `alias` VALUES ('jd@d.com','a@c.com','d.com',NOW(),NOW(),1),('x@d.com','a@c.com','d.com',NOW(),NOW(),1);\n";
    dump(text)
        .is(&[], &["file:1:30: error no-columns"])
        .says("columns of `alias`: 4 addresses in 2 rows")
        .says("mysqldump --complete-insert")
        .says("pg_dump --column-inserts");
    // Columns that were added by hand stand nobody knows where.
    let create = "CREATE TABLE alias (address text, goto text);\n";
    let insert = "INSERT INTO alias VALUES ('jd@d.com','a@c.com');\n";
    dump(format!("{create}{insert}")).is(&JD, &[]);
    dump(format!(
        "{create}ALTER TABLE `alias` ADD PRIMARY KEY (`address`), ADD KEY k (goto);\n{insert}"
    ))
    .is(&JD, &[]);
    dump(format!(
        "{create}ALTER TABLE alias ADD note text FIRST;\n{insert}"
    ))
    .is(&[], &["file:3:28: error no-columns"]);
    dump(format!(
        "{create}INSERT INTO alias VALUES ('jd@d.com','a@c.com',1);\n"
    ))
    .is(&[], &["file:2:26: error row-length"]);
}

#[test]
fn a_dump_that_was_cut_off() {
    let whole = sample("ispmail.sql");
    for (at, message) in [
        (
            "-- Dump completed",
            "`-- Dump completed`, which mariadb-dump writes",
        ),
        ("/*!40101 SET CHARACTER_SET_CLIENT", "`-- Dump completed`"),
        ("doe@company.com');", "inside a string"),
        (",1,'anna@company.com'", "inside this statement"),
        ("),\n(2,'domain2.com')", "inside this statement"),
        (
            ";\n/*!40000 ALTER TABLE `virtual_users` ENABLE",
            "inside this statement",
        ),
        (";\n/*!40101 SET @saved_cs_client", "inside this statement"),
        ("rtual_users` WRITE", "inside a quoted name"),
        ("SET TIME_ZONE=@OLD_TIME_ZONE", "inside a comment"),
    ] {
        let cut = cut(&whole, at);
        let read = dump(&cut);
        let errors = read.findings.iter().filter(|f| f.contains("error cut-off"));
        assert_eq!(errors.count(), 1, "{at}: {:?}", read.findings);
        read.says(message);
    }
    let postgres = sample("postgres.sql");
    let cut = cut(&postgres, "-- PostgreSQL database dump complete");
    dump(cut).says("`-- PostgreSQL database dump complete`, which pg_dump writes");
    dump("INSERT INTO alias (address, goto) VALUES ('jd@d.com','a@c.com')")
        .is(&JD, &["file:1:1: error cut-off"]);
    dump("INSERT INTO alias (address, goto) VALUES ('jd@d.com','a@c.c")
        .is(&[], &["file:1:54: error cut-off"]);
}

#[test]
fn every_spelling_of_quotes_and_comments() {
    for text in [
        "INSERT IGNORE INTO `db`.`alias` (`address`,`goto`) VALUES ('jd@d.com','a@c.com');\n",
        "INSERT INTO \"public\".\"alias\" (\"address\", \"goto\") VALUES (E'jd@d.com', 'a@c.com');\n",
        "REPLACE alias (address, goto) VALUE (\"jd@d.com\", \"a@c.com\");\n",
        "INSERT INTO alias SET goto='a@c.com', address='jd@d.com', created=NOW();\n",
        "INSERT OR REPLACE INTO alias (address,goto) VALUES('jd@d.com','a@c.com');\n",
        "insert into alias (address, goto) values (_utf8'jd@d.com', _utf8mb4 'a@c.com') on duplicate key update goto='a';\n",
        "INSERT INTO alias (address, goto) VALUES (0x6A6440642E636F6D, X'6140632e636f6d');\n",
        "INSERT INTO alias (address, goto) OVERRIDING SYSTEM VALUE VALUES ('jd@d.com', 'a@c.com') ON CONFLICT DO NOTHING;\n",
        "-- a 'comment\n# it's one\n/* ; ' */ /*!40000 INSERT INTO alias (address,goto) VALUES ('jd@d.com','a@c.com') */;\n",
        "/*M!999999\\- enable the sandbox mode */ \nINSERT INTO alias (address, goto) VALUES ('jd@d.com','a@c.com');\n",
        "\\restrict abc\n\\connect postfix\nINSERT INTO alias (address, goto) VALUES ('jd@d.com','a@c.com');\n\\unrestrict abc\n",
        "DELIMITER ;;\nCREATE TRIGGER t BEGIN INSERT INTO alias (address, goto) VALUES ('x@y.com','z@y.com'); END;;\nDELIMITER ;\nINSERT INTO alias (address, goto) VALUES ('jd@d.com','a@c.com');\n",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO alias (address, goto) VALUES ('x@y.com','z@y.com'); END;\nINSERT INTO alias (address, goto) VALUES ('jd@d.com','a@c.com');\n",
        "SET standard_conforming_strings = on;\nCREATE FUNCTION f() AS $_$ insert into alias (address, goto) values ('x@y.com','z'); $_$;\nINSERT INTO alias (note, address, goto) VALUES ('\\', 'jd@d.com', 'a@c.com');\n",
    ] {
        let read = dump(text);
        assert_eq!(read.rules, JD, "{text}{}", read.words);
        assert!(read.findings.is_empty(), "{text}{}", read.words);
    }
    dump("INSERT INTO alias (address, goto) VALUES (E'j\\u00f6rg@d.com', E'j\\x64@c.com');\n")
        .is(&["jörg@d.com jd@c.com"], &[]);
    dump("INSERT INTO alias (address, goto) VALUES (E'j\\xc3\\xb6rg@d.com', 'jd@c.com');\n")
        .is(&[], &["file:1:45: error lossy-value"]);
    dump("INSERT INTO alias (address, goto) VALUES ('o\\'neil@d.com','a@c.com');\n")
        .is(&["o'neil@d.com a@c.com"], &[]);
}

#[test]
fn active_is_on_or_off() {
    for on in [
        "1",
        "'1'",
        "true",
        "TRUE",
        "'t'",
        "'y'",
        "'Yes'",
        "b'1'",
        "'on'",
        "_binary '\u{1}'",
    ] {
        dump(aliases(&format!("('jd@d.com','a@c.com',{on})"))).is(&JD, &[]);
    }
    for off in ["0", "'0'", "false", "'f'", "'n'", "'no'", "b'0'", "'\\0'"] {
        dump(aliases(&format!("('jd@d.com','a@c.com',{off})")))
            .skips(&["skipped: 1 disabled in file"]);
    }
    for neither in ["2", "-1", "'maybe'", "NULL", "''", "'2024-01-02'"] {
        dump(aliases(&format!("('jd@d.com','a@c.com',{neither})")))
            .is(&[], &["file:1:50: error bad-active"]);
    }
    // mailcow: no login, but mail.
    dump("INSERT INTO alias (address, goto, sogo_visible, active) VALUES ('jd@d.com','a@c.com',1,2);\n")
        .is(&JD, &[]);
    finds(
        "p.csv",
        "address,goto,active\njd@d.com,a@c.com,perhaps\n",
        &["p.csv:2:1: error bad-active"],
    );
    // Mailu's column says the contrary.
    dump("INSERT INTO alias (email, destination, disabled) VALUES ('jd@d.com','a@c.com',0),('x@d.com','a@c.com',1);\n")
        .is(&JD, &[])
        .skips(&["skipped: 1 disabled in file"]);
}

#[test]
fn what_is_not_read_is_named() {
    dump("UPDATE alias SET goto = 'a@c.com' WHERE address = 'jd@d.com';\nINSERT INTO log (data) VALUES ('jd@d.com (a@c.com)'),('x');\nINSERT INTO alias (address, goto) VALUES (CONCAT('jd', '@d.com'), 'a@c.com');\nINSERT INTO alias (address, goto) SELECT a, 'all@c.com' FROM t;\n")
        .is(
            &[],
            &[
                "file:1:1: warning unread-statement",
                "file:2:33: warning unread-table",
                "file:3:42: error computed",
                "file:4:1: error computed",
                "file:4:1: warning unread-statement",
            ],
        )
        .says("the statement `UPDATE` holds 2 addresses and is not read")
        .says("the table `log` holds 2 addresses")
        .says("the value of `address` is computed");
    // Tables of domains hold no address, and are not lost either.
    dump("INSERT INTO alias_domain VALUES ('d.com','c.com',1),('e.com','c.com',1);\nINSERT INTO domainalias (name, target_id) VALUES ('f.com', 7);\n")
        .is(&[], &["file:1:33: error no-columns", "file:2:50: warning unread-table"])
        .says("the columns of `alias_domain`: 2 rows")
        .says("the table `domainalias` holds 1 row and is not read");
    // What another column of the row says as well is not lost.
    dump("INSERT INTO alias (address, goto, comment) VALUES ('jd@d.com','a@c.com','was JD@d.com');\n")
        .is(&JD, &[]);
}

#[test]
fn tables_of_a_database_as_csv() {
    finds(
        "p.csv",
        "id,domain_id,email,password,quota\n1,1,a@c.com,x,0\n",
        &["p.csv:0:1: warning no-secondaries"],
    );
    for (header, row) in [
        ("id,domain_id,source,destination", "1,2,jd@d.com,a@c.com"),
        ("address,forwarding,active", "jd@d.com,a@c.com,1"),
        (
            "aliasid,aliasname,aliasvalue,aliasactive",
            "1,jd@d.com,a@c.com,1",
        ),
    ] {
        super::support::read("p.csv", format!("{header}\n{row}\n")).is(&JD, &[]);
    }
    super::support::read(
        "p.csv",
        "address\tgoto\tactive\njd@d.com\ta@c.com\\nb@c.com\t1\n",
    )
    .is(&["jd@d.com a@c.com, b@c.com"], &[]);
}

#[test]
fn a_dump_or_a_drawn_table_is_no_csv() {
    for name in [
        "iredmail.sql",
        "postgres.sql",
        "guide.sql",
        "hmailserver.sql",
        "phpmyadmin.sql",
    ] {
        finds("p.csv", &sample(name), &["p.csv:1:1: error other-format"])
            .says("`readdress import postfixadmin p.csv --output p.rules`");
    }
    let drawn = "+----------+---------+\n| address  | goto    |\n+----------+---------+\n| jd@d.com | a@c.com |\n+----------+---------+\n";
    finds("p.csv", drawn, &["p.csv:1:1: error drawn-table"]).says("mysql -B -e");
    assert_eq!(dump(drawn).findings, ["file:1:1: error drawn-table"]);
    // Words of SQL begin headers as well.
    for header in [
        "Use,from,to",
        "Start date;from;to",
        "Set Name,from,to",
        "copy of,from,to",
    ] {
        let row = if header.contains(';') {
            "x;jd@d.com;a@c.com"
        } else {
            "x,jd@d.com,a@c.com"
        };
        super::support::read("p.csv", format!("{header}\n{row}\n")).is(&JD, &[]);
    }
    // Words of SQL begin headers as well.
    for header in [
        "Use,from,to",
        "Start date;from;to",
        "Set Name,from,to",
        "copy of,from,to",
    ] {
        let row = if header.contains(';') {
            "x;jd@d.com;a@c.com"
        } else {
            "x,jd@d.com,a@c.com"
        };
        super::support::read("p.csv", format!("{header}\n{row}\n")).is(&JD, &[]);
    }
    let psql = " address  |  goto   \n----------+---------\n jd@d.com | a@c.com\n(1 row)\n\n";
    finds("p.csv", psql, &["p.csv:1:1: error drawn-table"]).says("psql --csv");
}

/// Wherever a dump is cut off, it is an error: no such file goes live.
#[test]
fn a_dump_that_was_cut_off_anywhere() {
    for (name, end) in [
        ("iredmail.sql", "-- Dump completed"),
        ("ispmail.sql", "-- Dump completed"),
        ("postgres.sql", "-- PostgreSQL database dump complete"),
        ("guide.sql", "COMMIT;"),
        ("phpmyadmin.sql", "COMMIT;"),
    ] {
        let whole = sample(name);
        let end = whole.rfind(end).unwrap();
        // The first lines alone say nothing yet.
        for at in (400..end).step_by(37).chain(end - 3..end) {
            let cut = whole.get(..at).unwrap_or_default();
            let read = dump(cut);
            let errors = read.findings.iter().filter(|f| f.contains("error"));
            assert!(errors.count() > 0, "{name}: {}", &cut[at - 60..]);
        }
    }
}
