//! `readdress check --format github` and `--format sarif`: findings for services that host code.

use std::fs;
use std::path::Path;

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

/// Returns the characters of a region, as a reader of the standard finds them: columns count code points from 1,
/// a byte order mark is not counted, and the end is behind the last character.
fn extracted(text: &str, region: &Value) -> Result<String, String> {
    let number = |key: &str| region[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<Vec<char>> = text
        .split_inclusive('\n')
        .map(|line| line.chars().collect())
        .collect();
    let start_line = number("startLine").ok_or("no line")?;
    let end_line = number("endLine").unwrap_or(start_line);
    let offset = |line: usize, column: usize| {
        let before: usize = lines.iter().take(line - 1).map(Vec::len).sum();
        let content: String = lines.get(line - 1).into_iter().flatten().collect();
        let length = content.trim_end_matches(['\r', '\n']).chars().count();
        match column - 1 <= length {
            true => Ok(before + column - 1),
            false => Err(format!(
                "column {column} of line {line} is outside of {content:?}"
            )),
        }
    };
    let start = offset(start_line, number("startColumn").ok_or("no column")?)?;
    let end = offset(end_line, number("endColumn").ok_or("no end")?)?;
    let all: Vec<char> = lines.concat();
    all.get(start..end)
        .map(|chars| chars.iter().collect())
        .ok_or_else(|| format!("{start}..{end}"))
}

/// Returns every region of a log with its file.
fn regions<'v>(value: &'v Value, found: &mut Vec<(&'v str, &'v Value)>) {
    if let Some(uri) = value["artifactLocation"]["uri"].as_str() {
        found.extend(value.get("region").map(|region| (uri, region)));
        let replacements = value["replacements"].as_array().into_iter().flatten();
        found.extend(replacements.map(|one| (uri, &one["deletedRegion"])));
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|value| regions(value, found)),
        Value::Array(values) => values.iter().for_each(|value| regions(value, found)),
        _ => {}
    }
}

/// Checks all regions of what `check` finds in a directory, and returns how many there are.
fn regions_agree(place: &Place, name: &str) -> usize {
    let said = place.run(&["check", "--format", "sarif", "rules"]);
    let log: Value =
        serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{name}: {e}: {said:?}"));
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    let mut found = Vec::new();
    regions(&log, &mut found);
    for (uri, region) in &found {
        let bytes = fs::read(place.join(uri)).unwrap_or_else(|e| panic!("{name}: {uri}: {e}"));
        let text = String::from_utf8_lossy(&bytes);
        let marked = extracted(&text, region).unwrap_or_else(|e| panic!("{name}: {region}: {e}"));
        if let Some(snippet) = region["snippet"]["text"].as_str() {
            assert_eq!(marked, snippet, "{name}: {region}");
        }
    }
    found.len()
}

/// The columns of every region, in all golden inputs of `tests/diagnostics`, as they are and behind letters of
/// several bytes.
#[test]
fn each_region_of_sarif_is_the_text_that_is_marked() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut count = 0;
    for directory in fs::read_dir(root).unwrap() {
        let directory = directory.unwrap().path();
        let files = fs::read_dir(&directory).into_iter().flatten();
        let files = files.map(|file| file.unwrap().path());
        let inputs: Vec<_> = files
            .filter(|file| file.extension().is_some_and(|e| e != "txt" && e != "toml"))
            .collect();
        if inputs.is_empty() {
            continue;
        }
        let place = Place::new(&[]);
        for file in &inputs {
            let name = file.file_name().unwrap();
            fs::copy(file, place.join("rules").join(name)).unwrap();
        }
        count += regions_agree(&place, &directory.display().to_string());
    }
    assert!(count > 150, "{count} regions");
}

/// Letters of one to four bytes before a span and in it, a byte order mark, and both line ends.
#[test]
fn regions_of_sarif_count_code_points() {
    let rules = "\u{feff}company.com primary\n\u{fc}.example secondary\n\
        postmaster@* \u{1d4b3}@company.com\nabuse@* a@company.com\n\
        j\u{fc}rgen@\u{fc}.example anna@compny.com, \"\u{1d4b3}\u{20ac}\"@\u{434}\u{43e}\u{43c}.example\n\
        \u{1d4b3}@\u{fc}.example  rejct\nx@\u{fc}.example keep \u{1d4b3}\n";
    for text in [rules.to_owned(), rules.replace('\n', "\r\n")] {
        let place = Place::new(&[("10 \u{e4}.rules", &text)]);
        let said = place.run(&["check", "--format", "sarif", "rules"]);
        let log: Value = serde_json::from_str(&said.out).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        let marked: Vec<_> = results
            .iter()
            .map(|result| {
                let region = &result["locations"][0]["physicalLocation"]["region"];
                extracted(&text, region).unwrap()
            })
            .collect();
        let wanted = [
            "anna@compny.com",
            "\"\u{1d4b3}\u{20ac}\"@\u{434}\u{43e}\u{43c}.example",
            "rejct",
            "\u{1d4b3}",
        ];
        assert_eq!(marked, wanted, "{log}");
    }
}
