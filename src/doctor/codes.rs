//! Every code of a finding, once: its word, how serious it is, and what it means.

use super::severity::Severity::{self, Error, Note, Warning};

/// A kind of finding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Code {
    /// A stable short word (`mx-missing`).
    pub word: &'static str,
    /// How serious it is, always.
    pub severity: Severity,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:ident $word:literal $severity:ident $meaning:literal)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Code = Code {
                word: $word,
                severity: $severity,
                meaning: $meaning,
            };
        )*

        /// All codes.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    CONFIG_BROKEN "config-broken" Error
        "The configuration file has an error; doctor uses what can be read of it."
    RULES_BROKEN "rules-broken" Error
        "The rules have an error, so that nothing can be held against them."
    NO_POSTMASTER "no-postmaster" Warning
        "postmaster@ or abuse@ of a secondary domain reaches nobody; `check` finds it."
    WRITABLE_BY_EVERYBODY "writable-by-everybody" Warning
        "Every user may write a file that decides where mail goes, or the directory of the rules; `check` finds it."
    FOREIGN_OWNER "foreign-owner" Warning
        "A file that decides where mail goes belongs to a user who has no part in it; `check` finds it."
    DAEMON_DOWN "daemon-down" Error
        "Nobody answers on the control socket."
    RELOAD_REFUSED "reload-refused" Error
        "The daemon refused what is in the files, and serves an older table or none."
    OTHER_RULES "other-rules" Warning
        "The daemon reads another directory than the configuration says."
    NOT_LIVE "not-live" Warning
        "The daemon decides otherwise than the files do."
    OBSERVES "observes" Note
        "`mode = \"observe\"`: nothing is rewritten."
    SOCKET_MISSING "socket-missing" Error
        "The daemon runs, and a socket of the configuration is not there."
    SOCKET_DEAD "socket-dead" Error
        "Nobody answers on a socket of the configuration."

    DOMAIN_UNKNOWN "domain-unknown" Error
        "DNS has no such domain (NXDOMAIN)."
    MX_MISSING "mx-missing" Error
        "No MX record, and no address that could stand for one."
    MX_IMPLICIT "mx-implicit" Warning
        "No MX record: mail goes to the domain's own address (RFC 5321 section 5.1)."
    MX_NULL "mx-null" Error
        "A null MX: the domain says that it takes no mail (RFC 7505)."
    MX_CNAME "mx-cname" Error
        "An MX record points to an alias (RFC 2181 section 10.3)."
    MX_NO_ADDRESS "mx-no-address" Error
        "An MX record points to a name without an address."
    MX_ELSEWHERE "mx-elsewhere" Warning
        "A secondary domain's mail goes to hosts that are none of the primary domains'."
    DNS_FAILED "dns-failed" Note
        "DNS gave no answer, so that nothing is known."
    WILDCARD_DOMAINS "wildcard-domains" Note
        "`@*.domain` covers subdomains, whose records are not looked up."

    MILTER_NOT_LISTED "milter-not-listed" Error
        "The MTA does not ask readdress."
    MILTER_NOT_AT_EVERY_PORT "milter-not-at-every-port" Note
        "One port of the MTA asks readdress, another one does not."
    MILTER_NOT_LAST "milter-not-last" Warning
        "A milter behind ours can refuse recipients unseen, and mail for them is delivered."
    MILTERS_SWITCHED_OFF "milters-switched-off" Error
        "`no_milters` makes Postfix leave all milters out."
    MILTER_BEHIND_PROXY "milter-behind-proxy" Error
        "With `smtpd_proxy_filter` Postfix lets no milter change the envelope."
    PASSES_WHEN_DOWN "passes-when-down" Error
        "While readdress is away, mail passes unrewritten or loses recipients."
    REFUSES_WHEN_DOWN "refuses-when-down" Warning
        "While readdress is away, mail is refused for good or held, instead of deferred."
    LOCAL_MAIL_PASSES "local-mail-passes" Note
        "Mail from sendmail(1) is not rewritten."
    DOMAIN_NOT_ACCEPTED "domain-not-accepted" Error
        "The MTA refuses mail for a secondary domain before any milter is asked."
    PRIMARY_NOT_ACCEPTED "primary-not-accepted" Warning
        "The MTA takes no mail for a primary domain from outside."
    DOMAIN_IN_TWO_CLASSES "domain-in-two-classes" Error
        "A domain is in `relay_domains` and in a class of local domains."
    DOMAIN_IN_OTHER_CLASS "domain-in-other-class" Warning
        "A secondary domain is a local domain of the MTA, which looks for its users elsewhere."
    LABEL_FORM_MISSING "label-form-missing" Warning
        "Of an internationalised domain the MTA accepts one spelling alone."
    RELAY_DOMAINS_LIVE "relay-domains-live" Warning
        "`relay_domains` is asked from a socketmap; smtpd remembers its answers for as long as it lives."
    SUBDOMAINS_ACCEPTED "subdomains-accepted" Warning
        "Postfix accepts mail for every subdomain of what is in `relay_domains`."
    OPEN_RELAY "open-relay" Error
        "The MTA relays mail of strangers for domains that are not ours: its configuration says so, or it did \
         when it was asked by SMTP."
    RELAYS_FOR_TARGET "relays-for-target" Note
        "The MTA accepts mail for a domain that is only a target of rules."
    RECIPIENTS_UNCHECKED "recipients-unchecked" Warning
        "The MTA does not know which recipients exist."
    RECIPIENT_REFUSED "recipient-refused" Error
        "The MTA's list of recipients lacks an address that has a rule."
    REWRITTEN_AGAIN "rewritten-again" Warning
        "The MTA rewrites an address that came out of a rule."
    OLD_MAP "old-map" Note
        "A map of the MTA still holds addresses that rules are for."
    ORIGINAL_RECIPIENT_OFF "original-recipient-off" Note
        "`enable_original_recipient = no`, while a map of Postfix rewrites as well."
    VERIFIES_RECIPIENTS "verifies-recipients" Error
        "`reject_unverified_recipient` probes pass no milter, and find no secondary address."
    DELIMITER_DIFFERS "delimiter-differs" Warning
        "The MTA and readdress part user and detail at other characters."
    NO_ADDRESS_MAPPINGS "no-address-mappings" Note
        "`no_address_mappings`: what readdress adds is not looked up in Postfix's maps here."
    SOCKET_OUT_OF_REACH "socket-out-of-reach" Error
        "Postfix looks for the milter's socket at another place than it is: mostly because of a chroot."
    MAP_OUT_OF_REACH "map-out-of-reach" Error
        "The same for the socketmap's socket."
    SOCKET_CLOSED "socket-closed" Error
        "The MTA's user may not open a socket."
    SOCKET_UNSAFE "socket-unsafe" Error
        "Sendmail refuses a socket below a directory that others may write to."
    MILTER_DEAD "milter-dead" Error
        "The MTA lists a milter that does not answer, and takes no mail until it does."
    MILTER_AWAY "milter-away" Warning
        "The MTA lists a milter that does not answer; mail passes without it."
    MAP_DEAD "map-dead" Error
        "A parameter of the MTA names a socketmap that gives no answer."
    SOCKET_MISSPELT "socket-misspelt" Error
        "A socket is written in the other MTA's notation."
    DSN_OFF "dsn-off" Note
        "The MTA takes no ORCPT and NOTIFY, so that bounces show the address that came out of a rule."
    CLIENTS_PASS "clients-pass" Warning
        "`smtpd_milter_maps` keeps the mail of some clients from readdress."
    ASKED_TWICE "asked-twice" Warning
        "The port to which a content filter hands mail back asks readdress again, which loses a header."
    ROUTE_LOOPS "route-loops" Error
        "Mail for a domain goes from this Postfix back to itself."
    ROUTE_REFUSES "route-refuses" Error
        "A transport refuses, defers or discards the mail for a domain."
    MTA_CONFIG_BROKEN "mta-config-broken" Error
        "Postfix cannot read its own configuration."
    MTA_CONFIG_ODD "mta-config-odd" Warning
        "A line of Postfix's configuration has no effect, or not the one that it seems to have."
    MTA_CHECK "mta-check" Note
        "`postfix check` warns of owners or permissions."
    COPY_NOT_REWRITTEN "copy-not-rewritten" Note
        "Postfix itself adds a recipient that is a secondary address, which no milter sees."
    MTA_DOWN "mta-down" Error
        "The MTA does not answer where `--probe` asks it."
    PROBE_REFUSED "probe-refused" Error
        "Asked by SMTP, the MTA refuses an address that the table takes."
    PROBE_GREYLISTED "probe-greylisted" Note
        "Asked by SMTP, the MTA greylists: it takes the mail at the next attempt."
    UNKNOWN_ACCEPTED "unknown-accepted" Error
        "Asked by SMTP, the MTA takes an address that the table refuses."
    UNSEEN "unseen" Note
        "Something could not be looked at."
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
}
