//! Whole headers: which fields are edited, under which number, and what forbids it.

use readdress::headers::HeaderSettings;

use super::edited;

const NONE: HeaderSettings = HeaderSettings {
    original_to: false,
    rewrite: false,
};

const REWRITE: HeaderSettings = HeaderSettings {
    rewrite: true,
    ..NONE
};

const ORIGINAL: HeaderSettings = HeaderSettings {
    original_to: true,
    ..NONE
};

const BOTH: HeaderSettings = HeaderSettings {
    original_to: true,
    rewrite: true,
};

const MESSAGE: &str = "\
From: jd@domain2.com
X-Original-To: forged@example.test
To: anna@company.com
Cc: jd@domain2.com
to: John <jd@domain2.com>
Resent-To: jd@domain2.com
Reply-To: jd@domain2.com
Bcc: jd@domain2.com
Delivered-To: jd@domain2.com
Subject: To: jd@domain2.com
x-original-TO: forged@example.test";

#[test]
fn each_setting_changes_its_fields_alone() {
    let none: [&str; 0] = [];
    let rewritten = ["To 2: John <jdoe@company.com>", "Cc 1: jdoe@company.com"];
    // From the last to the first, so that the numbers before stay right.
    let original = [
        "X-Original-To 2 removed",
        "X-Original-To 1 removed",
        "X-Original-To added: jd@domain2.com",
    ];
    let single = Some("<jd@domain2.com>");
    assert_eq!(edited(MESSAGE, NONE, single), none);
    assert_eq!(edited(MESSAGE, REWRITE, single), rewritten);
    assert_eq!(edited(MESSAGE, ORIGINAL, single), original);
    let both = [&rewritten[..], &original[..]].concat();
    assert_eq!(edited(MESSAGE, BOTH, single), both);
}

/// With two recipients the field would show one of them to the other, who may be a blind copy.
#[test]
fn with_several_recipients_copies_are_removed_and_no_address_is_shown() {
    let edits = edited(MESSAGE, ORIGINAL, None);
    let removed = ["X-Original-To 2 removed", "X-Original-To 1 removed"];
    assert_eq!(edits, removed);
}

#[test]
fn the_received_address_is_shown_as_it_was_received() {
    for (path, shown) in [
        ("<JD+x@Domain2.COM>", Some("JD+x@Domain2.COM")),
        ("jd@domain2.com", Some("jd@domain2.com")),
        ("<\"j d\"@domain2.com>", Some("\"j d\"@domain2.com")),
        ("<postmaster>", Some("postmaster")),
        ("<jd@[192.0.2.1]>", Some("jd@[192.0.2.1]")),
        // What could add a line or another field, or is not ASCII, is not shown.
        ("<a\r\nBcc: x@y.test>", None),
        ("<a\nb@domain2.com>", None),
        ("<a\tb@domain2.com>", None),
        ("<a\0b@domain2.com>", None),
        ("<a\x7fb@domain2.com>", None),
        ("<j\u{f6}rg@domain2.com>", None),
        ("<>", None),
        ("", None),
    ] {
        let shown = shown.map(|address| format!("X-Original-To added: {address}"));
        let edits = edited("Subject: x", ORIGINAL, Some(path));
        assert_eq!(edits, Vec::from_iter(shown), "{path:?}");
    }
}

/// Signatures (RFC 6376 section 3.5), and the fields that they leave free.
const SIGNATURES: &[(&str, &[&str])] = &[
    ("v=1; h=From:Subject; b=x", &["To", "Cc"]),
    ("v=1; h=From:To; b=x", &["Cc"]),
    ("v=1; h=cc; b=x", &["To"]),
    ("v=1; h=TO:CC; b=x", &[]),
    ("v=1; h=from : to : subject ; b=x", &["Cc"]),
    // signed once more than it is there, against additions
    ("v=1; h=From:To:To:Cc:Cc; b=x", &[]),
    // folded between, before and within the names
    ("v=1; h=From:\n  Subject:\n\tTo; b=x", &["Cc"]),
    ("v=1;\n h\n =\n Cc; b=x", &["To"]),
    // the last tag, without a semicolon
    ("v=1; b=x; h=To", &["Cc"]),
    // other tags, values and names that only look like it
    (
        "v=1; bh=To; b=h=Cc; s=to; d=cc.test; i=to@cc.test",
        &["To", "Cc"],
    ),
    ("v=1; h=Resent-To:X-Cc:Tot; b=x", &["To", "Cc"]),
    ("v=1; z=To:jd@domain2.com|Cc:x; h=From; b=x", &["To", "Cc"]),
    // tags are spelled in lower case
    ("v=1; H=To:Cc; b=x", &["To", "Cc"]),
    // broken: no list of names
    ("", &["To", "Cc"]),
    ("h", &["To", "Cc"]),
    ("h=", &["To", "Cc"]),
];

#[test]
fn a_field_that_a_signature_covers_stays() {
    for (signature, free) in SIGNATURES {
        let message = format!(
            "DKIM-Signature: {signature}\nTo: jd@domain2.com\nCc: jd@domain2.com\nFrom: x@y.test"
        );
        let wanted: Vec<_> = free
            .iter()
            .map(|name| format!("{name} 1: jdoe@company.com"))
            .collect();
        assert_eq!(edited(&message, REWRITE, None), wanted, "{signature}");
    }
}

#[test]
fn one_of_several_signatures_is_enough_wherever_it_is() {
    let message = "\
dkim-signature: v=1; h=From; b=x
To: jd@domain2.com
Cc: jd@domain2.com
DKIM-SIGNATURE: v=1; h=To; b=x";
    assert_eq!(edited(message, REWRITE, None), ["Cc 1: jdoe@company.com"]);
}

#[test]
fn fields_with_nearly_the_name_of_a_signature_are_none() {
    for name in ["X-DKIM-Signature", "DKIM-Signatures", "DomainKey-Signature"] {
        let message = format!("{name}: v=1; h=To; b=x\nTo: jd@domain2.com");
        assert_eq!(edited(&message, REWRITE, None), ["To 1: jdoe@company.com"]);
    }
}

/// A signature over `X-Original-To` does not make a forged copy right.
#[test]
fn signed_copies_of_the_original_recipient_are_removed() {
    let message = "\
DKIM-Signature: v=1; h=X-Original-To:To; b=x
X-Original-To: forged@example.test
To: jd@domain2.com";
    let edits = edited(message, BOTH, Some("<jd@domain2.com>"));
    let wanted = [
        "X-Original-To 1 removed",
        "X-Original-To added: jd@domain2.com",
    ];
    assert_eq!(edits, wanted);
}

#[test]
fn fields_of_one_name_are_numbered_apart_from_those_of_another() {
    let message = "\
Cc: a@x.test
TO: b@x.test
cc: jd@domain2.com
To: c@x.test
tO: jd@domain2.com
CC: jd@domain2.com";
    let wanted = [
        "To 3: jdoe@company.com",
        "Cc 2: jdoe@company.com",
        "Cc 3: jdoe@company.com",
    ];
    assert_eq!(edited(message, REWRITE, None), wanted);
}

#[test]
fn a_folded_field_keeps_its_folds() {
    let message = "To: Anna <anna@company.com>,\n\tJohn\n\t<jd@domain2.com>,\n bob@company.com";
    let wanted =
        "To 1: Anna <anna@company.com>,\r\n\tJohn\r\n\t<jdoe@company.com>,\r\n bob@company.com";
    assert_eq!(edited(message, REWRITE, None), [wanted]);
}
