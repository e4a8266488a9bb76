//! `readdress import`: another program's table as native rules.
//!
//! Standard output is a rules file and nothing else; findings, counts and the encoding that was told go
//! to standard error. With an error nothing is written, unless `--partial` is said.

use std::{
    io,
    io::{Read, Write},
    path::Path,
};

use super::{
    Exit, failed,
    files::{configuration, counted},
    flags::Import,
    output::{self, Progress},
    replace::replace,
};
use crate::{
    daemon::source,
    engine::{
        SourceText, Tally,
        address::{Domain, LocalCase},
        format::{
            Options, PrimaryFrom,
            decode::{self, Decoded},
        },
        load::{Imported, import},
        rule::DomainClass,
    },
};

/// Runs the command.
pub fn run(flags: &Import) -> Exit {
    match attempt(flags) {
        Ok(exit) | Err(exit) => exit,
    }
}

fn attempt(flags: &Import) -> Result<Exit, Exit> {
    let config = configuration(flags.config.as_deref())?;
    let options = options(flags).map_err(|reason| failed(&reason))?;
    let place = flags.file.display();
    let progress = Progress::start(&format!("reading {place}"));
    let (bytes, decoded) =
        content(flags).map_err(|reason| failed(&format!("{place}: {reason}")))?;
    let source = SourceText::new(name(&flags.file), bytes);
    let imported = import(&source, flags.format, &options, &config.settings);
    drop(progress);
    let errors = tell(flags, &source.name, &imported, decoded);
    if !flags.dry_run && (errors == 0 || flags.partial) {
        let text = text(flags, &source.name, &imported);
        write(flags.output.as_deref(), &text)
            .map_err(|error| failed(&format!("the rules cannot be written: {error}")))?;
    }
    Ok(if errors > 0 {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

/// Returns the name of the file in findings and comments: without its directory and without control
/// characters.
fn name(file: &Path) -> String {
    if file == Path::new("-") {
        return "stdin".to_owned();
    }
    let name = file.file_name().unwrap_or(file.as_os_str());
    name.to_string_lossy().replace(char::is_control, "\u{fffd}")
}

fn content(flags: &Import) -> Result<(Vec<u8>, Decoded), String> {
    let encoding = flags.encoding.as_deref();
    if flags.file != Path::new("-") {
        return source::read_file(&flags.file, encoding);
    }
    let mut bytes = Vec::new();
    let limit = source::Limits::default().file;
    let read = io::stdin().lock().take(limit).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    match encoding {
        None => Ok(decode::decode(bytes)),
        Some(name) => decode::decode_by_name(&bytes, name)
            .ok_or_else(|| format!("`{name}` is not a known encoding; try windows-1252")),
    }
}

/// Prints findings and counts. Returns the number of errors.
fn tell(flags: &Import, name: &str, imported: &Imported, decoded: Decoded) -> usize {
    let directory = match flags.file.parent() {
        Some(parent) if parent != Path::new("") => parent.join("").display().to_string(),
        _ => String::new(),
    };
    for finding in &imported.diagnostics {
        output::error(&format!("{}\n", finding.render(&directory)));
    }
    let Tally { errors, warnings } = Tally::of(&imported.diagnostics);
    for skipped in &imported.skipped {
        output::error(&skipped.to_string());
    }
    let lossy = if decoded.lossy {
        ", with letters that it does not have"
    } else {
        ""
    };
    output::error(&format!(
        "{name}: read as {}{lossy}; {}, {}, {}",
        decoded.name,
        counted(imported.lines.len(), "rule line"),
        counted(errors, "error"),
        counted(warnings, "warning"),
    ));
    if errors > 0 && !flags.dry_run && !flags.partial {
        output::error("nothing is written: fix the file, or write --partial");
    }
    errors
}

/// Returns the text of the rules file.
fn text(flags: &Import, name: &str, imported: &Imported) -> String {
    let format = flags.format.name();
    let mut text = format!("# Imported from {name} ({format}).\n");
    for (rule, line) in &imported.lines {
        text.push_str(rule);
        if !flags.no_source && *line > 0 {
            text.push_str(&format!("  # source: {name}:{line}"));
        }
        text.push('\n');
    }
    text
}

/// Puts the file in its place in one step: a daemon may be watching.
fn write(file: Option<&Path>, text: &str) -> io::Result<()> {
    let Some(file) = file else {
        return match io::stdout().lock().write_all(text.as_bytes()) {
            // A reader that went away has had enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        };
    };
    replace(file, text.as_bytes())
}

/// Returns what the flags say about the file. The error is a sentence.
fn options(flags: &Import) -> Result<Options, String> {
    let optional =
        |text: &Option<String>, flag| text.as_deref().map(|text| domain(text, flag)).transpose();
    let separator = |text: &Option<String>, flag| {
        text.as_deref()
            .map(|text| character(text, flag))
            .transpose()
    };
    let primary_from = match flags.primary_from.as_deref() {
        None => None,
        Some("upn") => Some(PrimaryFrom::PrincipalName),
        Some(from) => match from.strip_prefix("alias@") {
            Some(name) => Some(PrimaryFrom::Alias(domain(name, "primary-from")?)),
            None => return Err("--primary-from is `alias@DOMAIN` or `upn`".to_owned()),
        },
    };
    Ok(Options {
        // The settings say it.
        local_case: LocalCase::default(),
        myorigin: optional(&flags.myorigin, "myorigin")?,
        mydomain: optional(&flags.mydomain, "mydomain")?,
        local_domain: optional(&flags.local_domain, "local-domain")?,
        mv_sep: separator(&flags.mv_sep, "mv-sep")?,
        column_sep: separator(&flags.column_sep, "column-sep")?,
        quote: separator(&flags.quote, "quote")?,
        primary_from,
        companions: companions(flags)?,
        primary_domains: flags
            .primary_domain
            .iter()
            .map(|name| domain(name, "primary-domain"))
            .collect::<Result<_, _>>()?,
        keep_onmicrosoft: flags.keep_onmicrosoft,
        skip_disabled: flags.skip_disabled,
    })
}

/// Returns the domains in Sendmail's files beside a virtusertable: one a line, and `#` begins a comment.
fn companions(flags: &Import) -> Result<Vec<(Domain, DomainClass)>, String> {
    let files = [
        (&flags.virtuser_domains, DomainClass::Secondary),
        (&flags.local_host_names, DomainClass::Primary),
        (&flags.relay_domains, DomainClass::Primary),
    ];
    let mut domains = Vec::new();
    for (file, class) in files {
        let Some(file) = file else { continue };
        let place = file.display();
        let (bytes, _) = source::read_file(file, flags.encoding.as_deref())
            .map_err(|reason| format!("{place}: {reason}"))?;
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in (1..).zip(text.lines()) {
            let name = line.split('#').next().unwrap_or_default().trim();
            if !name.is_empty() {
                let domain = Domain::parse(name)
                    .map_err(|error| format!("{place}:{number}: `{name}`: {error}"))?;
                domains.push((domain, class));
            }
        }
    }
    Ok(domains)
}

fn domain(text: &str, flag: &str) -> Result<Domain, String> {
    Domain::parse(text).map_err(|error| format!("--{flag} {text}: {error}"))
}

/// Reads a character, or its decimal code as in `MVSeparator=37` of Exchange 5.5.
fn character(text: &str, flag: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab", ..) => Ok('\t'),
        ("space", ..) => Ok(' '),
        // A digit is part of addresses, and separates nothing.
        (_, Some(c), None) if !c.is_ascii_digit() => Ok(c),
        _ => text
            .parse::<u8>()
            .ok()
            .filter(u8::is_ascii)
            .map(char::from)
            .ok_or_else(|| format!("--{flag} is one character, tab, space, or a decimal code")),
    }
}
