//! Every code of a finding, once: its word, how serious it is, and what it means, what to do, and how it comes about.
//!
//! `readdress explain CODE` and readdress-findings(7) are written from this table. A finding itself says what
//! to type on this machine.

use crate::engine::Severity::{self, Error, Note, Warning};

/// A kind of finding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Code {
    /// A stable short word (`mx-missing`).
    pub word: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// What to do, on any machine.
    pub action: &'static str,
    /// How a machine comes to have it: what an administrator did, in one sentence.
    pub situation: &'static str,
}

macro_rules! codes {
    ($($name:ident $word:literal $severity:ident $meaning:literal $action:literal $situation:literal)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Code = Code {
                word: $word,
                severity: $severity,
                meaning: $meaning,
                action: $action,
                situation: $situation,
            };
        )*

        /// All codes.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    CONFIG_BROKEN "config-broken" Error
        "The configuration file has an error. doctor uses the keys that can be read."
        "Fix the line that the finding shows."
        "The administrator wrote `[miltr]` in place of `[milter]` in readdress.toml."
    RULES_BROKEN "rules-broken" Error
        "The rules have an error, so doctor cannot compare them with anything."
        "Run `readdress check`, and fix what it shows."
        "The administrator saved a rule whose domain has a spelling mistake."
    NO_POSTMASTER "no-postmaster" Warning
        "postmaster@ or abuse@ of a secondary domain reaches nobody; `check` finds it."
        "Write a rule for each of the two: `postmaster@* postmaster@company.com`."
        "The administrator declared a new secondary domain and wrote rules for sales@ alone."
    WRITABLE_BY_EVERYBODY "writable-by-everybody" Warning
        "Every user may write a file that decides where mail goes, or the directory of the rules; `check` finds it."
        "Take the permission away: `chmod o-w FILE`."
        "The administrator ran `chmod 666` on a file of rules, so that a colleague can edit it."
    FOREIGN_OWNER "foreign-owner" Warning
        "A file that decides where mail goes belongs to a user who should not own it; `check` finds it."
        "Give the file to root: `chown root FILE`."
        "The administrator unpacked an archive of rules, which kept the owner of another machine."
    DAEMON_DOWN "daemon-down" Error
        "No program answers on the control socket."
        "Start the daemon: `systemctl start readdress`. If it ends at once, `journalctl -u readdress` says why."
        "The administrator installed readdress and wrote rules, and did not start the daemon."
    RELOAD_REFUSED "reload-refused" Error
        "The daemon refused the files. An older table is live, or none."
        "Run `readdress check`, fix what it shows, then run `readdress reload`."
        "The administrator edited the rules while the daemon was running, and made a mistake."
    OTHER_RULES "other-rules" Warning
        "The daemon reads another directory than the configuration says."
        "Restart the daemon, or name the configuration file of the daemon: `readdress doctor --config FILE`."
        "The administrator changed `rules` in readdress.toml, and did not restart the daemon."
    NOT_LIVE "not-live" Warning
        "The daemon decides about an address in another way than the files say."
        "Run `readdress reload`."
        "The administrator edited the rules on a file system that does not report changes, and did not reload."
    OBSERVES "observes" Note
        "Nothing is rewritten, because of `mode = \"observe\"`."
        "Write `mode = \"rewrite\"` when the log shows what you expect."
        "The administrator tries readdress beside the old tables, and reads the log first."
    SOCKET_MISSING "socket-missing" Error
        "The daemon runs, but a socket of the configuration does not exist."
        "Restart the daemon: a changed list of sockets takes effect only then."
        "The administrator added a socket to `listen`, and reloaded the daemon in place of restarting it."
    SOCKET_DEAD "socket-dead" Error
        "No program answers on a socket of the configuration."
        "Restart the daemon, and check that no other program uses the socket."
        "Somebody deleted the socket's file and made it anew by hand, so that nothing listens there."

    DOMAIN_UNKNOWN "domain-unknown" Error
        "DNS has no such domain (NXDOMAIN)."
        "Correct the spelling of the domain in the rules, or register the domain."
        "The administrator declared `domian2.com` in place of `domain2.com`."
    MX_MISSING "mx-missing" Error
        "A domain has neither an MX record nor an address of its own."
        "Publish an MX record that names the host of your MTA."
        "The administrator bought a domain and declared it, and published no records for mail."
    MX_IMPLICIT "mx-implicit" Warning
        "A domain has no MX record, so mail goes to its own address (RFC 5321 section 5.1)."
        "Publish an MX record that names the host of your MTA."
        "The domain has an address for its web site, and nobody thought of mail."
    MX_NULL "mx-null" Error
        "A domain has a null MX: it says that it takes no mail (RFC 7505)."
        "Publish an MX record that names the host of your MTA in place of the null MX."
        "The domain was parked with `MX 0 .`, and is a secondary domain now."
    MX_CNAME "mx-cname" Error
        "An MX record points to an alias, which is not allowed (RFC 2181 section 10.3)."
        "Write the name that the alias points to into the MX record."
        "The administrator made mail.domain2.com a CNAME of mx.company.com, and named it in the MX record."
    MX_NO_ADDRESS "mx-no-address" Error
        "An MX record points to a name without an address."
        "Publish an A or AAAA record for that name, or correct the name."
        "The old mail host was taken out of DNS, and the MX record still names it."
    MX_ELSEWHERE "mx-elsewhere" Warning
        "The mail of a secondary domain goes to hosts that take no mail for the primary domains."
        "Let the MX records of the domain name the same hosts as those of the primary domains, unless other hosts hand the mail on."
        "The domain was moved from another provider, and its MX records were not changed."
    DNS_FAILED "dns-failed" Note
        "DNS gave no answer, so doctor cannot say where mail for the domain goes."
        "Run doctor again, or name another server with `--dns`."
        "The machine has no resolver, or the name servers of the domain are down."
    WILDCARD_DOMAINS "wildcard-domains" Note
        "A rule for `@*.domain` covers all subdomains. doctor does not look up their MX records."
        "Check the MX records of the subdomains that you use."
        "The administrator wrote one rule for all subdomains of domain2.com."

    MILTER_NOT_LISTED "milter-not-listed" Error
        "The MTA does not ask readdress."
        "Add the milter to the configuration of the MTA: the finding shows the line."
        "The administrator installed readdress, and did not connect the MTA to it."
    MILTER_NOT_AT_EVERY_PORT "milter-not-at-every-port" Note
        "The MTA asks readdress at one port and not at another port."
        "If mail for secondary domains comes in there, list the milter at that port as well."
        "`master.cf` sets `smtpd_milters` for submission, without readdress."
    MILTER_NOT_LAST "milter-not-last" Warning
        "A milter is listed after readdress. readdress does not see which recipients that milter \
         refuses, and adds their targets all the same."
        "List readdress as the last milter."
        "The administrator added a spam filter at the end of `smtpd_milters`."
    MILTERS_SWITCHED_OFF "milters-switched-off" Error
        "`no_milters` makes Postfix skip all milters."
        "Remove `no_milters` from `receive_override_options` of the service that the finding names."
        "The administrator copied an example for a content filter, which switches the milters off at the wrong service."
    MILTER_BEHIND_PROXY "milter-behind-proxy" Error
        "Postfix lets no milter change recipients where `smtpd_proxy_filter` is set."
        "Move `smtpd_milters` to the service to which the proxy hands the mail back."
        "The administrator put a virus scanner in front of the queue with `smtpd_proxy_filter`."
    PASSES_WHEN_DOWN "passes-when-down" Error
        "While readdress does not answer, mail passes without rewriting, or loses recipients."
        "Let the MTA defer mail meanwhile: `default_action=tempfail` in Postfix, `F=T` in Sendmail."
        "The administrator wrote `milter_default_action = accept`, because another milter failed often."
    REFUSES_WHEN_DOWN "refuses-when-down" Warning
        "While readdress does not answer, mail is refused or held, and not deferred."
        "Let the MTA defer mail meanwhile: `default_action=tempfail` in Postfix, `F=T` in Sendmail."
        "The administrator wrote `F=R` for the filter in sendmail.mc."
    LOCAL_MAIL_PASSES "local-mail-passes" Note
        "Mail from sendmail(1) is not rewritten."
        "If programs on this machine write to secondary addresses, add readdress to `non_smtpd_milters`."
        "A script on the machine sends reports with sendmail(1), and `non_smtpd_milters` is empty."
    DOMAIN_NOT_ACCEPTED "domain-not-accepted" Error
        "The MTA refuses mail for a secondary domain before it asks any milter."
        "Add the domain to `relay_domains` in Postfix, or to class R in Sendmail."
        "The administrator declared a new secondary domain in the rules alone."
    PRIMARY_NOT_ACCEPTED "primary-not-accepted" Warning
        "The MTA accepts no mail for a primary domain from outside."
        "Add the domain to the domains of the MTA, unless its mail comes in at another machine."
        "The administrator declared a primary domain whose mailboxes are on another machine."
    DOMAIN_IN_TWO_CLASSES "domain-in-two-classes" Error
        "A domain is in `relay_domains` and also in a class of local domains."
        "Remove the domain from one of the two: a secondary domain belongs in `relay_domains`."
        "The administrator added the domain to `relay_domains`, and left it in `virtual_alias_domains`."
    DOMAIN_IN_OTHER_CLASS "domain-in-other-class" Warning
        "A secondary domain is a local domain of the MTA, so the MTA looks for its users in its own lists."
        "Move the domain to `relay_domains` in Postfix, or to class R in Sendmail."
        "The administrator wrote the secondary domain into `mydestination`."
    LABEL_FORM_MISSING "label-form-missing" Warning
        "The MTA accepts only one of the two spellings of an internationalised domain."
        "Add the other spelling as well: A-labels (`xn--…`) and U-labels."
        "The administrator wrote `bücher.example` into `relay_domains`, without `xn--bcher-kva.example`."
    RELAY_DOMAINS_LIVE "relay-domains-live" Warning
        "`relay_domains` is a socketmap. An smtpd process remembers its answers until it ends."
        "Write the domains into `relay_domains` in place of the socketmap: the finding shows the line."
        "The administrator wrote `relay_domains = socketmap:…`, and added a domain to the rules later."
    SUBDOMAINS_ACCEPTED "subdomains-accepted" Warning
        "Postfix accepts mail for every subdomain of the domains in `relay_domains`."
        "Take `relay_domains` out of `parent_domain_matches_subdomains` in Postfix; use `relay_hosts_only` in Sendmail."
        "The administrator left `parent_domain_matches_subdomains` as it is by default."
    OPEN_RELAY "open-relay" Error
        "The MTA relays mail from strangers to domains that are not declared in the rules: its configuration says so, or it accepted such an address by SMTP."
        "Change it at once: the finding shows the line that lets strangers relay."
        "The administrator removed `reject_unauth_destination` while looking for another fault."
    RELAYS_FOR_TARGET "relays-for-target" Note
        "The MTA accepts mail for a domain that is only a target of rules."
        "Remove the domain from `relay_domains` or class R, or declare it in the rules if it is yours."
        "The administrator added every domain of the rules to `relay_domains`, targets too."
    RECIPIENTS_UNCHECKED "recipients-unchecked" Warning
        "The MTA does not know which recipients exist. It accepts unknown recipients that no rule refuses."
        "Let the MTA ask readdress' socketmap: the finding shows the line."
        "The administrator connected the milter, and left `relay_recipient_maps` empty."
    RECIPIENT_REFUSED "recipient-refused" Error
        "The list of recipients of the MTA does not contain an address that has a rule."
        "Let the MTA ask readdress' socketmap in place of the list, or add the address."
        "The administrator wrote a new rule, and a list from before readdress still decides."
    REWRITTEN_AGAIN "rewritten-again" Warning
        "The MTA rewrites an address that a rule returned."
        "Remove the entry from the map of the MTA, or write its result into the rule."
        "The old `virtual_alias_maps` turns the new target of a rule into something else."
    OLD_MAP "old-map" Note
        "A map of the MTA still contains addresses for which there are rules."
        "Remove the entries when nothing else needs them."
        "The administrator imported the virtual table, and left it in `main.cf`."
    ORIGINAL_RECIPIENT_OFF "original-recipient-off" Note
        "`enable_original_recipient = no` is set, and a map of Postfix rewrites addresses as well."
        "Set `enable_original_recipient = yes`, or remove the map."
        "The administrator followed advice against duplicates from before readdress."
    VERIFIES_RECIPIENTS "verifies-recipients" Error
        "Probes of `reject_unverified_recipient` do not pass the milter, so they find no secondary address."
        "Remove `reject_unverified_recipient`, and let the MTA ask readdress' socketmap."
        "The administrator checks recipients at the next host by `reject_unverified_recipient`."
    DELIMITER_DIFFERS "delimiter-differs" Warning
        "The MTA and readdress use different characters between user and detail."
        "Write the same characters into `recipient_delimiter` of both."
        "The administrator set `recipient_delimiter = -` in `main.cf` alone."
    NO_ADDRESS_MAPPINGS "no-address-mappings" Note
        "Because of `no_address_mappings`, Postfix does not look up in its maps what readdress adds."
        "Nothing, if the targets need none of these maps. Otherwise remove `no_address_mappings` from this service."
        "`master.cf` has `no_address_mappings` at the port that asks readdress."
    SOCKET_OUT_OF_REACH "socket-out-of-reach" Error
        "Postfix looks for the socket of the milter in another place, mostly because of a chroot."
        "Put the socket below the queue directory of Postfix, or use a TCP socket: the finding shows the line."
        "The administrator wrote `unix:/run/readdress/milter` for an smtpd that runs in a chroot."
    MAP_OUT_OF_REACH "map-out-of-reach" Error
        "Postfix looks for the socket of the socketmap in another place, mostly because of a chroot."
        "Put the socket below the queue directory of Postfix, use a TCP socket, or ask through proxymap(8): the finding shows the line."
        "The administrator wrote `socketmap:unix:/run/readdress/map:recipients` for an smtpd that runs in a chroot."
    SOCKET_CLOSED "socket-closed" Error
        "The user of the MTA has no right to open a socket."
        "Add the user to the group of the socket and of its directory: the finding shows the command."
        "The administrator did not add the user postfix to the group that owns the directory of the socket."
    SOCKET_UNSAFE "socket-unsafe" Error
        "Sendmail refuses a socket below a directory that others may write to."
        "Take the permission away: `chmod go-w DIRECTORY`."
        "The administrator put the socket into /tmp."
    MILTER_DEAD "milter-dead" Error
        "The MTA lists a milter that does not answer. It accepts no mail until that milter answers."
        "Start that milter, or remove it from the list."
        "The administrator removed the package of a spam filter, and left it in `smtpd_milters`."
    MILTER_AWAY "milter-away" Warning
        "The MTA lists a milter that does not answer. Mail passes without it."
        "Start that milter, or remove it from the list."
        "A milter with `default_action=accept` ended a week ago, and nobody noticed."
    MAP_DEAD "map-dead" Error
        "A parameter of the MTA names a socketmap that gives no answer."
        "Start the program that serves the map, or remove the map from the parameter."
        "The administrator wrote the port of the milter where the port of the socketmap belongs."
    SOCKET_MISSPELT "socket-misspelt" Error
        "A socket is written in the notation of the other MTA."
        "Write the socket as this MTA does: the finding shows it."
        "The administrator copied `inet:8891@localhost` from sendmail.mc to `main.cf`."
    DSN_OFF "dsn-off" Note
        "The MTA does not accept ORCPT and NOTIFY, so a bounce shows the target of a rule instead of the \
         address that the sender wrote."
        "Nothing, unless the targets must stay secret. Then let the MTA offer DSN."
        "The administrator wrote `smtpd_discard_ehlo_keywords = dsn`."
    CLIENTS_PASS "clients-pass" Warning
        "Because of `smtpd_milter_maps`, the mail of some clients does not pass readdress."
        "Remove these clients from the map, or name readdress there."
        "The administrator excluded an internal host from the spam filter with `DISABLE`."
    ASKED_TWICE "asked-twice" Warning
        "The port to which a content filter returns mail asks readdress a second time, and a header is lost."
        "Add `no_milters` to `receive_override_options` of that port."
        "The administrator added a content filter, and its return port has the same `smtpd_milters`."
    ROUTE_LOOPS "route-loops" Error
        "Mail for a domain goes from this Postfix back to itself."
        "Correct the next hop in `transport_maps` or `relayhost`."
        "The administrator wrote this machine's own name as the next hop of a domain."
    ROUTE_REFUSES "route-refuses" Error
        "A transport refuses, defers or discards the mail for a domain."
        "Remove the entry for the domain from `transport_maps`."
        "The administrator set `error:closed` for a domain that was closed, and uses the domain again."
    MTA_CONFIG_BROKEN "mta-config-broken" Error
        "Postfix cannot read its own configuration."
        "Fix the line that the finding shows, then run `postfix check`."
        "The administrator deleted the `=` of a line in `main.cf`."
    MTA_CONFIG_ODD "mta-config-odd" Warning
        "A line in the configuration of Postfix has no effect, or another effect than it seems to have."
        "Correct or remove the line."
        "The administrator wrote `smtpd_milter =` in place of `smtpd_milters =`."
    MTA_CHECK "mta-check" Note
        "`postfix check` warns of owners or permissions."
        "Run `postfix set-permissions`, or do what the warning says."
        "The administrator restored /var/spool/postfix from a backup."
    COPY_NOT_REWRITTEN "copy-not-rewritten" Note
        "Postfix itself adds a recipient that is a secondary address. No milter sees this recipient."
        "Write a primary address in its place."
        "The administrator wrote `always_bcc = archive@domain2.com`."
    MTA_DOWN "mta-down" Error
        "The MTA does not answer where `--probe` asks it."
        "Start the MTA, or name its host and port: `--probe=HOST:PORT`."
        "Postfix was stopped during an upgrade."
    PROBE_REFUSED "probe-refused" Error
        "When doctor asks by SMTP, the MTA refuses an address that the table accepts."
        "Fix what the reply names: mostly the list of recipients or of domains."
        "A policy service in front of readdress refuses the domain."
    PROBE_GREYLISTED "probe-greylisted" Note
        "When doctor asks by SMTP, the MTA greylists: it accepts the mail at the next attempt."
        "Run doctor again after some minutes, or exempt the address of this machine."
        "The administrator installed postgrey."
    UNKNOWN_ACCEPTED "unknown-accepted" Error
        "When doctor asks by SMTP, the MTA accepts an address that the table refuses."
        "Check that the MTA asks readdress at this port, and asks the socketmap for recipients."
        "The administrator connected the milter at port 587, and not at port 25."
    UNSEEN "unseen" Note
        "doctor could not look at something."
        "Do what the finding says: mostly run doctor as root."
        "The administrator ran doctor as a user who may not read the configuration of the MTA."
}

/// Kinds that compare the MTA's configuration with the sockets of the daemon.
pub const ABOUT_SOCKETS: &[Code] = &[
    MILTER_NOT_LISTED,
    MILTER_NOT_AT_EVERY_PORT,
    LOCAL_MAIL_PASSES,
    RECIPIENTS_UNCHECKED,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_stands_for_two_kinds() {
        let mut words: Vec<_> = ALL.iter().map(|code| code.word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ALL.len());
    }

    #[test]
    fn every_code_says_what_it_means_what_to_do_and_how_it_comes_about() {
        let mut actions = std::collections::BTreeSet::new();
        for code in ALL {
            for text in [code.meaning, code.action, code.situation] {
                let first = text.chars().next().unwrap_or(' ');
                assert!(
                    !first.is_whitespace() && text.ends_with('.'),
                    "{}: {text}",
                    code.word
                );
                assert!(text.chars().count() > 15, "{}: {text}", code.word);
            }
            assert_ne!(code.meaning, code.situation, "{}", code.word);
            actions.insert(code.action);
        }
        // Only findings about the same mistake share what to do.
        assert!(
            actions.len() + 5 > ALL.len(),
            "{} for {}",
            actions.len(),
            ALL.len()
        );
    }
}
