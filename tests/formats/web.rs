//! Traps of Google Workspace and of PostfixAdmin, mailcow and Mailu.

use super::support::{finds, import, read, source};
use readdress::engine::{
    Settings,
    address::LocalCase,
    compile,
    format::{ImportFormat, Options},
};

#[test]
fn every_separator_of_gam() {
    for list in [
        "jd@d.com x@d.com",
        "\"jd@d.com,x@d.com\"",
        "jd@d.com|x@d.com",
    ] {
        read(
            "g.csv",
            format!("Target,TargetType,Aliases\na@c.com,User,{list}\n"),
        )
        .is(
            &["jd@d.com a@c.com", "x@d.com a@c.com", "a@c.com mailbox"],
            &[],
        );
    }
}

#[test]
fn non_editable_aliases_and_domain_aliases() {
    read(
        "g.csv",
        "Alias,Target,TargetType\na@c.com.test-google-a.com,a@c.com,User\n",
    )
    .is(&["a@c.com mailbox"], &["g.csv:0:1: warning no-secondaries"])
    .skips(&["skipped: 1 non-editable in g.csv"]);
    let rows = "Target,TargetType,Aliases\na@c.com,User,a@d.com\nb@c.com,User,b@d.com x@d.com\ne@c.com,User,e@d.com\n";
    finds("g.csv", rows, &["g.csv:1:1: warning domain-alias"]).says("`@d.com @c.com`");
    finds("g.csv", &format!("{rows}f@c.com,User,g@d.com\n"), &[]);
}

#[test]
fn dots_are_not_left_out() {
    read(
        "g.csv",
        "Alias,Target\nj.d@d.com,a@c.com\njd@d.com,b@c.com\n",
    )
    .is(
        &[
            "j.d@d.com a@c.com",
            "a@c.com mailbox",
            "jd@d.com b@c.com",
            "b@c.com mailbox",
        ],
        &[],
    );
}

/// A table of aliases with these rows.
fn aliases(rows: &str) -> String {
    format!("address,goto,domain,active\n{rows}\n")
}

#[test]
fn postfixadmin_rows() {
    read("p.csv", aliases("a@c.com,a@c.com,c.com,t\nb@c.com,\"a@c.com,b#c.com@autoreply.c.com\",c.com,TRUE\nx@c.com,a@c.com,c.com,0\ny@c.com,a@c.com,c.com,f\n@d.com,@c.com,d.com,'1'\nALL,x@c.com,ALL,1\nz@c.com,\"z@c.com,z#c.com@autoreply.c.com\",c.com,1"))
        .is(&["a@c.com mailbox", "b@c.com a@c.com", "@d.com @c.com", "z@c.com mailbox"], &[])
        .skips(&["skipped: 2 disabled, 1 pseudo-domain, 2 vacation in p.csv"]);
    finds(
        "p.csv",
        &aliases("a@c.com,null@localhost,c.com,1"),
        &["p.csv:2:9: error not-an-address"],
    );
    finds(
        "p.csv",
        &aliases("a@c.com,,c.com,1"),
        &["p.csv:2:1: error empty-cell"],
    );
    finds(
        "p.csv",
        &aliases("a@c.com,root,c.com,1"),
        &["p.csv:2:9: error bad-target"],
    );
}

#[test]
fn columns_go_by_name() {
    read(
        "p.csv",
        "alias_domain,target_domain,description,active\nd.com,c.com,0,1\ne.com,c.com,x,0\n",
    )
    .is(&["@d.com @c.com"], &[])
    .skips(&["skipped: 1 disabled in p.csv"]);
    finds(
        "p.csv",
        "alias_domain,target_domain\nd.com,d.com\n",
        &["p.csv:2:1: error loop"],
    );
    read(
        "m.csv",
        "email,wildcard,destination\njd@d.com,0,\"a@c.com,b@c.com\"\n",
    )
    .is(&["jd@d.com a@c.com, b@c.com"], &[]);
    read(
        "p.tsv.csv",
        "address\tgoto\tactive\njd@d.com\ta@c.com,b@c.com\t1\n",
    )
    .is(&["jd@d.com a@c.com, b@c.com"], &[]);
}

#[test]
fn dumps() {
    let dump = |text: &str| import(ImportFormat::Postfixadmin, text, &Options::default());
    dump("INSERT INTO `alias` (`goto`,`active`,`address`) VALUES ('a@c.com',1,'o''b@d.com'),('b@c.com',0,'x@d.com'),\n('c@c.com',1,'o\\'c@d.com');\n")
        .is(&["o'b@d.com a@c.com", "o'c@d.com c@c.com"], &[])
        .skips(&["skipped: 1 disabled in file"]);
    dump("CREATE TABLE alias_domain (\n `alias_domain` varchar(255) default '(', description text, `target_domain` varchar(255), active int, PRIMARY KEY (`alias_domain`));\nINSERT INTO public.alias_domain VALUES ('d.com', 'a; b', 'c.com', true);\nINSERT INTO mailbox VALUES ('x@c.com', 'y');\n/*!40000 ALTER TABLE alias DISABLE KEYS */;\nINSERT INTO alias_domain VALUES ('e.com', '', 'e.com', true);\n")
        .is(&["@d.com @c.com"], &["file:4:30: error no-columns", "file:6:35: error loop"]);
}

