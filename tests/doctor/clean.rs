//! A right machine has no findings; and how the command prints findings, and that it changes nothing.

use crate::machine::{Machine, Mta};
use crate::support::peers;
use crate::zone::Data;

fn clean(mta: Mta, change: impl FnOnce(&mut Machine)) {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(mta);
    change(&mut machine);
    machine.start();
    let said = machine.diagnose(&["--strict"]);
    assert_eq!((said.status, &*said.err), (Some(0), ""), "{said:?}");
    assert!(said.out.starts_with("Looked at:\n"), "{}", said.out);
    assert!(
        said.out.ends_with("\n0 errors, 0 warnings, 0 notes\n"),
        "{}",
        said.out
    );
    let said = machine.diagnose(&["--strict", "--format", "json"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert_eq!(said.findings(), [] as [serde_json::Value; 0], "{said:?}");
    // Everything that was checked is right, and a line says what was not checked.
    let summary = said.summary();
    let looks = summary["looked_at"].as_array().expect("a list");
    let all = ["rules", "DNS", "milter", "map", "daemon"];
    for what in all {
        assert!(
            looks.iter().any(|look| look["what"] == what),
            "{what}: {looks:?}"
        );
    }
    for look in looks {
        let wanted = if look["what"] == "probe" {
            "unseen"
        } else {
            "right"
        };
        assert_eq!(look["result"], wanted, "{look}");
    }
}

#[test]
fn a_right_machine_has_no_findings() {
    clean(Mta::Postfix, |_| {});
    clean(Mta::Sendmail, |_| {});
}

/// An smtpd in a chroot, sockets in its directory, lists in files and tables, a domain behind an alias.
#[test]
fn another_right_machine_has_none_either() {
    clean(Mta::Postfix, |machine| {
        machine.configure("inet:127.0.0.1:{milter}", "unix:{dir}/spool/rw/m.sock");
        machine.configure("inet:127.0.0.1:{map}", "unix:{dir}/map.sock");
        machine.files.push(("spool/rw/x", String::new()));
        machine.files.push((
            "relay",
            "# ours\ndomain2.com xn--exmple-cua.test\n".to_owned(),
        ));
        machine
            .files
            .push(("more", "exämple.test x\ncompany.com x\n".to_owned()));
        machine.master = machine
            .master
            .replacen("smtp      inet  n - n", "smtp inet n - y", 1);
        machine.main += "smtpd_milters = { unix:/rw/m.sock, default_action=tempfail }\n\
            non_smtpd_milters = unix:rw/m.sock\n\
            relay_domains = {dir}/relay, texthash:{dir}/more\n\
            relay_recipient_maps = proxy:socketmap:unix:{dir}/map.sock:recipients\n\
            milter_default_action = accept\n";
        machine.then = "chgrp mail spool/rw/m.sock map.sock".to_owned();
        machine
            .zone
            .set("domain2.com", &[Data::Alias("company.com")]);
    });
    clean(Mta::Sendmail, |machine| {
        machine.configure("inet:127.0.0.1:{milter}", "unix:{dir}/group/m.sock");
        machine.mc("inet:{milter}@127.0.0.1", "local:{dir}/group/m.sock");
        machine.mc += "define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe')dnl\n";
        machine.files.push(("group/x", String::new()));
        machine.then = "chmod 0775 group".to_owned();
        // One domain by class R, one by its file, one by the access map.
        machine.mc(
            "RELAY_DOMAIN(`domain2.com company.com exämple.test xn--exmple-cua.test')dnl\n",
            "RELAY_DOMAIN(`company.com')dnl\nRELAY_DOMAIN_FILE(`{dir}/relay')dnl\n\
             FEATURE(`access_db', `hash -o {dir}/access')dnl\n",
        );
        machine.files.push(("relay", "Domain2.com\n".to_owned()));
        let access = "# ours\nTo:exämple.test RELAY\nxn--exmple-cua.test\tRELAY\n";
        machine.files.push(("access", access.to_owned()));
    });
}

/// The form is that of `check`: subject, severity, sentence, code; then what to write.
#[test]
fn findings_are_printed_for_people() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Postfix);
    machine.main += "milter_default_action = accept\nrecipient_delimiter = -\n";
    machine.zone.set("domain2.com", &[Data::Empty]);
    machine.start();
    let said = machine.diagnose(&[]);
    assert_eq!((said.status, &*said.err), (Some(1), ""), "{said:?}");
    let wanted = "\
domain2.com: error: it has neither an MX record nor an address: nobody can send mail to it [mx-missing]
help: write into its zone: `domain2.com. IN MX 10 mx.company.com.`

";
    assert!(said.out.starts_with(wanted), "{}", said.out);
    assert!(
        said.out.ends_with("2 errors, 1 warning, 0 notes\n"),
        "{}",
        said.out
    );
    // Errors first.
    let at = |text: &str| {
        said.out
            .find(text)
            .unwrap_or_else(|| panic!("{text}\n{}", said.out))
    };
    assert!(at("[passes-when-down]") < at("[delimiter-differs]"));
}

#[test]
fn warnings_are_errors_only_if_it_is_said() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Postfix);
    machine.main += "recipient_delimiter = -\n";
    machine.start();
    assert_eq!(machine.diagnose(&[]).status, Some(0));
    assert_eq!(machine.diagnose(&["--strict"]).status, Some(1));
}

#[test]
fn what_is_named_must_be_there() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Postfix);
    machine.start();
    for arguments in [
        ["--sendmail-cf", "missing.cf"],
        ["--config", "missing.toml"],
        ["--rules", "missing"],
    ] {
        let arguments = match arguments[0] {
            // Named twice is misuse.
            "--config" => continue,
            _ => arguments,
        };
        let said = machine.diagnose(&arguments);
        assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
        assert!(said.err.contains("missing"), "{said:?}");
    }
    std::fs::remove_file(machine.folder.join("etc/main.cf")).unwrap();
    let said = machine.diagnose(&[]);
    assert_eq!((said.status, &*said.out), (Some(2), ""), "{said:?}");
    assert!(said.err.contains("main.cf"), "{said:?}");
}

/// Every file of the machine is the same afterwards.
#[test]
fn nothing_is_changed() {
    if peers::unpacked().is_none() {
        return;
    }
    let mut machine = Machine::new(Mta::Postfix);
    machine.main += "milter_default_action = accept\n";
    machine.start();
    let state = || {
        let mut files = peers::files(machine.folder.path());
        files.sort();
        let read = |path: &std::path::PathBuf| std::fs::read(path).unwrap_or_default();
        files
            .iter()
            .filter(|path| !path.ends_with("log"))
            .map(|path| (path.clone(), read(path)))
            .collect::<Vec<_>>()
    };
    let before = state();
    assert_eq!(machine.diagnose(&[]).status, Some(1));
    assert!(before == state());
}
