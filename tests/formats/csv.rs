//! Traps of rows and cells, of encodings, and of the pairs `from,to`.

use super::support::{finds, import, read};
use readdress::engine::format::{ImportFormat, Options, decode};

const JD: [&str; 1] = ["jd@d.com a@c.com"];

#[test]
fn delimiters_are_told_by_the_header() {
    for between in [",", ";", "\t", "|"] {
        read(
            "a.csv",
            format!("from{between}to\njd@d.com{between}a@c.com\n"),
        )
        .is(&JD, &[]);
    }
    read("a.csv", "sep=;\r\nfrom;to\r\njd@d.com;a@c.com\r\n").is(&JD, &[]);
    // A delimiter that only the rows have is none.
    read("a.csv", "from,to,note;x\njd@d.com,a@c.com,a;b;c;d\n").is(&JD, &[]);
}

#[test]
fn names_of_columns_are_compared_loosely() {
    read(
        "a.csv",
        "#TYPE System.Object\n To ,\"FROM\"\na@c.com,jd@d.com\n",
    )
    .is(&JD, &[]);
}

#[test]
fn quotes_and_lines_inside_of_cells() {
    read(
        "a.csv",
        "from,to,comment\njd@d.com,a@c.com,\"one\n\"\"two\"\", three\"\nx@d.com,y@c.com,z\n",
    )
    .is(&["jd@d.com a@c.com", "x@d.com y@c.com"], &[]);
    finds(
        "a.csv",
        "from,to\njd@d.com,\"a@c.com\nx@d.com,b@c.com\n",
        &["a.csv:2:10: error unclosed-quote"],
    );
    finds(
        "a.csv",
        "from,to,comment\njd@d.com,a@c.com,\"one\ntwo\"\nx@d.com,b,\n",
        &["a.csv:4:9: error bad-target"],
    );
}

#[test]
fn rows_that_are_too_short_or_too_long() {
    read(
        "a.csv",
        "from,to,comment\njd@d.com,a@c.com\nx@d.com,b@c.com,\ny@d.com,b@c.com\n",
    )
    .is(
        &["x@d.com b@c.com"],
        &["a.csv:2:1: error short-row", "a.csv:4:1: error short-row"],
    )
    .says("the row has 2 of the header's 3 cells");
    finds(
        "a.csv",
        "from,to\njd@d.com,a@c.com,b@c.com\nx@d.com,b@c.com,,\n",
        &["a.csv:2:18: error long-row"],
    );
    finds(
        "a.csv",
        "from,to\njd@d.com,\n,a@c.com\n",
        &["a.csv:2:1: error empty-cell", "a.csv:3:1: error empty-cell"],
    );
}

#[test]
fn line_ends_of_every_kind() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["from,to", "jd@d.com,a@c.com", "x@d.com,b@c.com  "].join(end);
        read("a.csv", text).is(&["jd@d.com a@c.com", "x@d.com b@c.com"], &[]);
    }
}

#[test]
fn characters_that_nobody_sees() {
    read("a.csv", "from,to\n\u{a0}jd@d.com,a@c.com\u{200b}\n").is(
        &JD,
        &[
            "a.csv:2:2: warning unseen-character",
            "a.csv:2:11: warning unseen-character",
        ],
    );
    read(
        "m.csv",
        "PrimarySmtpAddress,Address\na@c.com,\u{a0}jd@d.com\n",
    )
    .is(
        &["jd@d.com a@c.com", "a@c.com mailbox"],
        &["m.csv:2:10: warning unseen-character"],
    );
    read(
        "m.csv",
        "mail,ProxyAddresses\na@c.com,SMTP:a@c.com; smtp:\u{a0}jd@d.com\u{a0}\n",
    )
    .is(
        &["jd@d.com a@c.com", "a@c.com mailbox"],
        &[
            "m.csv:2:23: warning unseen-character",
            "m.csv:2:29: warning unseen-character",
        ],
    );
    read("a.virtual", "jd@d.com a\u{200b}@c.com\n")
        .is(&[], &["a.virtual:1:11: error unseen-character"]);
    read("a.virtual", "\u{200b}jd@d.com a@c.com\n")
        .is(&JD, &["a.virtual:1:2: warning unseen-character"]);
}

