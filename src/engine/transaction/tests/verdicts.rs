//! The cases in which the verdict is discard.

use super::*;

#[test]
fn discard_when_nobody_is_left() {
    check(&["<trap@domain2.com>"], &["-<trap@domain2.com>", "discard"]);
}

#[test]
fn discard_where_the_others_were_refused() {
    check(
        &["<gone@domain2.com>", "<trap@domain2.com>"],
        &["-<trap@domain2.com>", "discard"],
    );
}

#[test]
fn no_discard_while_somebody_stays_or_comes() {
    check(
        &["<trap@domain2.com>", "<anna@company.com>"],
        &["-<trap@domain2.com>"],
    );
    check(
        &["<trap@domain2.com>", "<jd@domain2.com>"],
        &[
            "-<trap@domain2.com>",
            "-<jd@domain2.com>",
            "+<jdoe@company.com> ORCPT=rfc822;jd@domain2.com",
        ],
    );
}

#[test]
fn no_discard_beside_an_address_without_a_domain() {
    check(
        &["<trap@domain2.com>", "<postmaster>"],
        &["-<trap@domain2.com>"],
    );
}
