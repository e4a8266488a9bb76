//! The products whose tables are read: for each the one command that makes the export, and the one
//! file name to save it under.
//!
//! The table of the README, the manual page readdress-formats(7) and the help of findings say what
//! stands here; tests hold them to that.

use super::ImportFormat;

/// A product, and how its table gets here.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// What people call it.
    pub name: &'static str,
    /// The command, on one line; for a product without one, where to click.
    pub export: &'static str,
    /// The name that the file is read by in a rules directory.
    pub file: &'static str,
    /// What `readdress import` calls it.
    pub format: ImportFormat,
    /// What to know before.
    pub advice: &'static str,
}

/// How PowerShell writes one address a row; nothing of a long list is lost so.
pub const POWERSHELL: &str = "Get-Recipient -ResultSize Unlimited | ForEach-Object { $r=$_; $r.EmailAddresses | Where-Object { \"$_\" -match '^smtp:' } | ForEach-Object { [pscustomobject]@{ PrimarySmtpAddress=$r.PrimarySmtpAddress; Address=\"$_\"; Type=$r.RecipientTypeDetails } } } | Export-Csv -NoTypeInformation -Encoding UTF8 addresses.csv";

/// All of them, in the order of the manual.
pub const PRODUCTS: [Product; 16] = [
    Product {
        name: "Postfix virtual_alias_maps",
        export: "cp /etc/postfix/virtual company.virtual",
        file: "company.virtual",
        format: ImportFormat::Virtual,
        advice: "Where only the compiled map is left: postmap -s lmdb:/etc/postfix/virtual. A map that canonical_maps or relay_recipient_maps use is another thing: do not save it here. Values without a domain need `readdress import --myorigin`. Values may be written as in a To: field (Anna <anna@company.com>), and mean what they mean to Postfix. An alias file, /etc/aliases or cPanel's /etc/valiases, is another format: `key: value` is an error.",
    },
    Product {
        name: "Sendmail virtusertable",
        export: "cp /etc/mail/virtusertable company.virtusertable",
        file: "company.virtusertable",
        format: ImportFormat::Virtusertable,
        advice: "Where only the compiled map is left: makemap -u hash /etc/mail/virtusertable. Local users need `readdress import --local-domain`; the files beside the table are told by --virtuser-domains, --local-host-names and --relay-domains. Keys that makemap -f kept apart by letter case are one address here. error: values give the reply that Sendmail gives; one whose text does not begin with an SMTP code, which Sendmail refuses with 553 5.3.0, is a warning.",
    },
    Product {
        name: "Exchange 4.0 to 5.5",
        export: "admin /e exchange55.csv /d SERVER /n /o options.ini",
        file: "exchange55.csv",
        format: ImportFormat::Exchange55,
        advice: "Before, write the columns into the file: Obj-Class,Mode,Alias Name,Directory Name,E-mail Addresses,Secondary-Proxy-Addresses; the last one is not exported otherwise. options.ini holds [Export] and ExportObject=Recipients, or lists and contacts are missing. In the menu: Tools, Directory Export. The routing table is a file of its own: readdress import exchange55-routing.",
    },
    Product {
        name: "Exchange 2007 and newer, Exchange Online (PowerShell)",
        export: POWERSHELL,
        file: "addresses.csv",
        format: ImportFormat::Microsoft365,
        advice: "One address a row: a list in one cell is cut off after four values. Lists with `;`, as JSON, or in columns with numbers (ProxyAddress_1) are read too. Rows with a column UPN and no primary address belong together by it; `SMTP:` in upper case marks the primary one.",
    },
    Product {
        name: "Microsoft 365 admin centre",
        export: "Users, Active users, Export users",
        file: "users.csv",
        format: ImportFormat::Microsoft365,
        advice: "Groups and shared mailboxes are not in it: PowerShell has them.",
    },
    Product {
        name: "Active Directory (ldifde)",
        export: "ldifde -u -f ad.ldif -r \"(proxyAddresses=*)\" -l mail,proxyAddresses,targetAddress,objectClass,userAccountControl",
        file: "ad.ldif",
        format: ImportFormat::Ldif,
        advice: "-u writes UTF-16, which is read; without it letters may be lost. Disabled accounts may be shared mailboxes: `readdress import --skip-disabled` leaves them out.",
    },
    Product {
        name: "Active Directory, LDAP (ldapsearch)",
        export: "ldapsearch -LLL -o ldif-wrap=no -E pr=500/noprompt -H ldap://dc.company.com -D reader@company.com -W -b dc=company,dc=com \"(proxyAddresses=*)\" mail proxyAddresses targetAddress objectClass userAccountControl > ldap.ldif",
        file: "ldap.ldif",
        format: ImportFormat::Ldif,
        advice: "-E asks for pages: a server gives 1000 entries otherwise, and the rest is missing. In directories without proxyAddresses the first mail is the primary address; secondary ones are further values of mail, and mailAlternateAddress, mailEquivalentAddress, mailLocalAddress, mailAlias, shadowAddress (iRedMail), gosaMailAlternateAddress, zimbraMailAlias and alias (Kolab): name those that yours has, and \"(mail=*)\" as the filter. rfc822MailMember lists the members of an alias (nisMailAlias), whose name needs a domain or `readdress import --local-domain`. A result other than 0, a page that is followed by others, another number of entries than numEntries, a referral, and a last line without an end are errors: the export is not whole.",
    },
    Product {
        name: "Google Workspace (GAM)",
        export: "gam print aliases > aliases.csv",
        file: "aliases.csv",
        format: ImportFormat::Google,
        advice: "gam print users aliases, gam print users emails, gam print addresses and a sheet with the columns Primary Email and Email Alias are read as well. The console's list of users has no aliases. An alias domain is one rule: @domain2.com @company.com.",
    },
    Product {
        name: "PostfixAdmin, MySQL",
        export: "mysql -B -e 'SELECT address,goto,active FROM alias' postfix > postfixadmin.csv",
        file: "postfixadmin.csv",
        format: ImportFormat::Postfixadmin,
        advice: "Alias domains: the same with SELECT alias_domain,target_domain,active FROM alias_domain, saved as postfixadmin-domains.csv. A whole dump is converted: mysqldump postfix > postfix.sql; readdress import postfixadmin postfix.sql --output postfix.rules.",
    },
    Product {
        name: "PostfixAdmin, PostgreSQL",
        export: "psql -c \"\\copy (SELECT address,goto,active FROM alias) TO 'postfixadmin.csv' CSV HEADER\" postfix",
        file: "postfixadmin.csv",
        format: ImportFormat::Postfixadmin,
        advice: "Alias domains likewise, from the table alias_domain. A whole dump (pg_dump postfix > postfix.sql) is converted as with MySQL.",
    },
    Product {
        name: "mailcow",
        export: ". ./mailcow.conf; docker compose exec -T mysql-mailcow mariadb -u$DBUSER -p$DBPASS $DBNAME -B -e 'SELECT address,goto,active FROM alias' > mailcow.csv",
        file: "mailcow.csv",
        format: ImportFormat::Postfixadmin,
        advice: "Alias domains likewise: SELECT alias_domain,target_domain,active FROM alias_domain.",
    },
    Product {
        name: "Mailu (SQLite)",
        export: "sqlite3 -header -csv /mailu/data/main.db 'SELECT email,wildcard,destination FROM alias' > mailu.csv",
        file: "mailu.csv",
        format: ImportFormat::Postfixadmin,
        advice: "Alternative domains likewise: SELECT name,domain_name FROM alternative.",
    },
    Product {
        name: "iRedMail (MySQL)",
        export: "mysql -B -e 'SELECT address,forwarding,domain,active FROM forwardings' vmail > iredmail.csv",
        file: "iredmail.csv",
        format: ImportFormat::Postfixadmin,
        advice: "Alias domains likewise: SELECT alias_domain,target_domain,active FROM alias_domain.",
    },
    Product {
        name: "Postfix with MySQL, as in the ISPmail guide",
        export: "mysql -B -e 'SELECT source,destination FROM virtual_aliases' mailserver > ispmail.csv",
        file: "ispmail.csv",
        format: ImportFormat::Postfixadmin,
        advice: "An address with several destinations has several rows, which become one rule. The oldest guide has local-parts beside numbers of domains: convert the whole dump, mysqldump mailserver > mailserver.sql; readdress import postfixadmin mailserver.sql --output mailserver.rules.",
    },
    Product {
        name: "hMailServer",
        export: "mysql -B -e 'SELECT aliasname,aliasvalue,aliasactive FROM hm_aliases' hmailserver > hmailserver.csv",
        file: "hmailserver.csv",
        format: ImportFormat::Postfixadmin,
        advice: "On MS SQL let Management Studio script the tables with their data, and convert the script: readdress import postfixadmin hmailserver.sql --output hmailserver.rules. It holds the domain aliases too. Distribution lists are reported, not read.",
    },
    Product {
        name: "Spreadsheets, anything else",
        export: "two columns from,to under a header row",
        file: "company.csv",
        format: ImportFormat::Pairs,
        advice: "Both cells say what a native rule says; addresses may be as Outlook pastes them (a@x; b@x, Name <a@x>). Addresses in further columns are reported, except in a comment or note. `readdress export csv` writes it.",
    },
];
