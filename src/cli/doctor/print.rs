//! Prints the findings, and at the end what was looked at.

use crate::{
    cli::{
        Exit,
        files::counted,
        flags::{Doctor, Format},
        output::{self, Paint},
    },
    doctor::{
        Finding, Severity, examine,
        facts::Facts,
        inspections::{CheckResult, Inspection, inspections},
        remedy,
    },
    protocol::{DoctorFinding, DoctorLook, DoctorSummary, DoctorTotals},
    report,
};

/// What stands above the commands that fix what they can.
const BLOCK: &str = "To fix errors and warnings as far as commands can, paste this:";

/// Finds what is wrong with the facts, and prints it.
pub fn tell(flags: &Doctor, facts: &Facts) -> Exit {
    let findings = examine(facts);
    let looks = inspections(facts, &findings);
    let count = |severity| {
        let of = findings.iter();
        of.filter(|finding| finding.code.severity == severity)
            .count()
    };
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(count);
    match flags.format {
        Format::Json => {
            for finding in &findings {
                output::json(&object(finding));
            }
            output::json(&summary(counts, &looks));
        }
        Format::Text => {
            let block = remedy::block(facts.postfix.as_ref(), &findings);
            people(&findings, block.as_deref(), &looks, counts);
        }
    }
    let [errors, warnings, _] = counts;
    if errors > 0 || (flags.strict && warnings > 0) {
        Exit::Findings
    } else {
        Exit::Fine
    }
}

fn people(
    findings: &[Finding],
    block: Option<&str>,
    looks: &[Inspection],
    [errors, warnings, notes]: [usize; 3],
) {
    let paint = Paint::stdout();
    for finding in findings {
        output::line(&text(finding, paint));
    }
    if let Some(block) = block {
        output::line(&format!("{BLOCK}\n\n{block}\n"));
    }
    output::line("Looked at:");
    for look in looks {
        output::line(&line(look, paint));
    }
    let summary = format!(
        "\n{}, {}, {}",
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(notes, "note")
    );
    output::line(&match errors {
        0 => paint.good(&summary),
        _ => paint.bad(&summary),
    });
}

fn line(look: &Inspection, paint: Paint) -> String {
    let word = format!("{:<7}", look.result.word());
    let word = match look.result {
        CheckResult::Right => paint.good(&word),
        CheckResult::Wrong => paint.bad(&word),
        CheckResult::Unseen => paint.warn(&word),
    };
    format!(
        "  {word}{:<12} {}",
        look.what,
        report::printable(&look.text)
    )
}

/// Returns a finding as text, in the form of `check`, with an empty line behind it.
fn text(finding: &Finding, paint: Paint) -> String {
    let word = format!("{}:", finding.code.severity.word());
    let word = match finding.code.severity {
        Severity::Error => paint.bad(&word),
        Severity::Warning => paint.warn(&word),
        Severity::Note => paint.dim(&word),
    };
    let [about, message, help] =
        [&finding.about, &finding.message, &finding.help].map(|text| report::printable(text));
    format!(
        "{about}: {word} {message} [{}]\nhelp: {help}\n",
        finding.code.word
    )
}

/// Returns a finding for programs.
fn object(finding: &Finding) -> DoctorFinding<'_> {
    DoctorFinding {
        about: &finding.about,
        severity: finding.code.severity.word(),
        code: finding.code.word,
        message: &finding.message,
        help: &finding.help,
    }
}

/// Returns the last object for programs.
fn summary([errors, warnings, notes]: [usize; 3], looks: &[Inspection]) -> DoctorSummary<'_> {
    let looks = looks.iter().map(|look| DoctorLook {
        what: look.what,
        result: look.result.word(),
        text: &look.text,
    });
    DoctorSummary {
        summary: DoctorTotals {
            errors,
            warnings,
            notes,
            looked_at: looks.collect(),
        },
    }
}