/// GAM parts cells at blanks if gam.cfg says so; its CSV writer then quotes a list, or a script did not.
#[test]
fn gam_parts_cells_at_blanks() {
    let rules = ["jd@d.com a@c.com", "x@d.com a@c.com", "a@c.com mailbox"];
    for list in ["\"jd@d.com x@d.com\"", "jd@d.com x@d.com"] {
        let text = format!("Target TargetType Aliases\na@c.com User {list}\n");
        read("g.csv", text).is(&rules, &[]);
    }
    read("g.csv", "Alias Target TargetType\njd@d.com a@c.com User\n")
        .is(&["jd@d.com a@c.com", "a@c.com mailbox"], &[]);
    finds(
        "g.csv",
        "Target Aliases\na@c.com jd@d.com\n",
        &["g.csv:1:1: error unknown-header"],
    );
}

#[test]
fn mailu_alternatives_and_wildcards() {
    read("m.csv", "name,domain_name\nd.com,c.com\n").is(&["@d.com @c.com"], &[]);
    let header = "localpart,domain_name,email,wildcard,destination\n";
    read("m.csv", format!("{header}%,d.com,%@d.com,1,a@c.com\n")).is(&["@d.com a@c.com"], &[]);
    // Without the mark it is no pattern, and an address that no rule but its own carries on.
    read("m.csv", format!("{header}a%,d.com,a%@d.com,0,a@c.com\n")).is(&["a%@d.com a@c.com"], &[]);
    let row = format!("{header}a%,d.com,a%@d.com,true,a@c.com\n");
    finds("m.csv", &row, &["m.csv:2:10: error wildcard"]).says("regex");
    let dump =
        "INSERT INTO alternative (created_at, name, domain_name) VALUES (NOW(),'d.com','c.com');\n";
    let options = Options::default();
    import(ImportFormat::Postfixadmin, dump, &options).is(&["@d.com @c.com"], &[]);
}

#[test]
fn hosted_domains_are_counted() {
    let rows = "domain,description,transport,backupmx,active\nALL,,,0,1\nc.com,,virtual,0,1\nb.com,,,1,1\n";
    let counts = "skipped: 1 backup-mx, 1 domains, 1 pseudo-domain in";
    read("p.csv", rows)
        .is(&[], &["p.csv:0:1: warning nothing-read"])
        .skips(&[&format!("{counts} p.csv")]);
    let dump = "CREATE TABLE domain (domain varchar(255) NOT NULL, backupmx tinyint(1), active tinyint(1));\n\
        INSERT INTO `domain` VALUES ('ALL',0,1),('c.com',0,1),('b.com',1,1);\n";
    let options = Options::default();
    import(ImportFormat::Postfixadmin, dump, &options)
        .is(&[], &["file:0:1: warning nothing-read"])
        .skips(&[&format!("{counts} file")]);
}

#[test]
fn orders_of_mailcow_are_no_addresses() {
    for order in ["null", "spam", "ham"] {
        let rows = format!("address,goto,active\ntrap@d.com,{order}@localhost,1\n");
        finds("p.csv", &rows, &["p.csv:2:12: error not-an-address"]).says("discard");
    }
}

#[test]
fn groups_and_counts_of_gam() {
    read(
        "g.csv",
        "email,aliases,aliases.0,aliases.1\nall@c.com,2,x@d.com,y@d.com\none@c.com,1,z@d.com,\n",
    )
    .is(
        &[
            "x@d.com all@c.com",
            "y@d.com all@c.com",
            "all@c.com mailbox",
            "z@d.com one@c.com",
            "one@c.com mailbox",
        ],
        &[],
    );
}

/// Where letter case counts, an alias that differs from its owner in letter case alone is an address of
/// its own.
#[test]
fn letter_case_is_that_of_the_settings() {
    let rules = |name: &str, content: &str, local_case: LocalCase| {
        let settings = Settings {
            local_case,
            ..Settings::default()
        };
        let compiled = compile(&[source(name, content.as_bytes())], &settings);
        let table = compiled.table.expect("a table");
        table
            .rules()
            .map(|rule| rule.to_string())
            .collect::<Vec<_>>()
    };
    for (name, content) in [
        (
            "google.csv",
            "primaryEmail,aliases.0\nann@c.com,Ann@c.com\n",
        ),
        (
            "users.csv",
            "PrimarySmtpAddress,EmailAddresses\nann@c.com,SMTP:ann@c.com;smtp:Ann@c.com\n",
        ),
    ] {
        let ignored = rules(name, content, LocalCase::Ignore);
        assert_eq!(ignored, ["ann@c.com mailbox"], "{name}");
        let mut strict = rules(name, content, LocalCase::Strict);
        strict.sort();
        assert_eq!(
            strict,
            ["Ann@c.com ann@c.com", "ann@c.com mailbox"],
            "{name}"
        );
    }
}
