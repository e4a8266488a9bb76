//! The own files of readdress, as `doctor` sees them: the configuration and the rules.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    cli::{
        Exit, failed,
        files::{self, Loaded, counted},
        flags::Doctor,
        output,
    },
    config::{Config, DEFAULT_FILE, parse_partly},
    daemon::settings::Source,
    doctor::{codes as doctor_codes, facts::Readdress},
    engine::{Diagnostic, diagnostic::codes},
};

/// Where a finding is, its message and its help.
type Told = (String, String, String);

/// Returns the same flags with absolute paths: printed lines are then right in every directory.
pub(super) fn absolute(flags: &Doctor) -> Doctor {
    let path = |path: &Option<PathBuf>| {
        path.as_deref()
            .map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
    };
    let here = std::env::current_dir().unwrap_or_default();
    Doctor {
        config: path(&flags.config),
        rules: path(&flags.rules),
        postfix_config: path(&flags.postfix_config),
        listen: flags
            .listen
            .iter()
            .map(|socket| socket.against(&here))
            .collect(),
        ..flags.clone()
    }
}

/// Reads the configuration. If the file has an error, the error is a finding, and what can be read of the
/// file is used. A file that was named and does not exist is misuse.
pub(super) fn configuration(flags: &Doctor) -> Result<(Config, Vec<Diagnostic>), Exit> {
    let source = Source {
        file: flags.config.clone(),
        ..Source::default()
    };
    match source.read() {
        Ok(config) => Ok((config, Vec::new())),
        Err(findings) if source.path().exists() && flags.print.is_none() => {
            let text = fs::read(source.path());
            let name = source.path().display().to_string();
            let (mut config, _) = parse_partly(&name, text.as_deref().unwrap_or_default());
            // A file that cannot be read at all counts as empty, and may hold anything.
            if text.is_err() {
                config.origins.set_any_unread();
            }
            let directory = source.path().parent().unwrap_or(Path::new("."));
            Ok((config.against(directory), findings))
        }
        Err(findings) => {
            for finding in &findings {
                output::error(&finding.to_string());
            }
            Err(Exit::Failed)
        }
    }
}

/// Reads the rules. Returns nothing if the configured directory does not exist.
pub(super) fn rules(flags: &Doctor, config: &Config) -> Result<Option<Loaded>, Exit> {
    let directory = &config.rules;
    if directory.is_dir() {
        return Ok(Some(files::read(directory, config)));
    }
    match flags.rules.is_some() || flags.print.is_some() {
        true => Err(failed(&format!(
            "{} is not a directory; name the rules directory",
            directory.display()
        ))),
        false => Ok(None),
    }
}

/// Returns what the own files say.
pub(super) fn ours(
    flags: &Doctor,
    config: &Config,
    misconfigured: &[Diagnostic],
    loaded: Option<&Loaded>,
) -> Readdress {
    let file = flags.config.as_deref();
    let file = file.unwrap_or(Path::new(DEFAULT_FILE));
    let table = loaded.and_then(|loaded| loaded.table.as_deref());
    let mut ours = Readdress::new(file, config, table);
    ours.misconfigured = misconfigured.iter().map(|one| told(one, "")).collect();
    // One line may have several findings: the first is the cause.
    ours.misconfigured.dedup_by(|one, first| one.0 == first.0);
    let configuration = files::exposed(Some(file));
    ours.exposed
        .extend(configuration.iter().filter_map(|one| exposed(one, "")));
    let Some(loaded) = loaded else {
        ours.broken = Some("there is no such directory".to_owned());
        ours.missing = true;
        return ours;
    };
    if loaded.table.is_none() {
        let errors = loaded.tally().errors;
        ours.broken = Some(format!("the rules have {}", counted(errors, "error")));
    }
    let found = &loaded.diagnostics;
    let lost = found.iter().filter(|one| one.code == codes::NO_POSTMASTER);
    ours.postmasters = lost.map(|one| told(one, &loaded.prefix)).collect();
    let found = found.iter();
    ours.exposed
        .extend(found.filter_map(|one| exposed(one, &loaded.prefix)));
    ours
}

/// Returns a finding of `check` about a file that others can write, with the code that doctor has for it.
fn exposed(finding: &Diagnostic, prefix: &str) -> Option<(doctor_codes::Code, Told)> {
    let code = match finding.code {
        code if code == codes::WRITABLE_BY_EVERYBODY => doctor_codes::WRITABLE_BY_EVERYBODY,
        code if code == codes::FOREIGN_OWNER => doctor_codes::FOREIGN_OWNER,
        _ => return None,
    };
    let (_, message, help) = told(finding, prefix);
    Some((code, (finding.excerpt.path(prefix), message, help)))
}

fn told(finding: &Diagnostic, prefix: &str) -> Told {
    let place = &finding.excerpt;
    let place = match place.line {
        0 => format!("{prefix}{}", place.file),
        line => format!("{prefix}{}:{line}", place.file),
    };
    let help = finding.advice();
    (place, finding.message.clone(), help.unwrap_or_default())
}
