//! `readdress check --fix`: the changes that findings suggest, made in the files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::program::Place;
use crate::terminal::Terminal;

/// Two rules that can never match, and a conflict, for which there is no single answer.
const TWICE: &str = "\
company.com primary
domain2.com secondary
postmaster@* postmaster@company.com
abuse@* postmaster@company.com
/a@domain2\\.com/ a@company.com
/a@domain2\\.com/ b@company.com,
    c@company.com
/a@domain2\\.com/ d@company.com
x@domain2.com x@company.com
x@domain2.com y@company.com
";

fn written(place: &Place, name: &str) -> String {
    fs::read_to_string(place.join("rules").join(name)).unwrap()
}

#[test]
fn what_has_one_answer_is_changed_and_the_rest_is_shown() {
    let place = Place::new(&[("10-a.rules", &TWICE.replace('\n', "\r\n"))]);
    let file = place.join("rules/10-a.rules");
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    let said = place.run(&["check", "--fix", "--yes", "rules"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    let without =
        |line: &&str| !line.contains("b@") && !line.contains("c@company") && !line.contains("d@");
    let wanted: String = TWICE
        .lines()
        .filter(without)
        .map(|line| format!("{line}\r\n"))
        .collect();
    assert_eq!(written(&place, "10-a.rules"), wanted, "{said:?}");
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o640);
    said.prints(&[
        "--- rules/10-a.rules",
        "+++ rules/10-a.rules",
        "-/a@domain2\\.com/ b@company.com,",
        "-    c@company.com",
        "2 changes made",
    ]);
    let last = said.out.lines().last().unwrap_or_default();
    assert!(last.contains(": 1 error, 0 warnings;"), "{last}");
}

#[test]
fn nobody_is_asked_without_a_terminal() {
    let place = Place::new(&[("10-a.rules", TWICE)]);
    let said = place.run(&["check", "--fix", "rules"]);
    assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("--yes"), "{said:?}");
    assert_eq!(written(&place, "10-a.rules"), TWICE);
}

/// A named file alone is changed, also where the findings are about the whole directory.
#[test]
fn only_named_files_are_changed() {
    let other = "/a@domain2\\.com/ e@company.com\nz@domain2.com z@company.com\n";
    let place = Place::new(&[("10-a.rules", TWICE), ("20-b.rules", other)]);
    let said = place.run(&[
        "check",
        "--fix",
        "--yes",
        "--in",
        "rules",
        "rules/20-b.rules",
    ]);
    assert_eq!(written(&place, "10-a.rules"), TWICE, "{said:?}");
    assert_eq!(
        written(&place, "20-b.rules"),
        "z@domain2.com z@company.com\n",
        "{said:?}"
    );
}

#[test]
fn nothing_to_change_is_said() {
    let place = Place::new(&[("10-a.rules", crate::program::RULES)]);
    let before = written(&place, "10-a.rules");
    let said = place.run(&["check", "--fix", "--yes", "rules"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.out.starts_with("0 changes made"), "{said:?}");
    assert_eq!(written(&place, "10-a.rules"), before);
}

/// The question of `check --fix`.
const QUESTION: &str = "make this change? [y]es, [n]o, [a]ll, [q]uit: ";

/// Three rules that can never match: three questions.
const THREE: &str = "\
company.com primary
domain2.com secondary
postmaster@* postmaster@company.com
abuse@* postmaster@company.com
/a@domain2\\.com/ a@company.com
/a@domain2\\.com/ b@company.com
/a@domain2\\.com/ c@company.com
/a@domain2\\.com/ d@company.com
";

/// Answers the questions of `check --fix` on a terminal, and returns the file, the text and the status.
fn answered(answers: &[&str]) -> (String, String, Option<i32>) {
    let place = Place::new(&[("10-a.rules", THREE)]);
    let mut terminal = Terminal::start(&place, "check --fix rules", "1");
    for (number, answer) in answers.iter().enumerate() {
        let asked =
            |text: &str| text.matches(QUESTION).count() == number + 1 && text.ends_with(QUESTION);
        let shown = terminal.wait(&format!("question {}", number + 1), asked);
        if number == 0 {
            // The finding and the difference come before the question, and nothing is changed yet.
            let difference = "--- rules/10-a.rules\n+++ rules/10-a.rules\n";
            assert!(shown.contains(" [never-matches"), "{shown}");
            assert!(shown.contains(difference), "{shown}");
            assert!(
                shown.contains("\n-/a@domain2\\.com/ b@company.com\n"),
                "{shown}"
            );
            assert_eq!(written(&place, "10-a.rules"), THREE);
        }
        terminal.press(&format!("{answer}\n"));
    }
    let status = terminal.end();
    (written(&place, "10-a.rules"), terminal.text(), status)
}

/// Returns the file without the rules with these targets.
fn without(targets: &[&str]) -> String {
    let kept = THREE
        .lines()
        .filter(|line| !targets.iter().any(|target| line.contains(target)));
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn on_a_terminal_each_change_is_asked_for() {
    for (answers, gone, made) in [
        // Deleting a line touches the next one, so that the last rule is asked about before the one between.
        (&["y", "n", "y"][..], &[" b@", " c@"][..], "2 changes made"),
        (&["n", "n", "n"], &[], "0 changes made"),
        (&["n", "a"], &[" c@", " d@"], "2 changes made"),
        (&["a"], &[" b@", " c@", " d@"], "3 changes made"),
        (&["y", "q"], &[" b@"], "1 change made"),
        (&["q"], &[], "0 changes made"),
        (&["perhaps", "", "q"], &[], "0 changes made"),
    ] {
        let (file, text, status) = answered(answers);
        assert_eq!(file, without(gone), "{answers:?}\n{text}");
        assert!(text.contains(&format!("\n{made}\n")), "{answers:?}\n{text}");
        assert_eq!(
            text.matches(QUESTION).count(),
            answers.len(),
            "{answers:?}\n{text}"
        );
        // What is left is shown at the end.
        let left = 3 - gone.len();
        let (_, end) = text.rsplit_once(made).unwrap();
        assert_eq!(
            end.matches(" [never-matches").count(),
            left,
            "{answers:?}\n{text}"
        );
        assert_eq!(status, Some(0), "{answers:?}\n{text}");
    }
}