#[test]
fn unknown_headers_are_an_error_that_lists_what_is_known() {
    finds(
        "a.csv",
        "name,age\nJohn,7\n",
        &["a.csv:1:1: error unknown-header"],
    )
    .says("PostfixAdmin")
    .says("from,to");
    let read = import(
        ImportFormat::Google,
        "from,to\njd@d.com,a@c.com\n",
        &Options::default(),
    );
    assert_eq!(read.findings, ["file:1:1: error other-format"]);
    read.says("import pairs");
}

#[test]
fn the_address_map_parts_at_every_comma_and_takes_many_targets() {
    read("g.csv", "# bulk add\njd@d.com, a@c.com, b@c.com\n")
        .is(&["jd@d.com a@c.com, b@c.com"], &[]);
    finds(
        "g.csv",
        "jd@d.com,a@c.com\nx@d.com,\n",
        &["g.csv:2:1: error empty-cell"],
    );
}

#[test]
fn pairs_say_what_rules_say() {
    read("a.csv", "from,to\n@*.d.com,@c.com\nx+*@d.com,y+*@c.com\nz@d.com,reject\n/(\\w+)@d\\.com/,$1@c.com\nd.com,secondary\n#x,y\n").is(
        &["d.com secondary", "@*.d.com @c.com", "x+*@d.com y+*@c.com", "z@d.com reject 550 5.1.1 \"User unknown\"", "/(\\w+)@d\\.com/ ${1}@c.com"],
        &[],
    );
    finds(
        "a.csv",
        "from,to\nx@d.com b@d.com,y@c.com\nx@d.com,y%z@c.com\n",
        &[
            "a.csv:2:1: error bad-pattern",
            "a.csv:3:9: error routing-spelling",
        ],
    );
}

#[test]
fn encodings() {
    let text = "from,to\r\njörg@d.com,a@c.com\r\n";
    let rules = ["jörg@d.com a@c.com"];
    let units = |bom: bool| bom.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    let little: Vec<u8> = units(true).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units(true).flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big, [b"\xef\xbb\xbf", text.as_bytes()].concat()] {
        read("a.csv", bytes).is(&rules, &[]);
    }
    let ascii = "from,to\njd@d.com,a@c.com,\nand@d.com,more@c.com\nto@d.com,fill@c.com\n";
    for bytes in [
        ascii
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>(),
        ascii.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ] {
        assert_eq!(read("a.csv", bytes).rules.len(), 3);
    }
    let ansi = b"from,to\nj\xf6rg@d.com,a@c.com\n";
    read("a.csv", ansi)
        .is(&[], &["a.csv:2:2: error not-utf8"])
        .says("--encoding windows-1252");
    let (decoded, _) = decode::decode_by_name(ansi, "windows-1252").unwrap();
    read("a.csv", decoded).is(&rules, &[]);
}

#[test]
fn rows_and_lines_that_say_nothing() {
    read("a.csv", ",\n\"\",\nfrom,to\n,,\njd@d.com,a@c.com\n\"\",\n").is(&JD, &[]);
    read("a.csv", "from,to\njd@d.com,\"a@c.com,\nb@c.com\"\n")
        .is(&["jd@d.com a@c.com, b@c.com"], &[]);
}

#[test]
fn a_stray_quote_does_not_swallow_what_follows_it() {
    let rows = "x@d.com,b@c.com\n".repeat(5000);
    let text = format!("from,to\njd@d.com,\"a@c.com\n{rows}y@d.com,\"b@c.com\"\n");
    finds("a.csv", &text, &["a.csv:2:10: error unclosed-quote"]);
}
