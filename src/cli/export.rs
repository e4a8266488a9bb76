//! `readdress export`: the rules in the words of another program, on standard output.
//!
//! What the format cannot say is told on standard error; nothing is written where the rules have an
//! error.

use super::{
    Exit, failed, files,
    flags::{Export, ExportFormat},
    output,
};
use crate::{
    engine::{Severity, address::Domain, rule::DomainClass},
    export::{Format, export},
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
        return failed("nothing is exported from rules with an error; mend them first");
    };
    let domain = match flags.domain.as_deref().map(Domain::parse).transpose() {
        Ok(domain) => domain,
        Err(error) => return failed(&format!("--domain: {error}")),
    };
    let reverse = matches!(
        flags.format,
        ExportFormat::Generic | ExportFormat::Genericstable
    );
    if let Some(domain) = &domain {
        if !reverse {
            return failed(
                "--domain says what replies show; it goes with generic and genericstable",
            );
        }
        if table.class(domain) != Some(DomainClass::Secondary) {
            return failed(&format!(
                "--domain: {domain} is no secondary domain of these rules"
            ));
        }
    }
    let exported = export(table, &loaded.sources, flags.format.into(), domain.as_ref());
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

impl From<ExportFormat> for Format {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Virtual => Self::Virtual,
            ExportFormat::Virtusertable => Self::Virtusertable,
            ExportFormat::Csv => Self::Csv,
            ExportFormat::Domains => Self::Domains,
            ExportFormat::Secondary => Self::Secondary,
            ExportFormat::Recipients => Self::Recipients,
            ExportFormat::Generic => Self::Generic,
            ExportFormat::Genericstable => Self::Genericstable,
        }
    }
}
