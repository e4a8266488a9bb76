//! `readdress check --format github` and `--format sarif`: findings for services that host code.

use serde_json::Value;

use crate::program::Place;

fn broken() -> Place {
    Place::new(&[
        (
            "10 ä.rules",
            "company.com primary\ndomain2.com secondary\n\
             postmaster@* postmaster@company.com\nabuse@* postmaster@company.com\n\
             /a@domain2\\.com/ a@company.com\n/a@domain2\\.com/ b@company.com\n\
             jd@domain2.com anna@compny.com\n",
        ),
        ("notes.txt", "hello\n"),
    ])
}

#[test]
fn github_gets_a_command_for_each_finding() {
    let said = broken().run(&["check", "--format", "github", "rules"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    let lines: Vec<_> = said.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", said.out);
    assert!(lines.iter().any(|line| line.starts_with(
        "::error file=rules/10 ä.rules,line=7,endLine=7,col=16,endColumn=31,title=undeclared-domain::"
    )), "{}", said.out);
    let file = "::warning file=rules/notes.txt,title=unknown-extension::";
    assert!(
        lines[0].starts_with(file) && lines[0].contains("%0Ahelp: "),
        "{}",
        said.out
    );
}

/// What the schema of SARIF 2.1.0 requires, and what the services use.
#[test]
fn sarif_has_what_its_schema_requires() {
    let said = broken().run(&["check", "--format", "sarif", "rules"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    let log: Value = serde_json::from_str(&said.out).expect("one object");
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .unwrap()
            .ends_with("sarif-2.1.0.json")
    );
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "readdress");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!((rules.len(), results.len()), (3, 3), "{log}");
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"], "{result}");
        assert!(
            !rule["shortDescription"]["text"]
                .as_str()
                .unwrap()
                .is_empty()
        );
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(
            place["artifactLocation"]["uri"]
                .as_str()
                .unwrap()
                .starts_with("rules/")
        );
    }
    let place = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "rules/10%20%C3%A4.rules");
    assert_eq!(place["region"]["startLine"], 6);
    assert_eq!(place["region"]["startColumn"], 1);
    let change = &results[1]["fixes"][0]["artifactChanges"][0];
    let replaced = &change["replacements"][0];
    let region = &replaced["deletedRegion"];
    assert_eq!(
        (&region["startLine"], &region["endLine"]),
        (&6.into(), &7.into()),
        "{change}"
    );
    assert_eq!(replaced["insertedContent"]["text"], "");
    assert_eq!(
        results[1]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"],
        5
    );
}
