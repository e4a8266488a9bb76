//! `readdress try` against a running daemon.

use crate::program::{BASE, Place, RULES};

/// A port that is free, if nobody takes it before the daemon does.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Removes the indentation of all lines.
fn flush_left(text: &str) -> String {
    text.lines()
        .map(|line| format!("{}\n", line.trim()))
        .collect()
}

fn place() -> Place {
    let rules = format!("{RULES}full@domain2.com reject 552 5.2.2 \"100% full\"\n");
    Place::new(&[("a.rules", &rules)])
}

/// The same message over both kinds of sockets, with the same outcome.
#[test]
fn both_kinds_of_sockets_are_tried() {
    let place = place();
    let tcp = format!("inet:127.0.0.1:{}", free_port());
    place.configure(&BASE.replace(
        "\"unix:milter.sock\"",
        &format!("\"unix:milter.sock\", \"{tcp}\""),
    ));
    let _serving = place.serve();
    let unix = format!("unix:{}", place.text("milter.sock"));
    let sendmail = tcp.replacen("inet:127.0.0.1:", "inet:", 1) + "@127.0.0.1";
    let play = [
        "try",
        "--from",
        "s@sender.example",
        "--rcpt",
        "jd@domain2.com",
        "--rcpt",
        "leaked@domain2.com",
        "--rcpt",
        "sales@domain2.com",
    ];
    let mut configured = place.ask(&play);
    assert_eq!(configured.status, Some(0), "{configured:?}");
    let printed = configured.out.clone();
    configured.out = flush_left(&printed);
    for wanted in [
        "550 5.1.1 No such user\n",
        "\n- <jd@domain2.com>\n- <sales@domain2.com>\n+ ",
        "+ <jdoe@company.com>  ORCPT=rfc822;jd@domain2.com\n",
        "+ <anna@company.com>  ",
        "+ <bob@company.com>  ",
    ] {
        assert!(
            configured.out.contains(wanted),
            "{wanted}\n{}",
            configured.out
        );
    }
    assert!(
        !configured.out.contains("leaked@company.com"),
        "{configured:?}"
    );
    for socket in [unix, tcp, sendmail] {
        let said = place.run(&[&play[..], &["--milter", &socket]].concat());
        assert_eq!((said.status, &said.out), (Some(0), &printed), "{socket}");
    }
}

/// The text of a rule as the sender reads it, without the doubled `%` of the milter protocol.
#[test]
fn a_refusal_is_shown_as_the_client_sees_it() {
    let place = place();
    let _serving = place.serve();
    for (recipient, wanted) in [
        ("full@domain2.com", "552 5.2.2 100% full"),
        ("later@domain2.com", "451 4.3.0 "),
        ("moved@domain2.com", "551 5.1.6 "),
        ("user%x@domain2.com", "550 5.1.3 "),
        ("nosuch@domain2.com", "550 5.1.1 "),
    ] {
        let said = place.ask(&["try", "--from", "<>", "--rcpt", recipient]);
        assert_eq!(said.status, Some(0), "{said:?}");
        let line = said.out.lines().nth(1).unwrap();
        assert!(line.contains(&format!("<{recipient}>")), "{line}");
        assert!(line.contains(wanted), "{line}");
        assert_eq!(
            said.out.lines().count(),
            2,
            "nothing is left to send: {said:?}"
        );
    }
}

/// `try` also finds a socket that only `run --listen` names.
#[test]
fn the_running_daemon_says_where_it_listens() {
    let place = place();
    let tcp = format!("inet:127.0.0.1:{}", free_port());
    let mut command = place.daemon();
    command.args(["--listen", &tcp]);
    let mut serving = place.launch(command);
    serving.ready();
    let said = place.ask(&["try", "--from", "<>", "--rcpt", "jd@domain2.com"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(!place.join("milter.sock").exists());
}

#[test]
fn parameters_go_along() {
    let place = place();
    let _serving = place.serve();
    let said = place.ask(&[
        "try",
        "--from",
        "s@sender.example RET=HDRS",
        "--rcpt",
        "jd@domain2.com NOTIFY=NEVER ORCPT=rfc822;first@old.example",
        "--rcpt",
        "sales@domain2.com NOTIFY=SUCCESS,FAILURE",
    ]);
    assert_eq!(said.status, Some(0), "{said:?}");
    let added = |address: &str| {
        let start = format!("+ <{address}>");
        let line = said.out.lines().map(str::trim);
        let line = line.into_iter().find(|line| line.starts_with(&start));
        line.unwrap_or_else(|| panic!("no {address}\n{}", said.out))
    };
    let jdoe = added("jdoe@company.com");
    assert!(
        jdoe.contains("NOTIFY=NEVER") && jdoe.contains("ORCPT=rfc822;first@old.example"),
        "{jdoe}"
    );
    let anna = added("anna@company.com");
    assert!(
        anna.contains("NOTIFY=FAILURE") && !anna.contains("SUCCESS"),
        "{anna}"
    );
}

#[test]
fn discard_and_keep_are_told_apart() {
    let place = place();
    let _serving = place.serve();
    let play = |recipient| {
        place
            .ask(&["try", "--from", "s@sender.example", "--rcpt", recipient])
            .out
    };
    let discarded = play("spamtrap@domain2.com");
    assert!(discarded.contains("discard"), "{discarded}");
    let kept = play("anna@company.com");
    assert!(
        kept.contains("nothing is changed") && !kept.contains("discard"),
        "{kept}"
    );
}

/// A target that is not ASCII needs SMTPUTF8 (RFC 6531); without it the recipient is refused with 550 5.6.7.
#[test]
fn smtputf8_decides_whether_a_target_can_be_reached() {
    let place = Place::new(&[(
        "a.rules",
        "company.com primary\ndomain2.com secondary\njg@domain2.com jürgen@company.com\n",
    )]);
    let _serving = place.serve();
    let with = place.ask(&[
        "try",
        "--from",
        "s@sender.example SMTPUTF8",
        "--rcpt",
        "jg@domain2.com",
    ]);
    assert!(with.out.contains("+ <jürgen@company.com>"), "{with:?}");
    let without = place.ask(&[
        "try",
        "--from",
        "s@sender.example",
        "--rcpt",
        "jg@domain2.com",
    ]);
    assert!(without.out.contains("550 5.6.7 "), "{without:?}");
}

#[test]
fn a_quoted_local_part_with_a_blank_is_one_address() {
    let place = Place::new(&[(
        "a.rules",
        "company.com primary\ndomain2.com secondary\n@domain2.com @company.com\n",
    )]);
    let _serving = place.serve();
    let said = place.ask(&[
        "try",
        "--from",
        "s@sender.example",
        "--rcpt",
        "\"j d\"@domain2.com NOTIFY=NEVER",
    ]);
    assert!(said.out.contains("- \"j d\"@domain2.com\n"), "{said:?}");
    assert!(
        said.out.contains("+ <\"j d\"@company.com>  NOTIFY=NEVER"),
        "{said:?}"
    );
}

#[test]
fn without_a_daemon_it_cannot_run() {
    let place = place();
    let dead = format!("inet:127.0.0.1:{}", free_port());
    for socket in ["unix:nobody.sock", &dead, "nonsense", "unix:"] {
        let said = place.run(&[
            "try",
            "--milter",
            socket,
            "--from",
            "a@b.example",
            "--rcpt",
            "c@d.example",
        ]);
        assert_eq!(said.status, Some(2), "{socket} {said:?}");
        assert!(
            !said.err.is_empty() && !said.err.contains("panicked"),
            "{said:?}"
        );
    }
}
