//! `readdress export`: the rules in the format of another program, on standard output.
//!
//! A rule that the format cannot express is reported on standard error. If the rules have an error, nothing
//! is written.

use super::{Exit, failed, files, flags::Export, output};
use crate::{
    engine::{Severity, address::Domain, rule::DomainClass},
    export::export,
};

/// Runs the command.
pub fn run(flags: &Export) -> Exit {
    let loaded = match files::load(flags.rules.as_deref(), flags.config.as_deref()) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let Some(table) = &loaded.table else {
        let errors = loaded.diagnostics.iter();
        for finding in errors.filter(|finding| finding.severity == Severity::Error) {
            output::error(&finding.render(&loaded.prefix));
        }
        return failed("nothing is exported from rules with an error; fix the rules first");
    };
    let domain = match flags.domain.as_deref().map(Domain::parse).transpose() {
        Ok(domain) => domain,
        Err(error) => return failed(&format!("--domain: {error}")),
    };
    if let Some(domain) = &domain {
        if !flags.format.is_reverse() {
            return failed(
                "--domain is the domain that replies show: use it with generic or genericstable",
            );
        }
        if table.class(domain) != Some(DomainClass::Secondary) {
            return failed(&format!(
                "--domain: {domain} is not a secondary domain of these rules"
            ));
        }
    }
    let exported = export(table, &loaded.sources, flags.format, domain.as_ref());
    output::raw(exported.text.trim_end_matches('\n'));
    for finding in &exported.diagnostics {
        output::error(&finding.render(&loaded.prefix));
    }
    if exported.diagnostics.is_empty() {
        Exit::Fine
    } else {
        Exit::Findings
    }
}
