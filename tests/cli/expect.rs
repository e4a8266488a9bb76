//! `readdress expect`: expectations that hold, that do not, and that are not there.

use crate::program::{Place, RULES};

#[test]
fn expectations_that_hold_are_counted() {
    let text = "jd@domain2.com jdoe@company.com\nleaked@domain2.com reject 550 5.1.1\n\
                anna@company.com keep\nspamtrap@domain2.com discard\n";
    let place = Place::new(&[("a.rules", RULES), ("a.expect", text)]);
    let said = place.run(&["expect", "rules"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.out.contains("4 of 4 expectations hold"), "{said:?}");
}

/// It names the expectation, what came out instead, and the rule that caused it.
#[test]
fn a_broken_one_is_told_with_what_came_out_and_why() {
    let text = "anna@company.com keep\njd@domain2.com anna@company.com\n";
    let place = Place::new(&[("a.rules", RULES), ("b.expect", text)]);
    for command in ["expect", "check"] {
        let said = place.run(&[command, "rules"]);
        assert_eq!(said.status, Some(1), "{said:?}");
        for part in [
            "rules/b.expect:2:1: error: ",
            "jdoe@company.com",
            "rules/a.rules:4:",
            "jd@domain2.com anna@company.com",
        ] {
            assert!(said.out.contains(part), "{part}\n{}", said.out);
        }
        assert!(!said.out.contains("b.expect:1"), "{}", said.out);
    }
    let said = place.run(&["expect", "rules"]);
    assert!(said.out.contains("1 of 2 expectations broken"), "{said:?}");
}

#[test]
fn without_expectations_nothing_is_wrong_and_it_is_said() {
    let place = Place::new(&[("a.rules", RULES)]);
    let said = place.run(&["expect", "rules"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.out.contains("no expectations"), "{said:?}");
}

/// Rules that do not compile hold no promise, whether or not one was written down.
#[test]
fn errors_in_the_rules_are_no_success() {
    for expectations in ["jd@domain2.com keep\n", ""] {
        let place = Place::new(&[("a.rules", "jd@domain2.com rejct\n")]);
        if !expectations.is_empty() {
            place.save("a.expect", expectations);
        }
        let said = place.run(&["expect", "rules"]);
        assert_eq!(said.status, Some(1), "{said:?}");
        assert!(said.out.contains("rules/a.rules:1:16: error: "), "{said:?}");
    }
}

#[test]
fn a_directory_that_is_not_there_cannot_be_asked() {
    let said = Place::new(&[]).run(&["expect", "missing"]);
    assert_eq!(said.status, Some(2), "{said:?}");
    assert!(said.err.contains("missing"), "{said:?}");
}
